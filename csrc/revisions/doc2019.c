/* doc2019.c - the reference revision: the published documentation of October 2019. Host functions
 * reach the module as pointers inside its struct. */
#define MESIBO_ABI_NO_TAG
#include "doc2019/module.h"

#include "guest.h"

FREEZE_SIZE(mesibo_module_t, 96);
FREEZE(mesibo_module_t, version, 0);
FREEZE(mesibo_module_t, flags, 8);
FREEZE(mesibo_module_t, name, 16);
FREEZE(mesibo_module_t, cleanup, 24);
FREEZE(mesibo_module_t, on_message, 32);
FREEZE(mesibo_module_t, on_message_status, 40);
FREEZE(mesibo_module_t, on_call, 48);
FREEZE(mesibo_module_t, on_call_status, 56);
FREEZE(mesibo_module_t, signature, 64);
FREEZE(mesibo_module_t, send_message, 72);
FREEZE(mesibo_module_t, http, 80);
FREEZE(mesibo_module_t, log, 88);

FREEZE_SIZE(mesibo_message_params_t, 80);
FREEZE(mesibo_message_params_t, aid, 0);
FREEZE(mesibo_message_params_t, id, 8);
FREEZE(mesibo_message_params_t, refid, 16);
FREEZE(mesibo_message_params_t, groupid, 24);
FREEZE(mesibo_message_params_t, flags, 32);
FREEZE(mesibo_message_params_t, type, 40);
FREEZE(mesibo_message_params_t, expiry, 48);
FREEZE(mesibo_message_params_t, to_online, 56);
FREEZE(mesibo_message_params_t, to, 64);
FREEZE(mesibo_message_params_t, from, 72);

FREEZE_SIZE(module_http_option_t, 144);
FREEZE(module_http_option_t, proxy, 0);
FREEZE(module_http_option_t, content_type, 8);
FREEZE(module_http_option_t, extra_header, 16);
FREEZE(module_http_option_t, user_agent, 24);
FREEZE(module_http_option_t, referrer, 32);
FREEZE(module_http_option_t, origin, 40);
FREEZE(module_http_option_t, cookie, 48);
FREEZE(module_http_option_t, encoding, 56);
FREEZE(module_http_option_t, cache_control, 64);
FREEZE(module_http_option_t, accept, 72);
FREEZE(module_http_option_t, etag, 80);
FREEZE(module_http_option_t, ims, 88);
FREEZE(module_http_option_t, maxredirects, 96);
FREEZE(module_http_option_t, conn_timeout, 104);
FREEZE(module_http_option_t, header_timeout, 112);
FREEZE(module_http_option_t, body_timeout, 120);
FREEZE(module_http_option_t, total_timeout, 128);
FREEZE(module_http_option_t, retries, 136);

static mesibo_module_t *module_of(const mh_instance *instance) { return instance->module; }

/* ---- Host functions --------------------------------------------------------------------------- */

#define PARAM_WORDS(X) X(aid) X(id) X(refid) X(groupid) X(flags) X(type) X(expiry)

static void read_params(mh_params *to, const void *given) {
    const mesibo_message_params_t *from = given;
    *to = (mh_params){PARAM_WORDS(TAKE_WORD).uflags = from->to_online,
                      .to = from->to,
                      .from = from->from};
}

inlined static int64_t send_message(mh_instance *caller, const mesibo_message_params_t *from,
                                    const char *message, uint64_t len) {
    mh_params params;
    if (caller == NULL)
        return -1;
    if (from != NULL)
        read_params(&params, from);
    return mh_send(caller, from != NULL ? &params : NULL, message, len);
}

static int host_send_message(mesibo_module_t *mod, mesibo_message_params_t *from,
                             const char *message, mesibo_uint_t len) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MH_CROSSING(caller.instance, STRUCT_SEND,
                                 mh_say_sending(crossing, caller.instance, from, message, len),
                                 send_message(caller.instance, from, message, len));
    mh_caller_done(caller);
    return (int)result;
}

/* The callback sees the body and failures, nothing else. */
static int64_t http_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_module_http_data_callback_t on_data =
        (mesibo_module_http_data_callback_t)receiver->callbacks[0];
    void *cbdata = receiver->cbdata;
    if (on_data == NULL)
        return 0;
    if (answer->kind != MH_ANSWER_BODY && answer->kind != MH_ANSWER_FAILED)
        return 0;
    bool failed = answer->kind == MH_ANSWER_FAILED;
    int progress = failed ? -1 : answer->progress;
    const char *data = failed ? NULL : answer->data;
    size_t size = failed ? 0 : answer->size;
    return MH_CROSSING(
        NULL, HTTP_ON_DATA,
        mh_say_answer(crossing, cbdata, MODULE_HTTP_STATE_RESPBODY, progress, data, size),
        on_data(cbdata, MODULE_HTTP_STATE_RESPBODY, progress, data, (mesibo_int_t)size));
}

static int64_t request(mh_instance *caller, const char *url, const char *post,
                       mesibo_module_http_data_callback_t cb, void *cbdata,
                       const module_http_option_t *opt) {
    if (caller == NULL)
        return -1;
    mh_http http = {.url = url, .post = post, .post_len = MH_TERMINATED};
    if (opt != NULL) {
#define TAKE(field) http.field = opt->field;
        MH_HTTP_TEXTS(TAKE)
        MH_HTTP_NUMBERS(TAKE)
#undef TAKE
    }
    mh_what what = {.kind = MH_HTTP, .http = http};
    mh_receiver receiver = {
        .sink = http_sink,
        .callbacks = {(void (*)(void))cb},
        .cbdata = cbdata,
        .unwanted = 1 << MH_ANSWER_REQUEST | 1 << MH_ANSWER_REQBODY | 1 << MH_ANSWER_HEADERS};
    return mh_submit(caller, &what, &receiver);
}

