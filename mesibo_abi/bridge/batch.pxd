from .core cimport mh_host


cdef object run_batch(object host, mh_host *core, object data)
