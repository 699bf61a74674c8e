# cython: language_level=3, binding=False
"""One load of a module by itself, between pages that nobody may touch (csrc/trial.c)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport INT64_MIN, int64_t, uint64_t
from libc.string cimport memset

from .core cimport *
from .failures cimport damage_of
from .values cimport (
    Message, c_text, message_event, sent_message, take_lines, take_messages, user_event,
)

cimport cython

from .. import faults
from ..evidence import (
    Area, Asked, Given, Layout, Misuse, MisuseKind, Service, Spill, Word,
)
from .module import CALLBACKS

cdef enum:
    EVERY_LEVEL = 1000  # of the log: lines are formatted, and show what they read


def layouts(str revision not None):
    """The structs of a revision, that of modules first; none for a revision that is not known."""
    cdef const char *name
    cdef size_t size, index = 0
    cdef const mh_word *words
    found = []
    abi = c_text(revision)
    while mh_revision_struct(PyBytes_AS_STRING(abi), index, &name, &size, &words):
        count = size // 8 if words != NULL else 0
        found.append(Layout(name.decode(), size, tuple([
            Word(words[i].name.decode(), i * 8, words[i].own) for i in range(count)
        ])))
        index += 1
    return tuple(found)


cdef list misuses_of(mh_trial *trial):
    cdef mh_misuse misuse
    found = []
    while mh_trial_misuse(trial, &misuse):
        frames = tuple([misuse.frames[i] for i in range(misuse.frame_count)])
        found.append(Misuse(
            MisuseKind(<int>misuse.kind), Given(<int>misuse.given), Service(<int>misuse.request),
            None if misuse.field == NULL else misuse.field.decode(),
            None if misuse.area == NULL else misuse.area.decode(),
            misuse.address, misuse.len, misuse.room,
            misuse.text.decode("utf-8", "replace"), frames,
        ))
    return found


@cython.final
cdef class Trial:
    """A module that nobody else calls, and what it is handed.

    Opens the library. Raises LoadError where that cannot be. A module that does not keep the
    contract may end the process in any method. Not for several threads."""

    cdef mh_host *host
    cdef mh_trial *trial
    cdef object config  # bytes: of the event placed last
    cdef bint over      # nothing of it is left
    cdef list after     # misuses, where it is closed
    cdef readonly object code
    """What init returned; None: it was not called."""

    def __dealloc__(self):
        if self.over and mh_host_here(self.host):
            with nogil:
                mh_host_free(self.host)

    def __init__(self, *, str label not None, path, str entry not None, str revision not None,
                 dict items not None, bint keep_mapped, bint has_synchronous, int place):
        cdef mh_limits limits = mh_limits(1 << 26, 1 << 22, 1 << 16)
        cdef mh_hooks hooks
        cdef mh_load what
        cdef mh_refusal refusal
        if self.host != NULL:
            raise TypeError("a Trial is made once")
        memset(&hooks, 0, sizeof(hooks))
        memset(&what, 0, sizeof(what))
        self.host = mh_host_new(&hooks, &limits, False)
        if self.host == NULL:
            raise MemoryError("a trial needs memory and one descriptor; free some")
        name, file, symbol, abi = c_text(label), bytes(path), c_text(entry), c_text(revision)
        texts = [(c_text(key), c_text(value)) for key, value in items.items()]
        table = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>(len(texts) * sizeof(mh_item)))
        for i in range(len(texts)):
            (<mh_item *>PyBytes_AS_STRING(table))[i] = mh_item(texts[i][0], texts[i][1])
        what.label, what.path, what.entry, what.revision = name, file, symbol, abi
        what.items = <const mh_item *>PyBytes_AS_STRING(table)
        what.item_count = <size_t>len(texts)
        what.log_level = EVERY_LEVEL
        what.keep_mapped, what.has_synchronous = keep_mapped, has_synchronous
        with nogil:
            self.trial = mh_trial_new(self.host, &what, <mh_place>place, &refusal)
        if self.trial == NULL:
            raise faults.load_refused(faults.Attempt(
                label, path, entry, revision, faults.Refusal(<int>refusal.kind), refusal.code,
                refusal.text.decode("utf-8", "replace"), damage_of(&refusal.damage), self.logs(),
            ))

    cdef int check(self) except -1:
        if self.trial == NULL:
            raise RuntimeError("the trial is over")
        return 0

    def init(self, *, uint64_t version=0, uint64_t signature=0, int64_t size=0):
        """Calls init, once: what it returned. The arguments are bits of the version and of the
        signature that are turned over, and bytes that are added to the size."""
        cdef mh_offer offer = mh_offer(version, signature, size)
        cdef int64_t code
        self.check()
        with nogil:
            code = mh_trial_init(self.trial, &offer)
        self.code = code
        return code

    def slots(self):
        """The callbacks in its struct: their addresses, and whether there is code."""
        cdef const char *name
        cdef uint64_t value
        cdef c_bool code
        cdef size_t index = 0
        self.check()
        found = {}
        while mh_trial_slot(self.trial, index, &name, &value, &code):
            found[name.decode()] = (value, <bint>code)
            index += 1
        return found

    def changes(self):
        """The words of its struct that are the host's, and are not as they were before init."""
        cdef size_t at = 0
        cdef mh_damage damage
        self.check()
        found = []
        memset(&damage, 0, sizeof(damage))
        while mh_trial_change(self.trial, &at, &damage):
            found.append(damage_of(&damage))
        return found

    def place(self, str callback not None, Message message, *, uint64_t status=0, user=None,
              uint64_t type=0, bytes config=None, int message_at=0, int params_at=0,
              int addresses_at=0, bint read_only=False):
        """Copies what the next call of that callback is handed: a message, a user, a
        configuration, or nothing."""
        cdef mh_placing placing = mh_placing(
            <mh_place>message_at, <mh_place>params_at, <mh_place>addresses_at, read_only)
        cdef mh_event event
        cdef mh_user who
        cdef mh_event_kind kind = <mh_event_kind><int>CALLBACKS.index(callback)
        self.check()
        memset(&event, 0, sizeof(event))
        event.kind = kind
        if message is not None:
            message_event(&event, kind, message)
        address = None if user is None or user.address is None else c_text(user.address)
        if user is not None:
            user_event(&event, &who, address, user.online, user.flags)
        event.status, event.type = status, type
        self.config = config
        if config is not None:
            event.config = <void *>PyBytes_AS_STRING(config)
            event.config_len = <size_t>PyBytes_GET_SIZE(config)
        if not mh_trial_place(self.trial, &event, &placing):
            raise MemoryError("a call needs memory for what the module is handed; free some")

    def call(self):
        """Calls what was placed: what the callback returned; None: the module left it NULL."""
        cdef int64_t code
        self.check()
        with nogil:
            code = mh_trial_call(self.trial)
        return None if code == INT64_MIN else code

    def seal(self):
        """Nobody may touch any more what was placed so far."""
        self.check()
        mh_trial_seal(self.trial)

    def let_go(self):
        """Frees what was placed for calls long ago: for those who make many."""
        self.check()
        mh_trial_let_go(self.trial)

    def areas(self, size_t most=64):
        """What it was handed so far, so many at most: its struct first, then the latest first."""
        cdef mh_area area
        cdef size_t index = 0
        self.check()
        found = []
        while index < most and mh_trial_area(self.trial, index, &area):
            found.append(Area(area.name.decode(), area.start, area.size, area.low, area.high,
                              <bint>area.read_only, <bint>area.sealed))
            index += 1
        return found

    def spill(self, *, bint of_struct=False):
        """The first byte outside of what it was handed at an edge, or of its struct, that was
        written to; None: none was."""
        cdef mh_spill spill
        self.check()
        if not mh_trial_spill(self.trial, of_struct, &spill):
            return None
        return Spill(spill.name.decode(), spill.offset, spill.found)

    def misuses(self):
        """What it gave to host functions since this was last asked, and should not have; also of
        a trial that is over."""
        if self.trial == NULL:
            found, self.after = self.after, []
            return found
        return misuses_of(self.trial)

    def asked(self):
        """The requests of it that are open, the oldest first."""
        cdef mh_asked asked
        cdef size_t index = 0
        self.check()
        found = []
        while mh_trial_asked(self.trial, index, &asked):
            where = "" if asked.where == NULL else asked.where.decode("utf-8", "replace")
            found.append(Asked(asked.id, Service(<int>asked.kind), where, <bint>asked.posts,
                               asked.callbacks))
            index += 1
        return found

    def synchronous(self):
        """How many synchronous requests were answered so far, inside of its calls."""
        self.check()
        return mh_trial_synchronous(self.trial)

    def plan(self, answers, *, int at=0, bint read_only=False, bint seal=False):
        """How the next request is answered that is played to, or that is synchronous. What the
        answers have of bytes is copied; `seal`: nobody may touch it when its callback has
        returned."""
        cdef mh_planning planning = mh_planning(<mh_place>at, read_only, seal)
        cdef mh_step *steps
        cdef mh_step step
        self.check()
        table = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>(len(answers) * sizeof(mh_step)))
        steps = <mh_step *>PyBytes_AS_STRING(table)
        for i in range(len(answers)):
            answer = answers[i]
            memset(&step, 0, sizeof(step))
            step.answer.kind = <mh_answer_kind><int>answer.kind
            step.answer.progress, step.answer.status = answer.progress, answer.status
            step.piece = answer.piece
            if answer.content_type is not None:
                step.answer.content_type = PyBytes_AS_STRING(answer.content_type)
            if answer.data is not None:
                step.answer.data = PyBytes_AS_STRING(answer.data)
                step.answer.size = <size_t>len(answer.data)
            steps[i] = step
        if not mh_trial_plan(self.trial, steps, <size_t>len(answers), &planning):
            raise MemoryError("a plan needs memory for what the module is handed; free some")

    def play(self, uint64_t id):
        """Answers that request by the plan, which is over then: how many answers it took. None: no
        such request is open."""
        cdef uint64_t calls
        cdef bint played
        self.check()
        with nogil:
            played = mh_trial_play(self.trial, id, &calls)
        return calls if played else None

    def end_requests(self):
        """Lets everything fail that it still asks for, as is done before its cleanup, which is the
        one call that may follow."""
        self.check()
        with nogil:
            mh_trial_end_requests(self.trial)

    def cleanup(self):
        """Calls cleanup, where init has succeeded: what it returned, 0 where there is none."""
        cdef int64_t code
        self.check()
        with nogil:
            code = mh_trial_cleanup(self.trial)
        return code

    def close(self):
        """Closes the library: whether it was unmapped. The trial is over then."""
        cdef mh_trial *trial = self.trial
        cdef bint unmapped
        self.check()
        self.trial = NULL
        with nogil:
            unmapped = mh_trial_close(trial)
        self.after = misuses_of(trial)
        mh_trial_free(trial, not unmapped)
        self.over = unmapped
        return unmapped

    def logs(self):
        """What it logged since it was last asked, every level."""
        cdef mh_queue queue
        mh_take_logs(self.host, &queue)
        records = take_lines(&queue)
        mh_queue_free(&queue)
        return records

    def sent(self):
        """What it sent since it was last asked."""
        cdef mh_queue queue
        mh_take_sent(self.host, &queue)
        messages = take_messages(&queue)
        mh_queue_free(&queue)
        return messages

    def answers(self):
        """The same, but for what its own threads sent."""
        cdef mh_queue queue
        cdef mh_sent sent
        mh_take_sent(self.host, &queue)
        messages = []
        while mh_sent_front(&queue, &sent):
            if sent.row == MH_TRIAL_ROW:
                messages.append(sent_message(&sent))
            mh_queue_pop(&queue)
        mh_queue_free(&queue)
        return messages
