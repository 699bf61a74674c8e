/* story.h - a scenario's story: what is seen, why it is less than it should be; and what scenarios are made of. */
#ifndef STORY_H
#define STORY_H

#include "host.h"

/* It may lie in memory that the parent of the scenario's process sees too. */
typedef struct story {
    char seen[1 << 16]; /* what came of it: the same each time, as long as nothing fails */
    char why[1 << 16];  /* words about what failed */
} story;

typedef void (*scenario)(char **libraries);

/* Of these libraries, in their order: the last is the worker program. */
enum { ECHO, REWRITE, THREAD, BARE, FETCH, ENDS, WORKER };
enum { LONG = 5000 };

#pragma GCC visibility push(hidden) /* from the modules */

extern story *told;

void see(const char *format, ...) __attribute__((format(printf, 1, 2)));
void why(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sort_seen(void); /* line by line: threads have no order */

/* The one of that name; NULL: there is none. */
scenario find_scenario(const char *name);

/* In this process. */
void live(char **libraries);
void ask(char **libraries);
void trace(char **libraries);
void guess(char **libraries);
void thread(char **libraries);
void try(char **libraries);

/* In others. */
void isolate(char **libraries);
void isolate_network(char **libraries);
void limit(char **libraries);
void crash(char **libraries);

/* ---- What they are made of -------------------------------------------------------------------------- */

extern char long_text[LONG + 1];

mh_host *open_host(void); /* NULL, with the reason, where there is none */
void take_host(mh_host *host);
mh_instance *load(mh_host *host, mh_load *what);
mh_instance *load_doc(mh_host *host, const char *name, const char *entry, char *library);
void end_module(mh_instance *instance);
void process(mh_host *host, const char *text, size_t len);
void notify(mh_host *host, const mh_event *event);
void run_batch(mh_host *host);
void serve(mh_host *host);

#pragma GCC visibility pop

#endif
