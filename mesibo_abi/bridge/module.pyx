# cython: language_level=3, binding=False
"""Loaded modules: their callbacks from Python, and Python modules as the core calls them."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from .core cimport *
from .failures cimport as_code, damage_of, errors_of, failure_of, upcall_error
from .requests cimport submit
from .upcalls cimport come_up, go_down, take_hold
from .values cimport (
    Message,
    as_message,
    as_word,
    c_text,
    event_message,
    event_user,
    message_event,
    user_event,
)

from .. import faults
from ..types import Result

CALLBACKS = ("on_message", "on_message_status", "on_call", "on_call_status", "on_login",
             "on_config")
cdef int MOST_CRASHES = 16
cdef object PASS = Result.PASS, CONSUMED = Result.CONSUMED


# ---- Upcalls: the core calls a Python module -----------------------------------------------------------

cdef int64_t script_init(void *module, mh_instance *instance) noexcept nogil:
    cdef int64_t result
    if not come_up():
        return -1
    with gil:
        result = (<LoadedModule>module).upcall_init(instance)
    go_down()
    return result


ctypedef int64_t (*event_function)(void *, const mh_event *) noexcept nogil


cdef int64_t event_up(void *module, const mh_event *event) noexcept:
    return (<LoadedModule>module).upcall_event(event)


# Where the GIL is held already it need not be asked for.
cdef event_function held_event = <event_function><void *>event_up


cdef int64_t script_event(void *module, const mh_event *event) noexcept nogil:
    cdef mh_pass *passing
    cdef int64_t result
    if not come_up():
        return -1
    passing = take_hold()
    if passing != NULL:
        result = held_event(module, event)
        passing.held = True
    else:
        with gil:
            result = event_up(module, event)
    go_down()
    return result


cdef int64_t script_cleanup(void *module) noexcept nogil:
    cdef int64_t result
    if not come_up():
        return -1
    with gil:
        result = (<LoadedModule>module).upcall_cleanup()
    go_down()
    return result


# ---- Loaded modules ---------------------------------------------------------------------------------


cdef class LoadedModule:
    """One load of one module in a host's chain. `Host.load` makes them.

    `name` is the name in the host, `revision` the revision of the ABI it is called by, `path` the
    library or script it came from (None: a class). Its callbacks are methods here: each enters the
    module from any thread, and raises CallbackNotSet where the module left it NULL, BadResult,
    StructChanged or the Python exception where the module failed, ClosedError.

    `isolated` says whether it runs in a process of its own; `crashes` are the last ends of that, each a
    ModuleCrashed, oldest first, and `crash_count` is how many there were in all.
    """

    def __init__(self):
        raise TypeError("modules are loaded by Host.load(name, target)")

    cdef void prepare(self, object host, mh_host *core, str name, object path, str revision, object target,
                      bint thread_safe, bint hold_gil):
        self.host = host
        self.core = core
        self.generation = mh_generation
        self.name = name
        self.path = path
        self.revision = revision
        self.target = target
        self.thread_safe = thread_safe
        self.hold_gil = hold_gil
        self.crashes = ()
        self.crash_count = 0
        if target is not None:
            self.handlers = tuple(getattr(target, callback, None) for callback in CALLBACKS)

    cdef void fill_script(self, mh_script *script):
        cdef int kind
        memset(script, 0, sizeof(script[0]))
        script.self = <void *>self
        script.flags = self.target.flags
        script.init = script_init
        script.on_event = script_event
        script.cleanup = script_cleanup
        for kind in range(<int>MH_EVENT_KINDS):
            if self.handlers[kind] is not None:
                script.events |= <uint32_t>1 << kind

    def __dealloc__(self):
        if self.instance != NULL:
            mh_set_tag(self.instance, NULL)
            mh_instance_unref(self.instance)

    def __repr__(self):
        state = "closed" if self.closed else self.revision
        return f"<LoadedModule {self.name!r} ({state})>"

    # -- what it says of itself

    @property
    def version(self):
        """The word `version` of its struct."""
        self.read_words()
        return self.last_version

    @property
    def flags(self):
        """The word `flags` of its struct."""
        self.read_words()
        return self.last_flags

    cdef void read_words(self):
        if self.instance != NULL and not self.closed:
            mh_module_words(self.instance, &self.last_version, &self.last_flags)

    cdef void note_crash(self, object error):
        cdef tuple before, after
        self.crash_count += 1
        while True:  # as CoreHost.change_modules
            before = self.crashes
            after = (*before[-MOST_CRASHES + 1:], error)
            if self.crashes is before:
                self.crashes = after
                return

    @property
    def declared_name(self):
        """What it set the `name` of its struct to (at most 255 bytes of it); None: nothing."""
        cdef char name[255]
        cdef long size = -1
        if self.instance != NULL and not self.closed:
            size = mh_module_name(self.instance, name, sizeof(name))
        return None if size < 0 else name[:size].decode("utf-8", "backslashreplace")

    @property
    def callbacks(self):
        """The names of the callbacks it has set."""
        if self.instance == NULL or self.closed:
            return frozenset()
        return frozenset(
            CALLBACKS[kind] for kind in range(<int>MH_EVENT_KINDS)
            if mh_has_callback(self.instance, <mh_event_kind>kind)
        )

    def _stats(self):
        """What it did so far: the counts, and the percentiles of its times."""
        cdef mh_stats stats
        memset(&stats, 0, sizeof(stats))
        if self.instance != NULL and not self.closed:
            mh_instance_stats(self.instance, &stats)
        counts = (stats.passed, stats.consumed, stats.failed, stats.events, stats.sent, stats.logged)
        return counts, (stats.timed, stats.p50, stats.p90, stats.p99, stats.p999, stats.most)

    # -- its callbacks

    def on_message(self, message):
        """Calls it with a message. What it sends and logs is in `host.sent` and `host.logs`."""
        cdef mh_event event
        message_event(&event, MH_ON_MESSAGE, as_message(message))
        return self.call_one(&event)

    def on_message_status(self, message, status):
        """Calls it with what became of a message."""
        cdef mh_event event
        message_event(&event, MH_ON_MESSAGE_STATUS, as_message(message))
        event.message = NULL
        event.len = 0
        event.status = as_word(status, "status")
        return self.call_one(&event)

    def on_call(self):
        """Calls it with a call."""
        cdef mh_event event
        memset(&event, 0, sizeof(event))
        event.kind = MH_ON_CALL
        return self.call_one(&event)

    def on_call_status(self):
        """Calls it with a call's status."""
        cdef mh_event event
        memset(&event, 0, sizeof(event))
        event.kind = MH_ON_CALL_STATUS
        return self.call_one(&event)

    def on_login(self, user):
        """Calls it with a user who logged in or out."""
        cdef mh_event event
        cdef mh_user who
        address = None if user.address is None else c_text(user.address)
        user_event(&event, &who, address, user.online, user.flags)
        return self.call_one(&event)

    def on_config(self, uint64_t type, bytes data=None):
        """Calls it with a change of the server's configuration. `data` is what its `config` points
        to, with a NUL behind it; None: NULL."""
        cdef mh_event event
        config_event(&event, type, data)
        return self.call_one(&event)

    cdef object call_one(self, mh_event *event):
        cdef mh_pass passing
        cdef mh_outcome out
        cdef mh_called called = MH_BUSY
        self.check()
        memset(&passing, 0, sizeof(passing))
        if self.hold_gil or self.target is not None:
            passing.held = True
            called = mh_try_call(self.instance, event, &passing, &out)
        if called == MH_BUSY:
            passing.held = False
            with nogil:
                called = mh_call(self.instance, event, &passing, &out)
        pass_gate()
        if (called == MH_CALLED and out.failed == NULL and out.rewritten == NULL
                and passing.errors == NULL):
            return CONSUMED if out.result else PASS
        return self.conclude_call(event, &passing, &out, called)

    cdef object conclude_call(self, mh_event *event, mh_pass *passing, mh_outcome *out,
                              mh_called called):
        if called == MH_NOT_OPEN:
            raise faults.module_closed(self.name)
        free(out.rewritten)
        mh_instance_unref(out.failed)
        error = errors_of(passing)
        if called == MH_NOT_SET:
            raise faults.callback_not_set(self.name, CALLBACKS[event.kind])
        if out.failed == NULL:
            return CONSUMED if out.result else PASS
        raise failure_of(self.name, CALLBACKS[event.kind], out.failure, out.code, &out.damage, error)

    # -- upcalls of a Python module

    cdef int64_t upcall_init(self, mh_instance *instance):
        self.instance = instance
        try:
            return as_code(self.target._attach(self), "init")
        except BaseException as error:
            return upcall_error(self.instance, error, "init")

    cdef int64_t upcall_event(self, const mh_event *event):
        handler = self.handlers[<int>event.kind]
        try:
            if event.kind == MH_ON_MESSAGE:
                result = handler(event_message(event))
                if result is None:
                    raise TypeError(
                        "on_message returned None: expected mesibo_abi.Result.PASS or CONSUMED; "
                        "return one of them"
                    )
            elif event.kind == MH_ON_MESSAGE_STATUS:
                result = handler(event_message(event), event.status)
            elif event.kind == MH_ON_LOGIN:
                result = handler(event_user(event))
            elif event.kind == MH_ON_CONFIG:
                result = handler(event.type, None if event.source == NULL else <object>event.source)
            else:
                result = handler()
            return as_code(result, CALLBACKS[<int>event.kind])
        except BaseException as error:
            return upcall_error(self.instance, error, CALLBACKS[<int>event.kind])

    cdef int64_t upcall_cleanup(self):
        try:
            return as_code(self.target.cleanup(), "cleanup")
        except BaseException as error:
            return upcall_error(self.instance, error, "cleanup")

    # -- host functions of a Python module

    cdef int check(self) except -1:
        pass_gate()
        if self.closed or self.instance == NULL:
            raise faults.module_closed(self.name)
        if self.generation != mh_generation:
            raise faults.forked()
        return 0

    def _send(self, given):
        """As `mod->send_message`."""
        cdef Message message = as_message(given)
        cdef const char *text = PyBytes_AS_STRING(message.payload)
        cdef uint64_t size = <uint64_t>PyBytes_GET_SIZE(message.payload)
        self.check()
        return mh_script_send(self.instance, &message.params, text, size)

    def _rewrite(self, bytes payload not None):
        """Puts other bytes of the same number in place of the message under way."""
        self.check()
        return mh_script_rewrite(self.instance, PyBytes_AS_STRING(payload),
                                 <size_t>PyBytes_GET_SIZE(payload))

    def _log(self, uint64_t level, str text):
        """As `mod->log`."""
        cdef bytes line = c_text(text.replace("\0", "\\0"))
        cdef const char *start = PyBytes_AS_STRING(line)
        cdef size_t size = <size_t>PyBytes_GET_SIZE(line)
        self.check()
        return mh_script_log(self.instance, level, start, size)

    def _http(self, str url, bytes post, dict options, handler):
        """As `mod->http`."""
        self.check()
        return submit(self.instance, url, post, options, handler)

    # -- the end

    def close(self):
        """Takes the module off the chain: its open requests fail, its `cleanup` runs, the library
        is unmapped. `kept` says why where it stays mapped. Does nothing when it is closed already.

        Raises Error inside one of the module's own callbacks, and what a Python module's cleanup
        raised, after closing it.
        """
        self._close(-1)

    def _close(self, double seconds):
        cdef mh_pass passing
        cdef mh_closing closing
        cdef mh_damage damage
        cdef int64_t code
        if self.closed or self.instance == NULL or not mh_host_here(self.core):
            return
        memset(&passing, 0, sizeof(passing))
        self.read_words()
        with nogil:
            closing = mh_close(self.instance, &passing, seconds, &code, &damage)
        pass_gate()
        if closing == MH_INSIDE_ITSELF:
            raise faults.closed_inside(self.name)
        if closing == MH_LOCK_TIMEOUT:
            raise faults.close_timeout(self.name, seconds)
        if closing == MH_ALREADY_CLOSED:
            return
        self.closed = True
        self.kept = faults.WHY_KEPT.get(<int>closing)
        self.host._closed(self, code)
        error = errors_of(&passing)
        if error is None and damage.field != NULL:
            error = faults.struct_changed(self.name, damage.callback.decode(), damage_of(&damage))
        if error is not None:
            raise error


    def _reload(self):
        """Of an isolated module: its open requests fail, its cleanup runs, and its init again in the same
        process, with the library mapped all the while. Raises as a load does, ClosedError, and
        ModuleCrashed where that process ended; then the module is down."""
        cdef mh_pass passing
        cdef mh_refusal refusal
        cdef int64_t code
        cdef bint loaded
        self.check()
        memset(&passing, 0, sizeof(passing))
        with nogil:
            loaded = mh_reload(self.instance, &passing, &code, &refusal)
        error = errors_of(&passing)
        if loaded and error is None:
            return
        if error is not None:
            raise error
        raise faults.load_refused(faults.Attempt(
            self.name, self.path, "init", self.revision, faults.Refusal(<int>refusal.kind), refusal.code,
            refusal.text.decode("utf-8", "replace"), damage_of(&refusal.damage), [],
        ))


cdef void config_event(mh_event *event, uint64_t type, bytes data) noexcept:
    memset(event, 0, sizeof(event[0]))
    event.kind = MH_ON_CONFIG
    event.type = type
    if data is not None:
        event.config = PyBytes_AS_STRING(data)
        event.config_len = <size_t>PyBytes_GET_SIZE(data)
        event.source = <void *>data


cdef void wait_at_gate() noexcept:
    """At interpreter exit the modules are closed under the daemon threads that are left: those stay
    here, so that none of them raises, and prints, what came of that."""
    if mh_gate_bars():
        with nogil:
            mh_gate_wait()


cdef LoadedModule module_of(mh_instance *instance):
    """Its LoadedModule; None: nobody has that any more."""
    return None if mh_tag(instance) == NULL else <LoadedModule>mh_tag(instance)
