/* fuzz.h - what the files of the fuzz program share: case.c (inputs and what they say), mutate.c (new
 * ones of old: see mutate.h), life.c (a module's life as a case has it: see living.h), memory.c (the
 * module's data, as they were at first), heap.c (what it allocates), lend.c (what it is handed),
 * network.c (the other side of its requests), report.c (what the program itself finds), going_on.c (what
 * comes behind an error), compared.c and sought.c (what the module compares and looks for), learned.c (what is
 * known of it), ended.c (who ends the process), fuzzer.c (what libFuzzer calls), apart.c (its cases in other
 * processes), serve.c (cases one by one, each in a process that has seen no other), coverage.c (for compilers
 * that do not tell libFuzzer themselves), main.c.
 *
 * The program is compiled when it is needed, with the sanitizers that the module is compiled with, and
 * linked with libFuzzer. Nothing of it is in the package's own shared objects. */
#ifndef MESIBO_FUZZ_H
#define MESIBO_FUZZ_H

#include "../requests.h"

/* ---- Cases (case.c) --------------------------------------------------------------------------------
 *
 * An input is a row of steps, whatever its bytes are: a tag, then the fields of that kind; what is
 * missing at the end is 0. Numbers are little-endian. A text is 16 bits of length, then its bytes;
 * FUZZ_NULL is no text.
 *
 *   message, status   16 bits: which words are there, in the order of mh_params, and above these `to`
 *                     and `from`; the words, 64 bits each; to; from (not there: empty); then the
 *                     message, or 64 bits of status
 *   login             8 bits: 1 online, 2 with flags; 64 bits of flags; address
 *   config            64 bits of type; data
 *   reply             16 bits of status; 8 bits: 1 it fails, 2 with content type; that; 16 bits: the
 *                     size of a piece; data
 *   item              name; value: of the configuration, whereever it stands */

typedef enum fuzz_kind {
    FUZZ_MESSAGE,
    FUZZ_STATUS,
    FUZZ_CALL,
    FUZZ_CALL_STATUS,
    FUZZ_LOGIN,
    FUZZ_CONFIG,
    FUZZ_RELOAD,
    FUZZ_REPLY,
    FUZZ_ITEM,
    FUZZ_KINDS
} fuzz_kind;

enum {
    FUZZ_STEPS = 96,    /* of a case, beside its items */
    FUZZ_ITEMS = 256,   /* of a configuration, and of a case */
    FUZZ_NULL = 0xFFFF, /* as a length */
    FUZZ_HAS_TO = 1 << MH_WORDS,
    FUZZ_HAS_FROM = 2 << MH_WORDS,
    FUZZ_ONLINE = 1,
    FUZZ_HAS_FLAGS = 2,
    FUZZ_FAILS = 1,
    FUZZ_HAS_TYPE = 2,
    FUZZ_INPUT = 1 << 16 /* bytes of an input, at most */
};

typedef struct fuzz_text {
    const uint8_t *bytes; /* NULL: none */
    size_t len;
} fuzz_text;

typedef struct fuzz_step {
    fuzz_kind kind;
    unsigned present;         /* which words, FUZZ_HAS_...; or the 8 bits */
    uint64_t words[MH_WORDS]; /* those that are not present are 0 */
    fuzz_text to, from;       /* to: also the address of a login, the name of an item */
    fuzz_text data;           /* message, data, value */
    fuzz_text type;           /* content type */
    uint64_t number;          /* status, type, flags */
    unsigned piece;
} fuzz_step;

typedef struct fuzz_case {
    size_t count;
    fuzz_step steps[FUZZ_STEPS + FUZZ_ITEMS];
} fuzz_case;

/* Its texts lie in the input. Where there are too many of either, it ends before the first of those. */
void fuzz_read(fuzz_case *out, const uint8_t *input, size_t size);
/* 0: it does not fit. */
size_t fuzz_write(const fuzz_case *from, uint8_t *input, size_t room);
/* What is read of a byte of an item: no control characters. */
static inline char fuzz_item_byte(uint8_t byte) { return byte < ' ' || byte == 0x7F ? ' ' : (char)byte; }

