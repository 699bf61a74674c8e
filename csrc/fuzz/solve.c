/* solve.c - of two numbers that the module compared, one in the input for the other: as bytes, or as it is
 * written. */
#include "mutate.h"

#include <string.h>

enum { FORMS = 8, TRIES = 4, DIGITS = 20 };

/* A number as it may stand in a text, and what is to stand there. */
typedef struct form {
    uint8_t is[DIGITS], becomes[DIGITS];
    size_t is_len, becomes_len;
} form;

/* And which of them begin with a byte, as bits. */
typedef struct forms {
    form all[FORMS];
    size_t count;
    uint8_t begun_by[256];
} forms;

static void write_number(uint8_t *to, uint64_t number, size_t width, bool big) {
    for (size_t i = 0; i < width; i++)
        to[big ? width - 1 - i : i] = (uint8_t)(number >> 8 * i);
}

static size_t write_digits(uint8_t *to, uint64_t number) {
    size_t len = 1;
    for (uint64_t left = number; left > 9; left /= 10)
        len++;
    for (size_t at = len; at > 0; number /= 10)
        to[--at] = (uint8_t)('0' + number % 10);
    return len;
}

static bool fits(uint64_t number, size_t width) { return width == 8 || number >> 8 * width == 0; }

static void make_forms(forms *out, uint64_t is, uint64_t becomes) {
    *out = (forms){.count = 0};
    for (size_t width = 1; width <= 8; width *= 2)
        for (int big = 0; big < (width > 1 ? 2 : 1); big++) {
            if (!fits(is, width) || !fits(becomes, width))
                continue;
            form *to = &out->all[out->count++];
            to->is_len = to->becomes_len = width;
            write_number(to->is, is, width, big);
            write_number(to->becomes, becomes, width, big);
        }
    form *written = &out->all[out->count++];
    written->is_len = write_digits(written->is, is);
    written->becomes_len = write_digits(written->becomes, becomes);
    for (size_t i = 0; i < out->count; i++)
        out->begun_by[out->all[i].is[0]] |= (uint8_t)(1u << i);
}

/* A place where it is; one of them by chance. */
typedef struct place {
    fuzz_text *text;
    size_t at;
    const form *as;
    uint64_t *number; /* or this one */
    size_t seen;
} place;

static void note(place *found, place here) {
    found->seen++;
    if (fuzz_chance() % found->seen == 0) {
        here.seen = found->seen;
        *found = here;
    }
}

/* Not memcmp: sanitizers have that, and libFuzzer looks at each call of it. */
static bool stands_at(const uint8_t *at, size_t left, const form *as) {
    size_t same = 0;
    while (same < as->is_len && same < left && at[same] == as->is[same])
        same++;
    return same == as->is_len;
}

static void look_in_text(place *found, fuzz_text *text, const forms *of) {
    for (size_t at = 0; at < text->len; at++)
        for (unsigned may = of->begun_by[text->bytes[at]]; may != 0; may &= may - 1) {
            const form *as = &of->all[__builtin_ctz(may)];
            if (stands_at(text->bytes + at, text->len - at, as))
                note(found, (place){text, at, as, NULL, 0});
        }
}

static void look_in_step(place *found, fuzz_step *step, uint64_t is, const forms *of) {
    look_in_text(found, &step->data, of);
    look_in_text(found, &step->to, of);
    look_in_text(found, &step->from, of);
    for (size_t i = 0; i < MH_WORDS; i++)
        if (step->present >> i & 1 && step->kind <= FUZZ_STATUS && step->words[i] == is)
            note(found, (place){NULL, 0, NULL, &step->words[i], 0});
    if (step->number == is && step->kind != FUZZ_MESSAGE)
        note(found, (place){NULL, 0, NULL, &step->number, 0});
}

static bool put(const place *found, uint64_t becomes) {
    if (found->number != NULL) {
        *found->number = becomes;
        return true;
    }
    fuzz_text *text = found->text;
    size_t behind = found->at + found->as->is_len, rest = text->len - behind;
    uint8_t *room = fuzz_room(text->len + found->as->becomes_len);
    if (room == NULL)
        return false;
    memcpy(room, text->bytes, found->at);
    memcpy(room + found->at, found->as->becomes, found->as->becomes_len);
    memcpy(room + found->at + found->as->becomes_len, text->bytes + behind, rest);
    *text = (fuzz_text){room, found->at + found->as->becomes_len + rest};
    return true;
}

bool fuzz_solve(fuzz_case *what) {
    forms of;
    uint64_t one, other;
    for (int i = 0; i < TRIES && fuzz_compared(fuzz_chance(), &one, &other); i++) {
        bool turned = fuzz_chance() & 1;
        uint64_t is = turned ? other : one, becomes = turned ? one : other;
        make_forms(&of, is, becomes);
        place found = {NULL, 0, NULL, NULL, 0};
        for (size_t step = 0; step < what->count; step++)
            look_in_step(&found, &what->steps[step], is, &of);
        if (found.seen > 0)
            return put(&found, becomes);
    }
    return false;
}
