/* guests.h - modules of all revisions in the program itself: each sends back what it gets. */
#ifndef GUESTS_H
#define GUESTS_H

#include "core.h"

typedef int64_t (*guest_init)(void);

int guest_doc2019_init(void *mod, uint64_t len);
int64_t guest_sdk2019_init(int64_t version, void *mod, int64_t len);
int64_t guest_sdk2020_init(int64_t version, void *mod, int64_t len);

#endif
