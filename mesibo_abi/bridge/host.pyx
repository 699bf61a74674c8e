# cython: language_level=3, binding=False
"""Hosts: the chain, its events, its mail and its requests.

The GIL is let go while module code runs, unless every module of the chain was loaded with
`hold_gil`. No thread waits for the host's lock with the GIL held, so that whoever has the lock can
always get the GIL.
"""

import logging

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from .batch cimport run_batch
from .core cimport *
from .failures cimport as_code, damage_of, errors_of, failure_of, keep_error, upcall_error
from .module cimport LoadedModule, config_event, module_of, pass_gate
from .requests cimport next_command
from .upcalls cimport come_up, go_down, take_hold
from .values cimport (
    Message,
    Verdict,
    as_message,
    as_word,
    c_text,
    message_event,
    message_from,
    message_like,
    record_from,
    take_lines,
    take_messages,
    user_event,
)

from .. import faults
from ..errors import Error
from ..types import Result
from .module import CALLBACKS

cdef extern from "Python.h" nogil:
    ctypedef struct PyThreadState:
        pass
    PyThreadState *PyEval_SaveThread()
    void PyEval_RestoreThread(PyThreadState *state)

cdef object FAIL = Result.FAIL, PASS = Result.PASS, CONSUMED = Result.CONSUMED
cdef object logger = logging.getLogger("mesibo_abi")

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


def close_gate(double seconds):
    """From now on only this thread comes up from C to Python; waits for those that are inside."""
    cdef bint left
    with nogil:
        left = mh_gate_close(seconds)
    return left


ctypedef int64_t (*send_function)(void *, mh_instance *, const mh_params *, const char *,
                                  size_t) noexcept nogil
ctypedef int64_t (*log_function)(void *, const mh_line *) noexcept nogil


cdef int64_t send_up(void *context, mh_instance *instance, const mh_params *params,
                     const char *message, size_t size) noexcept:
    return (<CoreHost>context).upcall_send(instance, params, message, size)


cdef int64_t log_up(void *context, const mh_line *line) noexcept:
    return (<CoreHost>context).upcall_log(line)


# Where the GIL is held already it need not be asked for.
cdef send_function held_send = <send_function><void *>send_up
cdef log_function held_log = <log_function><void *>log_up


cdef int64_t send_upcall(void *context, mh_instance *instance, const mh_params *params,
                         const char *message, size_t size) noexcept nogil:
    cdef mh_pass *passing
    cdef int64_t result
    if not come_up():
        return -1
    passing = take_hold()
    if passing != NULL:
        result = held_send(context, instance, params, message, size)
        passing.held = True
    else:
        with gil:
            result = send_up(context, instance, params, message, size)
    go_down()
    return result


cdef int64_t log_upcall(void *context, const mh_line *line) noexcept nogil:
    cdef mh_pass *passing
    cdef int64_t result
    if not come_up():
        return -1
    passing = take_hold()
    if passing != NULL:
        result = held_log(context, line)
        passing.held = True
    else:
        with gil:
            result = log_up(context, line)
    go_down()
    return result


cdef c_bool serve_upcall(void *context) noexcept nogil:
    cdef bint served
    if not come_up():
        return False
    with gil:
        served = (<CoreHost>context).upcall_serve()
    go_down()
    return served


cdef void *let_go_upcall(void *context) noexcept nogil:
    """A module waits inside a host function: without the GIL, if this thread has it."""
    return <void *>PyEval_SaveThread() if mh_is_held() else NULL


cdef void take_back_upcall(void *context, void *token) noexcept nogil:
    if token != NULL:
        PyEval_RestoreThread(<PyThreadState *>token)


