# The mirror of csrc/interface/crossing.h, in its order, and nothing else.

cdef extern from "host.h" nogil:
    ctypedef struct mh_crossing:
        pass

    enum:
        MH_LAST_CROSSINGS
        MH_CROSSING_TEXT

    size_t mh_crossing_json(const mh_crossing *crossing, char *out)
