from .core cimport mh_host


cdef object run_batch(mh_host *core, tuple modules, object data, object threads,
                      object keep)
