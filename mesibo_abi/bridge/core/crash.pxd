# The mirror of csrc/interface/crash.h, in its order, and nothing else.
from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t

cdef extern from "host.h" nogil:
    enum:
        MH_LAST_LINES

    ctypedef struct mh_crash_frame:
        uint64_t address, offset
        int32_t object

    ctypedef struct mh_crash:
        uint32_t kind, stage, reached
        uint64_t allowed
        int32_t signal, code
        uint8_t own, has_address, writes, own_thread
        int32_t event, thread
        char thread_name[16]
        uint64_t address, pc, sp, stack_low, stack_high, message, message_size
        uint8_t lent, is_over
        uint64_t registers[34]
        uint32_t register_count, frame_count, found_count, object_count
        uint64_t left_out
        mh_crash_frame frames[64]
        mh_crash_frame found[64]
        mh_crash_frame entry
        char objects[24][512]
        char request[256]
        char exception[256]
        uint32_t line_count
        char lines[8][240]

    enum:
        MH_IN_INIT
        MH_IN_CLEANUP
        MH_IN_HTTP
        MH_IN_FCGI
        MH_IN_SOCKET
