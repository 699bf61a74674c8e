# The mirror of csrc/interface/events.h, in its order, and nothing else.
from libc.stdint cimport int64_t, uint64_t

cdef extern from "host.h" nogil:
    ctypedef struct mh_host:
        pass

    ctypedef struct mh_instance:
        pass

    ctypedef struct mh_request:
        pass

    ctypedef struct mh_params:
        uint64_t aid, id, refid, groupid, flags, type, expiry, uflags, status, sid, device
        const char *to
        const char *from_ "from"
        size_t to_len, from_len

    ctypedef enum mh_event_kind:
        MH_ON_MESSAGE
        MH_ON_MESSAGE_STATUS
        MH_ON_CALL
        MH_ON_CALL_STATUS
        MH_ON_LOGIN
        MH_ON_CONFIG
        MH_EVENT_KINDS

    ctypedef struct mh_user:
        uint64_t flags
        int64_t online
        const char *address
        size_t address_len

    ctypedef struct mh_event:
        mh_event_kind kind
        const mh_params *params
        const char *message
        size_t len
        uint64_t status
        const mh_user *user
        uint64_t type
        void *config
        size_t config_len
        void *source
