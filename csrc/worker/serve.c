/* serve.c - the worker: one host of the core with one module, which does what the other host's turns say. */
#define _GNU_SOURCE
#include "worker.h"

#include "../isolation/load_record.h"
#include "../library.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t worker_life;
static mh_host *host;
static mh_instance *instance;
static uint32_t seen;
static loan *lent; /* for the innermost call */
static const mh_revision *called;

/* ---- What the host gets to know of the module's struct -------------------------------------------------- */

static void mirror_words(void) {
    static const char *told;
    mh_mirror *mirror = &channel->mirror;
    const char *name = NULL;
    uint32_t callbacks = 0;
    instance->revision->words(instance, &mirror->version, &mirror->flags, &name);
    for (int kind = 0; kind < MH_EVENT_KINDS; kind++)
        callbacks |= (uint32_t)instance->revision->has_callback(instance, (mh_event_kind)kind) << kind;
    mirror->callbacks = callbacks;
    mirror->threads = instance->threads;
    if (name == told)
        return;
    told = name;
    long len = name != NULL && mh_is_readable(name) ? mh_text_len(name, MH_NAME_ROOM - 1) : -1;
    mirror->has_name = len >= 0;
    if (len >= 0) {
        mh_copy_in(mirror->name, name, (size_t)len);
        mirror->name[len] = '\0';
    }
}

static void tell_damage(const mh_damage *damage) {
    channel->damaged = true;
    channel->damage = *damage;
    strncpy(channel->field, damage->field, sizeof channel->field - 1);
}

/* A child that the module forked off may come back from its code: what is shared is not the child's. */
static void end_children(void) {
    if (!is_worker())
        syscall(SYS_exit_group, 0);
}

/* ---- Orders ------------------------------------------------------------------------------------------- */

static int64_t call_with_user(mh_instance *of, const mh_event *event) {
    const mh_user *user = event->user;
    char *address =
        user->address != NULL ? loan_text(lent, MH_LENT_TO, user->address, user->address_len) : NULL;
    void *place = loan_struct(lent, called->user_size);
    if (place == NULL || (address == NULL) != (user->address == NULL)) {
        mh_report(of, "not called: no memory for its user");
        return -1;
    }
    called->fill_user(place, user, address);
    return called->deliver(of, event, place);
}

static int64_t call_with_config(mh_instance *of, const mh_event *event) {
    mh_event lending = *event;
    lending.config = loan_text(lent, MH_LENT_DATA, event->config, event->config_len);
    if (lending.config == NULL) {
        mh_report(of, "not called: no memory for its data");
        return -1;
    }
    return called->call(of, &lending);
}

static int64_t call_with_params(mh_instance *of, const mh_event *event) {
    const mh_params *params = event->params;
    char *to = params->to != NULL ? loan_text(lent, MH_LENT_TO, params->to, params->to_len) : NULL;
    char *from =
        params->from != NULL ? loan_text(lent, MH_LENT_FROM, params->from, params->from_len) : NULL;
    void *place = loan_struct(lent, called->params_size);
    if (place == NULL || (to == NULL) != (params->to == NULL) ||
        (from == NULL) != (params->from == NULL)) {
        mh_report(of, "not called: no memory for its params");
        return -1;
    }
    called->fill_params(place, event, to, from);
    return called->deliver(of, event, place);
}

/* A callback of a bare worker: structs, addresses and data are lent as the message is, and not copied. */
static int64_t call_bare(mh_instance *of, const mh_event *event) {
    if (!called->has_callback(of, event->kind))
        return called->call(of, event);
    if (event->user != NULL)
        return call_with_user(of, event);
    if (event->config != NULL)
        return call_with_config(of, event);
    return event->params != NULL ? call_with_params(of, event) : called->call(of, event);
}

static void call_it_bare(mh_instance *of) {
    static mh_revision bare;
    called = of->revision;
    bare = *called;
    bare.call = call_bare;
    of->revision = &bare;
}

/* The module inside of its limits. NULL: refused. */
static mh_instance *load_module(const mh_load_record *record, mh_pass *pass, mh_refusal *refusal) {
    mh_load what;
    mh_item *items = mh_load_read(record, &what);
    mh_hooks hooks = {.send = mail_send,
                      .log = mail_log};
    mh_instance *made = NULL;
    bool first = host == NULL;
    if (first) {
        mh_requests_elsewhere = &asks;
        guard_bare = record->bare;
        host = mh_host_new(&hooks, &record->limits, false);
    }
    if (host != NULL)
        host->tracer = notes_tracer();
    if (first && !limits_set(&record->worker, refusal->text, sizeof refusal->text)) {
        refusal->kind = MH_NOT_LIMITED;
    } else if (items != NULL && host != NULL) {
        errno = 0;
        made = mh_load_module(host, &what, pass, refusal);
        if (made == NULL && refusal->kind == MH_INIT_REFUSED)
            limits_say(errno, refusal->text, sizeof refusal->text);
    }
    end_children();
    free(items);
    return made;
}