/* ---- The module ------------------------------------------------------------------------------------ */

typedef struct fuzz_options {
    const char *library, *entry, *revision;
    mh_item items[FUZZ_ITEMS]; /* that every case has, but for those it has itself */
    size_t item_count;
    const char *words;      /* a file: 16 bits of length, then bytes; each a word that the module knows */
    const char *notes;      /* a file: fuzz_notes */
    const char *candidates; /* a folder, for cases that may leak, or fail */
    double deadline;        /* seconds for a case */
    size_t events;          /* of a case that is made up, at most; 0: as many as there is room for */
    bool has_synchronous, thread_safe, threads, isolate, leaks;
    bool hurries; /* many cases in one process */
} fuzz_options;

extern fuzz_options fuzz_asked;
extern mh_host *fuzz_host;

typedef enum fuzz_state {
    FUZZ_NOT_BEGUN, /* no case, ever */
    FUZZ_RUNNING,   /* one */
    FUZZ_BETWEEN,   /* two of them */
    FUZZ_FINISHED,  /* there are no more */
    FUZZ_SPENT      /* too much was written over for more */
} fuzz_state;

/* What others read while this runs, and when it has ended, however that came about. */
typedef struct fuzz_notes {
    _Atomic uint64_t cases;
    _Atomic uint64_t lives;  /* inits that returned 0 */
    _Atomic int64_t refused; /* what the last that did not returned */
    _Atomic uint32_t state;
    uint32_t last_size;
    uint8_t last[FUZZ_INPUT]; /* the case that was begun last */
} fuzz_notes;
extern fuzz_notes *fuzz_noted;

/* In no order with anything: for each case anything more would be felt. */
static inline void fuzz_set_state(fuzz_state state) {
    atomic_store_explicit(&fuzz_noted->state, state, memory_order_relaxed);
}
static inline bool fuzz_is_running(void) { return fuzz_noted->state == FUZZ_RUNNING; }

/* Opens the library, without its init. False: it says why on standard error. */
bool fuzz_open(void);
/* From init to cleanup. The module's data are as they were when it was opened. */
void fuzz_live(const fuzz_case *what);
/* What the life of the case that was run last allocated and did not free. */
typedef struct fuzz_left {
    int64_t blocks, bytes;
    uint64_t place; /* a number for where in the module; 0: not all of it there */
} fuzz_left;
fuzz_left fuzz_life_left(void);
/* Its revision reads configurations. */
bool fuzz_has_items(void);

/* Lets go what a life holds that was left in the middle of a callback. */
void fuzz_abandon(void);
/* Whether that is the module's. */
bool fuzz_is_code(uint64_t address);
/* The same number in each process; 0: it is elsewhere. */
uint64_t fuzz_place(uint64_t address);

/* heap.c: from here on the sanitizer tells what is allocated, where it can. */
void fuzz_heap_watch(void);
fuzz_left fuzz_heap_left(void);

/* memory.c: where a library writes, but for what counts coverage. False: it cannot be found, or too
 * little memory. */
bool fuzz_memory_keep(const char *library);
void fuzz_memory_restore(void);
/* Whatever a sanitizer knows of them. */
void fuzz_copy(char *to, const char *from, size_t size);
bool fuzz_is_same(const char *one, const char *other, size_t size);
/* What is forked off from here on counts its coverage for all: in the module, or in the counters of
 * coverage.c where it has none. False: no memory. */
bool fuzz_memory_share(void);
bool fuzz_coverage_share(void);
/* follows.c: what comes behind what is coverage, too. */
void fuzz_follow(const fuzz_case *what);
/* In a process that was forked off: the host is this one's from here on. */
void fuzz_forked(void);

/* network.c. The replies of the case are those behind step `*at`. */
void fuzz_network_begin(const fuzz_case *what, const size_t *at);
/* With the module entered. */
void fuzz_network_play(const fuzz_step *reply);
void fuzz_network_answer(void *context, mh_request *request);
void fuzz_network_end(void);
/* No request is open. */
bool fuzz_network_is_idle(void);
/* Without a callback. */
void fuzz_network_forget(mh_instance *instance);

