/* tracer.c - crossings while they happen: begun, told of, over. */
#define _GNU_SOURCE
#include "core.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Atomic bool mh_tracing;

static _Thread_local mh_crossing *innermost;

static int32_t this_thread(void) {
    static _Thread_local int32_t number;
    if (number == 0)
        number = gettid();
    return number;
}

/* ---- Begun and over ------------------------------------------------------------------------------------- */

static bool take_slot(mh_crossing *slot) {
    uint64_t is_free = 0;
    return atomic_load_explicit(&slot->state, memory_order_relaxed) == 0 &&
           atomic_compare_exchange_strong(&slot->state, &is_free, 2);
}

/* A free one of the table, where it is seen when the process ends in it; else one of its own. */
static mh_crossing *claim(mh_tracer *tracer) {
    static _Thread_local size_t last;
    for (size_t i = 0; i < MH_OPEN_CROSSINGS; i++) {
        mh_crossing *slot = &tracer->open[(last + i) % MH_OPEN_CROSSINGS];
        if (take_slot(slot)) {
            last = (last + i) % MH_OPEN_CROSSINGS;
            return slot;
        }
    }
    mh_crossing *own = malloc(sizeof *own);
    if (own == NULL)
        atomic_fetch_add(tracer->dropped, 1);
    return own;
}

static bool is_in_table(const mh_tracer *tracer, const mh_crossing *crossing) {
    return crossing >= tracer->open && crossing < tracer->open + MH_OPEN_CROSSINGS;
}

mh_crossing *mh_cross(const mh_instance *instance, mh_function function) {
    if (instance == NULL && mh_top != NULL && mh_top->instance->state != MH_DEAD)
        instance = mh_top->instance;
    mh_tracer *tracer = instance != NULL ? instance->tracer : NULL;
    if (tracer == NULL || !tracer->is_here(tracer))
        return NULL;
    mh_crossing *crossing = claim(tracer);
    if (crossing == NULL)
        return NULL;
    const mh_crossing *outer = innermost;
    size_t len = instance->label_len < MH_MODULE_ROOM ? instance->label_len : MH_MODULE_ROOM - 1;
    crossing->id = atomic_fetch_add_explicit(tracer->ids, 1, memory_order_relaxed) + 1;
    crossing->parent = outer != NULL && outer->tracer == tracer ? outer->id : 0;
    crossing->took = MH_UNDER_WAY;
    crossing->result = 0;
    crossing->process = tracer->process;
    crossing->thread = this_thread();
    crossing->function = (uint8_t)function;
    crossing->count = crossing->left_out = 0;
    crossing->returns = false;
    crossing->texts_used = 0;
    crossing->outer = innermost;
    crossing->tracer = tracer;
    memcpy(crossing->module, instance->label, len);
    crossing->module[len] = '\0';
    crossing->begun = mh_now();
    atomic_store_explicit(&crossing->state, 1, memory_order_release);
    innermost = crossing;
    return crossing;
}

static void finish(mh_crossing *crossing) {
    mh_tracer *tracer = crossing->tracer;
    crossing->took = mh_now() - crossing->begun;
    innermost = crossing->outer;
    if (tracer->is_here(tracer)) {
        int before;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        tracer->over(tracer, crossing);
        pthread_setcancelstate(before, NULL);
    }
    if (is_in_table(tracer, crossing))
        atomic_store_explicit(&crossing->state, 0, memory_order_release);
    else
        free(crossing);
}

/* Those inside of it that a jump out of them has left behind are over as well. */
static void finish_with_inner(mh_crossing *crossing) {
    const mh_crossing *inner = innermost;
    while (inner != NULL && inner != crossing)
        inner = inner->outer;
    while (inner != NULL && innermost != crossing)
        finish(innermost);
    finish(crossing);
}

int64_t mh_crossed(mh_crossing *crossing, int64_t result) {
    if (crossing == NULL)
        return result;
    crossing->result = result;
    crossing->returns = true;
    finish_with_inner(crossing);
    return result;
}

char *mh_crossed_text(mh_crossing *crossing, char *result) {
    mh_say_text(crossing, MH_ARG_result, result);
    mh_crossed_void(crossing, 0);
    return result;
}