static void load(void) {
    mh_load_record *record = (mh_load_record *)(void *)(mh_requests_region(channel) +
                                                        channel->request_at);
    mh_load_answer *answer = (mh_load_answer *)(void *)record;
    mh_refusal refusal = {.kind = MH_NO_MEMORY};
    mh_pass pass = {.collect = true};
    channel->crash.event = MH_IN_INIT;
    instance = load_module(record, &pass, &refusal);
    mh_mail_free(pass.mail);
    *answer = (mh_load_answer){.refusal = refusal};
    if (refusal.damage.field != NULL)
        tell_damage(&refusal.damage);
    channel->code = instance != NULL ? 0 : -1;
    if (instance != NULL && guard_bare)
        call_it_bare(instance);
    if (instance != NULL) {
        exception_prepare();
        strncpy(answer->revision, mh_instance_revision(instance), sizeof answer->revision - 1);
        mirror_words();
    }
    channel->crash.event = MH_IN_NO_CALL;
}

static const char *next_text(const char **at, uint64_t len) {
    const char *text = *at;
    if (len == MH_NULL_TEXT)
        return NULL;
    *at += len + 1;
    return text;
}

/* Why it failed, if its limits say so. */
static void tell_limit(int error) {
    char words[128];
    if (limits_say(error, words, sizeof words))
        mh_report(instance, "failed, and had been %s", words);
}

/* One callback. What the module wrote into its message goes back to where that came from. */
static int64_t call_with(mh_event *event, char *given, uint64_t row) {
    mh_pass pass = {.collect = false, .row = row};
    mh_frame frame;
    char *placed = NULL;
    if (given != NULL) {
        placed = loan_data(lent, given, event->len);
        if (placed == NULL) {
            mh_report(instance, "not called: no memory for a message of %zu bytes", event->len);
            return -1;
        }
        event->message = placed;
        channel->crash.message = (uint64_t)(uintptr_t)placed;
        channel->crash.message_size = event->len;
    }
    mh_push(&frame, instance, &pass, event);
    errno = 0;
    int64_t code = mh_call_module(instance, event);
    int error = errno;
    end_children();
    if (code != 0 && code != 1)
        tell_limit(error);
    mh_pop(&frame);
    channel->rewritten = placed != NULL && memcmp(placed, given, event->len) != 0;
    if (channel->rewritten)
        memcpy(given, placed, event->len);
    return code;
}

/* Once read, it is ours: where it lies, the module's threads may write. */
static int64_t call_record(const mh_call_record *shared, uint64_t row) {
    const mh_call_record record = *shared;
    const char *at = (const char *)(shared + 1);
    mh_params params = record.params;
    mh_user user = {.flags = record.user_flags, .online = record.user_online};
    mh_event event = {.kind = (mh_event_kind)record.kind,
                      .len = record.len,
                      .status = record.status,
                      .type = record.type};
    params.to = next_text(&at, record.to_len);
    params.from = next_text(&at, record.from_len);
    params.to_len = params.to != NULL ? record.to_len : 0;
    params.from_len = params.from != NULL ? record.from_len : 0;
    if (record.has_params)
        event.params = &params;
    if (record.has_user) {
        user.address = params.to;
        user.address_len = params.to_len;
        event.user = &user;
    }
    char *message = record.has_message ? (char *)(uintptr_t)next_text(&at, record.len) : NULL;
    event.config = (void *)(uintptr_t)next_text(&at, record.data_len);
    event.config_len = event.config != NULL ? record.data_len : 0;
    loan *outer = lent;
    lent = loan_begin();
    channel->crash.event = (int32_t)record.kind;
    if (lent == NULL)
        mh_report(instance, "not called: no memory for what it is handed");
    int64_t code = lent != NULL ? call_with(&event, message, row) : -1;
    if (lent != NULL)
        loan_end(lent);
    lent = outer;
    return code;
}

static void call(void) {
    mh_damage damage;
    int64_t code = call_record(
        (mh_call_record *)(void *)(mh_requests_region(channel) + channel->request_at), 0);
    if (mh_instance_damage(instance, "", &damage))
        tell_damage(&damage);
    mirror_words();
    channel->code = code;
}

