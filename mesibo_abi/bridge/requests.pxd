from libc.stdint cimport int64_t

from .core cimport mh_host, mh_instance


cdef int64_t submit(mh_instance *instance, str url, bytes post, dict options,
                    object handler) except? -2
cdef object next_command(mh_host *host, dict known)
