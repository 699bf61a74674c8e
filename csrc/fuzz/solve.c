/* solve.c - of two numbers that the module compared, one in the input for the other: as bytes, or as it is
 * written. */
#include "fuzz.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { FORMS = 8, TRIES = 4 };

/* A number as it may stand in a text, and what is to stand there. */
typedef struct form {
    uint8_t is[24], becomes[24];
    size_t is_len, becomes_len;
} form;

static void write_number(uint8_t *to, uint64_t number, size_t width, bool big) {
    for (size_t i = 0; i < width; i++)
        to[big ? width - 1 - i : i] = (uint8_t)(number >> 8 * i);
}

static bool fits(uint64_t number, size_t width) { return width == 8 || number >> 8 * width == 0; }

static size_t forms_of(form *forms, uint64_t is, uint64_t becomes) {
    size_t count = 0;
    for (size_t width = 1; width <= 8; width *= 2)
        for (int big = 0; big < (width > 1 ? 2 : 1); big++) {
            if (!fits(is, width) || !fits(becomes, width))
                continue;
            form *to = &forms[count++];
            to->is_len = to->becomes_len = width;
            write_number(to->is, is, width, big);
            write_number(to->becomes, becomes, width, big);
        }
    form *written = &forms[count++];
    written->is_len = (size_t)snprintf((char *)written->is, 24, "%" PRIu64, is);
    written->becomes_len = (size_t)snprintf((char *)written->becomes, 24, "%" PRIu64, becomes);
    return count;
}

/* A place where it is; one of them by chance. */
typedef struct place {
    fuzz_text *text;
    size_t at;
    const form *as;
    uint64_t *number; /* or this one */
    size_t seen;
} place;

static void note(place *found, place here, fuzz_chance *chance) {
    found->seen++;
    if (chance() % found->seen == 0) {
        here.seen = found->seen;
        *found = here;
    }
}

static void look_in_text(place *found, fuzz_text *text, const form *as, fuzz_chance *chance) {
    for (size_t at = 0; text->bytes != NULL && at + as->is_len <= text->len; at++)
        if (memcmp(text->bytes + at, as->is, as->is_len) == 0)
            note(found, (place){text, at, as, NULL, 0}, chance);
}

static void look_in_step(place *found, fuzz_step *step, uint64_t is, const form *forms, size_t count,
                         fuzz_chance *chance) {
    for (size_t i = 0; i < count; i++) {
        look_in_text(found, &step->data, &forms[i], chance);
        look_in_text(found, &step->to, &forms[i], chance);
        look_in_text(found, &step->from, &forms[i], chance);
    }
    for (size_t i = 0; i < MH_WORDS; i++)
        if (step->present >> i & 1 && step->kind <= FUZZ_STATUS && step->words[i] == is)
            note(found, (place){NULL, 0, NULL, &step->words[i], 0}, chance);
    if (step->number == is && step->kind != FUZZ_MESSAGE)
        note(found, (place){NULL, 0, NULL, &step->number, 0}, chance);
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

bool fuzz_solve(fuzz_case *what, fuzz_chance *chance) {
    form forms[FORMS];
    uint64_t one, other;
    for (int i = 0; i < TRIES && fuzz_compared(chance(), &one, &other); i++) {
        bool turned = chance() & 1;
        uint64_t is = turned ? other : one, becomes = turned ? one : other;
        size_t count = forms_of(forms, is, becomes);
        place found = {NULL, 0, NULL, NULL, 0};
        for (size_t step = 0; step < what->count; step++)
            look_in_step(&found, &what->steps[step], is, forms, count, chance);
        if (found.seen > 0)
            return put(&found, becomes);
    }
    return false;
}
