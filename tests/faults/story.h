/* story.h - what a scenario sees, and why it sees less than it should. */
#ifndef STORY_H
#define STORY_H

#include "host.h"

/* Lies in memory that the parent of the scenario's process sees too. */
typedef struct story {
    char seen[1 << 16]; /* what came of it: the same each time, as long as nothing fails */
    char why[1 << 16];  /* words about what failed */
} story;

extern story *told;

void see(const char *format, ...) __attribute__((format(printf, 1, 2)));
void why(const char *format, ...) __attribute__((format(printf, 1, 2)));

typedef void (*scenario)(char **libraries);
typedef struct named_scenario {
    const char *name;
    scenario run;
} named_scenario;
extern const named_scenario scenarios[];

#endif
