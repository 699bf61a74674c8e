from .host cimport CoreHost


cdef object run_batch(CoreHost host, object data, object threads)
