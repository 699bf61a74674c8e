/* case.c - inputs, and the steps that they stand for. Every input stands for some. */
#include "fuzz.h"

#include <string.h>

/* ---- In -------------------------------------------------------------------------------------------- */

typedef struct reader {
    const uint8_t *at, *end;
} reader;

static uint64_t number_of(reader *from, size_t bytes) {
    uint64_t value = 0;
    for (size_t i = 0; i < bytes && from->at < from->end; i++)
        value |= (uint64_t)*from->at++ << 8 * i;
    return value;
}

static fuzz_text text_of(reader *from) {
    size_t len = (size_t)number_of(from, 2), left = (size_t)(from->end - from->at);
    if (len == FUZZ_NULL)
        return (fuzz_text){NULL, 0};
    fuzz_text found = {from->at, len < left ? len : left};
    from->at += found.len;
    return found;
}

/* A string of C ends at its first NUL. */
static fuzz_text string_of(reader *from) {
    fuzz_text found = text_of(from);
    const uint8_t *end = found.len > 0 ? memchr(found.bytes, '\0', found.len) : NULL;
    if (end != NULL)
        found.len = (size_t)(end - found.bytes);
    return found;
}

static const fuzz_text EMPTY = {(const uint8_t *)"", 0};

static fuzz_text filled(fuzz_text text) { return text.bytes != NULL ? text : EMPTY; }

static void read_params(fuzz_step *step, reader *from) {
    step->present = (unsigned)number_of(from, 2) & (FUZZ_HAS_FROM | (FUZZ_HAS_FROM - 1));
    for (size_t i = 0; i < MH_WORDS; i++)
        if (step->present >> i & 1)
            step->words[i] = number_of(from, 8);
    step->to = step->present & FUZZ_HAS_TO ? string_of(from) : EMPTY;
    step->from = step->present & FUZZ_HAS_FROM ? string_of(from) : EMPTY;
}

static void read_step(fuzz_step *step, reader *from) {
    *step = (fuzz_step){.kind = (fuzz_kind)(number_of(from, 1) % FUZZ_KINDS)};
    switch (step->kind) {
    case FUZZ_MESSAGE:
        read_params(step, from);
        step->data = filled(text_of(from));
        break;
    case FUZZ_STATUS:
        read_params(step, from);
        step->number = number_of(from, 8);
        break;
    case FUZZ_LOGIN:
        step->present = (unsigned)number_of(from, 1) & (FUZZ_ONLINE | FUZZ_HAS_FLAGS);
        step->number = step->present & FUZZ_HAS_FLAGS ? number_of(from, 8) : 0;
        step->to = string_of(from);
        break;
    case FUZZ_CONFIG:
        step->number = number_of(from, 8);
        step->data = text_of(from);
        break;
    case FUZZ_REPLY:
        step->number = number_of(from, 2);
        step->present = (unsigned)number_of(from, 1) & (FUZZ_FAILS | FUZZ_HAS_TYPE);
        if (step->present & FUZZ_HAS_TYPE)
            step->type = filled(string_of(from));
        step->piece = (unsigned)number_of(from, 2);
        step->data = filled(text_of(from));
        break;
    case FUZZ_ITEM:
        step->to = filled(string_of(from));
        step->data = filled(string_of(from));
        break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
}

void fuzz_read(fuzz_case *out, const uint8_t *input, size_t size) {
    reader from = {input, input + size};
    size_t items = 0, others = 0;
    for (out->count = 0; from.at < from.end; read_step(&out->steps[out->count++], &from)) {
        bool is_item = *from.at % FUZZ_KINDS == FUZZ_ITEM;
        if (is_item ? items++ == FUZZ_ITEMS : others++ == FUZZ_STEPS)
            break;
    }
}

/* ---- Out ------------------------------------------------------------------------------------------- */

typedef struct writer {
    uint8_t *at, *end;
    bool full;
} writer;

static void put(writer *to, const void *bytes, size_t len) {
    to->full |= (size_t)(to->end - to->at) < len;
    if (to->full || len == 0)
        return;
    memcpy(to->at, bytes, len);
    to->at += len;
}

static void put_number(writer *to, uint64_t value, size_t bytes) {
    uint8_t little[8];
    for (size_t i = 0; i < bytes; i++)
        little[i] = (uint8_t)(value >> 8 * i);
    put(to, little, bytes);
}

static void put_text(writer *to, fuzz_text text) {
    size_t len = text.len < FUZZ_NULL ? text.len : FUZZ_NULL - 1;
    put_number(to, text.bytes != NULL ? len : FUZZ_NULL, 2);
    if (text.bytes != NULL)
        put(to, text.bytes, len);
}

static void put_params(writer *to, const fuzz_step *step) {
    put_number(to, step->present, 2);
    for (size_t i = 0; i < MH_WORDS; i++)
        if (step->present >> i & 1)
            put_number(to, step->words[i], 8);
    if (step->present & FUZZ_HAS_TO)
        put_text(to, step->to);
    if (step->present & FUZZ_HAS_FROM)
        put_text(to, step->from);
}

static void put_step(writer *to, const fuzz_step *step) {
    put_number(to, step->kind, 1);
    switch (step->kind) {
    case FUZZ_MESSAGE:
        put_params(to, step);
        put_text(to, step->data);
        break;
    case FUZZ_STATUS:
        put_params(to, step);
        put_number(to, step->number, 8);
        break;
    case FUZZ_LOGIN:
        put_number(to, step->present, 1);
        if (step->present & FUZZ_HAS_FLAGS)
            put_number(to, step->number, 8);
        put_text(to, step->to);
        break;
    case FUZZ_CONFIG:
        put_number(to, step->number, 8);
        put_text(to, step->data);
        break;
    case FUZZ_REPLY:
        put_number(to, step->number, 2);
        put_number(to, step->present, 1);
        if (step->present & FUZZ_HAS_TYPE)
            put_text(to, step->type);
        put_number(to, step->piece, 2);
        put_text(to, step->data);
        break;
    case FUZZ_ITEM:
        put_text(to, step->to);
        put_text(to, step->data);
        break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
}

size_t fuzz_write(const fuzz_case *from, uint8_t *input, size_t room) {
    writer to = {input, input + room, false};
    for (size_t i = 0; i < from->count; i++)
        put_step(&to, &from->steps[i]);
    return to.full ? 0 : (size_t)(to.at - input);
}
