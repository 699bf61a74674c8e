/* Has a header of its own, in which two fields of the module struct changed places. */
#include <stdint.h>

typedef struct mesibo_module_s {
    uintptr_t version;
    const char *name; /* these two */
    uintptr_t flags;
    void *cleanup, *on_message, *on_message_status, *on_call, *on_call_status;
    uintptr_t signature;
    void *send_message, *http, *log;
} mesibo_module_t;

int mesibo_module_layout_init(mesibo_module_t *mod, uintptr_t len) {
    return sizeof(*mod) == len && mod->signature == 0xAA55773388FF1100 ? 0 : -1;
}