/* Ends early where there is something that the host must see before more is done. */
static void call_rows(void) {
    char *at = mh_requests_region(channel) + channel->request_at;
    mh_rows_record rows = *(mh_rows_record *)(void *)at;
    mh_damage damage;
    bool go_on = true;
    loan_many = true;
    at += mh_padded(sizeof rows);
    for (uint64_t row = 0; row < rows.count && go_on; row++) {
        mh_call_record *record = (mh_call_record *)(void *)at;
        channel->room = rows.room;
        atomic_store_explicit(&channel->row_begun, mh_now(), memory_order_relaxed);
        record->code = call_record(record, row);
        record->rewritten = channel->rewritten;
        record->damaged = mh_instance_damage(instance, "", &damage);
        if (record->damaged)
            tell_damage(&damage);
        go_on = !record->damaged && !channel->cut && channel->mail_end < MH_REGION / 2;
        at += record->size;
        atomic_store_explicit(&channel->rows_done, row + 1, memory_order_release);
    }
    loan_many = false;
    mirror_words();
}

/* Of a request, which it may have made in its init: then there is no instance yet. */
static void answer(void) {
    mh_damage damage;
    int64_t code = asks_answer(mh_requests_region(channel) + channel->request_at);
    end_children();
    if (instance != NULL && mh_instance_damage(instance, "", &damage))
        tell_damage(&damage);
    if (instance != NULL)
        mirror_words();
    channel->code = code;
}

static void clean_up(void) {
    mh_pass pass = {.collect = false};
    mh_damage damage;
    int64_t code = 0;
    channel->crash.event = MH_IN_CLEANUP;
    mh_close(instance, &pass, -1, &code, &damage);
    end_children();
    if (damage.field != NULL)
        tell_damage(&damage);
    channel->code = code;
}

/* The module is done with, but its library stays mapped, so that its globals stay as they are. */
static void unload(void) {
    static mh_library *pinned;
    mh_load what;
    char why[1024];
    mh_item *items = mh_load_read(
        (mh_load_record *)(void *)(mh_requests_region(channel) + channel->request_at), &what);
    if (pinned == NULL && items != NULL)
        pinned = mh_library_open(what.path, NULL, why, sizeof why);
    free(items);
    clean_up();
    mh_instance_unref(instance);
    instance = NULL;
}

/* ---- Turns -------------------------------------------------------------------------------------------- */

static void give_back(mh_said said) {
    if (atomic_load_explicit(&channel->stopped, memory_order_relaxed) != 0)
        syscall(SYS_exit_group, 1); /* a debugger let it run on: it has ended, the report says */
    channel->said = said;
    mh_bell_ring(&channel->to_host);
}

/* Until the host replies to what was asked; the outermost turns go on until the process ends. */
static int64_t serve(void) {
    for (;;) {
        if (!mh_bell_look(&channel->to_worker, seen))
            mh_bell_wait(&channel->to_worker, seen, -1);
        seen = mh_bell_count(&channel->to_worker);
        mh_order order = (mh_order)channel->order;
        if (order == MH_ORDER_REPLY)
            return channel->reply;
        if (order == MH_ORDER_LOAD)
            load();
        else if (order == MH_ORDER_CALL)
            call();
        else if (order == MH_ORDER_ROWS)
            call_rows();
        else if (order == MH_ORDER_ANSWER)
            answer();
        else if (order == MH_ORDER_UNLOAD)
            unload();
        else
            clean_up();
        bool over = order == MH_ORDER_CLEANUP || (order == MH_ORDER_LOAD && instance == NULL);
        give_back(MH_SAYS_ANSWER);
        if (over)
            syscall(SYS_exit_group, 0);
    }
}

uint64_t serve_callback(int32_t event) {
    const char *name;
    size_t offset, index = event == MH_IN_CLEANUP ? 0 : (size_t)event + 1; /* as the slots are */
    uint64_t value = 0;
    bool is_known = instance != NULL && (event == MH_IN_CLEANUP || event >= 0) &&
                    instance->revision->slot(instance, index, &name, &offset, &value);
    return is_known ? value : 0;
}

int64_t ask_host(void) {
    int32_t event = channel->crash.event;
    uint64_t message = channel->crash.message, size = channel->crash.message_size;
    give_back(MH_SAYS_ASKS);
    int64_t value = serve();
    /* Others may have been called meanwhile. */
    channel->crash.event = event;
    channel->crash.message = message;
    channel->crash.message_size = size;
    return value;
}

_Noreturn void worker_run(void) {
    prctl(PR_SET_NAME, "mesibo-worker");
    seen = channel->seen;
    worker_life = channel->life;
    is_turn_thread = true;
    memset(&channel->mirror, 0, sizeof channel->mirror); /* an earlier one told of another struct */
    channel->crash.event = MH_IN_INIT;
    crash_prepare();
    for (;;)
        serve();
}
