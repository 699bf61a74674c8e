/* sdk2020.c - the public SDK of February 2020: what modules in the field are built against. Host
 * functions are extern symbols. Modules of the embedder's are of this revision, too. */
#define _GNU_SOURCE
#define MESIBO_ABI_NO_TAG
#include "sdk2020/module.h"

#include "guest.h"

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

FREEZE_SIZE(mesibo_http_t, 160);
FREEZE(mesibo_http_t, url, 0);
FREEZE(mesibo_http_t, etag, 88);
FREEZE(mesibo_http_t, ims, 96);
FREEZE(mesibo_http_t, total_timeout, 128);
FREEZE(mesibo_http_t, on_data, 136);
FREEZE(mesibo_http_t, on_status, 144);
FREEZE(mesibo_http_t, on_close, 152);

FREEZE_SIZE(mesibo_fcgi_t, 200);
FREEZE(mesibo_fcgi_t, USER, 0);
FREEZE(mesibo_fcgi_t, HTTP_ACCEPT_LANGUAGE, 176);
FREEZE(mesibo_fcgi_t, body, 184);
FREEZE(mesibo_fcgi_t, bodylen, 192);

FREEZE_SIZE(mesibo_socket_t, 72);
FREEZE(mesibo_socket_t, url, 0);
FREEZE(mesibo_socket_t, ws_protocol, 8);
FREEZE(mesibo_socket_t, keepalive, 16);
FREEZE(mesibo_socket_t, verify_host, 24);
FREEZE(mesibo_socket_t, ssl_ctx, 32);
FREEZE(mesibo_socket_t, on_connect, 40);
FREEZE(mesibo_socket_t, on_write, 48);
FREEZE(mesibo_socket_t, on_data, 56);
FREEZE(mesibo_socket_t, on_close, 64);

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

/* ---- HTTP --------------------------------------------------------------------------------------- */

enum { ON_DATA, ON_STATUS, ON_CLOSE };

static int64_t http_data(const mh_receiver *receiver, module_http_state_t state, int progress,
                         const char *data, size_t size) {
    mesibo_http_ondata_t on_data = (mesibo_http_ondata_t)receiver->callbacks[ON_DATA];
    if (on_data == NULL)
        return 0;
    return MH_CROSSING(NULL, HTTP_ON_DATA,
                       mh_say_answer(crossing, receiver->cbdata, state, progress, data, size),
                       (int32_t)on_data(receiver->cbdata, state, progress, data, (mesibo_int_t)size));
}

static int64_t call_close(mesibo_http_onclose_t on_close, void *cbdata, mesibo_int_t result) {
    on_close(cbdata, result);
    return 0;
}

static void http_close(const mh_receiver *receiver, mesibo_int_t result) {
    mesibo_http_onclose_t on_close = (mesibo_http_onclose_t)receiver->callbacks[ON_CLOSE];
    if (on_close != NULL)
        MH_CROSSING_OF(mh_crossed_void, NULL, HTTP_ON_CLOSE,
                       mh_say_end(crossing, receiver->cbdata, result),
                       call_close(on_close, receiver->cbdata, result));
}

static int64_t http_headers(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_http_onstatus_t on_status = (mesibo_http_onstatus_t)receiver->callbacks[ON_STATUS];
    int64_t code = http_data(receiver, MODULE_HTTP_STATE_RESPHEADER, 0, answer->data, answer->size);
    if (code == 0 && on_status != NULL) /* only on_data cancels: some return the status here */
        MH_CROSSING(NULL, HTTP_ON_STATUS,
                    mh_say_status(crossing, receiver->cbdata, answer->status, answer->content_type),
                    on_status(receiver->cbdata, answer->status, answer->content_type));
    return code;
}

/* Exactly one terminal call: modules free their context there. */
static int64_t http_body(const mh_receiver *receiver, const mh_answer *answer) {
    int64_t code = http_data(receiver, MODULE_HTTP_STATE_RESPBODY, answer->progress, answer->data,
                             answer->size);
    if (answer->progress < 100)
        return code;
    if (code == 0)
        code = http_data(receiver, MODULE_HTTP_STATE_DONE, 100, NULL, 0);
    http_close(receiver, code == 0 ? MESIBO_RESULT_OK : MESIBO_RESULT_FAIL);
    return 0;
}

static int64_t http_sink(const mh_receiver *receiver, const mh_answer *answer) {
    switch (answer->kind) {
    case MH_ANSWER_REQUEST: return http_data(receiver, MODULE_HTTP_STATE_REQUEST, 0, NULL, 0);
    case MH_ANSWER_REQBODY: return http_data(receiver, MODULE_HTTP_STATE_REQBODY, 0, NULL, 0);
    case MH_ANSWER_HEADERS: return http_headers(receiver, answer);
    case MH_ANSWER_BODY: return http_body(receiver, answer);
    case MH_ANSWER_FAILED:
        if (receiver->callbacks[ON_DATA] != NULL)
            http_data(receiver, MODULE_HTTP_STATE_RESPBODY, -1, NULL, 0);
        else
            http_close(receiver, MESIBO_RESULT_FAIL);
        return 0;
    case MH_ANSWER_CANCELLED: http_close(receiver, MESIBO_RESULT_FAIL); return 0;
    default: return 0;
    }
}

