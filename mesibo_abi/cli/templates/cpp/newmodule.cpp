// newmodule.cpp - a Mesibo module: answers "ping" with "pong", and lets every other message pass.
#include "module.h"

#include <exception>
#include <string>

namespace {

int answer(mesibo_module_t *mod, const mesibo_message_params_t &params) {
    const std::string text = "pong";
    mesibo_message_params_t answer = {};
    answer.aid = params.aid;
    answer.refid = params.id;
    answer.to = params.from;
    answer.from = params.to;
    if (mod->send_message(mod, &answer, text.data(), text.size()) != MESIBO_RESULT_OK)
        return MESIBO_RESULT_FAIL;
    mod->log(mod, 1, "answered %s\n", params.from);
    return MESIBO_RESULT_CONSUMED;  // the recipient does not get it
}

// The host is C: no exception may leave a callback.
int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
               mesibo_uint_t len) {
    try {
        // Only `len` says where the message ends: there need not be a NUL.
        if (params->from != nullptr && std::string(message, len) == "ping")
            return answer(mod, *params);
        return MESIBO_RESULT_PASS;  // on to the next module, then to the recipient
    } catch (const std::exception &error) {
        mod->log(mod, 0, "failed: %s\n", error.what());
        return MESIBO_RESULT_FAIL;
    }
}

int cleanup(mesibo_module_t *mod) {
    mod->log(mod, 1, "that was newmodule\n");
    return MESIBO_RESULT_OK;
}

}  // namespace

MESIBO_EXPORT int mesibo_module_newmodule_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (sizeof(*mod) != len || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;  // a host of another revision
    mod->name = "newmodule";
    mod->on_message = on_message;
    mod->cleanup = cleanup;
    return MESIBO_RESULT_OK;
}
