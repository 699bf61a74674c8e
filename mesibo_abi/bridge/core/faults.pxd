# The mirror of csrc/interface/faults.h, in its order, and nothing else.
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from "host.h" nogil:
    enum:
        MH_FAULT_FRAMES
        MH_FAULT_FOUND
        MH_FAULT_MAPS

    ctypedef struct mh_fault:
        int32_t done, signal, code, writing
        uint64_t address
        uint32_t frame_count, found_count, maps_size
        uint64_t frames[48]
        uint64_t found[96]
        char maps[512 * 1024]

    mh_fault *mh_fault_new(int file, int64_t offset)
    void mh_fault_free(mh_fault *fault)
    bint mh_fault_watch(mh_fault *fault)
