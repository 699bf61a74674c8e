/* events.c - an event on its way into a module of each revision, and back out as what it sends: what the
 * module gets is what was given, and so is what comes back of it. */
#include "input.h"

#include "guests.h"

enum { ROOM = 2000 };

static mh_host *hosts[3];
static mh_instance *instances[3];

static void set_up(void) {
    static const guest_init inits[] = {(guest_init)guest_doc2019_init, (guest_init)guest_sdk2019_init,
                                       (guest_init)guest_sdk2020_init};
    static const mh_revision *const revisions[] = {&mh_doc2019, &mh_sdk2019, &mh_sdk2020};
    for (int i = 0; i < 3; i++) {
        mh_hooks hooks = {.serve = NULL};
        mh_limits limits = {.outbox_bytes = 1 << 20, .log_bytes = 1 << 20, .requests = 1};
        mh_load what = {.label = "guest", .revision = revisions[i]->name};
        hosts[i] = mh_host_new(&hooks, &limits, false);
        promise(hosts[i] != NULL);
        instances[i] = mh_instance_new(hosts[i], &what, revisions[i]);
        promise(instances[i] != NULL);
        mh_register(instances[i]);
        promise(revisions[i]->init(instances[i], (void *)(uintptr_t)inits[i], &mh_right_offer) == 0);
        instances[i]->state = MH_OPEN;
        promise(mh_chain_append(hosts[i], instances[i]));
    }
}

/* Of exactly that size: what is behind it is watched. NULL for one in four. */
static char *take_text(input *from, size_t *len) {
    uint8_t how = take_byte(from);
    *len = how % 4 == 0 ? 0 : (take_byte(from) | (size_t)take_byte(from) << 8) % ROOM;
    char *text = how % 4 == 0 ? NULL : malloc(*len + 1);
    if (text == NULL)
        return NULL;
    take(from, text, *len);
    text[*len] = '\0';
    *len = strlen(text);
    return text;
}

static bool is_same(const char *text, size_t len, const char *other, size_t other_len) {
    return (text == NULL && other == NULL) ||
           (text != NULL && other != NULL && len == other_len && memcmp(text, other, len) == 0);
}

static void look_at_sent(const mh_mail *mail, const mh_event *event) {
    mh_sent sent;
    bool sendable = event->params->to_len > 0 || event->params->groupid != 0;
    promise((mail != NULL && mail->sent.count == 1) == sendable);
    if (!sendable)
        return;
    promise(mh_sent_front(&mail->sent, &sent));
    promise(memcmp(&sent.params, event->params, 7 * sizeof(uint64_t)) == 0);
    promise(sent.params.uflags == event->params->uflags);
    promise(is_same(sent.params.to, sent.params.to_len, event->params->to, event->params->to_len));
    promise(is_same(sent.params.from, sent.params.from_len, event->params->from, event->params->from_len));
    promise(is_same(sent.message, sent.len, event->message, event->len));
}

static void deliver(int which, mh_event *event) {
    mh_pass pass = {.collect = true};
    if (event->kind == MH_ON_MESSAGE) {
        mh_outcome out;
        promise(mh_process(hosts[which], event, &pass, &out) == MH_CALLED);
        promise(out.failed == NULL && out.rewritten == NULL);
        mh_instance_unref(out.by);
        look_at_sent(pass.mail, event);
    } else {
        promise(mh_notify(hosts[which], event, NULL, &pass) == MH_CALLED);
        promise(pass.mail == NULL || pass.mail->returned_count <= 1);
    }
    mh_mail_free(pass.mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input from = {data, size};
    if (hosts[0] == NULL)
        set_up();
    mh_params params;
    mh_user user = {.flags = take_word(&from), .online = take_byte(&from) & 1};
    mh_event event = {.kind = (mh_event_kind)(take_byte(&from) % MH_EVENT_KINDS),
                      .params = &params, .status = take_word(&from), .type = take_word(&from)};
    take(&from, &params, offsetof(mh_params, to));
    char *to = take_text(&from, &params.to_len), *sender = take_text(&from, &params.from_len);
    params.to = to;
    params.from = sender;
    user.address = to;
    user.address_len = params.to_len;
    event.user = event.kind == MH_ON_LOGIN ? &user : NULL;
    event.len = from.left;
    char *message = malloc(event.len + 1);
    if (message != NULL) {
        take(&from, message, event.len);
        message[event.len] = '\0';
        event.message = message;
        if (event.kind == MH_ON_CONFIG) {
            event.config = message;
            event.config_len = event.len;
        }
        for (int i = 0; i < 3; i++)
            deliver(i, &event);
    }
    free(message);
    free(to);
    free(sender);
    return 0;
}
