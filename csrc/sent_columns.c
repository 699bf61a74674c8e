/* sent_columns.c - what was sent during a batch, as columns. They grow with realloc(3), which moves a
 * large block without a copy of it, so that the columns are all that stays of what was sent. */
#include "columns.h"

#include <stdlib.h>
#include <string.h>

/* ---- Texts -------------------------------------------------------------------------------------- */

/* Room for `count` elements of `size` bytes. */
static bool widen(void **array, size_t count, size_t size) {
    void *wider = realloc(*array, count * size);
    if (wider == NULL)
        return false;
    *array = wider;
    return true;
}

/* The same for typed pointers, which are no void *. */
#define WIDEN(array, count) \
    __extension__({ \
        void *at = (array); \
        bool done = widen(&at, (count), sizeof *(array)); \
        (array) = at; \
        done; \
    })

static size_t more(size_t capacity) { return capacity > 0 ? 2 * capacity : 64; }

static bool room_for_text(mh_texts *texts, size_t len) {
    if (texts->count == texts->capacity) {
        size_t capacity = more(texts->capacity);
        if (!WIDEN(texts->ends, capacity + 1) || !WIDEN(texts->valid, capacity / 8))
            return false;
        if (texts->capacity == 0)
            texts->ends[0] = 0;
        memset(texts->valid + texts->capacity / 8, 0, (capacity - texts->capacity) / 8);
        texts->capacity = capacity;
    }
    size_t wanted = texts->ends[texts->count] + len;
    if (wanted <= texts->size)
        return true;
    if (!WIDEN(texts->bytes, 2 * wanted))
        return false;
    texts->size = 2 * wanted;
    return true;
}

/* Where there is room for it. */
static void put_text(mh_texts *texts, const char *text, size_t len) {
    size_t at = texts->count++;
    if (len > 0)
        memcpy(texts->bytes + texts->ends[at], text, len);
    texts->ends[at + 1] = texts->ends[at] + len;
    uint8_t bit = (uint8_t)(1 << at % 8);
    texts->valid[at / 8] = (uint8_t)(text != NULL ? texts->valid[at / 8] | bit
                                                  : texts->valid[at / 8] & ~bit);
    texts->nulls += text == NULL;
}

static const char *text_at(const mh_texts *texts, size_t at, size_t *len) {
    *len = texts->ends[at + 1] - texts->ends[at];
    if ((texts->valid[at / 8] >> at % 8 & 1) == 0)
        return NULL;
    return *len > 0 ? texts->bytes + texts->ends[at] : "";
}

static void free_texts(mh_texts *texts) {
    free(texts->bytes);
    free(texts->ends);
    free(texts->valid);
}

/* ---- Messages ------------------------------------------------------------------------------------ */

static bool room_for_message(mh_sent_columns *columns) {
    if (columns->count < columns->capacity)
        return true;
    size_t capacity = more(columns->capacity);
    bool room = WIDEN(columns->rows, capacity) && WIDEN(columns->labels, capacity);
    for (int i = 0; i < MH_WORDS && room; i++)
        room = WIDEN(columns->words[i], capacity);
    if (room)
        columns->capacity = capacity;
    return room;
}

/* The place of a label among those of the columns, which are few; -1: no memory. */
static int32_t place_of(mh_texts *names, const char *label, size_t label_len) {
    size_t len;
    for (size_t i = 0; i < names->count; i++) {
        const char *name = text_at(names, i, &len);
        if (len == label_len && memcmp(name, label, len) == 0)
            return (int32_t)i;
    }
    if (!room_for_text(names, label_len))
        return -1;
    put_text(names, label, label_len);
    return (int32_t)names->count - 1;
}

static bool append(mh_sent_columns *columns, const mh_sent *sent) {
    const mh_params *params = &sent->params;
    const uint64_t *words = &params->aid;
    size_t at = columns->count;
    int32_t place = place_of(&columns->names, sent->label, sent->label_len);
    if (place < 0 || !room_for_message(columns) || !room_for_text(&columns->message, sent->len) ||
        !room_for_text(&columns->to, params->to_len) ||
        !room_for_text(&columns->from, params->from_len))
        return false;
    put_text(&columns->message, sent->message, sent->len);
    put_text(&columns->to, params->to, params->to_len);
    put_text(&columns->from, params->from, params->from_len);
    columns->rows[at] = sent->row;
    columns->labels[at] = place;
    for (int i = 0; i < MH_WORDS; i++)
        columns->words[i][at] = words[i];
    columns->count++;
    return true;
}

bool mh_sent_columns_take(mh_sent_columns *columns, mh_queue *queue) {
    mh_sent sent;
    for (; mh_sent_front(queue, &sent); mh_queue_pop(queue))
        if (!append(columns, &sent))
            return false;
    return true;
}

void mh_sent_at(const mh_sent_columns *columns, size_t at, mh_sent *out) {
    uint64_t *words = &out->params.aid;
    out->row = columns->rows[at];
    out->label = text_at(&columns->names, (size_t)columns->labels[at], &out->label_len);
    out->message = text_at(&columns->message, at, &out->len);
    out->params.to = text_at(&columns->to, at, &out->params.to_len);
    out->params.from = text_at(&columns->from, at, &out->params.from_len);
    for (int i = 0; i < MH_WORDS; i++)
        words[i] = columns->words[i][at];
}

/* Takes off all behind the first `count`, which had so many NULLs. */
static void cut(mh_texts *texts, size_t count, size_t nulls) {
    texts->count = count;
    texts->nulls = nulls;
}

bool mh_sent_columns_join(mh_sent_columns *columns, mh_sent_columns *others) {
    size_t count = columns->count, to_nulls = columns->to.nulls, from_nulls = columns->from.nulls;
    mh_sent sent;
    for (size_t i = 0; i < others->count; i++) {
        mh_sent_at(others, i, &sent);
        if (!append(columns, &sent)) {
            columns->count = count;
            cut(&columns->message, count, 0);
            cut(&columns->to, count, to_nulls);
            cut(&columns->from, count, from_nulls);
            return false;
        }
    }
    mh_sent_columns_free(others);
    return true;
}

void mh_sent_columns_free(mh_sent_columns *columns) {
    mh_texts *const texts[] = {&columns->message, &columns->to, &columns->from, &columns->names};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free_texts(texts[i]);
    for (int i = 0; i < MH_WORDS; i++)
        free(columns->words[i]);
    free(columns->rows);
    free(columns->labels);
    *columns = (mh_sent_columns){0};
}
