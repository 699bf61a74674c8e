/* columns.c - messages as they lie in columns. */
#include "columns.h"

#include <string.h>

_Static_assert(offsetof(mh_params, device) == (MH_WORDS - 1) * sizeof(uint64_t),
               "the words of mh_params come first");

static bool is_valid(const uint8_t *valid, size_t at) {
    return valid == NULL || (valid[at / 8] >> at % 8 & 1) != 0;
}

/* Words in columns need not be aligned. */
#define READ(type, from, at) \
    __extension__({ \
        type value; \
        memcpy(&value, (const char *)(from) + (at) * sizeof value, sizeof value); \
        value; \
    })

static const char *view_at(const mh_text_column *column, size_t at, size_t *len) {
    const char *view = (const char *)column->index + 16 * at;
    *len = READ(uint32_t, view, 0);
    if (*len <= 12)
        return view + 4;
    return column->buffers[READ(uint32_t, view, 2)] + READ(uint32_t, view, 3);
}

static inline const char *between(const mh_text_column *column, uint64_t begin, uint64_t end,
                                  size_t *len) {
    *len = end - begin;
    return *len > 0 ? column->bytes + begin : ""; /* there may be no bytes at all */
}

static const char *any_text_at(const mh_text_column *column, size_t at, size_t *len) {
    *len = 0;
    if (column->layout == MH_TEXT_ABSENT || !is_valid(column->valid, at))
        return NULL;
    if (column->layout == MH_TEXT_VIEWS)
        return view_at(column, at, len);
    if (column->layout == MH_TEXT_OFFSETS_32)
        return between(column, READ(uint32_t, column->index, at),
                       READ(uint32_t, column->index, at + 1), len);
    return between(column, READ(uint64_t, column->index, at),
                   READ(uint64_t, column->index, at + 1), len);
}

/* What is usual first. */
static inline const char *text_at(const mh_text_column *column, uint64_t row, size_t *len) {
    size_t at = column->offset + row;
    if (column->layout != MH_TEXT_OFFSETS_32 || column->valid != NULL)
        return any_text_at(column, at, len);
    return between(column, READ(uint32_t, column->index, at), READ(uint32_t, column->index, at + 1),
                   len);
}

const char *mh_text_at(const mh_text_column *column, uint64_t row, size_t *len) {
    return text_at(column, row, len);
}

/* ---- Whether it can be: who made the columns is not asked ------------------------------------------- */

static bool can_be_between(const mh_text_column *column, int64_t begin, int64_t end) {
    return begin >= 0 && (end == begin || (end > begin && column->bytes != NULL));
}

static bool can_be_view(const mh_text_column *column, size_t at) {
    const char *view = (const char *)column->index + 16 * at;
    int32_t len = READ(int32_t, view, 0), buffer = READ(int32_t, view, 2), begin = READ(int32_t, view, 3);
    return (len >= 0 && len <= 12) ||
           (len > 12 && buffer >= 0 && (size_t)buffer < column->buffer_count && begin >= 0 &&
            column->buffers[buffer] != NULL && (int64_t)begin + len <= column->sizes[buffer]);
}

static bool can_be(const mh_text_column *column, size_t at) {
    switch (column->layout) {
    case MH_TEXT_OFFSETS_32:
        return can_be_between(column, READ(int32_t, column->index, at),
                              READ(int32_t, column->index, at + 1));
    case MH_TEXT_OFFSETS_64:
        return can_be_between(column, READ(int64_t, column->index, at),
                              READ(int64_t, column->index, at + 1));
    case MH_TEXT_VIEWS: return can_be_view(column, at);
    default: return true;
    }
}

/* Almost all are; the compiler makes many steps at a time of this. */
static bool is_in_order(const mh_text_column *column, size_t at, size_t end) {
    int32_t wrong = at < end ? READ(int32_t, column->index, at) : 0;
    for (; at < end; at++)
        wrong |= READ(int32_t, column->index, at + 1) < READ(int32_t, column->index, at) ? INT32_MIN : 0;
    return wrong >= 0;
}

uint64_t mh_text_broken(const mh_text_column *column, uint64_t first, uint64_t last) {
    if (column->layout == MH_TEXT_OFFSETS_32 && column->bytes != NULL &&
        is_in_order(column, column->offset + first, column->offset + last))
        return last;
    while (first < last && (!is_valid(column->valid, column->offset + first) ||
                            can_be(column, column->offset + first)))
        first++;
    return first;
}

static uint64_t word_at(const mh_word_column *column, uint64_t row) {
    size_t at = column->offset + row;
    if (column->size == 0 || !is_valid(column->valid, at))
        return 0;
    switch (column->size) {
    case 1: return READ(uint8_t, column->values, at);
    case 2: return READ(uint16_t, column->values, at);
    case 4: return READ(uint32_t, column->values, at);
    default: return READ(uint64_t, column->values, at);
    }
}

static void take_texts(const mh_columns *columns, uint64_t row, mh_event *event,
                       mh_params *params) {
    params->to = text_at(&columns->to, row, &params->to_len);
    params->from = text_at(&columns->from, row, &params->from_len);
    event->message = text_at(&columns->message, row, &event->len);
    if (event->message == NULL)
        event->message = "";
}

void mh_columns_row(const mh_columns *columns, uint64_t row, mh_event *event, mh_params *params) {
    uint64_t *words = &params->aid;
    for (int i = 0; i < MH_WORDS; i++)
        words[i] = word_at(&columns->words[i], row);
    take_texts(columns, row, event, params);
}

void mh_reader_begin(mh_reader *reader, const mh_columns *columns) {
    *reader = (mh_reader){.columns = columns};
    reader->event = (mh_event){.kind = MH_ON_MESSAGE, .params = &reader->params};
    for (int i = 0; i < MH_WORDS; i++)
        if (columns->words[i].size > 0)
            reader->present[reader->count++] = i;
}

void mh_read_row(mh_reader *reader, uint64_t row) {
    uint64_t *words = &reader->params.aid;
    for (int i = 0; i < reader->count; i++)
        words[reader->present[i]] = word_at(&reader->columns->words[reader->present[i]], row);
    take_texts(reader->columns, row, &reader->event, &reader->params);
}
