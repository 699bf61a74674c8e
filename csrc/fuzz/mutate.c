/* mutate.c - new inputs of old ones, by what they stand for: a field is changed, a step added, repeated,
 * moved or left out. What is text gets words that the module knows, and lengths beside those that buffers
 * have; the bytes of one field are changed as libFuzzer changes bytes. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                                 size_t other_size, uint8_t *out, size_t most, unsigned seed);

/* ---- Chance ------------------------------------------------------------------------------------------ */

static uint64_t state;

static void seed_with(unsigned seed) { state = (uint64_t)seed * 0x9E3779B97F4A7C15u + 1; }

static uint64_t chance(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state * 0x2545F4914F6CDD1Du >> 16;
}

static size_t below(size_t bound) { return bound > 0 ? (size_t)(chance() % bound) : 0; }
static bool one_in(size_t many) { return below(many) == 0; }

/* ---- Words -------------------------------------------------------------------------------------------- */

#define WORD(text) {(const uint8_t *)(text), sizeof(text) - 1}
static const fuzz_text hostile[] = {
    WORD("%s%s%s%n"), WORD("%n"), WORD("%1000000d"), WORD("../../etc/passwd"), WORD("'"), WORD("\""),
    WORD("\\"), WORD("\xff\xfe"), WORD("\xc3"), WORD("{\"text\": \"a\"}"), WORD("{"), WORD("}"),
    WORD("["), WORD("]"), WORD("="), WORD(":"), WORD(","), WORD(";"), WORD("\n"), WORD("\r\n"),
    WORD(" "), WORD("/"), WORD("-1"), WORD("0"), WORD("2147483648"), WORD("4294967295"),
    WORD("9223372036854775808"), WORD("18446744073709551615")};
static const fuzz_text addresses[] = {WORD("alice"), WORD("bob"), WORD("1234567890"),
                                      WORD("a@b.example"), WORD("")};
#define COUNT(of) (sizeof(of) / sizeof(of)[0])

enum { WORDS = 1024 };
static fuzz_text words[WORDS]; /* of the module */
static size_t word_count;

bool fuzz_words_read(const char *path) {
    static uint8_t all[1 << 17];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t size = fread(all, 1, sizeof all, file);
    fclose(file);
    for (size_t at = 0; at + 2 <= size && word_count < WORDS;) {
        size_t len = all[at] | (size_t)all[at + 1] << 8;
        at += 2;
        if (len > size - at)
            break;
        words[word_count++] = (fuzz_text){all + at, len};
        at += len;
    }
    return true;
}

static fuzz_text any_of(const fuzz_text *of, size_t count) { return of[below(count)]; }

static fuzz_text any_word(void) {
    if (word_count > 0 && !one_in(4))
        return any_of(words, word_count);
    return any_of(hostile, COUNT(hostile));
}

static fuzz_text item_name(void) {
    const char *const *asked;
    size_t count = fuzz_asked_names(&asked);
    if (count > 0 && !one_in(8)) {
        const char *name = asked[below(count)];
        return (fuzz_text){(const uint8_t *)name, strlen(name)};
    }
    if (fuzz_asked.item_count > 0 && one_in(2)) {
        const char *name = fuzz_asked.items[below(fuzz_asked.item_count)].name;
        return (fuzz_text){(const uint8_t *)name, strlen(name)};
    }
    return any_word();
}

/* ---- Room for changed fields ----------------------------------------------------------------------------- */

static uint8_t arena[8 * FUZZ_INPUT];
static size_t arena_used;

uint8_t *fuzz_room(size_t size) {
    if (size > sizeof arena - arena_used)
        return NULL;
    uint8_t *room = arena + arena_used;
    arena_used += size;
    return room;
}

static void keep(fuzz_text *text, uint8_t *room, size_t len) { *text = (fuzz_text){room, len}; }

/* ---- Fields ------------------------------------------------------------------------------------------------ */

enum { LONGEST = 5000 };

static const uint16_t edges[] = {0,   1,   2,   3,   4,   7,   8,    9,    15,   16,   17,  24,
                                 31,  32,  33,  40,  48,  63,  64,   65,   80,   100,  127, 128,
                                 129, 200, 255, 256, 257, 300, 511,  512,  513,  600,  800, 1000,
                                 1023, 1024, 1025, 1500, 2000, 2047, 2048, 2049, 4095, 4096, 4097};

static void stretch(fuzz_text *text) {
    size_t len = edges[below(one_in(2) ? COUNT(edges) : COUNT(edges) - 8)];
    uint8_t *room = fuzz_room(len);
    if (room == NULL)
        return;
    for (size_t i = 0; i < len; i++)
        room[i] = text->len > 0 ? text->bytes[i % text->len] : 'm';
    keep(text, room, len);
}