int64_t mh_crossed_void(mh_crossing *crossing, int64_t result) {
    if (crossing != NULL)
        finish_with_inner(crossing);
    return result;
}

void mh_crossed_all(void) {
    while (innermost != NULL)
        finish(innermost);
}

/* ---- What it is told -------------------------------------------------------------------------------------- */

static void say(mh_crossing *crossing, mh_argument_name name, mh_argument_kind kind, uint64_t value) {
    if (crossing == NULL)
        return;
    if (crossing->count == MH_ARGUMENTS_KEPT) {
        crossing->left_out += crossing->left_out < UINT8_MAX;
        return;
    }
    crossing->arguments[crossing->count] =
        (mh_argument){.name = (uint8_t)name, .kind = (uint8_t)kind, .value = value};
    crossing->count++; /* behind it, so that whoever finds the process dead reads whole ones */
}

void mh_say_number(mh_crossing *crossing, mh_argument_name name, uint64_t value) {
    say(crossing, name, MH_NUMBER, value);
}

void mh_say_signed(mh_crossing *crossing, mh_argument_name name, int64_t value) {
    say(crossing, name, MH_SIGNED, (uint64_t)value);
}

void mh_say_pointer(mh_crossing *crossing, mh_argument_name name, const void *pointer) {
    say(crossing, name, MH_POINTER, (uint64_t)(uintptr_t)pointer);
}

void mh_say_bytes(mh_crossing *crossing, mh_argument_name name, const char *bytes, uint64_t len) {
    if (crossing == NULL || bytes == NULL) {
        mh_say_pointer(crossing, name, NULL);
        return;
    }
    size_t left = MH_TEXTS_ROOM - crossing->texts_used;
    size_t kept = len < MH_TEXT_KEPT ? (size_t)len : MH_TEXT_KEPT;
    if (kept > left) {
        crossing->left_out += crossing->left_out < UINT8_MAX;
        return;
    }
    if (kept > 0) /* a call of the module's with a wild pointer ends here, with what was said before */
        kept = mh_copy_in(crossing->texts + crossing->texts_used, bytes, kept);
    uint8_t before = crossing->count;
    say(crossing, name, MH_TEXT, len);
    if (crossing->count == before)
        return;
    crossing->arguments[before].at = crossing->texts_used;
    crossing->arguments[before].kept = (uint16_t)kept;
    crossing->texts_used += (uint16_t)kept;
}

/* So far is looked for the end of a text. */
enum { MOST_TEXT = 64 << 10 };

static uint64_t text_len(const char *text) {
    long len = mh_text_len(text, MOST_TEXT);
    return len < 0 ? MOST_TEXT : (uint64_t)len;
}

void mh_say_text(mh_crossing *crossing, mh_argument_name name, const char *text) {
    mh_say_bytes(crossing, name, text, crossing != NULL ? text_len(text) : 0);
}

static void say_set(mh_crossing *crossing, mh_argument_name name, uint64_t value) {
    if (value != 0)
        mh_say_number(crossing, name, value);
}

static void say_set_text(mh_crossing *crossing, mh_argument_name name, const char *text) {
    if (text != NULL)
        mh_say_text(crossing, name, text);
}

void mh_say_params(mh_crossing *crossing, const mh_params *params) {
    mh_say_bytes(crossing, MH_ARG_to, params->to, params->to_len);
    mh_say_bytes(crossing, MH_ARG_from, params->from, params->from_len);
#define SAY(field) say_set(crossing, MH_ARG_##field, params->field);
    SAY(aid) SAY(id) SAY(refid) SAY(groupid) SAY(flags) SAY(type) SAY(expiry) SAY(uflags) SAY(status)
    SAY(sid) SAY(device)
#undef SAY
}

void mh_say_sending(mh_crossing *crossing, const mh_instance *from, const void *params,
                    const char *message, uint64_t len) {
    mh_params said;
    mh_say_number(crossing, MH_ARG_len, len);
    if (crossing == NULL || from == NULL || params == NULL) {
        mh_say_pointer(crossing, MH_ARG_params, params);
    } else {
        from->revision->read_params(&said, params);
        said.to_len = text_len(said.to);
        said.from_len = text_len(said.from);
        mh_say_params(crossing, &said);
    }
    mh_say_bytes(crossing, MH_ARG_message, message, len);
}

