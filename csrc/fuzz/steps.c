/* steps.c - the events of a case, one by one. */
#include "living.h"

/* Where lines are formatted, a callback's over those of the last: nobody reads them, but the sanitizer looks
 * at what they are made of. It never grows. */
enum { LINES = 1 << 17 };
static _Alignas(16) char lines[2 * LINES];
static mh_mail mail = {.logs = {.bytes = lines, .capacity = sizeof lines, .limit = LINES}};

static mh_pass new_pass(void) {
    if (fuzz_asked.threads)
        return (mh_pass){0};
    mail.logs.head = mail.logs.tail = mail.logs.count = 0;
    return (mh_pass){.collect = true, .mail = &mail};
}

void fuzz_enter(mh_instance *instance, mh_frame *frame, mh_pass *pass, const mh_event *event) {
    if (!instance->thread_safe) {
        mh_lock_take(&fuzz_host->lock);
        fuzz_host->locked_passes++;
    }
    *pass = new_pass();
    mh_push(frame, instance, pass, event);
}

void fuzz_exit(mh_instance *instance, const mh_frame *frame, const char *callback) {
    mh_damage damage;
    mh_pop(frame);
    if (!instance->thread_safe) {
        fuzz_host->locked_passes--;
        mh_lock_release(&fuzz_host->lock);
    }
    if (mh_instance_damage(instance, callback, &damage))
        fuzz_report("struct-damaged", "%s wrote where it must not: %s, byte %zu of the struct",
                    damage.callback, damage.field, damage.offset);
}

static const mh_event_kind events[] = {
    [FUZZ_MESSAGE] = MH_ON_MESSAGE, [FUZZ_STATUS] = MH_ON_MESSAGE_STATUS,
    [FUZZ_CALL] = MH_ON_CALL,       [FUZZ_CALL_STATUS] = MH_ON_CALL_STATUS,
    [FUZZ_LOGIN] = MH_ON_LOGIN,     [FUZZ_CONFIG] = MH_ON_CONFIG};

static const char *const callbacks[] = {"on_message",     "on_message_status", "on_call",
                                        "on_call_status", "on_login",          "on_config"};

static mh_params params_of(const fuzz_step *step, const char *to, const char *from) {
    const uint64_t *w = step->words;
    return (mh_params){w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10],
                       to, from, step->to.len, step->from.len};
}

/* Not of threads: those are for races, which it would hide. */
static void look_at_code(const char *callback, int64_t code) {
    bool is_known = code == 0 || code == 1 || code == -1 || code == MH_NO_SLOT;
    if (!is_known && !fuzz_asked.threads && !fuzz_note("bad-result", callback))
        fuzz_report("bad-result", "%s returned %lld, which the header does not know", callback,
                    (long long)code);
}

static void deliver(mh_instance *instance, mh_event *event, void *place) {
    mh_frame frame;
    mh_pass pass;
    fuzz_enter(instance, &frame, &pass, event);
    int64_t code = place != NULL ? instance->revision->deliver(instance, event, place)
                                 : instance->revision->call(instance, event);
    fuzz_exit(instance, &frame, callbacks[event->kind]);
    look_at_code(callbacks[event->kind], code);
}

static void message(mh_instance *instance, const fuzz_step *step) {
    char *to = fuzz_lend_text(step->to), *from = fuzz_lend_text(step->from);
    void *data = fuzz_lend(step->data.bytes, step->data.len);
    void *place = fuzz_lend_room(fuzz_revision->params_size);
    mh_params params = params_of(step, to, from);
    mh_event event = {.kind = events[step->kind],
                      .params = &params,
                      .message = data,
                      .len = step->data.len,
                      .status = step->number};
    fuzz_revision->fill_params(place, &event, to, from);
    event.params = NULL;
    deliver(instance, &event, place);
    fuzz_take_back(place);
    fuzz_take_back(data);
    fuzz_take_back(from);
    fuzz_take_back(to);
}

static void login(mh_instance *instance, const fuzz_step *step) {
    char *address = fuzz_lend_text(step->to);
    void *place = fuzz_lend_room(fuzz_revision->user_size);
    const mh_user user = {step->number, step->present & FUZZ_ONLINE, address, step->to.len};
    fuzz_revision->fill_user(place, &user, address);
    deliver(instance, &(mh_event){.kind = MH_ON_LOGIN, .user = &user}, place);
    fuzz_take_back(place);
    fuzz_take_back(address);
}

static void config(mh_instance *instance, const fuzz_step *step) {
    void *data = step->data.bytes != NULL ? fuzz_lend(step->data.bytes, step->data.len) : NULL;
    deliver(instance,
            &(mh_event){.kind = MH_ON_CONFIG,
                        .type = step->number,
                        .config = data,
                        .config_len = step->data.len},
            NULL);
    fuzz_take_back(data);
}

static void reply(mh_instance *instance, const fuzz_step *step) {
    mh_frame frame;
    mh_pass pass;
    fuzz_enter(instance, &frame, &pass, NULL);
    fuzz_network_play(step);
    fuzz_exit(instance, &frame, "a callback of a request");
}

void fuzz_take_step(mh_instance *instance, const fuzz_step *step) {
    if (fuzz_failed())
        return;
    if (step->kind <= FUZZ_CONFIG && !fuzz_revision->has_callback(instance, events[step->kind]))
        return;
    switch (step->kind) {
    case FUZZ_MESSAGE:
    case FUZZ_STATUS: message(instance, step); break;
    case FUZZ_CALL:
    case FUZZ_CALL_STATUS: deliver(instance, &(mh_event){.kind = events[step->kind]}, NULL); break;
    case FUZZ_LOGIN: login(instance, step); break;
    case FUZZ_CONFIG: config(instance, step); break;
    case FUZZ_REPLY: reply(instance, step); break;
    case FUZZ_ITEM:
    case FUZZ_RELOAD:
    case FUZZ_KINDS: break;
    }
}
