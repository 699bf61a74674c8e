/* bytes.h - copying and comparing the few bytes that most texts have: two moves that may overlap,
 * instead of a call. */
#ifndef MESIBO_BYTES_H
#define MESIBO_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MH_WORD_AT(type, at) \
    __extension__({ \
        type word; \
        memcpy(&word, (at), sizeof word); \
        word; \
    })

static inline void mh_copy_bytes(char *to, const char *from, size_t len) {
    if (len - 8 <= 8) {
        uint64_t first = MH_WORD_AT(uint64_t, from), last = MH_WORD_AT(uint64_t, from + len - 8);
        memcpy(to, &first, 8);
        memcpy(to + len - 8, &last, 8);
    } else if (len - 4 <= 3) {
        uint32_t first = MH_WORD_AT(uint32_t, from), last = MH_WORD_AT(uint32_t, from + len - 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
    } else if (len - 1 <= 2) {
        to[0] = from[0];
        to[len / 2] = from[len / 2];
        to[len - 1] = from[len - 1];
    } else {
        memcpy(to, from, len);
    }
}

static inline bool mh_same_bytes(const char *one, const char *other, size_t len) {
    if (len - 8 <= 8)
        return ((MH_WORD_AT(uint64_t, one) ^ MH_WORD_AT(uint64_t, other)) |
                (MH_WORD_AT(uint64_t, one + len - 8) ^ MH_WORD_AT(uint64_t, other + len - 8))) == 0;
    return memcmp(one, other, len) == 0;
}

#endif
