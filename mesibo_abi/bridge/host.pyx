# cython: language_level=3, binding=False
"""Hosts: their modules, their mail, their requests, and the end of them. Messages and other events
are in passes.pyx, what modules call up into in handlers.pyx."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint64_t
from libc.string cimport memset, strlen

from .core cimport *
from .failures cimport damage_of, errors_of
from .isolation cimport fill_isolation
from .module cimport LoadedModule, pass_gate
from .requests cimport next_command
from .values cimport Verdict, c_text, take_lines, take_messages

from time import monotonic

from .. import faults
from ..errors import Error

cdef extern from "Python.h":
    bytes PyUnicode_EncodeFSDefault(object text)


def revisions():
    """The names of the revisions that this host loads."""
    cdef size_t index = 0
    found = []
    while mh_revision_name(index) != NULL:
        found.append(mh_revision_name(index).decode())
        index += 1
    return tuple(found)


if not mh_exports_promote():
    raise ImportError(
        "mesibo_abi cannot show its host functions to modules: expected to open its own shared "
        "object again, the dynamic linker refused; install the package anew"
    )


def file_state(str path):
    """What the file is now, as bytes that are others when it is another file, or has changed. Empty:
    it cannot be looked at."""
    cdef mh_file now
    cdef const char *start
    try:
        name = PyUnicode_EncodeFSDefault(path)
    except UnicodeEncodeError:
        return b""
    start = PyBytes_AS_STRING(name)
    if strlen(start) != <size_t>PyBytes_GET_SIZE(name) or not mh_file_now(start, &now):
        return b""
    return PyBytes_FromStringAndSize(<const char *>&now, sizeof(now))


def close_gate(double seconds):
    """From now on only this thread comes up from C to Python; waits for those that are inside."""
    cdef bint left
    with nogil:
        left = mh_gate_close(seconds)
    return left


cdef class CoreHost(Handlers):
    """What `Host` stands on, but for the passes: its modules, its mail and its requests."""

    def __cinit__(self):
        self.modules = ()
        self.exchanges = {}
        self.forgotten = []
        self.closed = True

    def _open(self, *, send, log, debug, bint pass_on_failure, size_t outbox_bytes, size_t log_bytes,
              size_t requests, bint latencies):
        cdef mh_hooks hooks
        cdef mh_limits limits = mh_limits(outbox_bytes, log_bytes, requests)
        self.fill_hooks(&hooks, send, log, debug)
        self.host = mh_host_new(&hooks, &limits, pass_on_failure)
        if self.host == NULL:
            raise MemoryError("a host needs memory and one descriptor; free some")
        if latencies:
            mh_host_time(self.host)
        self.generation = mh_generation
        self.closed = False

    def _trace(self, int descriptor, bint events):
        """Writes crossings there from now on; closes it in the end."""
        cdef mh_trace_form form = MH_TRACE_EVENTS if events else MH_TRACE_LINES
        if not mh_host_trace(self.host, descriptor, form):
            raise MemoryError("a trace needs memory; free some")

    def _traced(self):
        """How many crossings were written, and how many were not; and why, an errno or 0."""
        cdef mh_traced traced
        mh_host_traced(self.host, &traced)
        return traced.crossings, traced.dropped, traced.error

    def __dealloc__(self):
        # Modules hold their host, so none is open here; a child of fork has nothing to free.
        if self.host != NULL and mh_host_here(self.host) and not self.modules:
            with nogil:
                mh_host_free(self.host)

    cdef int check(self) except -1:
        pass_gate()
        if self.host == NULL or self.closed:
            raise faults.host_closed()
        return self.check_here()

    cdef int check_here(self) except -1:
        if self.generation != mh_generation:
            raise faults.forked()
        return 0

    # -- modules

    def _load(self, str name, path, str entry, str revision, target, *, bytes state, str otherwise,
              dict items, uint64_t log_level, bint thread_safe, bint hold_gil, bint zero_copy,
              bint keep_mapped, bint has_synchronous, bint guessed, isolation=None):
        """Loads a library (`path`, of which its `file_state` was read) or a Python module (`target`)
        at the end of the chain."""
        cdef LoadedModule module = LoadedModule.__new__(LoadedModule)
        cdef mh_refusal refusal
        cdef mh_script script
        cdef mh_isolation isolated
        cdef mh_load what
        cdef mh_pass passing
        cdef mh_instance *instance
        self.check()
        memset(&what, 0, sizeof(what))
        memset(&passing, 0, sizeof(passing))
        passing.collect = True
        module.prepare(self, self.host, name, path, revision, target, thread_safe, hold_gil)
        label, file, symbol, abi = c_text(name), b"", c_text(entry), c_text(revision)
        what.label, what.entry, what.revision = label, symbol, abi
        other = None if otherwise is None else c_text(otherwise)
        if other is not None:
            what.otherwise = other
        texts = [(c_text(key), c_text(value)) for key, value in items.items()]
        table = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>(len(texts) * sizeof(mh_item)))
        fill_items(<mh_item *>PyBytes_AS_STRING(table), texts)
        what.items = <const mh_item *>PyBytes_AS_STRING(table)
        what.item_count = <size_t>len(texts)
        what.has_synchronous = has_synchronous
        if target is None:
            file = PyUnicode_EncodeFSDefault(str(path))
            what.path = file
            if state:
                what.file = <const mh_file *>PyBytes_AS_STRING(state)
        else:
            module.fill_script(&script)
            what.script = &script
        what.tag = <void *>module
        what.log_level = log_level
        what.thread_safe, what.hold_gil, what.zero_copy = thread_safe, hold_gil, zero_copy
        what.keep_mapped, what.guessed = keep_mapped, guessed
        if isolation is not None:
            fill_isolation(&isolated, isolation)
            what.isolation = &isolated
            module.isolated = True
            module.isolation = isolation
        with nogil:
            instance = mh_load_module(self.host, &what, &passing, &refusal)
        pass_gate()
        module.instance = instance
        logs = self.deliver(&passing)
        error = errors_of(&passing)
        if instance == NULL:
            module.closed = True
            raise faults.load_refused(faults.Attempt(
                name, path, entry, revision, faults.Refusal(<int>refusal.kind), refusal.code,
                refusal.text.decode("utf-8", "replace"), damage_of(&refusal.damage), logs,
            )) from error
        module.revision = mh_instance_revision(instance).decode()
        self.change_modules(module, None)
        if self.closed:  # meanwhile, and whoever closed it may have overlooked this one
            module.close()
            raise faults.host_closed()
        return module

    # -- mail and requests

    cdef list deliver(self, mh_pass *passing):
        """What was sent and logged in a pass that makes no verdict; returns the lines."""
        if passing.mail == NULL:
            return []
        mail = Verdict.__new__(Verdict)
        self.collect(mail, passing)
        mh_mail_free(passing.mail)
        self._deliver(mail.sent, mail.logs)
        return mail.logs

    cdef void collect(self, Verdict verdict, mh_pass *passing):
        cdef mh_mail *mail = passing.mail
        if mail == NULL:
            return
        verdict._sent = take_messages(&mail.sent)
        verdict._logs = take_lines(&mail.logs)
        self.dropped_sent += mail.sent.dropped
        self.dropped_logs += mail.logs.dropped
        if verdict._logs:
            self._forward(verdict._logs)

    def _check_here(self):
        """Raises ForkedError in a child of fork."""
        self.check_here()

    def _take_sent(self):
        """Messages sent outside of any pass since it was last asked, in order."""
        cdef mh_queue queue
        self.check_here()
        mh_take_sent(self.host, &queue)
        self.dropped_sent += queue.dropped
        messages = take_messages(&queue)
        mh_queue_free(&queue)
        return messages

    def _take_logs(self):
        """Lines logged outside of any pass since it was last asked, in order; and how many of them
        were dropped."""
        cdef mh_queue queue
        self.check_here()
        mh_take_logs(self.host, &queue)
        self.dropped_logs += queue.dropped
        dropped = queue.dropped
        records = take_lines(&queue)
        mh_queue_free(&queue)
        return records, dropped

    def _dropped(self):
        """How many messages and log lines were dropped in the core so far."""
        cdef uint64_t sent, logs
        self.check_here()
        mh_dropped_since(self.host, &sent, &logs)
        return self.dropped_sent + sent, self.dropped_logs + logs

    def _refused_requests(self):
        self.check_here()
        return mh_refused_requests(self.host)

    def _wakeup_fd(self):
        return mh_wakeup_fd(self.host)

    def _clear_wakeup(self):
        mh_clear_wakeup(self.host)

    def _take_command(self):
        """The next command for the services: (what, Exchange, bytes), or None."""
        return next_command(self.host, self.exchanges)

    def _forget(self, LoadedModule module not None):
        """The module is closed."""
        if self.passes > 0:
            self.forgotten.append(module)
        self.change_modules(None, module)

    cdef int change_modules(self, LoadedModule more, LoadedModule less) except -1:
        """Other threads load and close too, and run where Python makes a tuple: it may collect
        garbage then, whose finalizers let go of the GIL. So nobody's change is written over."""
        cdef tuple before, after
        while True:
            before = self.modules
            after = tuple([module for module in before if module is not less])
            if more is not None:
                after += (more,)
            if self.modules is before:
                self.modules = after
                return 0

    def hurry(self):
        """From here on calls of isolated modules that do not return within half a second are ended,
        whatever their deadline is: somebody wants to leave. Any thread, also while others are in
        those calls."""
        self.check_here()
        if not self.closed:
            if self._hurried_at is None:
                self._hurried_at = monotonic()
            mh_host_hurry(self.host)

    def open_requests(self):
        """How many requests of modules have not had their last callback yet."""
        self.check_here()
        return 0 if self.closed else mh_open_requests(self.host)

    def wait_idle(self, timeout=None):
        """Waits until no request of a module is open: True, or False after `timeout` seconds (None:
        no bound). Raises Error inside a callback of a module, where it would wait for itself."""
        if timeout is not None and not isinstance(timeout, (int, float)):
            raise TypeError(
                f"wait_idle cannot wait for {timeout!r}: expected seconds or None; pass a number"
            )
        cdef double seconds = -1 if timeout is None else max(0.0, timeout)
        cdef double slice, left = seconds
        cdef bint idle
        self.check()
        self.check_outside("wait_idle")
        while True:
            # In slices, so that a signal's handler runs within a moment.
            slice = 0.1 if seconds < 0 or left > 0.1 else left
            with nogil:
                idle = mh_wait_idle(self.host, slice)
            PyErr_CheckSignals()
            left -= slice
            if idle or (seconds >= 0 and left <= 0):
                return idle

    cdef int check_outside(self, str what) except -1:
        if mh_inside_host(self.host):
            raise Error(
                f"{what} was called inside a callback of a module of this host",
                detail="expected a thread that no module waits for",
                hint="call it after the callback has returned",
            )
        return 0

    def _refuse(self):
        """No more events, loads and requests from now on."""
        self.check_outside("close")
        self.closed = True
        mh_host_refuse(self.host)

    def _stop(self):
        """Ends the dispatcher; no module is open any more."""
        with nogil:
            mh_host_stop(self.host)

    def _here(self):
        return self.host != NULL and mh_host_here(self.host)


cdef void fill_items(mh_item *items, list texts) noexcept:
    cdef int i = 0
    for name, value in texts:
        items[i].name = PyBytes_AS_STRING(name)
        items[i].value = PyBytes_AS_STRING(value)
        i += 1
