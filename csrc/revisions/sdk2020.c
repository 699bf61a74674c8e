/* sdk2020.c - the public SDK of February 2020: what modules in the field are built against. Host
 * functions are extern symbols. Modules of the embedder's are of this revision, too. */
#define _GNU_SOURCE
#define MESIBO_ABI_NO_TAG
#include "sdk2020/module.h"

#include "guest.h"
#include "sdk2020.h"

FREEZE_SIZE(mesibo_module_t, 192);
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
FREEZE(mesibo_module_t, on_config, 96);
FREEZE(mesibo_module_t, custom_fns, 104);
FREEZE(mesibo_module_t, signature, 112);
FREEZE(mesibo_module_t, reserved_0, 120);
FREEZE(mesibo_module_t, reserved_7, 176);
FREEZE(mesibo_module_t, invoke, 184);

FREEZE_SIZE(mesibo_message_params_t, 136);
FREEZE(mesibo_message_params_t, aid, 0);
FREEZE(mesibo_message_params_t, id, 8);
FREEZE(mesibo_message_params_t, refid, 16);
FREEZE(mesibo_message_params_t, groupid, 24);
FREEZE(mesibo_message_params_t, flags, 32);
FREEZE(mesibo_message_params_t, type, 40);
FREEZE(mesibo_message_params_t, expiry, 48);
FREEZE(mesibo_message_params_t, uflags, 56);
FREEZE(mesibo_message_params_t, status, 64);
FREEZE(mesibo_message_params_t, sid, 72);
FREEZE(mesibo_message_params_t, device, 80);
FREEZE(mesibo_message_params_t, reserved_0, 88);
FREEZE(mesibo_message_params_t, reserved_3, 112);
FREEZE(mesibo_message_params_t, to, 120);
FREEZE(mesibo_message_params_t, from, 128);

FREEZE_SIZE(mesibo_user_t, 56);
FREEZE(mesibo_user_t, flags, 0);
FREEZE(mesibo_user_t, online, 8);
FREEZE(mesibo_user_t, address, 16);

FREEZE_SIZE(module_config_item_t, 16);
FREEZE(module_config_t, count, 0);
_Static_assert(sizeof(((module_config_t *)0)->count) == 8, "module_config_t.count has 8 bytes");
FREEZE(module_config_t, items, 8);

#define PARAM_WORDS(X) \
    X(aid) X(id) X(refid) X(groupid) X(flags) X(type) X(expiry) X(uflags) X(status) X(sid) X(device)

static mesibo_module_t *module_of(const mh_instance *instance) { return instance->module; }

/* ---- Host functions ----------------------------------------------------------------------------- */

static mesibo_int_t host_invoke(mesibo_int_t id, mesibo_module_t *mod, ...) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MH_CROSSING(caller.instance, INVOKE, mh_say_signed(crossing, MH_ARG_id, id),
                                 MESIBO_RESULT_FAIL);
    mh_caller_done(caller);
    return result;
}

static mh_params neutral(const mesibo_message_params_t *from) {
    return (mh_params){PARAM_WORDS(TAKE_WORD).to = from->to, .from = from->from};
}

static void read_params(mh_params *to, const void *given) { *to = neutral(given); }

static int64_t host_message(mh_instance *caller, void *given, const char *message, uint64_t len) {
    mh_params params;
    if (given != NULL)
        params = neutral(given);
    return mh_send(caller, given != NULL ? &params : NULL, message, len);
}

/* ---- Init and what it must leave alone ---------------------------------------------------------- */

static bool make_config(mh_instance *instance) {
    if (instance->item_count == 0)
        return true;
    module_config_t *config =
        calloc(1, sizeof *config + instance->item_count * sizeof(module_config_item_t));
    if (config == NULL)
        return false;
    config->count = (mesibo_int_t)instance->item_count;
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
                                       SLOT(on_call),    SLOT(on_call_status), SLOT(on_login),
                                       SLOT(on_config)};
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
    case MH_ON_CONFIG: return mod->on_config != NULL;
    case MH_EVENT_KINDS: break;
    }
    return false;
}

/* ---- Calling ------------------------------------------------------------------------------------ */

static void fill_params(void *place, const mh_event *event, char *to, char *from_address) {
    const mh_params *from = event->params;
    mesibo_message_params_t *params = place;
    *params = (mesibo_message_params_t){PARAM_WORDS(TAKE_WORD).to = to, .from = from_address};
    if (event->kind == MH_ON_MESSAGE_STATUS)
        params->status = event->status;
}

static void fill_user(void *place, const mh_user *from, char *address) {
    *(mesibo_user_t *)place = (mesibo_user_t){
        .flags = from->flags, .online = (mesibo_int_t)from->online, .address = address};
}

static int64_t deliver(mh_instance *instance, const mh_event *event, void *place) {
    mesibo_module_t *mod = module_of(instance);
    if (event->kind == MH_ON_LOGIN)
        return (int32_t)mod->on_login(mod, place);
    if (event->kind == MH_ON_MESSAGE_STATUS)
        return (int32_t)mod->on_message_status(mod, place);
    /* The host's own copy: the revision says that it rewrites. */
    return (int32_t)mod->on_message(mod, place, (char *)(uintptr_t)event->message, event->len);
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
    case MH_ON_CONFIG: return (int32_t)mod->on_config(mod, event->type, event->config);
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
    M(on_config), H(custom_fns), H(signature), H(reserved_0), H(reserved_1), H(reserved_2),
    H(reserved_3), H(reserved_4), H(reserved_5), H(reserved_6), H(reserved_7), H(invoke)};
EVERY_WORD(mesibo_module_t, module_words);
static const mh_word params_words[] = {
    P(aid), P(id), P(refid), P(groupid), P(flags), P(type), P(expiry), P(uflags), P(status),
    P(sid), P(device), P(reserved_0), P(reserved_1), P(reserved_2), P(reserved_3), P(to),
    P(from)};
EVERY_WORD(mesibo_message_params_t, params_words);
#undef M
#undef H
#undef P

static const mh_layout layouts[] = {LAYOUT(mesibo_module_t, module_words),
                                    LAYOUT(mesibo_message_params_t, params_words),
                                    LAYOUT(mesibo_user_t, NULL),
                                    LAYOUT(mesibo_http_t, NULL),
                                    LAYOUT(mesibo_fcgi_t, NULL),
                                    LAYOUT(mesibo_socket_t, NULL),
                                    {NULL, 0, NULL}};

const mh_revision mh_sdk2020 = {
    .name = "sdk2020",
    .module_size = sizeof(mesibo_module_t),
    .rewrites = true,
    .prepare = prepare,
    .init = call_init,
    .fill_slots = mh_sdk2020_fill_slots,
    .call = call,
    .cleanup = call_cleanup,
    .has_callback = has_callback,
    .slot = slot,
    .damage = damage,
    .words = words,
    .message = host_message,
    .read_params = read_params,
    .util_http = mh_sdk2020_http,
    .util_fcgi = mh_sdk2020_fcgi,
    .util_socket_connect = mh_sdk2020_socket,
    .json_has_len = true,
    .params_size = sizeof(mesibo_message_params_t),
    .user_size = sizeof(mesibo_user_t),
    .fill_params = fill_params,
    .fill_user = fill_user,
    .deliver = deliver,
    .layouts = layouts,
};
