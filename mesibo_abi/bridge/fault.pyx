# cython: language_level=3, binding=False
"""What ended a process, for the process that waits for it."""

from cpython.bytes cimport PyBytes_FromStringAndSize

from libc.stdint cimport int64_t, uint32_t

from .core cimport (
    MH_FAULT_FOUND, MH_FAULT_FRAMES, MH_FAULT_MAPS, mh_fault, mh_fault_free, mh_fault_new, mh_fault_watch
)

cimport cython

from ..evidence import Fault


@cython.final
cdef class FaultRecord:
    """Memory shared with processes that are forked off later; one of them calls `watch`. Given a
    file, it is that from `offset` on, shared with the program that was handed it; `SIZE` bytes.

    `found` is for the process that made it, after the other has ended."""

    cdef mh_fault *fault

    SIZE = sizeof(mh_fault)

    def __cinit__(self, int file=-1, int64_t offset=0):
        self.fault = mh_fault_new(file, offset)
        if self.fault == NULL:
            raise MemoryError("a record of a fault needs memory; free some")

    def __dealloc__(self):
        mh_fault_free(self.fault)

    def watch(self):
        """From here on a signal that ends this process, and exit(3), is written down. Once a
        process. Raises OSError where handlers cannot be set."""
        if not mh_fault_watch(self.fault):
            raise OSError("the handlers of signals cannot be set")

    def found(self):
        """What was written down; None: nothing was, or what is there is not ours: the process that
        ended could write to it."""
        cdef mh_fault *fault = self.fault
        cdef uint32_t frames = fault.frame_count
        cdef uint32_t found = fault.found_count
        cdef uint32_t maps = fault.maps_size
        if fault.done not in (1, 2):
            return None
        if frames > MH_FAULT_FRAMES or found > MH_FAULT_FOUND or maps > MH_FAULT_MAPS:
            return None
        return Fault(
            signal=fault.signal,
            code=fault.code,
            address=fault.address,
            writing=None if fault.writing < 0 else fault.writing != 0,
            frames=tuple([fault.frames[i] for i in range(frames)]),
            found=tuple([fault.found[i] for i in range(found)]),
            maps=PyBytes_FromStringAndSize(fault.maps, maps).decode(
                "utf-8", "surrogateescape"),
            whole=fault.done == 2,
        )