void mh_say_line(mh_crossing *crossing, const mh_instance *from, uint64_t level, const char *format,
                 va_list args) {
    char text[MH_TEXT_KEPT + 1];
    va_list again;
    mh_say_number(crossing, MH_ARG_level, level);
    mh_say_text(crossing, MH_ARG_format, format);
    if (crossing == NULL || from == NULL || format == NULL || level > from->log_level)
        return;
    va_copy(again, args);
    int len = vsnprintf(text, sizeof text, format, again);
    va_end(again);
    if (len > 0)
        mh_say_bytes(crossing, MH_ARG_text, text, (uint64_t)len);
}

void mh_say_callback(mh_crossing *crossing, void (*callback)(void), const void *cbdata) {
    mh_say_pointer(crossing, MH_ARG_callback, (const void *)(uintptr_t)callback);
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
}

void mh_say_search(mh_crossing *crossing, const char *src, size_t len, const char *key) {
    mh_say_number(crossing, MH_ARG_len, len);
    mh_say_text(crossing, MH_ARG_key, key);
    mh_say_bytes(crossing, MH_ARG_src, src, len);
}

void mh_say_thread(mh_crossing *crossing, const void *data, size_t stack_size, const char *name) {
    mh_say_number(crossing, MH_ARG_stack_size, stack_size);
    mh_say_pointer(crossing, MH_ARG_data, data);
    mh_say_text(crossing, MH_ARG_name, name);
}

void mh_say_server(mh_crossing *crossing, const char *host, int64_t port, int64_t keepalive,
                   const void *cbdata) {
    mh_say_signed(crossing, MH_ARG_port, port);
    mh_say_signed(crossing, MH_ARG_keepalive, keepalive);
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
    mh_say_text(crossing, MH_ARG_host, host);
}

void mh_say_written(mh_crossing *crossing, int64_t socket, const char *data, int64_t len) {
    mh_say_signed(crossing, MH_ARG_socket, socket);
    mh_say_signed(crossing, MH_ARG_len, len);
    mh_say_bytes(crossing, MH_ARG_data, data, len > 0 ? (uint64_t)len : 0);
}

void mh_say_answer(mh_crossing *crossing, const void *cbdata, int64_t state, int64_t progress,
                   const char *data, size_t size) {
    mh_say_signed(crossing, MH_ARG_state, state);
    mh_say_signed(crossing, MH_ARG_progress, progress);
    mh_say_data(crossing, cbdata, data, size);
}

void mh_say_data(mh_crossing *crossing, const void *cbdata, const char *data, size_t size) {
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
    mh_say_number(crossing, MH_ARG_size, size);
    mh_say_bytes(crossing, MH_ARG_data, data, size);
}

void mh_say_status(mh_crossing *crossing, const void *cbdata, int64_t status, const char *content_type) {
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
    mh_say_signed(crossing, MH_ARG_status, status);
    mh_say_text(crossing, MH_ARG_content_type, content_type);
}

void mh_say_connected(mh_crossing *crossing, const void *cbdata, int64_t socket, int64_t descriptor) {
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
    mh_say_signed(crossing, MH_ARG_socket, socket);
    mh_say_signed(crossing, MH_ARG_fd, descriptor);
}

void mh_say_result(mh_crossing *crossing, const void *cbdata, int64_t code, const char *data,
                   size_t size) {
    mh_say_signed(crossing, MH_ARG_code, code);
    mh_say_data(crossing, cbdata, data, size);
}

void mh_say_end(mh_crossing *crossing, const void *cbdata, int64_t code) {
    mh_say_pointer(crossing, MH_ARG_cbdata, cbdata);
    mh_say_signed(crossing, MH_ARG_code, code);
}

static void say_http(mh_crossing *crossing, const mh_http *http) {
    mh_say_text(crossing, MH_ARG_url, http->url);
    if (http->post != NULL && http->post_len != MH_TERMINATED)
        mh_say_bytes(crossing, MH_ARG_post, http->post, http->post_len);
    else
        say_set_text(crossing, MH_ARG_post, http->post);
#define SAY(field) say_set_text(crossing, MH_ARG_##field, http->field);
    MH_HTTP_TEXTS(SAY)
#undef SAY
#define SAY(field) say_set(crossing, MH_ARG_##field, http->field);
    MH_HTTP_NUMBERS(SAY)
#undef SAY
}

