/* mutate.c - new inputs of old ones, by what they stand for: a field is changed, a step added, repeated,
 * moved or left out. */
#include "mutate.h"

#include <string.h>

size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t most, unsigned seed);

/* ---- Chance ------------------------------------------------------------------------------------------ */

static uint64_t state;

static void begin_chance(unsigned seed) { state = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1; }

uint64_t fuzz_chance(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1Du >> 16;
}

/* ---- Steps ------------------------------------------------------------------------------------------ */

static fuzz_kind any_kind(void) {
    static const fuzz_kind of[MH_EVENT_KINDS] = {FUZZ_MESSAGE,     FUZZ_STATUS, FUZZ_CALL,
                                                 FUZZ_CALL_STATUS, FUZZ_LOGIN,  FUZZ_CONFIG};
    size_t choice = fuzz_below(16);
    if (choice < 5)
        return FUZZ_MESSAGE;
    if (choice < 7 && fuzz_learnt->asks_network)
        return FUZZ_REPLY;
    if (choice == 7 && fuzz_asked.events != 1)
        return FUZZ_RELOAD;
    if (choice >= 8 && choice < 10 && fuzz_has_items())
        return FUZZ_ITEM;
    size_t event = fuzz_below(MH_EVENT_KINDS);
    return fuzz_learnt->callbacks >> event & 1 ? of[event] : FUZZ_MESSAGE;
}

static void make_step(fuzz_step *step) {
    static const fuzz_text empty = WORD("");
    *step = (fuzz_step){.kind = any_kind(), .to = empty, .from = empty, .data = empty};
    switch (step->kind) {
    case FUZZ_MESSAGE: step->data = fuzz_one_in(2) ? fuzz_any_word() : empty; break;
    case FUZZ_STATUS: step->number = fuzz_below(4); break;
    case FUZZ_LOGIN:
        step->to = fuzz_any_address();
        step->present = fuzz_one_in(3) ? 0 : FUZZ_ONLINE;
        break;
    case FUZZ_ITEM:
        step->to = fuzz_any_item_name();
        step->data = fuzz_one_in(2) ? fuzz_any_word() : fuzz_any_hostile();
        break;
    case FUZZ_REPLY: step->number = 200; break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_CONFIG:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
    if (fuzz_one_in(2))
        fuzz_change_step(step);
}

static void insert(fuzz_case *into, size_t at, const fuzz_step *step) {
    if (into->count >= FUZZ_STEPS)
        return;
    memmove(into->steps + at + 1, into->steps + at, (into->count - at) * sizeof *step);
    into->steps[at] = *step;
    into->count++;
}

static void take_out(fuzz_case *from, size_t at, size_t many) {
    memmove(from->steps + at, from->steps + at + many,
            (from->count - at - many) * sizeof *from->steps);
    from->count -= many;
}

static void insert_new(fuzz_case *into) {
    fuzz_step step;
    make_step(&step);
    insert(into, fuzz_below(into->count + 1), &step);
}

/* A few in a row, again. */
static void repeat(fuzz_case *of) {
    size_t at = fuzz_below(of->count), many = 1 + fuzz_below(3);
    if (many > of->count - at)
        many = of->count - at;
    for (size_t i = 0; i < many; i++) {
        fuzz_step step = of->steps[at + i];
        insert(of, at + many + i, &step);
    }
}

static bool is_event(const fuzz_step *step) {
    return step->kind != FUZZ_REPLY && step->kind != FUZZ_ITEM;
}

/* Those that are too many, anywhere in it. */
static void keep_few(fuzz_case *of) {
    size_t events = 0;
    for (size_t i = 0; i < of->count; i++)
        events += is_event(&of->steps[i]);
    for (; fuzz_asked.events != 0 && events > fuzz_asked.events; events--) {
        size_t at = fuzz_below(of->count);
        while (!is_event(&of->steps[at]))
            at = (at + 1) % of->count;
        take_out(of, at, 1);
    }
}

static void change_steps(fuzz_case *what) {
    size_t choice = what->count == 0 ? 0 : fuzz_below(8);
    if (choice < 3) {
        insert_new(what);
    } else if (choice < 5) {
        repeat(what);
    } else if (choice < 7) {
        size_t at = fuzz_below(what->count), most = what->count - at;
        take_out(what, at, 1 + fuzz_below(most < 4 ? most : 4));
    } else {
        size_t one = fuzz_below(what->count), other = fuzz_below(what->count);
        fuzz_step step = what->steps[one];
        what->steps[one] = what->steps[other];
        what->steps[other] = step;
    }
    keep_few(what);
}

/* In a case that may have one event alone there is little to move about. */
static void change(fuzz_case *what) {
    if (what->count == 0 || fuzz_below(fuzz_asked.events == 1 ? 160 : 20) < 8)
        change_steps(what);
    else
        fuzz_change_step(&what->steps[fuzz_below(what->count)]);
}

/* ---- What libFuzzer calls --------------------------------------------------------------------------- */

static uint8_t old[FUZZ_INPUT];

/* What does not fit loses its last steps. */
static size_t write_what_fits(fuzz_case *what, uint8_t *input, size_t most) {
    size_t size = 0;
    while (what->count > 0 && (size = fuzz_write(what, input, most)) == 0)
        what->count--;
    if (size > 0 || most == 0)
        return size;
    input[0] = FUZZ_CALL;
    return 1;
}

__attribute__((visibility("default"))) size_t
LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t most, unsigned seed) {
    static fuzz_case what;
    begin_chance(seed);
    fuzz_room_begin();
    size = size < sizeof old ? size : sizeof old;
    memcpy(old, input, size);
    fuzz_read(&what, old, size);
    if (fuzz_one_in(3) && fuzz_was_last(input, size) && fuzz_solve(&what))
        return write_what_fits(&what, input, most);
    for (size_t changes = fuzz_one_in(4) ? 1 + fuzz_below(4) : 1; changes > 0; changes--)
        change(&what);
    return write_what_fits(&what, input, most);
}

/* The beginning of one, and the end of another. */
__attribute__((visibility("default"))) size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                          size_t other_size, uint8_t *out, size_t most, unsigned seed) {
    static fuzz_case what, second;
    begin_chance(seed);
    fuzz_read(&what, one, one_size);
    fuzz_read(&second, other, other_size);
    size_t from = fuzz_below(second.count + 1);
    what.count = fuzz_below(what.count + 1);
    while (from < second.count && what.count < FUZZ_STEPS)
        what.steps[what.count++] = second.steps[from++];
    keep_few(&what);
    return write_what_fits(&what, out, most);
}
