// newmodule.cpp - a Mesibo module: answers "ping" with "pong", and lets every other message pass.
#include "module.h"

#include <exception>
#include <string>

namespace {

mesibo_int_t answer(mesibo_module_t *mod, const mesibo_message_params_t &params) {
    const std::string text = "pong";
    mesibo_message_params_t answer = {};
    answer.aid = params.aid;
    answer.refid = params.id;
    answer.to = params.from;
    answer.from = params.to;
    if (mesibo_message(mod, &answer, text.data(), text.size()) != MESIBO_RESULT_OK)
        return MESIBO_RESULT_FAIL;
    mesibo_log(mod, 1, "answered %s\n", params.from);
    return MESIBO_RESULT_CONSUMED;  // the recipient does not get it
}

// The host is C: no exception may leave a callback.
mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                        char *message, mesibo_uint_t len) {
    try {
        // Only `len` says where the message ends: there need not be a NUL.
        if (params->from != nullptr && std::string(message, len) == "ping")
            return answer(mod, *params);
        return MESIBO_RESULT_PASS;  // on to the next module, then to the recipient
    } catch (const std::exception &error) {
        mesibo_log(mod, 0, "failed: %s\n", error.what());
        return MESIBO_RESULT_FAIL;
    }
}

mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    mesibo_log(mod, 1, "that was newmodule\n");
    return MESIBO_RESULT_OK;
}

}  // namespace

MESIBO_EXPORT mesibo_int_t mesibo_module_newmodule_init(mesibo_int_t version, mesibo_module_t *mod,
                                                        mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);  // refuses a host of another revision
    mod->description = "answers ping with pong";
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
