/* columns.c - columns of a producer that is not trusted, each in memory of its size: what is not refused is
 * read row by row, and nothing outside of that memory. */
#include "input.h"

#include "columns.h"

enum { MOST = 24, BYTES = 64, BUFFERS = 3 };

static const size_t index_size[] = {
    [MH_TEXT_OFFSETS_32] = 4, [MH_TEXT_OFFSETS_64] = 8, [MH_TEXT_VIEWS] = 16};

static void *some(input *from, size_t size) {
    void *made = malloc(size > 0 ? size : 1);
    promise(made != NULL);
    take(from, made, size);
    return made;
}

typedef struct held {
    void *valid, *index, *bytes, *buffers[BUFFERS];
    int64_t sizes[BUFFERS];
} held;

/* The one thing that nobody can see: that an end lies behind the bytes. */
static void keep_within(mh_text_layout layout, void *index, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (layout == MH_TEXT_OFFSETS_32 && ((int32_t *)index)[i] > BYTES)
            ((int32_t *)index)[i] %= BYTES + 1;
        else if (layout == MH_TEXT_OFFSETS_64 && ((int64_t *)index)[i] > BYTES)
            ((int64_t *)index)[i] %= BYTES + 1;
}

static void make_text(input *from, size_t rows, mh_text_column *column, held *kept) {
    *column = (mh_text_column){.layout = (mh_text_layout)(take_byte(from) % (MH_TEXT_VIEWS + 1)),
                               .buffers = (const char *const *)kept->buffers,
                               .sizes = kept->sizes};
    if (column->layout == MH_TEXT_ABSENT)
        return;
    uint8_t there = take_byte(from);
    column->valid = kept->valid = there & 1 ? some(from, rows / 8 + 1) : NULL;
    column->bytes = kept->bytes = there & 2 ? some(from, BYTES) : NULL;
    column->buffer_count = there / 4 % (BUFFERS + 1);
    for (size_t i = 0; i < column->buffer_count; i++) {
        kept->sizes[i] = take_byte(from) % BYTES;
        kept->buffers[i] = there & 16 << i ? some(from, (size_t)kept->sizes[i]) : NULL;
    }
    column->index = kept->index = some(from, (rows + 1) * index_size[column->layout]);
    keep_within(column->layout, kept->index, rows + 1);
}

static void let_go(held *kept) {
    free(kept->valid);
    free(kept->index);
    free(kept->bytes);
    for (int i = 0; i < BUFFERS; i++)
        free(kept->buffers[i]);
}

static void look_at(const char *text, size_t len) {
    static volatile char seen;
    promise(text != NULL || len == 0);
    for (size_t i = 0; i < len; i++)
        seen = text[i];
    (void)seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned sizes[] = {0, 1, 2, 4, 8};
    input from = {data, size};
    held kept[3] = {0};
    void *words[MH_WORDS], *valid[MH_WORDS];
    mh_columns columns = {0};
    mh_text_column *const texts[] = {&columns.message, &columns.to, &columns.from};
    size_t count = take_byte(&from) % MOST, first = take_byte(&from) % MOST, rows = first + count;
    bool can_be = true;
    for (int i = 0; i < 3; i++) {
        make_text(&from, rows, texts[i], &kept[i]);
        texts[i]->offset = first;
        uint64_t broken = mh_text_broken(texts[i], 0, count);
        promise(broken <= count);
        can_be = can_be && broken == count;
    }
    for (int i = 0; i < MH_WORDS; i++) {
        uint8_t kind = take_byte(&from);
        mh_word_column *column = &columns.words[i];
        *column = (mh_word_column){.size = sizes[kind % 5], .offset = first};
        column->values = words[i] = some(&from, rows * column->size);
        column->valid = valid[i] = kind & 128 ? some(&from, rows / 8 + 1) : NULL;
    }
    mh_reader reader;
    mh_reader_begin(&reader, &columns);
    for (uint64_t row = 0; can_be && row < count; row++) {
        mh_event event = {0};
        mh_params params = {0};
        mh_columns_row(&columns, row, &event, &params);
        look_at(event.message, event.len);
        look_at(params.to, params.to_len);
        look_at(params.from, params.from_len);
        mh_read_row(&reader, row);
        promise(memcmp(&reader.params, &params, sizeof params) == 0);
        promise(reader.event.message == event.message && reader.event.len == event.len);
    }
    for (int i = 0; i < MH_WORDS; i++) {
        free(words[i]);
        free(valid[i]);
    }
    for (int i = 0; i < 3; i++)
        let_go(&kept[i]);
    return 0;
}
