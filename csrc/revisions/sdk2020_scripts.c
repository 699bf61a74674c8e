/* sdk2020_scripts.c - modules of the embedder's, which are of that revision: trampolines in the slots of a real
 * struct. */
#define _GNU_SOURCE
#define MESIBO_ABI_NO_TAG
#include "sdk2020/module.h"

#include "guest.h"
#include "sdk2020.h"

static mesibo_int_t to_script(mesibo_module_t *mod, mh_event *event) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MESIBO_RESULT_FAIL;
    if (caller.instance != NULL && caller.instance->scripted) {
        const mh_event *passing = mh_top != NULL ? mh_top->event : NULL;
        /* The event under way, come back: the embedder knows its message by `source`. */
        if (passing != NULL && passing->kind == event->kind &&
            passing->message == event->message)
            event->source = passing->source;
        result = caller.instance->script.on_event(caller.instance->script.self, event);
    }
    mh_caller_done(caller);
    return result;
}

static mh_params measured(const mesibo_message_params_t *from) {
    mh_params params;
    mh_sdk2020.read_params(&params, from);
    params.to_len = params.to != NULL ? strlen(params.to) : 0;
    params.from_len = params.from != NULL ? strlen(params.from) : 0;
    return params;
}

static mesibo_int_t script_on_message(mesibo_module_t *mod, mesibo_message_params_t *from,
                                      char *message, mesibo_uint_t len) {
    mh_params params = measured(from);
    mh_event event = {.kind = MH_ON_MESSAGE, .params = &params, .message = message, .len = len};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_message_status(mesibo_module_t *mod, mesibo_message_params_t *from) {
    mh_params params = measured(from);
    mh_event event = {
        .kind = MH_ON_MESSAGE_STATUS, .params = &params, .status = params.status};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_call(mesibo_module_t *mod) {
    mh_event event = {.kind = MH_ON_CALL};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_call_status(mesibo_module_t *mod) {
    mh_event event = {.kind = MH_ON_CALL_STATUS};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_login(mesibo_module_t *mod, mesibo_user_t *from) {
    mh_user user = {.flags = from->flags,
                    .online = from->online,
                    .address = from->address,
                    .address_len = from->address != NULL ? strlen(from->address) : 0};
    mh_event event = {.kind = MH_ON_LOGIN, .user = &user};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_config(mesibo_module_t *mod, mesibo_uint_t type, void *config) {
    mh_event event = {.kind = MH_ON_CONFIG, .type = type, .config = config};
    return to_script(mod, &event);
}

static mesibo_int_t script_on_cleanup(mesibo_module_t *mod) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = 0;
    if (caller.instance != NULL && caller.instance->script.cleanup != NULL)
        result = caller.instance->script.cleanup(caller.instance->script.self);
    mh_caller_done(caller);
    return result;
}

void mh_sdk2020_fill_slots(mh_instance *instance) {
    mesibo_module_t *mod = instance->module;
    uint32_t events = instance->script.events;
    mod->flags = instance->script.flags;
    mod->on_cleanup = script_on_cleanup;
#define FILL(kind, slot) \
    if ((events & 1u << (kind)) != 0) \
        mod->slot = script_##slot;
    FILL(MH_ON_MESSAGE, on_message)
    FILL(MH_ON_MESSAGE_STATUS, on_message_status)
    FILL(MH_ON_CALL, on_call)
    FILL(MH_ON_CALL_STATUS, on_call_status)
    FILL(MH_ON_LOGIN, on_login)
    FILL(MH_ON_CONFIG, on_config)
#undef FILL
}
