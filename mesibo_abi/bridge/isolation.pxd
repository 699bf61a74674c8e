from .core cimport mh_crash, mh_event, mh_instance, mh_isolation

cdef void ended_upcall(void *context, mh_instance *instance, const mh_event *event,
                       const mh_crash *crash) noexcept nogil
cdef void fill_isolation(mh_isolation *isolation, object wanted)
