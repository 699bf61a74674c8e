/* witness.c - what a module on trial gives to host functions, looked at before the core does: a length
 * that is longer than what lies there, text of others as a format, calls after its end. */
#define _GNU_SOURCE
#include "trial.h"

#include <execinfo.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 20, PAGE = 4096 };
static const uint64_t MAY_SET = 0xF; /* of the flags of a message: those called SENDMESSAGE */

/* ---- Noting ---------------------------------------------------------------------------------------- */

/* Who called, behind the frames of this file. */
static void note(mh_trial *trial, mh_misuse misuse, const char *text) {
    void *frames[MH_MISUSE_FRAMES];
    int count = backtrace(frames, MH_MISUSE_FRAMES);
    misuse.frame_count = count > 0 ? (uint32_t)count : 0;
    for (int i = 0; i < count; i++)
        misuse.frames[i] = (uint64_t)(uintptr_t)frames[i];
    if (text != NULL)
        snprintf(misuse.text, sizeof misuse.text, "%s", text);
    pthread_mutex_lock(&trial->lock);
    if (trial->misuses == NULL)
        trial->misuses = calloc(TRIAL_MISUSES, sizeof *trial->misuses);
    if (trial->misuses != NULL && trial->misuse_count < TRIAL_MISUSES)
        trial->misuses[trial->misuse_count++] = misuse;
    pthread_mutex_unlock(&trial->lock);
}

bool mh_trial_misuse(mh_trial *trial, mh_misuse *out) {
    pthread_mutex_lock(&trial->lock);
    bool found = trial->misuse_count > 0;
    if (found) {
        *out = trial->misuses[0];
        trial->misuse_count--;
        memmove(trial->misuses, trial->misuses + 1, trial->misuse_count * sizeof *out);
    }
    pthread_mutex_unlock(&trial->lock);
    return found;
}

/* ---- How much is there ------------------------------------------------------------------------------- */

typedef struct mapping {
    uint64_t start, end, inode;
    bool readable, writable;
} mapping;

/* What lies at an address: `room` bytes from there on that belong together; what it is called where the
 * module was handed it, else NULL. */
typedef struct extent {
    uint64_t room;
    const char *area;
    bool constant; /* nobody writes there */
} extent;

static bool in_area(mh_trial *trial, uint64_t address, extent *out) {
    bool found = false;
    pthread_mutex_lock(&trial->lock);
    for (const mh_guarded *guarded = trial->placed; guarded != NULL && !found;
         guarded = guarded->below) {
        const mh_area *area = &guarded->area;
        uint64_t size = area->size > 0 ? area->size : 1; /* one that is empty has its place too */
        found = address >= area->start && address < area->start + size;
        if (found)
            *out = (extent){area->start + area->size - address, area->name, false};
    }
    pthread_mutex_unlock(&trial->lock);
    return found;
}

/* Whether the next mapping is more of the same: of the same file, its .bss, or no file's. */
static bool goes_on(const mapping *of, const mapping *next) {
    if (next->start != of->end || !next->readable)
        return false;
    return next->inode == of->inode || (next->inode == 0 && of->writable);
}

static extent in_mappings(uint64_t address) {
    extent found = {0, NULL, false};
    mapping of = {0, 0, 0, false, false}, next;
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512], mode[5];
    if (maps == NULL)
        return (extent){UINT64_MAX, NULL, false}; /* nothing to hold against the module */
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64, &next.start, &next.end,
                   mode, &next.inode) != 4)
            continue; /* the rest of a line that is longer */
        next.readable = mode[0] == 'r';
        next.writable = mode[1] == 'w';
        if (of.end == 0 && address >= next.start && address < next.end && next.readable) {
            of = next;
            found.constant = !of.writable;
        } else if (of.end != 0 && goes_on(&of, &next)) {
            of = next;
        } else if (of.end != 0) {
            break;
        }
    }
    fclose(maps);
    found.room = of.end != 0 ? of.end - address : 0;
    return found;
}

/* ---- Bytes and strings --------------------------------------------------------------------------------- */

/* True: there are so many. What ends in the page it begins in is there, but in an area: that ends
 * earlier. */
static bool has_bytes(mh_trial *trial, mh_misuse what, const void *bytes, uint64_t len) {
    uint64_t address = (uint64_t)(uintptr_t)bytes;
    extent found;
    if (bytes == NULL || len == 0)
        return true;
    if (!in_area(trial, address, &found)) {
        if (len <= PAGE - address % PAGE)
            return true;
        found = in_mappings(address);
    }
    if (len <= found.room)
        return true;
    what.kind = MH_TOO_LONG;
    what.area = found.area;
    what.address = address;
    what.len = len;
    what.room = found.room;
    note(trial, what, NULL);
    return false;
}

