// Keeps every message until its end.
#include "module.h"

#include <string>
#include <vector>

namespace {

std::vector<std::string> history;

mesibo_int_t on_message(mesibo_module_t *, mesibo_message_params_t *, char *message,
                        mesibo_uint_t len) {
    history.emplace_back(std::string(message, len) + " was said, and will not be forgotten"); /* HERE */
    return MESIBO_RESULT_PASS;
}

mesibo_int_t on_cleanup(mesibo_module_t *) {
    std::vector<std::string>().swap(history);
    return MESIBO_RESULT_OK;
}

}  // namespace

MESIBO_EXPORT mesibo_int_t mesibo_module_keeps_history_init(mesibo_int_t version,
                                                            mesibo_module_t *mod, mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
