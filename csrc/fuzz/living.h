/* living.h - what the files share that make a life of the module: opened.c (the library), configuration.c
 * (its items), instances.c (its struct), steps.c and threads.c (its events), heap.c (its memory),
 * standing.c (whether it is as it was behind its init), life.c (from init to cleanup). */
#ifndef MESIBO_FUZZ_LIVING_H
#define MESIBO_FUZZ_LIVING_H

#include "fuzz.h"

extern const mh_revision *fuzz_revision;
extern mh_library *fuzz_library;
extern void *fuzz_entry; /* its init */

/* ---- Its items (configuration.c) -------------------------------------------------------------------- */

typedef struct fuzz_items {
    mh_item all[FUZZ_ITEMS];
    char *made[2 * FUZZ_ITEMS];
    size_t count, made_count;
} fuzz_items;

void fuzz_items_make(fuzz_items *to, const fuzz_case *what);
void fuzz_items_free(fuzz_items *items);
/* The case has some itself. */
bool fuzz_items_are_own(const fuzz_case *what);

/* ---- Its struct (instances.c) ----------------------------------------------------------------------- */

/* Where a case begins: what was given back may be taken again. */
void fuzz_instances_begin(void);
/* Registered, before its init. */
mh_instance *fuzz_instance_take(const mh_item *items, size_t count);
void fuzz_instance_give(mh_instance *instance);

/* ---- Its events (steps.c, threads.c) ---------------------------------------------------------------- */

void fuzz_enter(mh_instance *instance, mh_frame *frame, mh_pass *pass, const mh_event *event);
/* Reports what the callback did to the struct. */
void fuzz_exit(mh_instance *instance, const mh_frame *frame, const char *callback);
void fuzz_take_step(mh_instance *instance, const fuzz_step *step);
/* From step `*at` up to the next reload. */
void fuzz_run_with_threads(mh_instance *instance, const fuzz_case *what, size_t *at);

/* ---- As it was behind its init (standing.c) --------------------------------------------------------- */

/* Behind the init of a first life. False: it cannot be told of this one, or was not worth it of late. */
bool fuzz_standing_keep(const mh_instance *instance);
/* Whether it still is; the next case may go on with it, then. */
bool fuzz_standing_is_kept(const mh_instance *instance);

/* The same of what was allocated (heap.c), as long as that is counted: libFuzzer's own is not. Between
 * `note(true)` and `note(false)`: by the init. */
void fuzz_heap_begin(void);
void fuzz_heap_count(bool on);
void fuzz_heap_note(bool init);
bool fuzz_heap_keep(void);
bool fuzz_heap_is_kept(void);

/* And of the data (memory.c). */
bool fuzz_memory_note(void);
bool fuzz_memory_is_noted(void);

#endif