static int host_http(mesibo_module_t *mod, const char *url, const char *post,
                     mesibo_module_http_data_callback_t cb, void *cbdata,
                     module_http_option_t *opt) {
    mh_caller caller = mh_caller_of(mod);
    int64_t result = MH_CROSSING(caller.instance, STRUCT_HTTP,
                                 mh_say_callback(crossing, (void (*)(void))cb, cbdata),
                                 request(caller.instance, url, post, cb, cbdata, opt));
    mh_caller_done(caller);
    return (int)result;
}

static int host_log(mesibo_module_t *mod, mesibo_uint_t level, const char *format, ...) {
    mh_caller caller = mh_caller_of(mod);
    va_list args;
    va_start(args, format);
    int64_t result = MH_CROSSING(
        caller.instance, STRUCT_LOG,
        mh_say_line(crossing, caller.instance, level, format, args),
        caller.instance != NULL ? mh_vlog(caller.instance, level, format, args) : -1);
    va_end(args);
    mh_caller_done(caller);
    return (int)result;
}

/* ---- Init and what it must leave alone ------------------------------------------------------------ */

static bool prepare(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
    mod->version = MESIBO_MODULE_VERSION;
    mod->signature = MESIBO_MODULE_SIGNATURE;
    mod->send_message = host_send_message;
    mod->http = host_http;
    mod->log = host_log;
    return true;
}

static int64_t call_init(mh_instance *instance, void *entry, const mh_offer *offer) {
    mesibo_module_init_fn init = (mesibo_module_init_fn)(uintptr_t)entry;
    mesibo_module_t *mod = module_of(instance);
    mod->version ^= offer->version;
    mod->signature ^= offer->signature;
    return init(mod, sizeof(mesibo_module_t) + (mesibo_uint_t)offer->size);
}

static bool damage(const mh_instance *instance, mh_damage *out) {
    const mesibo_module_t *mod = module_of(instance);
    UNCHANGED(mod, version, MESIBO_MODULE_VERSION);
    UNCHANGED(mod, signature, MESIBO_MODULE_SIGNATURE);
    UNCHANGED(mod, send_message, host_send_message);
    UNCHANGED(mod, http, host_http);
    UNCHANGED(mod, log, host_log);
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
    static const guest_slot slots[] = {SLOT(cleanup), SLOT(on_message), SLOT(on_message_status),
                                       SLOT(on_call), SLOT(on_call_status)};
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
    case MH_ON_LOGIN:
    case MH_ON_CONFIG:
    case MH_EVENT_KINDS: break;
    }
    return false;
}

/* ---- Calling ---------------------------------------------------------------------------------------- */

static void fill_params(void *place, const mh_event *event, char *to, char *from_address) {
    const mh_params *from = event->params;
    *(mesibo_message_params_t *)place =
        (mesibo_message_params_t){PARAM_WORDS(TAKE_WORD).to_online = from->uflags,
                                  .to = to,
                                  .from = from_address};
}

static int64_t deliver(mh_instance *instance, const mh_event *event, void *params) {
    mesibo_module_t *mod = module_of(instance);
    return event->kind == MH_ON_MESSAGE
               ? mod->on_message(mod, params, event->message, event->len)
               : mod->on_message_status(mod, params, event->status);
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

static int64_t call(mh_instance *instance, const mh_event *event) {
    mesibo_module_t *mod = module_of(instance);
    if (!has_callback(instance, event->kind))
        return MH_NO_SLOT;
    switch (event->kind) {
    case MH_ON_MESSAGE:
    case MH_ON_MESSAGE_STATUS: return call_with_params(instance, event);
    case MH_ON_CALL: return mod->on_call(mod);
    case MH_ON_CALL_STATUS: return mod->on_call_status(mod);
    case MH_ON_LOGIN:
    case MH_ON_CONFIG:
    case MH_EVENT_KINDS: break;
    }
    return MESIBO_RESULT_FAIL;
}

static int64_t call_cleanup(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
    return mod->cleanup != NULL ? mod->cleanup(mod) : 0;
}

/* ---- What is where, for trials ------------------------------------------------------------------- */

#define M(field) OWN(mesibo_module_t, field)
#define H(field) HOSTS(mesibo_module_t, field)
#define P(field) OWN(mesibo_message_params_t, field)
static const mh_word module_words[] = {
    H(version), M(flags), M(name), M(cleanup), M(on_message), M(on_message_status), M(on_call),
    M(on_call_status), H(signature), H(send_message), H(http), H(log)};
EVERY_WORD(mesibo_module_t, module_words);
static const mh_word params_words[] = {
    P(aid), P(id), P(refid), P(groupid), P(flags), P(type), P(expiry), P(to_online), P(to),
    P(from)};
EVERY_WORD(mesibo_message_params_t, params_words);
#undef M
#undef H
#undef P

static const mh_layout layouts[] = {LAYOUT(mesibo_module_t, module_words),
                                    LAYOUT(mesibo_message_params_t, params_words),
                                    LAYOUT(module_http_option_t, NULL),
                                    {NULL, 0, NULL}};

const mh_revision mh_doc2019 = {
    .name = "doc2019",
    .module_size = sizeof(mesibo_module_t),
    .prepare = prepare,
    .init = call_init,
    .call = call,
    .cleanup = call_cleanup,
    .has_callback = has_callback,
    .slot = slot,
    .damage = damage,
    .words = words,
    .read_params = read_params,
    .params_size = sizeof(mesibo_message_params_t),
    .fill_params = fill_params,
    .deliver = deliver,
    .layouts = layouts,
};
