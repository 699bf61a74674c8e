/* A table of who is there, made at the third login, which outlives its cleanup in a global: the logins
 * behind a reload find it freed. It is larger than what the host takes in between: else the host would have its
 * memory, and be who meets the damage. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

enum { SEATS = 3, NAME = 256 };

typedef struct table {
    size_t *taken; /* by each */
    size_t seats[SEATS];
    char names[SEATS][NAME];
} table;

static table *room;
static int guests;

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
    (void)mod;
    if (!user->online)
        return MESIBO_RESULT_OK;
    if (++guests == SEATS) {
        room = calloc(1, sizeof *room);
        if (room != NULL)
            room->taken = room->seats;
    }
    if (room != NULL)
        room->taken[0]++;
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    (void)mod;
    free(room);
    guests = 0;
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_relapse_init(mesibo_int_t version, mesibo_module_t *mod,
                                             mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_login = on_login;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
