/* C++ of 2019: compiled against a header without C linkage, it imports mangled names. */
#include <module.h>
#include <cstdlib>
#include <cstring>

static void *run(void *data) {
    mesibo_log(static_cast<mesibo_module_t *>(data), 0, "in a thread");
    return nullptr;
}

static mesibo_int_t on_http(void *, mesibo_int_t, mesibo_int_t progress, const char *, mesibo_int_t) {
    return progress;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               const char *message, mesibo_uint_t len) {
    char json[] = "{\"key\": \"extracted\"}", *next;
    params->to = mesibo_util_json_extract(json, "key", &next);
    mesibo_log(mod, 0, "http %d", (int)mesibo_http(mod, nullptr, nullptr, on_http, nullptr, nullptr));
    mesibo_util_create_thread(run, mod, 0, "plain");
    return mesibo_message(mod, params, message, len);
}

INIT mesibo_int_t mesibo_module_plain_init(mesibo_int_t version, mesibo_module_t *mod,
                                           mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mesibo_log(mod, 0, "word %s", mesibo_util_getconfig(mod, "word"));
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
