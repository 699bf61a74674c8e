# The mirror of csrc/interface/functions.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint64_t

from .events cimport mh_host, mh_instance, mh_params
from .passes cimport mh_pass

cdef extern from "host.h" nogil:
    bint mh_inside_host(const mh_host *host)
    mh_pass *mh_current_pass()
    bint mh_is_held()
    void mh_upcall_failed()
    int64_t mh_log_text(mh_instance *from_, uint64_t level, const char *text, size_t len)
    int64_t mh_script_send(mh_instance *from_, const mh_params *params, const char *message,
                           uint64_t len)
    int64_t mh_script_log(mh_instance *from_, uint64_t level, const char *text, size_t len)
    bint mh_script_rewrite(mh_instance *from_, const char *message, size_t len)
    bint mh_exports_promote()
