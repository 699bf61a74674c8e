/* sdk2019.c - the first public SDK, October and November 2019. Host functions are extern symbols. */
#define _GNU_SOURCE
#define MESIBO_ABI_NO_TAG
#include "sdk2019/module.h"

#include "guest.h"

FREEZE_SIZE(mesibo_module_t, 176);
FREEZE(mesibo_module_t, version, 0);
FREEZE(mesibo_module_t, flags, 8);
FREEZE(mesibo_module_t, name, 16);
FREEZE(mesibo_module_t, description, 24);
FREEZE(mesibo_module_t, ctx, 32);
FREEZE(mesibo_module_t, config, 40);
FREEZE(mesibo_module_t, on_cleanup, 48);
FREEZE(mesibo_module_t, on_message, 56);
FREEZE(mesibo_module_t, on_message_status, 64);
FREEZE(mesibo_module_t, on_call, 72);
FREEZE(mesibo_module_t, on_call_status, 80);
FREEZE(mesibo_module_t, on_login, 88);
FREEZE(mesibo_module_t, signature, 96);
FREEZE(mesibo_module_t, reserved_0, 104);
FREEZE(mesibo_module_t, reserved_7, 160);
FREEZE(mesibo_module_t, invoke, 168);

FREEZE_SIZE(mesibo_message_params_t, 112);
FREEZE(mesibo_message_params_t, aid, 0);
FREEZE(mesibo_message_params_t, id, 8);
FREEZE(mesibo_message_params_t, refid, 16);
FREEZE(mesibo_message_params_t, groupid, 24);
FREEZE(mesibo_message_params_t, flags, 32);
FREEZE(mesibo_message_params_t, type, 40);
FREEZE(mesibo_message_params_t, expiry, 48);
FREEZE(mesibo_message_params_t, to_online, 56);
FREEZE(mesibo_message_params_t, reserved_0, 64);
FREEZE(mesibo_message_params_t, reserved_3, 88);
FREEZE(mesibo_message_params_t, to, 96);
FREEZE(mesibo_message_params_t, from, 104);

FREEZE_SIZE(mesibo_user_t, 56);
FREEZE(mesibo_user_t, flags, 0);
FREEZE(mesibo_user_t, online, 8);
FREEZE(mesibo_user_t, address, 16);
FREEZE(mesibo_user_t, reserved_0, 24);

FREEZE_SIZE(module_config_item_t, 16);
FREEZE(module_config_t, count, 0);
_Static_assert(sizeof(((module_config_t *)0)->count) == 4, "module_config_t.count has 4 bytes");
FREEZE(module_config_t, items, 8);

FREEZE_SIZE(module_http_option_t, 152);
FREEZE(module_http_option_t, proxy, 0);
FREEZE(module_http_option_t, etag, 80);
FREEZE(module_http_option_t, ims, 88);
FREEZE(module_http_option_t, retries, 136);
FREEZE(module_http_option_t, synchronous, 144);

#define PARAM_WORDS(X) X(aid) X(id) X(refid) X(groupid) X(flags) X(type) X(expiry)

static mesibo_module_t *module_of(const mh_instance *instance) { return instance->module; }

/* ---- Host functions ----------------------------------------------------------------------------- */

static mesibo_int_t host_invoke(mesibo_int_t id, mesibo_module_t *mod, ...) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MH_CROSSING(caller.instance, INVOKE, mh_say_signed(crossing, MH_ARG_id, id),
                                 MESIBO_RESULT_FAIL);
    mh_caller_done(caller);
    return result;
}

static void read_params(mh_params *to, const void *given) {
    const mesibo_message_params_t *from = given;
    *to = (mh_params){PARAM_WORDS(TAKE_WORD).uflags = from->to_online,
                      .to = from->to,
                      .from = from->from};
}

static int64_t host_message(mh_instance *caller, void *given, const char *message, uint64_t len) {
    mh_params params;
    if (given != NULL)
        read_params(&params, given);
    return mh_send(caller, given != NULL ? &params : NULL, message, len);
}

static int64_t call_data(mesibo_module_http_data_callback_t on_data, void *cbdata,
                         module_http_state_t state, int progress, const char *data, size_t size) {
    return MH_CROSSING(NULL, HTTP_ON_DATA,
                       mh_say_answer(crossing, cbdata, state, progress, data, size),
                       (int32_t)on_data(cbdata, state, progress, data, (mesibo_int_t)size));
}