static int64_t host_util_http(mh_instance *caller, void *request, void *cbdata) {
    const mesibo_http_t *from = request;
    if (from == NULL) {
        mh_report(caller, "http refused: the request is NULL; pass a mesibo_http_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {
        .kind = MH_HTTP,
        .http = {TAKE_WORD(url) TAKE_WORD(post).post_len = MH_TERMINATED, TAKE_WORD(content_type)
                 TAKE_WORD(extra_header) TAKE_WORD(user_agent) TAKE_WORD(referrer)
                 TAKE_WORD(origin) TAKE_WORD(cookie) TAKE_WORD(encoding) TAKE_WORD(cache_control)
                 TAKE_WORD(accept) TAKE_WORD(etag) TAKE_WORD(ims) TAKE_WORD(conn_timeout)
                 TAKE_WORD(header_timeout) TAKE_WORD(body_timeout) TAKE_WORD(total_timeout)}};
    mh_receiver receiver = {.sink = http_sink,
                            .callbacks = {[ON_DATA] = (void (*)(void))from->on_data,
                                          [ON_STATUS] = (void (*)(void))from->on_status,
                                          [ON_CLOSE] = (void (*)(void))from->on_close},
                            .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}

/* ---- FastCGI ------------------------------------------------------------------------------------ */

#define FCGI_PARAMS(X) \
    X(USER) X(SCRIPT_FILENAME) X(QUERY_STRING) X(CONTENT_TYPE) X(SCRIPT_NAME) X(REQUEST_URI) \
    X(DOCUMENT_URI) X(DOCUMENT_ROOT) X(SERVER_PROTOCOL) X(REQUEST_SCHEME) X(REMOTE_ADDR) \
    X(REMOTE_PORT) X(SERVER_ADDR) X(SERVER_PORT) X(SERVER_NAME) X(HTTP_HOST) X(HTTP_CONNECTION) \
    X(HTTP_CACHE_CONTROL) X(HTTP_UPGRADE_INSECURE_REQUESTS) X(HTTP_USER_AGENT) X(HTTP_ACCEPT) \
    X(HTTP_ACCEPT_ENCODING) X(HTTP_ACCEPT_LANGUAGE)

static int64_t fcgi_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_fcgi_ondata_t on_data = (mesibo_fcgi_ondata_t)receiver->callbacks[ON_DATA];
    bool failed = answer->kind == MH_ANSWER_FAILED;
    if (on_data == NULL || (!failed && answer->kind != MH_ANSWER_BODY))
        return 0;
    mesibo_int_t result = failed ? MESIBO_RESULT_FAIL : MESIBO_RESULT_OK;
    const char *data = failed ? NULL : answer->data;
    size_t size = failed ? 0 : answer->size;
    MH_CROSSING(NULL, FCGI_ON_DATA,
                mh_say_result(crossing, receiver->cbdata, result, data, size),
                on_data(receiver->cbdata, result, data, (mesibo_int_t)size));
    return 0;
}

static int64_t host_util_fcgi(mh_instance *caller, void *request, const char *host, int64_t port,
                              int64_t keepalive, void (*callback)(void), void *cbdata) {
    const mesibo_fcgi_t *from = request;
    if (from == NULL) {
        mh_report(caller, "fastcgi refused: the request is NULL; pass a mesibo_fcgi_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {.kind = MH_FCGI,
                    .fcgi = {.host = host,
                             .port = port,
                             .keepalive = keepalive != 0,
                             .body = from->body,
                             .body_len = from->body != NULL ? from->bodylen : 0}};
    size_t count = 0;
#define TAKE(field) \
    if (from->field != NULL) { \
        what.fcgi.names[count] = #field; \
        what.fcgi.values[count++] = from->field; \
    }
    FCGI_PARAMS(TAKE)
#undef TAKE
    mh_receiver receiver = {
        .sink = fcgi_sink, .callbacks = {[ON_DATA] = callback}, .cbdata = cbdata};
    return mh_submit(caller, &what, &receiver);
}

/* ---- Sockets ------------------------------------------------------------------------------------ */

enum { SOCKET_CONNECT, SOCKET_WRITE, SOCKET_DATA, SOCKET_CLOSE };

static void socket_close(const mh_receiver *receiver, mesibo_int_t type) {
    mesibo_socket_onclose_t on_close = (mesibo_socket_onclose_t)receiver->callbacks[SOCKET_CLOSE];
    if (on_close != NULL)
        MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_CLOSE,
                       mh_say_end(crossing, receiver->cbdata, type),
                       call_close(on_close, receiver->cbdata, type));
}

static int64_t call_connect(mesibo_socket_onconnect_t on_connect, const mh_receiver *receiver,
                            int64_t descriptor) {
    on_connect(receiver->cbdata, receiver->number, descriptor);
    return 0;
}

static int64_t call_write(mesibo_socket_onwrite_t on_write, void *cbdata) {
    on_write(cbdata);
    return 0;
}

static int64_t socket_sink(const mh_receiver *receiver, const mh_answer *answer) {
    mesibo_socket_onconnect_t on_connect =
        (mesibo_socket_onconnect_t)receiver->callbacks[SOCKET_CONNECT];
    mesibo_socket_onwrite_t on_write = (mesibo_socket_onwrite_t)receiver->callbacks[SOCKET_WRITE];
    mesibo_socket_ondata_t on_data = (mesibo_socket_ondata_t)receiver->callbacks[SOCKET_DATA];
    switch (answer->kind) {
    case MH_ANSWER_CONNECTED:
        if (on_connect != NULL)
            MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_CONNECT,
                           mh_say_connected(crossing, receiver->cbdata, receiver->number,
                                            answer->status),
                           call_connect(on_connect, receiver, answer->status));
        return 0;
    case MH_ANSWER_WRITTEN:
        if (on_write != NULL)
            MH_CROSSING_OF(mh_crossed_void, NULL, SOCKET_ON_WRITE,
                           mh_say_pointer(crossing, MH_ARG_cbdata, receiver->cbdata),
                           call_write(on_write, receiver->cbdata));
        return 0;
    case MH_ANSWER_DATA:
        return on_data == NULL
                   ? 0
                   : MH_CROSSING(NULL, SOCKET_ON_DATA,
                                 mh_say_data(crossing, receiver->cbdata, answer->data, answer->size),
                                 (int32_t)on_data(receiver->cbdata, answer->data,
                                                  (mesibo_int_t)answer->size));
    case MH_ANSWER_CLOSED:
    case MH_ANSWER_CANCELLED: socket_close(receiver, MESIBO_RESULT_OK); return 0;
    case MH_ANSWER_FAILED: socket_close(receiver, MESIBO_RESULT_FAIL); return 0;
    default: return 0;
    }
}

