/* trials.h - one load of a module by itself, outside of any chain, to see whether it keeps the contract. What
 * it is handed lies between pages that nobody may touch, so that a byte too far is a fault at the very
 * instruction. A module that does not keep the contract may end the process: make trials in one that may end.
 * A trial is for one thread. Requests of the module are taken, and answered as it is planned: nothing leaves
 * the process. */
#ifndef MESIBO_TRIALS_H
#define MESIBO_TRIALS_H

#include "loads.h"
#include "services.h"

/* Where something lies: with zeros around it; its last byte before such a page, its first byte behind
 * one. On the other side of these two is a pattern. */
typedef enum mh_place { MH_ROOMY, MH_AT_END, MH_AT_START } mh_place;

/* The row (mh_sent, mh_line) of what is sent and logged in a call of the trial; threads of the module's
 * own have 0. */
enum { MH_TRIAL_ROW = 1 };

/* How what init is offered differs from what is right. */
typedef struct mh_offer {
    uint64_t version, signature; /* bits that are turned over */
    int64_t size;                /* bytes that are added */
} mh_offer;

/* Something that the module was handed. */
typedef struct mh_area {
    const char *name; /* a static string */
    uint64_t start, size;
    uint64_t low, high; /* all that a fault there can hit: with the pages around it */
    bool read_only, sealed;
} mh_area;

/* A byte outside of an area that was written to. */
typedef struct mh_spill {
    const char *name;
    int64_t offset; /* from the start of the area: below 0, or its size and more */
    uint8_t found;
} mh_spill;

typedef struct mh_placing {
    mh_place message, params, addresses;
    bool read_only; /* the message: writing faults */
} mh_placing;

typedef struct mh_trial mh_trial;

/* [enters] Opens the library and makes the struct. NULL: see `refusal`; `what->otherwise` and
 * `guessed` mean nothing here. The host must outlive the trial, and get no other module. */
mh_trial *mh_trial_new(mh_host *host, const mh_load *what, mh_place place, mh_refusal *refusal);
/* [enters] Calls init, once for each trial: what it returned. */
int64_t mh_trial_init(mh_trial *trial, const mh_offer *offer);
/* Each slot in turn, from 0, cleanup among them; false behind the last. `code`: it points at some. */
bool mh_trial_slot(const mh_trial *trial, size_t index, const char **name, uint64_t *value,
                   bool *code);
/* Each word of the struct in turn that is not the module's to write, and is not as it was before init;
 * `*at` is 0 at first. For right offers only. */
bool mh_trial_change(const mh_trial *trial, size_t *at, mh_damage *out);
/* Copies what the next call is handed. False: no memory. */
bool mh_trial_place(mh_trial *trial, const mh_event *event, const mh_placing *placing);
/* [enters] The call; INT64_MIN: the module left that slot NULL. What was placed stays until the trial
 * is freed. */
int64_t mh_trial_call(mh_trial *trial);
/* Nobody may touch any more what was placed for calls so far. */
void mh_trial_seal(mh_trial *trial);
/* Frees what was placed for calls long ago: for those who make many. */
void mh_trial_let_go(mh_trial *trial);
/* All that was handed out, in turn, from 0; false behind the last. */
bool mh_trial_area(const mh_trial *trial, size_t index, mh_area *out);
/* The first byte found that was written to outside of the struct, or of what was placed at an edge for
 * calls; false: none was. */
bool mh_trial_spill(const mh_trial *trial, bool structure, mh_spill *out);
/* Something that the module gave to a host function, and should not have. */
typedef enum mh_misuse_kind {
    MH_TOO_LONG,     /* `len` bytes at `address`, where `room` bytes are */
    MH_UNTERMINATED, /* a string there, and no NUL in those `room` bytes */
    MH_FORMAT,       /* text that it was handed, as the format of a line; it was not formatted */
    MH_FLAGS,        /* flags of a message, in `len`, that a module does not set */
    MH_REFUSED,      /* `text` says why the host refused it */
    MH_LATE          /* it called when its cleanup had returned */
} mh_misuse_kind;

enum { MH_MISUSE_FRAMES = 24 };

typedef struct mh_misuse {
    mh_misuse_kind kind;
    mh_given_kind given;
    mh_request_kind request; /* of MH_GIVEN_REQUEST */
    const char *field;       /* what of it; a static string, or NULL */
    const char *area;        /* what it was handed and this lies in; a static string, or NULL */
    uint64_t address, len, room;
    char text[512];
    uint32_t frame_count;
    uint64_t frames[MH_MISUSE_FRAMES]; /* return addresses */
} mh_misuse;

/* Takes the oldest that was seen; false: there is none. Those over a few hundred are not kept. */
bool mh_trial_misuse(mh_trial *trial, mh_misuse *out);

typedef struct mh_asked {
    uint64_t id;
    mh_request_kind kind;
    const char *where; /* url, or host; as long as it is open */
    bool posts;
    uint64_t callbacks; /* another number for other functions that get the answer */
} mh_asked;

/* One answer of a plan; its data and content type are copied. `piece` above 0: its data come in so many
 * bytes a call. */
typedef struct mh_step {
    mh_answer answer;
    size_t piece;
} mh_step;

typedef struct mh_planning {
    mh_place place;
    bool read_only; /* writing into data faults */
    bool seal;      /* so does touching them when the callback has returned */
} mh_planning;

/* Each request that is open, from 0, the oldest first; false behind the last. */
bool mh_trial_asked(mh_trial *trial, size_t index, mh_asked *out);
/* How the next request is answered that is played to, or that is synchronous. False: no memory. */
bool mh_trial_plan(mh_trial *trial, const mh_step *steps, size_t count,
                   const mh_planning *planning);
/* [enters] Makes the callbacks of the plan, until the request is over; where the plan has no last answer
 * it fails. Without a plan it fails at once. `calls`: how many answers there were. False: no such
 * request is open. */
bool mh_trial_play(mh_trial *trial, uint64_t id, uint64_t *calls);
/* How many synchronous requests were answered so far. */
uint64_t mh_trial_synchronous(const mh_trial *trial);

/* [enters] Where init has succeeded: lets everything fail that it still asks for, as before cleanup. */
void mh_trial_end_requests(mh_trial *trial);
/* [enters] Where init has succeeded: what cleanup returned, 0 where there is none. Its requests end
 * before, unless they have. */
int64_t mh_trial_cleanup(mh_trial *trial);
/* [enters] Closes the library; false: it stays mapped. After it there is only mh_trial_misuse. */
bool mh_trial_close(mh_trial *trial);
/* Of one that is closed; with `keep` what threads of the module may look at stays. */
void mh_trial_free(mh_trial *trial, bool keep);

/* The words of a struct of a revision: where its fields are. */
typedef struct mh_word {
    const char *name;
    bool own; /* the module's to write */
} mh_word;

/* Each struct of a revision whose layout the core knows, from 0: what the SDK calls it, its size, and
 * its words (NULL: only the size is known). False behind the last. */
bool mh_revision_struct(const char *revision, size_t index, const char **name, size_t *size,
                        const mh_word **words);

#endif
