/* fields.c - one field of a step, changed: what is text gets words that the module knows, and lengths beside
 * those that buffers have; its bytes are changed as libFuzzer changes bytes. */
#include "mutate.h"

#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most);

/* ---- Room for changed fields ------------------------------------------------------------------------ */

static uint8_t arena[8 * FUZZ_INPUT];
static size_t arena_used;

void fuzz_room_begin(void) { arena_used = 0; }

uint8_t *fuzz_room(size_t size) {
    if (size > sizeof arena - arena_used)
        return NULL;
    uint8_t *room = arena + arena_used;
    arena_used += size;
    return room;
}

static void keep(fuzz_text *text, uint8_t *room, size_t len) { *text = (fuzz_text){room, len}; }

/* ---- Fields ----------------------------------------------------------------------------------------- */

enum { LONGEST = 5000 };

static const uint16_t edges[] = {0,   1,   2,   3,   4,   7,   8,    9,    15,   16,   17,  24,
                                 31,  32,  33,  40,  48,  63,  64,   65,   80,   100,  127, 128,
                                 129, 200, 255, 256, 257, 300, 511,  512,  513,  600,  800, 1000,
                                 1023, 1024, 1025, 1500, 2000, 2047, 2048, 2049, 4095, 4096, 4097};

static void stretch(fuzz_text *text) {
    size_t len = edges[fuzz_below(fuzz_one_in(2) ? COUNT(edges) : COUNT(edges) - 8)];
    uint8_t *room = fuzz_room(len);
    if (room == NULL)
        return;
    for (size_t i = 0; i < len; i++)
        room[i] = text->len > 0 ? text->bytes[i % text->len] : 'm';
    keep(text, room, len);
}

static bool separates(uint8_t byte) {
    uint8_t letter = byte | 0x20;
    return byte < 0x80 && !(letter >= 'a' && letter <= 'z') && !(byte >= '0' && byte <= '9');
}

/* A part of it made longer, with what is around it left: what is copied up to a separator is copied into a
 * buffer, most often. */
static void widen(fuzz_text *text) {
    size_t at = fuzz_below(text->len + 1), more = edges[fuzz_below(COUNT(edges))];
    while (at > 0 && at < text->len && !separates(text->bytes[at]))
        at++;
    uint8_t *room = fuzz_room(text->len + more);
    if (room == NULL)
        return;
    if (at > 0)
        memcpy(room, text->bytes, at);
    memset(room + at, 'm', more);
    if (text->len > at)
        memcpy(room + at + more, text->bytes + at, text->len - at);
    keep(text, room, text->len + more);
}

/* A word in it, in place of some bytes or between them. */
static void put_word(fuzz_text *text, fuzz_text word) {
    size_t at = fuzz_below(text->len + 1), over = fuzz_one_in(2) ? fuzz_below(text->len - at + 1) : 0;
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
    size_t width = (size_t)1 << fuzz_below(4);
    if (text->len < width)
        return;
    size_t at = fuzz_below(text->len - width + 1);
    uint8_t *room = fuzz_room(text->len);
    if (room == NULL)
        return;
    memcpy(room, text->bytes, text->len);
    uint64_t length = text->len - (fuzz_one_in(2) ? at + width : fuzz_below(text->len < 16 ? text->len : 16));
    length += fuzz_one_in(8) ? fuzz_below(3) - 1 : 0;
    bool big = fuzz_one_in(4);
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
    switch (fuzz_below(16)) {
    case 0: stretch(text); break;
    case 1:
    case 2: put_word(text, fuzz_any_word()); break;
    case 3: *text = fuzz_any_word(); break;
    case 4:
    case 5: put_length(text); break;
    case 6: widen(text); break;
    default: change_bytes(text);
    }
}

static void change_address(fuzz_text *text) {
    if (fuzz_one_in(4))
        *text = fuzz_any_address();
    else if (fuzz_one_in(12))
        *text = (fuzz_text){NULL, 0};
    else
        change_text(text);
}

static void change_word(uint64_t *word) {
    static const uint64_t extremes[] = {0,          1,          2,          0x7FFFFFFF, 0x80000000,
                                        0xFFFFFFFF, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX};
    uint8_t bytes[8] = {0};
    size_t len;
    switch (fuzz_below(5)) {
    case 0: *word = fuzz_below(16); break;
    case 1: *word = extremes[fuzz_below(COUNT(extremes))]; break;
    case 2: *word = 1ull << fuzz_below(64); break;
    case 3: *word += fuzz_below(2) ? 1 : UINT64_MAX; break;
    default:
        memcpy(bytes, word, sizeof bytes);
        len = LLVMFuzzerMutate(bytes, sizeof bytes, sizeof bytes);
        memset(bytes + len, 0, sizeof bytes - len);
        memcpy(word, bytes, sizeof bytes);
    }
}

static void change_params(fuzz_step *step) {
    size_t field = fuzz_below(MH_WORDS + 4);
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
    switch (fuzz_below(10)) {
    case 0: step->number = statuses[fuzz_below(COUNT(statuses))]; break;
    case 1: step->present ^= FUZZ_FAILS; break;
    case 2: step->piece = (unsigned)fuzz_below(fuzz_one_in(2) ? 8 : 600); break;
    case 3:
        step->present |= FUZZ_HAS_TYPE;
        step->type = fuzz_any_of(types, COUNT(types));
        if (fuzz_one_in(2))
            change_text(&step->type);
        break;
    default: change_text(&step->data);
    }
}

void fuzz_change_step(fuzz_step *step) {
    switch (step->kind) {
    case FUZZ_MESSAGE:
        if (fuzz_one_in(5))
            change_params(step);
        else
            change_text(&step->data);
        break;
    case FUZZ_STATUS:
        if (fuzz_one_in(2))
            change_params(step);
        else
            change_word(&step->number);
        break;
    case FUZZ_LOGIN:
        if (fuzz_one_in(3))
            step->present ^= FUZZ_ONLINE;
        else if (fuzz_one_in(3))
            change_word((step->present |= FUZZ_HAS_FLAGS, &step->number));
        else
            change_address(&step->to);
        break;
    case FUZZ_CONFIG:
        if (fuzz_one_in(3))
            change_word(&step->number);
        else if (fuzz_one_in(8))
            step->data = (fuzz_text){NULL, 0};
        else
            change_text(&step->data);
        break;
    case FUZZ_REPLY: change_reply(step); break;
    case FUZZ_ITEM:
        if (fuzz_one_in(5))
            step->to = fuzz_any_item_name();
        else
            change_text(&step->data);
        break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
}
