// Allocates a few bytes at a time until it is refused more, and does not catch that.
#include "module.h"

namespace {

struct piece {
    piece *next;
};

piece *volatile pieces; // or the compiler leaves all of it out

int on_message(mesibo_module_t *, mesibo_message_params_t *, const char *, mesibo_uint_t) {
    for (;;)
        pieces = new piece{pieces};
}

} // namespace

MESIBO_EXPORT int mesibo_module_hoarder_init(mesibo_module_t *mod, mesibo_uint_t) {
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