static int64_t host_util_socket_connect(mh_instance *caller, void *socket, void *cbdata) {
    const mesibo_socket_t *from = socket;
    if (from == NULL) {
        mh_report(caller, "socket refused: the socket is NULL; pass a mesibo_socket_t");
        return MESIBO_RESULT_FAIL;
    }
    mh_what what = {.kind = MH_SOCKET,
                    .socket = {.url = from->url,
                               .ws_protocol = from->ws_protocol,
                               .keepalive = from->keepalive != 0,
                               .verify_host = from->verify_host != 0}};
    mh_receiver receiver = {.sink = socket_sink,
                            .callbacks = {(void (*)(void))from->on_connect,
                                          (void (*)(void))from->on_write,
                                          (void (*)(void))from->on_data,
                                          (void (*)(void))from->on_close},
                            .cbdata = cbdata};
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

static int64_t deliver(mh_instance *instance, const mh_event *event, void *params) {
    mesibo_module_t *mod = module_of(instance);
    if (event->kind == MH_ON_MESSAGE_STATUS)
        return (int32_t)mod->on_message_status(mod, params);
    /* The host's own copy: the revision says that it rewrites. */
    return (int32_t)mod->on_message(mod, params, (char *)(uintptr_t)event->message, event->len);
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

static int64_t call_with_user(mh_instance *instance, const mh_user *from) {
    mesibo_module_t *mod = module_of(instance);
    char *address = from->address != NULL ? strdup(from->address) : NULL;
    if (from->address != NULL && address == NULL) {
        mh_report(instance, "not called: no memory for the address of a user");
        return MESIBO_RESULT_FAIL;
    }
    mesibo_user_t user = {
        .flags = from->flags, .online = (mesibo_int_t)from->online, .address = address};
    int32_t code = (int32_t)mod->on_login(mod, &user);
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
    case MH_ON_LOGIN: return call_with_user(instance, event->user);
    case MH_ON_CONFIG: return (int32_t)mod->on_config(mod, event->type, event->config);
    case MH_EVENT_KINDS: break;
    }
    return MESIBO_RESULT_FAIL;
}

static int64_t call_cleanup(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
    return mod->on_cleanup != NULL ? (int32_t)mod->on_cleanup(mod) : 0;
}

/* ---- Scripts: trampolines in the slots of a real struct --------------------------------------------- */

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
    mh_params params = neutral(from);
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

static void fill_slots(mh_instance *instance) {
    mesibo_module_t *mod = module_of(instance);
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
    .fill_slots = fill_slots,
    .call = call,
    .cleanup = call_cleanup,
    .has_callback = has_callback,
    .slot = slot,
    .damage = damage,
    .words = words,
    .message = host_message,
    .read_params = read_params,
    .util_http = host_util_http,
    .util_fcgi = host_util_fcgi,
    .util_socket_connect = host_util_socket_connect,
    .json_has_len = true,
    .params_size = sizeof(mesibo_message_params_t),
    .fill_params = fill_params,
    .deliver = deliver,
    .layouts = layouts,
};
