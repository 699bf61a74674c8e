# cython: language_level=3, binding=False
"""The end of an isolated module's process, on its way up: an exception for whoever called it."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint32_t

from .core cimport *
from .failures cimport keep_error
from .module cimport LoadedModule, module_of
from .upcalls cimport come_up, go_down
from .values cimport c_text, event_message, record_from

from .module import CALLBACKS


cdef void ended_upcall(void *context, mh_instance *instance, const mh_event *event,
                       const mh_crash *crash) noexcept nogil:
    if not come_up():
        return
    with gil:
        tell_ended(instance, event, crash)
    go_down()


cdef void fill_isolation(mh_isolation *isolation, object wanted):
    """The program's path belongs to `wanted`."""
    isolation.worker = PyBytes_AS_STRING(wanted.program)
    isolation.deadline = wanted.deadline
    isolation.init_deadline = wanted.init_deadline
    isolation.restarts = wanted.restarts
    isolation.bare = wanted.bare
    isolation.period = wanted.period
    limits = wanted.limits
    isolation.limits.memory = limits.memory or 0
    isolation.limits.cpu_time = limits.cpu_time or 0
    isolation.limits.open_files = limits.open_files or 0
    isolation.limits.no_network = not limits.network


cdef void tell_ended(mh_instance *instance, const mh_event *event, const mh_crash *crash) noexcept:
    cdef LoadedModule module = module_of(instance)
    try:
        if module is None:  # nobody has it any more
            return
        try:
            error = error_of(module, instance, event, crash)
        except KeyboardInterrupt as interrupt:  # of earlier: it waited for the module
            keep_error(interrupt, "Ctrl-C")
            error = error_of(module, instance, event, crash)
        if crash != NULL:
            module.note_crash(error)
        if mh_current_pass() == NULL:
            module.host._tell_ended(module, error)
        else:
            keep_error(error, f"module {module.name!r}")
        line = c_text(f"{error.what}: {error.meaning}" if crash != NULL else error.what)
        mh_log_text(instance, 0, PyBytes_AS_STRING(line), PyBytes_GET_SIZE(line))
    except BaseException as error:
        keep_error(error, "the report of a crash")


cdef object error_of(LoadedModule module, const mh_instance *instance, const mh_event *event,
                     const mh_crash *crash):
    # Only now: most hosts never need it.
    from ..isolation.report import down, ended, hurried, refused

    cdef int64_t code
    if crash == NULL:
        last = module.crashes[-1] if module.crashes else None
        callback = "no callback" if event == NULL else CALLBACKS[<int>event.kind]
        if mh_restart_refused(instance, &code):
            return refused(module.name, callback, last, code, lines_of(module))
        return down(module.name, callback, last, module.isolation)
    message = None
    if event != NULL and event.kind == MH_ON_MESSAGE and event.params != NULL:
        message = event_message(event)
    crossings = crossings_of(instance)
    end = hurried(crash_of(crash), crossings, module.isolation, module.host._hurried_at)
    return ended(module.name, module.path, end, crossings, message)


cdef tuple lines_of(LoadedModule module):
    """What the log of this pass has of the module so far."""
    cdef mh_pass *passing = mh_current_pass()
    cdef mh_line line
    cdef size_t at = 0
    cdef list lines = []
    if passing == NULL or passing.mail == NULL:
        return ()
    while mh_line_next(&passing.mail.logs, &at, &line):
        record = record_from(&line)
        if record.module == module.name:
            lines.append(record.text)
    return tuple(lines)


cdef tuple crossings_of(const mh_instance *instance):
    """As text: only who looks at them wants them as values."""
    cdef char text[MH_CROSSING_TEXT]
    cdef size_t i, count
    cdef const mh_crossing *last = mh_last_crossings(instance, &count)
    return tuple([text[:mh_crossing_json(&last[i], text)] for i in range(count)])


cdef object crash_of(const mh_crash *crash):
    cdef uint32_t i, first
    cdef int32_t which = crash.event
    from pathlib import Path

    from ..isolation.crash import Crash, Kind, Reached

    files = [Path(text_of(crash.objects[i])) for i in range(crash.object_count)]
    places = [place_of(&crash.frames[i], files) for i in range(crash.frame_count)]
    found = [place_of(&crash.found[i], files) for i in range(crash.found_count)]
    first = crash.line_count - MH_LAST_LINES if crash.line_count > MH_LAST_LINES else 0
    lines = [text_of(crash.lines[i % MH_LAST_LINES]) for i in range(first, crash.line_count)]
    return Crash(
        kind=Kind(crash.kind),
        reached=Reached(crash.reached),
        allowed=crash.allowed,
        signal=crash.signal,
        code=crash.code,
        own=crash.own != 0,
        address=crash.address if crash.has_address else None,
        writes=crash.writes != 0,
        own_thread=crash.own_thread != 0,
        callback=callback_of(which),
        thread_name=text_of(crash.thread_name),
        pc=crash.pc,
        sp=crash.sp,
        stack=(crash.stack_low, crash.stack_high),
        message_at=crash.message,
        message_size=crash.message_size,
        lent=crash.lent,
        is_over=crash.is_over != 0,
        registers=tuple([crash.registers[i] for i in range(crash.register_count)]),
        places=tuple(places),
        left_out=crash.left_out,
        found=tuple(found),
        entry=place_of(&crash.entry, files) if crash.entry.address else None,
        request=text_of(crash.request),
        exception=text_of(crash.exception),
        lines=tuple(lines),
    )


cdef object place_of(const mh_crash_frame *frame, list files):
    from ..symbols import Place

    file = None if frame.object < 0 else files[frame.object]
    return Place(frame.address, frame.offset, file)


cdef object callback_of(int which):
    if 0 <= which < <int>MH_EVENT_KINDS:
        return CALLBACKS[which]
    return {
        MH_IN_INIT: "init",
        MH_IN_CLEANUP: "cleanup",
        MH_IN_HTTP: "a callback of an http request",
        MH_IN_FCGI: "a callback of a fastcgi request",
        MH_IN_SOCKET: "a callback of a socket",
    }.get(which)


cdef str text_of(const char *text):
    return text.decode("utf-8", "surrogateescape")
