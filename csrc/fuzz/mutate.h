/* mutate.h - what the files share that make new cases of old: mutate.c (steps), fields.c (what is in them),
 * words.c (what texts are made of), solve.c (what the module compared). */
#ifndef MESIBO_FUZZ_MUTATE_H
#define MESIBO_FUZZ_MUTATE_H

#include "fuzz.h"

#define COUNT(of) (sizeof(of) / sizeof(of)[0])
#define WORD(text) {(const uint8_t *)(text), sizeof(text) - 1}

/* ---- Chance: the same from the same seed (mutate.c) ------------------------------------------------- */

uint64_t fuzz_chance(void);
static inline size_t fuzz_below(size_t bound) {
    return bound > 0 ? (size_t)(fuzz_chance() % bound) : 0;
}
static inline bool fuzz_one_in(size_t many) { return fuzz_below(many) == 0; }

/* ---- Words (words.c) -------------------------------------------------------------------------------- */

static inline fuzz_text fuzz_any_of(const fuzz_text *of, size_t count) {
    return of[fuzz_below(count)];
}
fuzz_text fuzz_any_word(void);
fuzz_text fuzz_any_hostile(void);
fuzz_text fuzz_any_address(void);
fuzz_text fuzz_any_item_name(void);

/* ---- Fields (fields.c) ------------------------------------------------------------------------------ */

void fuzz_room_begin(void);
/* Room for a field that is changed, until `begin`; NULL: there is none left. */
uint8_t *fuzz_room(size_t size);
void fuzz_change_step(fuzz_step *step);

/* solve.c: a number that the module compared, in place of the one that it compared it with. `what` is the
 * case that was run last. False: neither is in it. */
bool fuzz_solve(fuzz_case *what);

#endif