/* lend.c: what the module is handed, copied so that the sanitizer knows where it ends. What was lent before
 * `begin` is taken back. */
void fuzz_lend_begin(void);
void *fuzz_lend_room(size_t len);
void *fuzz_lend(const void *bytes, size_t len);
char *fuzz_lend_text(fuzz_text text); /* with a NUL, which is in it or behind it; NULL for none */
void fuzz_take_back(void *lent);

/* ---- Reports (report.c) ------------------------------------------------------------------------------ */

/* Ends the process as a sanitizer does; on the stack that the report is to show. */
_Noreturn void fuzz_report(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* For mh_hooks: what a module gives to host functions. */
bool fuzz_witness(void *context, mh_instance *from, const mh_given *given);
/* A format that the module gives, and a copy of its arguments (formats.c). */
void fuzz_look_at_format(const char *format, va_list *args);

/* Where reports go from here on. */
void fuzz_report_to(int file);

/* ---- Behind an error (going_on.c) ------------------------------------------------------------------- */

typedef enum fuzz_outcome {
    FUZZ_SOUND,
    FUZZ_FAILED,       /* for the first time at that place */
    FUZZ_FAILED_BEFORE /* at places that are known */
} fuzz_outcome;

/* A life. What a sanitizer says of it is only noted. */
fuzz_outcome fuzz_try(const fuzz_case *what);
void fuzz_go_on_behind_faults(void);
/* The rest of this case is not worth to be run. */
bool fuzz_failed(void);
/* A number for where, and what was wrong there; 0: not in the module. Of what is new there. */
uint64_t fuzz_failed_at(void);
/* From the module's own code: gives the case up, where it has failed. */
void fuzz_leave(void);
/* The module called what must not return, and is to have failed there by `why`: gives the case up. Returns
 * where nobody can go on. */
void fuzz_give_up(const char *why);
/* What was seen behind a callback: the rest of the case is given up. False: nobody goes on here, it has to be
 * told. */
bool fuzz_note(const char *what, const char *where);

/* ---- The end of the process (ended.c) --------------------------------------------------------------- */

/* That of this process, from here on. */
void fuzz_end_watch(void);

/* ---- What was learned of the module (learned.c) ------------------------------------------------------ */

enum { FUZZ_NAMES = 32, FUZZ_NAME = 64, FUZZ_SOUGHT = 64 };

/* A module in another process could write to it: what is counted here is bounded where it is read. */
typedef struct fuzz_learned {
    unsigned callbacks; /* that it had, as bits; all that there are, before the first life */
    atomic_bool asks_network; /* it made a request, ever */
    atomic_flag busy; /* somebody adds an item */
    _Atomic size_t item_count;
    char items[FUZZ_NAMES][FUZZ_NAME]; /* that it asked for, by name */
    size_t sought_count;
    uint8_t sought[FUZZ_SOUGHT]; /* bytes that it looked for in vain (sought.c) */
} fuzz_learned;
extern fuzz_learned *fuzz_learnt;

/* Those that are forked off from here on tell theirs here. False: no memory. */
bool fuzz_learned_share(void);
void fuzz_learn_item(const char *name);
void fuzz_learn_byte(uint8_t byte);

/* ---- What the module compared (compared.c) ---------------------------------------------------------- */

/* A pair that differed in the case that was run last; false: none did. */
void fuzz_compared_begin(void);
/* Those that are forked off from here on tell theirs here. False: no memory. */
bool fuzz_compared_share(void);
bool fuzz_compared(uint64_t chance, uint64_t *one, uint64_t *other);

/* ---- Ways to run cases ------------------------------------------------------------------------------ */

/* apart.c: before the first; reports go to `log`. False: no memory, or files. */
bool fuzz_apart_begin(int log);
/* Ends this process where the input ends one that has seen no other. */
void fuzz_apart_run(const uint8_t *input, size_t size, fuzz_left *left);

/* fuzzer.c: whether that input was run last. */
bool fuzz_was_last(const uint8_t *input, size_t size);
int fuzz_with_libfuzzer(int argc, char **argv);
int fuzz_serve(void);
/* Words that the module knows (words.c). False: the file cannot be read. */
bool fuzz_words_read(const char *path);

#endif