/* A word in it, in place of some bytes or between them. */
static void put_word(fuzz_text *text, fuzz_text word) {
    size_t at = below(text->len + 1), over = one_in(2) ? below(text->len - at + 1) : 0;
    uint8_t *room = fuzz_room(text->len + word.len);
    if (room == NULL)
        return;
    if (at > 0)
        memcpy(room, text->bytes, at);
    if (word.len > 0)
        memcpy(room + at, word.bytes, word.len);
    if (text->len > at + over)
        memcpy(room + at + word.len, text->bytes + at + over, text->len - at - over);
    keep(text, room, text->len - over + word.len);
}

/* A number in it that says how long it is, or how much is left of it: what it leads to is seldom found by
 * chance. Either byte order. */
static void put_length(fuzz_text *text) {
    size_t width = (size_t)1 << below(4);
    if (text->len < width)
        return;
    size_t at = below(text->len - width + 1);
    uint8_t *room = fuzz_room(text->len);
    if (room == NULL)
        return;
    memcpy(room, text->bytes, text->len);
    uint64_t length = text->len - (one_in(2) ? at + width : below(text->len < 16 ? text->len : 16));
    length += one_in(8) ? below(3) - 1 : 0;
    bool big = one_in(4);
    for (size_t i = 0; i < width; i++)
        room[at + (big ? width - 1 - i : i)] = (uint8_t)(length >> 8 * i);
    keep(text, room, text->len);
}

static void change_bytes(fuzz_text *text) {
    size_t most = text->len < LONGEST / 2 ? text->len * 2 + 16 : LONGEST;
    size_t size = text->len < most ? text->len : most;
    uint8_t *room = fuzz_room(most);
    if (room == NULL)
        return;
    if (size > 0)
        memcpy(room, text->bytes, size);
    keep(text, room, LLVMFuzzerMutate(room, size, most));
}

static void change_text(fuzz_text *text) {
    switch (below(16)) {
    case 0: stretch(text); break;
    case 1:
    case 2: put_word(text, any_word()); break;
    case 3: *text = any_word(); break;
    case 4:
    case 5: put_length(text); break;
    default: change_bytes(text);
    }
}

static void change_address(fuzz_text *text) {
    if (one_in(4))
        *text = any_of(addresses, COUNT(addresses));
    else if (one_in(12))
        *text = (fuzz_text){NULL, 0};
    else
        change_text(text);
}

static void change_word(uint64_t *word) {
    static const uint64_t extremes[] = {0,          1,          2,          0x7FFFFFFF, 0x80000000,
                                        0xFFFFFFFF, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};
    uint8_t bytes[8] = {0};
    size_t len;
    switch (below(5)) {
    case 0: *word = below(16); break;
    case 1: *word = extremes[below(COUNT(extremes))]; break;
    case 2: *word = 1ull << below(64); break;
    case 3: *word += below(2) ? 1 : UINT64_MAX; break;
    default:
        memcpy(bytes, word, sizeof bytes);
        len = LLVMFuzzerMutate(bytes, sizeof bytes, sizeof bytes);
        memset(bytes + len, 0, sizeof bytes - len);
        memcpy(word, bytes, sizeof bytes);
    }
}

static void change_params(fuzz_step *step) {
    size_t field = below(MH_WORDS + 4);
    if (field < MH_WORDS) {
        step->present |= 1u << field;
        change_word(&step->words[field]);
    } else if (field < MH_WORDS + 2) {
        step->present |= FUZZ_HAS_TO;
        change_address(&step->to);
    } else {
        step->present |= FUZZ_HAS_FROM;
        change_address(&step->from);
    }
}

static void change_reply(fuzz_step *step) {
    static const uint16_t statuses[] = {200, 200, 204, 301, 404, 500, 0};
    static const fuzz_text types[] = {WORD("application/json"), WORD("text/plain"), WORD("")};
    switch (below(10)) {
    case 0: step->number = statuses[below(COUNT(statuses))]; break;
    case 1: step->present ^= FUZZ_FAILS; break;
    case 2: step->piece = (unsigned)below(one_in(2) ? 8 : 600); break;
    case 3:
        step->present |= FUZZ_HAS_TYPE;
        step->type = any_of(types, COUNT(types));
        if (one_in(2))
            change_text(&step->type);
        break;
    default: change_text(&step->data);
    }
}

