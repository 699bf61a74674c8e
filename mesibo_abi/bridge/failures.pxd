from libc.stdint cimport int64_t

from .core cimport mh_damage, mh_failure, mh_instance, mh_pass


cdef void keep_error(object error, str where)
cdef int64_t upcall_error(mh_instance *instance, object error, str where)
cdef object errors_of(mh_pass *passing)
cdef int64_t as_code(object value, str what) except? -2
cdef object damage_of(const mh_damage *damage)
cdef object failure_of(str module, str callback, mh_failure failure, int64_t code,
                       const mh_damage *damage, object error)
