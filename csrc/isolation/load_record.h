/* load_record.h - what is to be loaded, as it lies in the shared memory, and what came of it. */
#ifndef MESIBO_LOAD_RECORD_H
#define MESIBO_LOAD_RECORD_H

#include "../host.h"

#include <stdlib.h>
#include <string.h>

/* Behind it, each with a NUL: label, path, entry, revision, otherwise (empty: NULL), and the items' names
 * and values. */
typedef struct mh_load_record {
    mh_limits limits;
    mh_worker_limits worker;
    uint64_t log_level, item_count, size;
    uint8_t keep_mapped, has_synchronous, guessed;
    uint8_t bare; /* of mh_isolation */
} mh_load_record;

/* In the same place. */
typedef struct mh_load_answer {
    mh_refusal refusal; /* its damage has no field: that is in the channel */
    char revision[16];
} mh_load_answer;

/* How long the record is. `at` NULL: it is not written. */
static inline size_t mh_load_write(char *at, const mh_load *what, const mh_limits *limits) {
    const char *texts[] = {what->label, what->path, what->entry, what->revision,
                           what->otherwise != NULL ? what->otherwise : ""};
    size_t size = sizeof(mh_load_record), count = sizeof texts / sizeof texts[0];
    for (size_t i = 0; i < count + 2 * what->item_count; i++) {
        size_t item = i < count ? 0 : (i - count) / 2;
        const char *text = i < count              ? texts[i]
                           : (i - count) % 2 == 0 ? what->items[item].name
                                                  : what->items[item].value;
        size_t room = strlen(text) + 1;
        if (at != NULL)
            memcpy(at + size, text, room);
        size += room;
    }
    if (at != NULL) {
        mh_load_record record = {.limits = *limits,
                                 .worker = what->isolation->limits,
                                 .log_level = what->log_level,
                                 .item_count = what->item_count,
                                 .size = size,
                                 .keep_mapped = what->keep_mapped,
                                 .has_synchronous = what->has_synchronous,
                                 .guessed = what->guessed,
                                 .bare = what->isolation->bare};
        memcpy(at, &record, sizeof record);
    }
    return size;
}

/* Fills `what` with pointers into the record. Returns its items, the caller's to free(3); NULL: no
 * memory. */
static inline mh_item *mh_load_read(const mh_load_record *record, mh_load *what) {
    mh_item *items = calloc(record->item_count + 1, sizeof *items);
    const char *at = (const char *)(record + 1);
    const char *texts[5];
    if (items == NULL)
        return NULL;
    for (size_t i = 0; i < 5; i++, at += strlen(at) + 1)
        texts[i] = at;
    for (size_t i = 0; i < record->item_count; i++) {
        items[i].name = at;
        items[i].value = at + strlen(at) + 1;
        at = items[i].value + strlen(items[i].value) + 1;
    }
    *what = (mh_load){.label = texts[0],
                      .path = texts[1],
                      .entry = texts[2],
                      .revision = texts[3],
                      .otherwise = texts[4][0] != '\0' ? texts[4] : NULL,
                      .items = items,
                      .item_count = record->item_count,
                      .log_level = record->log_level,
                      .keep_mapped = record->keep_mapped,
                      .has_synchronous = record->has_synchronous,
                      .guessed = record->guessed};
    return items;
}

#endif