static void change_step(fuzz_step *step) {
    switch (step->kind) {
    case FUZZ_MESSAGE:
        if (one_in(5))
            change_params(step);
        else
            change_text(&step->data);
        break;
    case FUZZ_STATUS:
        if (one_in(2))
            change_params(step);
        else
            change_word(&step->number);
        break;
    case FUZZ_LOGIN:
        if (one_in(3))
            step->present ^= FUZZ_ONLINE;
        else if (one_in(3))
            change_word((step->present |= FUZZ_HAS_FLAGS, &step->number));
        else
            change_address(&step->to);
        break;
    case FUZZ_CONFIG:
        if (one_in(3))
            change_word(&step->number);
        else if (one_in(8))
            step->data = (fuzz_text){NULL, 0};
        else
            change_text(&step->data);
        break;
    case FUZZ_REPLY: change_reply(step); break;
    case FUZZ_ITEM:
        if (one_in(5))
            step->to = item_name();
        else
            change_text(&step->data);
        break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
}

/* ---- Steps ------------------------------------------------------------------------------------------------- */

static fuzz_kind any_kind(void) {
    static const fuzz_kind of[MH_EVENT_KINDS] = {FUZZ_MESSAGE,     FUZZ_STATUS, FUZZ_CALL,
                                                 FUZZ_CALL_STATUS, FUZZ_LOGIN,  FUZZ_CONFIG};
    size_t choice = below(16);
    if (choice < 5)
        return FUZZ_MESSAGE;
    if (choice < 7)
        return FUZZ_REPLY;
    if (choice < 8)
        return FUZZ_RELOAD;
    if (choice < 10 && fuzz_has_items())
        return FUZZ_ITEM;
    size_t event = below(MH_EVENT_KINDS);
    return fuzz_callbacks >> event & 1 ? of[event] : FUZZ_MESSAGE;
}

static void make_step(fuzz_step *step) {
    static const fuzz_text empty = WORD("");
    *step = (fuzz_step){.kind = any_kind(), .to = empty, .from = empty, .data = empty};
    switch (step->kind) {
    case FUZZ_MESSAGE: step->data = one_in(2) ? any_word() : empty; break;
    case FUZZ_STATUS: step->number = below(4); break;
    case FUZZ_LOGIN:
        step->to = any_of(addresses, COUNT(addresses));
        step->present = one_in(3) ? 0 : FUZZ_ONLINE;
        break;
    case FUZZ_ITEM:
        step->to = item_name();
        step->data = one_in(2) ? any_word() : any_of(hostile, COUNT(hostile));
        break;
    case FUZZ_REPLY: step->number = 200; break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_CONFIG:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
    if (one_in(2))
        change_step(step);
}

static void insert(fuzz_case *into, size_t at, const fuzz_step *step) {
    if (into->count == FUZZ_STEPS)
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
    insert(into, below(into->count + 1), &step);
}

/* A few in a row, again. */
static void repeat(fuzz_case *of) {
    size_t at = below(of->count), many = 1 + below(3);
    if (many > of->count - at)
        many = of->count - at;
    for (size_t i = 0; i < many; i++) {
        fuzz_step step = of->steps[at + i];
        insert(of, at + many + i, &step);
    }
}

static void change(fuzz_case *what) {
    size_t choice = what->count == 0 ? 0 : below(20);
    if (choice < 3) {
        insert_new(what);
    } else if (choice < 5) {
        repeat(what);
    } else if (choice < 7) {
        size_t at = below(what->count), most = what->count - at;
        take_out(what, at, 1 + below(most < 4 ? most : 4));
    } else if (choice < 8) {
        size_t one = below(what->count), other = below(what->count);
        fuzz_step step = what->steps[one];
        what->steps[one] = what->steps[other];
        what->steps[other] = step;
    } else {
        change_step(&what->steps[below(what->count)]);
    }
}

/* ---- What libFuzzer calls -------------------------------------------------------------------------------- */

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
    seed_with(seed);
    arena_used = 0;
    size = size < sizeof old ? size : sizeof old;
    memcpy(old, input, size);
    fuzz_read(&what, old, size);
    if (one_in(3) && fuzz_was_last(input, size) && fuzz_solve(&what, chance))
        return write_what_fits(&what, input, most);
    for (size_t changes = one_in(4) ? 1 + below(4) : 1; changes > 0; changes--)
        change(&what);
    return write_what_fits(&what, input, most);
}

/* The beginning of one, and the end of another. */
__attribute__((visibility("default"))) size_t
LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_size, const uint8_t *other,
                          size_t other_size, uint8_t *out, size_t most, unsigned seed) {
    static fuzz_case what, second;
    seed_with(seed);
    fuzz_read(&what, one, one_size);
    fuzz_read(&second, other, other_size);
    size_t from = below(second.count + 1);
    what.count = below(what.count + 1);
    while (from < second.count && what.count < FUZZ_STEPS)
        what.steps[what.count++] = second.steps[from++];
    return write_what_fits(&what, out, most);
}
