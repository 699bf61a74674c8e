# cython: language_level=3, binding=False
"""Passes: messages, batches and other events on their way through a host, and the verdicts.

The GIL is let go while module code runs, unless every module of the chain was loaded with
`hold_gil`. No thread waits for the host's lock with the GIL held, so that whoever has the lock can
always get the GIL.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from .batch cimport run_batch
from .core cimport *
from .failures cimport errors_of, failure_of
from .host cimport CoreHost
from .module cimport LoadedModule, config_event, module_of, pass_gate
from .values cimport (
    Message,
    Verdict,
    as_message,
    as_word,
    c_text,
    message_event,
    message_like,
    user_event,
)

from .. import faults
from ..types import Result
from .module import CALLBACKS

cdef object FAIL = Result.FAIL, PASS = Result.PASS, CONSUMED = Result.CONSUMED


cdef class PassingHost(CoreHost):
    """A host with its events: each goes through the chain in a pass of its own."""

    cdef public unsigned int resend_depth

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
            result = run_batch(self, batch, threads)
        finally:
            self.pass_over()
        if self._forwards([module.name for module in result.modules]):
            self._forward([record for _, record in result.logs])
        return result

    cdef void pass_over(self):
        self.passes -= 1
        if self.passes == 0 and self.forgotten:
            self.forgotten = []

    cdef void drop(self, mh_pass *passing, mh_outcome *out):
        """The host was closed halfway: what was sent and logged until then is not lost."""
        self.deliver(passing)
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


cdef LoadedModule taken(mh_instance *instance):
    """The module of an instance that the core held for us."""
    if instance == NULL:
        return None
    module = module_of(instance)
    mh_instance_unref(instance)
    return module