static int64_t http_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_module_http_data_callback_t on_data =
        (mesibo_module_http_data_callback_t)receiver->callbacks[0];
    void *cbdata = receiver->cbdata;
    if (on_data == NULL)
        return 0;
    switch (answer->kind) {
    case MH_ANSWER_REQUEST: return call_data(on_data, cbdata, MODULE_HTTP_STATE_REQUEST, 0, NULL, 0);
    case MH_ANSWER_REQBODY: return call_data(on_data, cbdata, MODULE_HTTP_STATE_REQBODY, 0, NULL, 0);
    case MH_ANSWER_HEADERS:
        return call_data(on_data, cbdata, MODULE_HTTP_STATE_RESPHEADER, 0, answer->data,
                         answer->size);
    case MH_ANSWER_BODY:
        return call_data(on_data, cbdata, MODULE_HTTP_STATE_RESPBODY, answer->progress, answer->data,
                         answer->size);
    case MH_ANSWER_FAILED:
        return call_data(on_data, cbdata, MODULE_HTTP_STATE_RESPBODY, -1, NULL, 0);
    default: return 0;
    }
}

static int64_t host_http(mh_instance *caller, const char *url, const char *post,
                         void (*callback)(void), void *cbdata, void *options) {
    const module_http_option_t *opt = options;
    mh_http http = {.url = url, .post = post, .post_len = MH_TERMINATED};
    if (opt != NULL) {
#define TAKE(field) http.field = opt->field;
        MH_HTTP_TEXTS(TAKE)
        MH_HTTP_NUMBERS(TAKE)
#undef TAKE
    }
    mh_what what = {.kind = MH_HTTP, .http = http};
    /* The struct of October 2019 ends before that word. */
    what.synchronous = opt != NULL && caller->has_synchronous && opt->synchronous != 0;
    mh_receiver receiver = {.sink = http_sink, .callbacks = {callback}, .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}

/* ---- Init and what it must leave alone ---------------------------------------------------------- */

static bool make_config(mh_instance *instance) {
    if (instance->item_count == 0)
        return true;
    module_config_t *config =
        calloc(1, sizeof *config + instance->item_count * sizeof(module_config_item_t));
    if (config == NULL)
        return false;
    config->count = (int)instance->item_count;
    for (size_t i = 0; i < instance->item_count; i++)
        config->items[i] = (module_config_item_t){instance->items[i].name,
                                                  instance->items[i].value};
    instance->abi_config = config;
    return true;
}

static bool prepare(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
    if (!make_config(instance))
        return false;
    mod->version = MESIBO_MODULE_VERSION;
    mod->signature = MESIBO_MODULE_SIGNATURE;
    mod->name = instance->label;
    mod->config = instance->abi_config;
    mod->invoke = host_invoke;
    return true;
}

/* Modules return int where the type says mesibo_int_t, and the other way round. */
static int64_t call_init(mh_instance *instance, void *entry, const mh_offer *offer) {
    mesibo_module_init_fn init = (mesibo_module_init_fn)(uintptr_t)entry;
    mesibo_module_t *mod = module_of(instance);
    mod->version ^= offer->version;
    mod->signature ^= offer->signature;
    return (int32_t)init((mesibo_int_t)mod->version, mod,
                         (mesibo_int_t)sizeof(mesibo_module_t) + offer->size);
}

static bool damage(const mh_instance *instance, mh_damage *out) {
    const mesibo_module_t *mod = module_of(instance);
    UNCHANGED(mod, version, MESIBO_MODULE_VERSION);
    UNCHANGED(mod, signature, MESIBO_MODULE_SIGNATURE);
    UNCHANGED(mod, invoke, host_invoke);
    return false;
}

static void words(const mh_instance *instance, uint64_t *version, uint64_t *flags,
                  const char **name) {
    const mesibo_module_t *mod = module_of(instance);
    *version = mod->version;
    *flags = mod->flags;
    *name = mod->name;
}

static bool slot(const mh_instance *instance, size_t index, const char **name, size_t *offset,
                 uint64_t *value) {
    static const guest_slot slots[] = {SLOT(on_cleanup), SLOT(on_message), SLOT(on_message_status),
                                       SLOT(on_call),    SLOT(on_call_status), SLOT(on_login)};
    return guest_slot_at(instance, slots, sizeof slots / sizeof slots[0], index, name, offset,
                         value);
}

static bool has_callback(const mh_instance *instance, mh_event_kind kind) {
    const mesibo_module_t *mod = module_of(instance);
    switch (kind) {
    case MH_ON_MESSAGE: return mod->on_message != NULL;
    case MH_ON_MESSAGE_STATUS: return mod->on_message_status != NULL;
    case MH_ON_CALL: return mod->on_call != NULL;
    case MH_ON_CALL_STATUS: return mod->on_call_status != NULL;
    case MH_ON_LOGIN: return mod->on_login != NULL;
    case MH_ON_CONFIG:
    case MH_EVENT_KINDS: break;
    }
    return false;
}

/* ---- Calling ------------------------------------------------------------------------------------ */

static void fill_params(void *place, const mh_event *event, char *to, char *from_address) {
    const mh_params *from = event->params;
    *(mesibo_message_params_t *)place =
        (mesibo_message_params_t){PARAM_WORDS(TAKE_WORD).to_online = from->uflags,
                                  .to = to,
                                  .from = from_address};
}

static void fill_user(void *place, const mh_user *from, char *address) {
    *(mesibo_user_t *)place = (mesibo_user_t){
        .flags = from->flags, .online = (mesibo_int_t)from->online, .address = address};
}

static int64_t deliver(mh_instance *instance, const mh_event *event, void *place) {
    mesibo_module_t *mod = module_of(instance);
    if (event->kind == MH_ON_LOGIN)
        return (int32_t)mod->on_login(mod, place);
    return (int32_t)(event->kind == MH_ON_MESSAGE
                         ? mod->on_message(mod, place, event->message, event->len)
                         : mod->on_message_status(mod, place, event->status));
}

static int64_t call_with_params(mh_instance *instance, const mh_event *event) {
    guest_addresses addresses;
    if (!guest_copy_addresses(&addresses, event->params)) {
        mh_report(instance, "not called: no memory for the addresses of a message");
        return MESIBO_RESULT_FAIL;
    }
    mesibo_message_params_t params;
    fill_params(&params, event, addresses.to, addresses.from);
    int64_t code = deliver(instance, event, &params);
    guest_free_addresses(&addresses);
    return code;
}

static int64_t call_with_user(mh_instance *instance, const mh_event *event) {
    const mh_user *from = event->user;
    char *address = from->address != NULL ? strdup(from->address) : NULL;
    if (from->address != NULL && address == NULL) {
        mh_report(instance, "not called: no memory for the address of a user");
        return MESIBO_RESULT_FAIL;
    }
    mesibo_user_t user;
    fill_user(&user, from, address);
    int64_t code = deliver(instance, event, &user);
    free(address);
    return code;
}

static int64_t call(mh_instance *instance, const mh_event *event) {
    mesibo_module_t *mod = module_of(instance);
    if (!has_callback(instance, event->kind))
        return MH_NO_SLOT;
    switch (event->kind) {
    case MH_ON_MESSAGE:
    case MH_ON_MESSAGE_STATUS: return call_with_params(instance, event);
    case MH_ON_CALL: return (int32_t)mod->on_call(mod);
    case MH_ON_CALL_STATUS: return (int32_t)mod->on_call_status(mod);
    case MH_ON_LOGIN: return call_with_user(instance, event);
    case MH_ON_CONFIG:
    case MH_EVENT_KINDS: break;
    }
    return MESIBO_RESULT_FAIL;
}

static int64_t call_cleanup(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
    return mod->on_cleanup != NULL ? (int32_t)mod->on_cleanup(mod) : 0;
}

/* ---- What is where, for trials ------------------------------------------------------------------- */

#define M(field) OWN(mesibo_module_t, field)
#define H(field) HOSTS(mesibo_module_t, field)
#define P(field) OWN(mesibo_message_params_t, field)
static const mh_word module_words[] = {
    H(version), M(flags), H(name), M(description), M(ctx), H(config), M(on_cleanup),
    M(on_message), M(on_message_status), M(on_call), M(on_call_status), M(on_login),
    H(signature), H(reserved_0), H(reserved_1), H(reserved_2), H(reserved_3), H(reserved_4),
    H(reserved_5), H(reserved_6), H(reserved_7), H(invoke)};
EVERY_WORD(mesibo_module_t, module_words);
static const mh_word params_words[] = {
    P(aid), P(id), P(refid), P(groupid), P(flags), P(type), P(expiry), P(to_online),
    P(reserved_0), P(reserved_1), P(reserved_2), P(reserved_3), P(to), P(from)};
EVERY_WORD(mesibo_message_params_t, params_words);
#undef M
#undef H
#undef P

static const mh_layout layouts[] = {LAYOUT(mesibo_module_t, module_words),
                                    LAYOUT(mesibo_message_params_t, params_words),
                                    LAYOUT(mesibo_user_t, NULL),
                                    {NULL, 0, NULL}};

const mh_revision mh_sdk2019 = {
    .name = "sdk2019",
    .module_size = sizeof(mesibo_module_t),
    .prepare = prepare,
    .init = call_init,
    .call = call,
    .cleanup = call_cleanup,
    .has_callback = has_callback,
    .slot = slot,
    .damage = damage,
    .words = words,
    .message = host_message,
    .read_params = read_params,
    .http = host_http,
    .params_size = sizeof(mesibo_message_params_t),
    .user_size = sizeof(mesibo_user_t),
    .fill_params = fill_params,
    .fill_user = fill_user,
    .deliver = deliver,
    .layouts = layouts,
};
