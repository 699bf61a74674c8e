/* No bug, but for who does not give each case a life of its own: the second event of a life that changes the
 * same memory aborts. What it changes is said by the first byte, and where there is a second, it is undone:
 * then the life is what it was. */
#include "module.h"

#include <stdlib.h>

static int in_bss, in_data = 7;
static int *in_heap;

static void forget(int what) {
    if (what == 0)
        in_bss = 0;
    else if (what == 1)
        in_data = 7;
    else if (what == 2)
        *in_heap = 0;
}

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    int what = len > 0 ? (unsigned char)message[0] % 6 : 5;
    (void)params;
    if ((what == 0 && ++in_bss > 1) || (what == 1 && ++in_data > 8) ||
        (what == 2 && ++*in_heap > 1) || (what == 3 && ++mod->flags > 1))
        abort();
    if (what == 4) { /* the same bytes, in another block */
        int *anew = malloc(sizeof *anew);
        if (anew == NULL)
            abort();
        *anew = *in_heap;
        free(in_heap);
        in_heap = anew;
    }
    if (len > 1)
        forget(what);
    return MESIBO_RESULT_PASS;
}

static int cleanup(mesibo_module_t *mod) {
    (void)mod;
    free(in_heap);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_remembers_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    if (in_bss != 0 || in_data != 7 || in_heap != NULL)
        abort();
    in_heap = calloc(1, sizeof *in_heap);
    if (in_heap == NULL)
        return MESIBO_RESULT_FAIL;
    mod->name = "remembers";
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