/* True: there is a NUL somewhere, and the core may look for it. One behind an area is none of it. */
static bool has_end(mh_trial *trial, mh_misuse what, const char *text) {
    extent found;
    if (text == NULL)
        return true;
    bool readable = mh_is_readable(text) && mh_text_len(text, TEXT_LIMIT) >= 0;
    if (in_area(trial, (uint64_t)(uintptr_t)text, &found)) {
        if (memchr(text, '\0', found.room) != NULL)
            return true;
    } else {
        if (readable)
            return true;
        found = in_mappings((uint64_t)(uintptr_t)text);
    }
    what.kind = MH_UNTERMINATED;
    what.area = found.area;
    what.address = (uint64_t)(uintptr_t)text;
    what.room = found.room;
    note(trial, what, NULL);
    return readable;
}

static bool may_send(mh_trial *trial, mh_misuse what, const mh_given *given) {
    const mh_params *params = given->params;
    what.field = "message";
    bool sound = has_bytes(trial, what, given->bytes, given->len);
    if (params == NULL)
        return sound;
    what.field = "params->to";
    sound = sound && has_end(trial, what, params->to);
    what.field = "params->from";
    sound = sound && has_end(trial, what, params->from);
    what.field = "params->flags";
    what.kind = MH_FLAGS;
    what.len = params->flags & ~MAY_SET & ~trial->flags;
    if (what.len != 0)
        note(trial, what, NULL);
    return sound;
}

static bool may_ask(mh_trial *trial, mh_misuse what, const mh_what *asked) {
    bool sound = true;
#define TEXT(name, text) \
    what.field = name; \
    sound = sound && has_end(trial, what, text);
#define FIELD(name) TEXT(#name, asked->http.name)
    switch (asked->kind) {
    case MH_HTTP:
        FIELD(url)
        FIELD(post)
        MH_HTTP_TEXTS(FIELD)
        break;
    case MH_FCGI:
        TEXT("host", asked->fcgi.host)
        for (size_t i = 0; i < MH_FCGI_PARAMS && asked->fcgi.names[i] != NULL; i++) {
            TEXT(asked->fcgi.names[i], asked->fcgi.values[i])
        }
        what.field = "body";
        sound = sound && has_bytes(trial, what, asked->fcgi.body, asked->fcgi.body_len);
        break;
    case MH_SOCKET:
        TEXT("url", asked->socket.url)
        TEXT("ws_protocol", asked->socket.ws_protocol)
        break;
    }
#undef FIELD
#undef TEXT
    return sound;
}

/* ---- Formats --------------------------------------------------------------------------------------------- */

/* No line that is logged wants %n: what has it, and is no constant of the module, came in from outside,
 * as what lies in an area did in any case. Formatting it would be the end of this process. */
static bool may_format(mh_trial *trial, mh_misuse what, const char *format) {
    extent found = {0, NULL, false};
    bool handed = in_area(trial, (uint64_t)(uintptr_t)format, &found);
    size_t room = handed ? found.room : TEXT_LIMIT;
    long len = handed ? (long)strnlen(format, room) : mh_text_len(format, room);
    bool writes = len > 0 && memmem(format, (size_t)len, "%n", 2) != NULL;
    if (!handed && (!writes || in_mappings((uint64_t)(uintptr_t)format).constant))
        return true;
    if (handed && !writes && (uint64_t)len == room)
        return true; /* a string without an end: that is found elsewhere */
    what.kind = MH_FORMAT;
    what.area = found.area;
    what.address = (uint64_t)(uintptr_t)format;
    what.len = (uint64_t)len;
    note(trial, what, format);
    return false;
}

/* ---- Everything ------------------------------------------------------------------------------------------ */

/* A thread that the host made for it may go on until it returns. */
static bool is_on_own_thread(void) { return mh_top != NULL && mh_top->pass == NULL; }

bool trial_witness(void *context, mh_instance *from, const mh_given *given) {
    mh_trial *trial = context;
    mh_misuse what = {.given = given->kind};
    if (given->what != NULL)
        what.request = given->what->kind;
    if (from != trial->instance)
        return true;
    if (given->kind == MH_GIVEN_REFUSED) {
        what.kind = MH_REFUSED;
        note(trial, what, given->bytes);
        return true;
    }
    if (trial->ended && !is_on_own_thread()) {
        what.kind = MH_LATE;
        note(trial, what, NULL);
    }
    switch (given->kind) {
    case MH_GIVEN_MESSAGE: return may_send(trial, what, given);
    case MH_GIVEN_FORMAT: return may_format(trial, what, given->bytes);
    case MH_GIVEN_REQUEST: return may_ask(trial, what, given->what);
    case MH_GIVEN_BYTES: what.field = "data"; return has_bytes(trial, what, given->bytes, given->len);
    case MH_GIVEN_JSON: what.field = "src"; return has_bytes(trial, what, given->bytes, given->len);
    case MH_GIVEN_ITEM: what.field = "item_name"; return has_end(trial, what, given->bytes);
    case MH_GIVEN_REFUSED: break;
    }
    return true;
}