cdef class CoreHost:
    """What `Host` stands on: the chain, its events, its mail and its requests."""

    cdef mh_host *host
    cdef unsigned int generation  # of the process that it was made in
    cdef readonly tuple modules
    cdef readonly bint closed
    cdef public unsigned int resend_depth
    cdef object send_handler, log_handler
    cdef dict exchanges
    cdef Py_ssize_t passes   # under way, by all threads
    cdef list forgotten      # modules that were closed meanwhile: verdicts may name them yet
    cdef readonly uint64_t dropped_sent, dropped_logs

    def __cinit__(self):
        self.modules = ()
        self.exchanges = {}
        self.forgotten = []
        self.closed = True

    def _open(self, *, send, log, bint pass_on_failure, size_t outbox_bytes, size_t log_bytes,
              size_t requests, bint latencies):
        cdef mh_hooks hooks
        cdef mh_limits limits = mh_limits(outbox_bytes, log_bytes, requests)
        memset(&hooks, 0, sizeof(hooks))
        hooks.context = <void *>self
        hooks.serve = serve_upcall
        hooks.let_go = let_go_upcall
        hooks.take_back = take_back_upcall
        if send is not None:
            hooks.send = send_upcall
        if log is not None:
            hooks.log = log_upcall
        self.send_handler = send
        self.log_handler = log
        self.host = mh_host_new(&hooks, &limits, pass_on_failure)
        if self.host == NULL:
            raise MemoryError("a host needs memory and one descriptor; free some")
        if latencies:
            mh_host_time(self.host)
        self.generation = mh_generation
        self.closed = False

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

    # -- upcalls

    cdef int64_t upcall_send(self, mh_instance *instance, const mh_params *params,
                             const char *text, size_t size):
        module = module_of(instance)
        try:
            if module is None:  # its load was refused meanwhile
                return -1
            message = message_from(
                params, PyBytes_FromStringAndSize(text, <Py_ssize_t>size), module.name)
            return as_code(self.send_handler(module, message), "the send handler")
        except BaseException as error:
            return upcall_error(instance, error, "send handler")

    cdef int64_t upcall_log(self, const mh_line *line):
        try:
            return as_code(self.log_handler(record_from(line)), "the log handler")
        except BaseException as error:
            keep_error(error, "log handler")
            return -1

    cdef bint upcall_serve(self):
        try:
            self._serve()
            return True
        except BaseException as error:
            logger.error("requests of modules cannot be served: %s", error, exc_info=error)
            return False

    # -- events

    def process(self, message):
        """Sends a message through the chain and says what became of it.

        Does not raise for what a module did: that is the verdict's `error`. Raises TypeError for
        what is no Message, ClosedError and ForkedError. From any thread.
        """
        cdef mh_event event
        cdef mh_outcome out
        cdef mh_pass passing
        cdef mh_called called
        self.check()
        memset(&passing, 0, sizeof(passing))
        passing.collect = True
        message_event(&event, MH_ON_MESSAGE, as_message(message))
        passing.held = True
        self.passes += 1
        called = mh_try_process(self.host, &event, &passing, &out)
        if called == MH_BUSY:
            passing.held = False
            with nogil:
                called = mh_process(self.host, &event, &passing, &out)
        pass_gate()
        try:
            if called == MH_NOT_OPEN:
                self.drop(&passing, &out)
                raise faults.host_closed()
            verdict = self.conclude(<Message>message, &passing, &out)
        finally:
            self.pass_over()
        if self.resend_depth > 0 and (<Verdict>verdict)._sent:
            self._resend(verdict)
        return verdict

    def process_batch(self, batch, *, threads=1):
        """Sends many messages through the chain, one after the other, and says what became of each:
        a BatchResult.

        `batch` is a list of Message, or columns with the Arrow C stream or array interface, as
        tables of pyarrow, polars, DuckDB and pandas are: read where they lie, and not written to.
        The columns are named as the params: `message`, `to` and `from` (text or binary), `aid`,
        `id`, `refid`, `groupid`, `flags`, `type`, `expiry`, `uflags` (or `to_online`), `status`,
        `sid` and `device` (whole numbers). Missing ones are empty, NULL and 0; so is what is null.

        With `threads` above 1 as many threads share the rows, side by side; every module must be
        loaded with `thread_safe`. What became of the rows is in their order all the same.

        The chain is that of the beginning; the GIL is let go, and the host's lock now and then, so
        that other threads come in between two messages. What was sent is not sent through the
        chain again. Does not raise for what a module did. Raises InputError for columns and
        threads that cannot be used, TypeError for what is no batch, ClosedError and ForkedError. From any
        thread.
        """
        self.check()
        self.passes += 1
        try:
            result = run_batch(self.host, self.modules, batch, threads, self._keep)
        finally:
            self.pass_over()
        if result.logs:
            self._forward([record for _, record in result.logs])
        return result

    cdef void pass_over(self):
        self.passes -= 1
        if self.passes == 0 and self.forgotten:
            self.forgotten = []

    cdef void drop(self, mh_pass *passing, mh_outcome *out):
        """The host was closed halfway: what was sent and logged until then is not lost."""
        mail = Verdict.__new__(Verdict)
        self.collect(mail, passing)
        mh_mail_free(passing.mail)
        self._deliver((<Verdict>mail).sent, (<Verdict>mail).logs)
        mh_instance_unref(out.failed)
        free(out.rewritten)
        errors_of(passing)

    cdef Verdict conclude(self, Message message, mh_pass *passing, mh_outcome *out):
        cdef Verdict verdict = Verdict.__new__(Verdict)
        verdict.message = message
        verdict.result = PASS if out.result == 0 else CONSUMED if out.result == 1 else FAIL
        verdict.returned = ()
        if out.by != NULL:
            verdict.by = taken(out.by)
        if (passing.mail == NULL and out.failed == NULL and out.rewritten == NULL
                and passing.errors == NULL):
            return verdict
        if out.rewritten != NULL:
            verdict.message = message_like(message, PyBytes_FromStringAndSize(
                out.rewritten, PyBytes_GET_SIZE(message.payload)))
            free(out.rewritten)
        failed = taken(out.failed)
        self.collect(verdict, passing)
        mh_mail_free(passing.mail)
        error = self.error_of(verdict, passing)
        if failed is not None:
            verdict.error = failure_of(failed.name, "on_message", out.failure, out.code,
                                       &out.damage, error)
        return verdict

    cdef object error_of(self, Verdict verdict, mh_pass *passing):
        """Raises what is nobody's verdict; what came with it is kept for whoever asks the host."""
        try:
            return errors_of(passing)
        except BaseException:
            self._deliver(verdict.sent, verdict.logs)
            raise

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

    cdef Verdict notify(self, mh_event *event, Message message, LoadedModule only):
        cdef mh_pass passing
        cdef mh_instance *instance = NULL if only is None else only.instance
        cdef mh_called called
        memset(&passing, 0, sizeof(passing))
        passing.collect = True
        self.passes += 1
        with nogil:
            called = mh_notify(self.host, event, instance, &passing)
        pass_gate()
        verdict = Verdict.__new__(Verdict)
        (<Verdict>verdict).message = message
        try:
            self.collect(verdict, &passing)
            self.conclude_returned(verdict, &passing, CALLBACKS[event.kind])
        finally:
            self.pass_over()
        if called == MH_NOT_OPEN:
            raise faults.host_closed()
        if called == MH_NO_ROOM:
            raise MemoryError(f"{CALLBACKS[event.kind]}: too little memory to say what returned")
        return verdict

    cdef int conclude_returned(self, Verdict verdict, mh_pass *passing, str callback) except -1:
        cdef mh_mail *mail = passing.mail
        cdef mh_returned *returned
        cdef size_t i
        pairs = []
        verdict.result = PASS
        try:
            error = self.error_of(verdict, passing)
        except BaseException:
            mh_mail_free(mail)
            raise
        if mail != NULL:
            for i in range(mail.returned_count):
                returned = &mail.returned[i]
                module = module_of(returned.instance)
                pairs.append((module, returned.code))
                # What it returned changes nothing; what it broke does.
                if returned.failure not in (MH_SOUND, MH_BAD_CODE) and verdict.error is None:
                    verdict.result = FAIL
                    verdict.by = module
                    verdict.error = failure_of(
                        mh_label(returned.instance).decode("utf-8", "surrogateescape"), callback,
                        returned.failure, returned.code, &returned.damage, error)
            mh_mail_free(mail)
        verdict.returned = tuple(pairs)
        return 0

    def status(self, message, status):
        """Tells what became of a message: `on_message_status` of the module that sent it (its
        `module`), or of all where it was none of them.

        What they return is in the verdict's `returned` and changes nothing; it is FAIL where one
        raised or overwrote its struct. Raises as `process`.
        """
        cdef mh_event event
        cdef LoadedModule only = None
        self.check()
        message_event(&event, MH_ON_MESSAGE_STATUS, as_message(message))
        event.message = NULL
        event.len = 0
        event.status = as_word(status, "status")
        if message.module is not None:
            only = self._module_named(message.module)
        return self.notify(&event, <Message>message, only)

    def call(self):
        """Sends a call event through the chain: `on_call` of every module. Returns as `status`."""
        cdef mh_event event
        self.check()
        memset(&event, 0, sizeof(event))
        event.kind = MH_ON_CALL
        return self.notify(&event, None, None)

    def call_status(self):
        """Sends a call's status through the chain: `on_call_status` of every module. Returns as
        `status`."""
        cdef mh_event event
        self.check()
        memset(&event, 0, sizeof(event))
        event.kind = MH_ON_CALL_STATUS
        return self.notify(&event, None, None)

    def login(self, user):
        """Tells that a User logged in or out: `on_login` of every module. Returns as `status`."""
        cdef mh_event event
        cdef mh_user who
        self.check()
        address = None if user.address is None else c_text(user.address)
        user_event(&event, &who, address, user.online, user.flags)
        return self.notify(&event, None, None)

    def config(self, uint64_t type, bytes data=None):
        """Tells of a change in the server's configuration: `on_config` of every module. `data` is
        what its `config` points to, with a NUL behind it; None: NULL. Returns as `status`."""
        cdef mh_event event
        self.check()
        config_event(&event, type, data)
        return self.notify(&event, None, None)

    # -- modules

    def _load(self, str name, path, str entry, str revision, target, *, str otherwise, dict items,
              uint64_t log_level, bint thread_safe, bint hold_gil, bint zero_copy, bint keep_mapped,
              bint has_synchronous, bint guessed):
        """Loads a library (`path`) or a Python module (`target`) at the end of the chain."""
        cdef LoadedModule module = LoadedModule.__new__(LoadedModule)
        cdef mh_refusal refusal
        cdef mh_script script
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
            file = bytes(path)
            what.path = file
        else:
            module.fill_script(&script)
            what.script = &script
        what.tag = <void *>module
        what.log_level = log_level
        what.thread_safe, what.hold_gil, what.zero_copy = thread_safe, hold_gil, zero_copy
        what.keep_mapped, what.guessed = keep_mapped, guessed
        with nogil:
            instance = mh_load_module(self.host, &what, &passing, &refusal)
        pass_gate()
        mail = Verdict.__new__(Verdict)
        self.collect(mail, &passing)
        mh_mail_free(passing.mail)
        module.instance = instance
        self._deliver(mail.sent, mail.logs)
        error = errors_of(&passing)
        if instance == NULL:
            module.closed = True
            raise faults.load_refused(faults.Attempt(
                name, path, entry, revision, faults.Refusal(<int>refusal.kind), refusal.code,
                refusal.text.decode("utf-8", "replace"), damage_of(&refusal.damage), mail.logs,
            )) from error
        module.revision = mh_instance_revision(instance).decode()
        self.modules += (module,)
        if self.closed:  # meanwhile, and whoever closed it may have overlooked this one
            module.close()
            raise faults.host_closed()
        return module

    # -- mail and requests

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
        self.modules = tuple(other for other in self.modules if other is not module)

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


cdef LoadedModule taken(mh_instance *instance):
    """The module of an instance that the core held for us."""
    if instance == NULL:
        return None
    module = module_of(instance)
    mh_instance_unref(instance)
    return module