static void say_fcgi(mh_crossing *crossing, const mh_fcgi *fcgi) {
    for (size_t i = 0; i < MH_FCGI_PARAMS && fcgi->names[i] != NULL; i++) {
        mh_argument_name name = mh_argument_named(fcgi->names[i]);
        if (name < MH_ARGUMENT_NAMES)
            mh_say_text(crossing, name, fcgi->values[i]);
    }
    if (fcgi->body != NULL)
        mh_say_bytes(crossing, MH_ARG_body, fcgi->body, fcgi->body_len);
}

void mh_say_request(const mh_what *what) {
    mh_crossing *crossing = innermost;
    if (crossing == NULL || !mh_is_host_function(crossing->function))
        return;
    if (what->kind == MH_HTTP) {
        say_http(crossing, &what->http);
        say_set(crossing, MH_ARG_synchronous, what->synchronous);
    } else if (what->kind == MH_FCGI) {
        say_fcgi(crossing, &what->fcgi);
    } else {
        mh_say_text(crossing, MH_ARG_url, what->socket.url);
        say_set_text(crossing, MH_ARG_ws_protocol, what->socket.ws_protocol);
        say_set(crossing, MH_ARG_keepalive, what->socket.keepalive);
        say_set(crossing, MH_ARG_verify_host, what->socket.verify_host);
    }
}

/* ---- Callbacks of events ------------------------------------------------------------------------------------ */

_Static_assert(MH_FN_ON_CONFIG == (int)MH_ON_CONFIG, "functions of events are numbered as events are");

static void say_event(mh_crossing *crossing, const mh_event *event) {
    if (event->kind == MH_ON_MESSAGE)
        mh_say_number(crossing, MH_ARG_len, event->len);
    if (event->params != NULL)
        mh_say_params(crossing, event->params);
    if (event->kind == MH_ON_MESSAGE)
        mh_say_bytes(crossing, MH_ARG_message, event->message, event->len);
    if (event->kind == MH_ON_MESSAGE_STATUS && event->params->status != event->status)
        mh_say_number(crossing, MH_ARG_status, event->status);
    if (event->user != NULL) {
        mh_say_bytes(crossing, MH_ARG_address, event->user->address, event->user->address_len);
        mh_say_signed(crossing, MH_ARG_online, event->user->online);
        say_set(crossing, MH_ARG_flags, event->user->flags);
    }
    if (event->kind == MH_ON_CONFIG) {
        mh_say_number(crossing, MH_ARG_type, event->type);
        mh_say_bytes(crossing, MH_ARG_config, event->config, event->config_len);
    }
}

int64_t mh_call_watched(mh_instance *instance, const mh_event *event) {
    mh_crossing *crossing = NULL;
    uint64_t begun = instance->times != NULL ? mh_now() : 0;
    if (instance->tracer != NULL && instance->revision->has_callback(instance, event->kind)) {
        crossing = mh_cross(instance, (mh_function)event->kind);
        if (crossing != NULL)
            say_event(crossing, event);
    }
    int64_t code = mh_crossed(crossing, instance->revision->call(instance, event));
    if (begun != 0 && code != MH_NO_SLOT)
        mh_note_time(instance, begun);
    return code;
}

int64_t mh_call_init(mh_instance *instance, void *entry, const mh_offer *offer) {
    return MH_CROSSING(instance, INIT, mh_say_text(crossing, MH_ARG_revision, instance->revision->name),
                       instance->revision->init(instance, entry, offer));
}

static bool has_cleanup(const mh_instance *instance) {
    const char *name;
    size_t offset;
    uint64_t value;
    for (size_t i = 0; instance->revision->slot(instance, i, &name, &offset, &value); i++)
        if (strstr(name, "cleanup") != NULL)
            return value != 0;
    return false;
}

int64_t mh_call_cleanup(mh_instance *instance) {
    if (instance->tracer == NULL || !has_cleanup(instance))
        return instance->revision->cleanup(instance);
    return MH_CROSSING(instance, CLEANUP, (void)0, instance->revision->cleanup(instance));
}
