/* guest.h - what the revisions share: the layouts differ, the manners do not. */
#ifndef MESIBO_GUEST_H
#define MESIBO_GUEST_H

#include "../bytes.h"
#include "../core.h"

#include <stdlib.h>
#include <string.h>

/* What stands in the way of every call. */
#define inlined __attribute__((always_inline)) inline

#define FREEZE_SIZE(type, size) \
    _Static_assert(sizeof(type) == (size), #type " has " #size " bytes")
#define FREEZE(type, field, at) \
    _Static_assert(offsetof(type, field) == (at), #type "." #field " is at byte " #at)

/* A word of a struct, whatever its type. */
#define WORD(structure, field) (uint64_t)(uintptr_t)((structure)->field)

/* Returns true and says so when a word is not what the host wrote. */
#define UNCHANGED(mod, word, wanted)                                                        \
    do {                                                                                    \
        if (WORD(mod, word) != (uint64_t)(uintptr_t)(wanted)) {                             \
            *out = (mh_damage){.field = #word,                                              \
                               .offset = offsetof(mesibo_module_t, word),                   \
                               .expected = (uint64_t)(uintptr_t)(wanted),                   \
                               .found = WORD(mod, word)};                                   \
            return true;                                                                    \
        }                                                                                   \
    } while (0)

/* One entry of a table of slots. */
typedef struct guest_slot {
    const char *name;
    size_t offset;
} guest_slot;
#define SLOT(field) {#field, offsetof(mesibo_module_t, field)}

static inline bool guest_slot_at(const mh_instance *instance, const guest_slot *slots, size_t count,
                                 size_t index, const char **name, size_t *offset,
                                 uint64_t *value) {
    if (index >= count)
        return false;
    *name = slots[index].name;
    *offset = slots[index].offset;
    memcpy(value, (const char *)instance->module + *offset, sizeof *value);
    return true;
}

/* `to` and `from` as the module gets them: copies of the host's that it may write into, for the call.
 * Long ones are put on the heap. */
enum { GUEST_ROOM = 512 };

typedef struct guest_addresses {
    char *to, *from, *heap;
    char room[GUEST_ROOM];
} guest_addresses;

static inline char *guest_copy_text(char *to, const char *text, size_t len) {
    if (text == NULL)
        return NULL;
    mh_copy_bytes(to, text, len);
    to[len] = '\0'; /* what is copied need not have one */
    return to;
}

static inline void guest_free_addresses(const guest_addresses *guest) {
    if (guest->heap != NULL)
        free(guest->heap);
}

static inline bool guest_copy_addresses(guest_addresses *guest, const mh_params *params) {
    size_t to_size = params->to != NULL ? params->to_len + 1 : 0;
    size_t from_size = params->from != NULL ? params->from_len + 1 : 0;
    char *texts = guest->room;
    guest->heap = NULL;
    if (to_size + from_size > GUEST_ROOM) {
        texts = guest->heap = malloc(to_size + from_size);
        if (texts == NULL)
            return false;
    }
    guest->to = guest_copy_text(texts, params->to, params->to_len);
    guest->from = guest_copy_text(texts + to_size, params->from, params->from_len);
    return true;
}

/* The words of a struct, by their places. */
#define OWN(type, field) [offsetof(type, field) / 8] = {#field, true}
#define HOSTS(type, field) [offsetof(type, field) / 8] = {#field, false}
#define LAYOUT(type, words) {#type, sizeof(type), words}
#define EVERY_WORD(type, words) \
    _Static_assert(sizeof words / sizeof words[0] * 8 == sizeof(type), "every word of " #type)

/* Words of the same name, from one struct to another. */
#define TAKE_WORD(field) .field = from->field,

#endif
