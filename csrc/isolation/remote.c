/* remote.c - a module in a process of its own, as the core sees it: of one more revision, whose callbacks
 * are turns of its worker. What is known of the module's struct is what the worker last told. */
#define _GNU_SOURCE
#include "remote.h"

#include <string.h>

static const double THREADS_PATIENCE = 11.0; /* seconds: more than the worker's core waits for them */

static mh_remote *remote_of(const mh_instance *instance) { return instance->remote; }

/* ---- Init and cleanup ------------------------------------------------------------------------------------ */

static void accept(mh_remote *remote, const mh_load_answer *answer) {
    char revision[sizeof answer->revision];
    memcpy(revision, answer->revision, sizeof revision);
    revision[sizeof revision - 1] = '\0';
    const mh_revision *found = mh_revision_find(revision);
    const mh_revision *accepted = found != NULL ? mh_remote_revision(found) : NULL;
    /* Of a restart it is the same, and others may be reading it. */
    if (accepted != NULL && accepted != remote->instance->revision)
        remote->instance->revision = accepted;
}

/* Whether it is something that a worker says. */
static bool is_sensible(const mh_refusal *refusal) {
    switch (refusal->kind) {
    case MH_ACCEPTED:
    case MH_NO_MEMORY:
    case MH_NO_SUCH_REVISION:
    case MH_NOT_OPENED:
    case MH_NO_ENTRY:
    case MH_GUESS_CRASHED:
    case MH_INIT_REFUSED:
    case MH_INIT_FAILED:
    case MH_NOT_LIMITED:
        return true;
    case MH_INIT_DAMAGED:
    case MH_BAD_SLOT:
        return refusal->damage.field != NULL;
    default:
        return false;
    }
}

static bool load_here(mh_remote *remote, mh_refusal *refusal) {
    mh_load_answer *answer = (mh_load_answer *)(void *)mh_requests_region(remote->channel);
    mh_turn turn;
    memcpy(mh_requests_region(remote->channel), remote->load, remote->load_size);
    remote->used = remote->load_size + sizeof *answer;
    remote->loading = true;
    bool told = mh_remote_turn(remote, MH_ORDER_LOAD, 0, remote->how.init_deadline, &turn);
    remote->used = 0;
    if (!told) {
        refusal->kind = MH_INIT_CRASHED;
        mh_remote_mourn(remote, NULL);
        remote->loading = false;
        return false;
    }
    *refusal = answer->refusal;
    refusal->text[sizeof refusal->text - 1] = '\0';
    refusal->damage.callback = "init";
    refusal->damage.field = remote->damage.field;
    if (!is_sensible(refusal)) {
        remote->scribbled = true;
        mh_remote_end_worker(remote, COMMAND_KILL);
        refusal->kind = MH_INIT_CRASHED;
        mh_remote_mourn(remote, NULL);
    }
    remote->loading = false;
    if (refusal->kind != MH_ACCEPTED) {
        remote->alive = 0;
        mh_requests_drop(remote->instance, remote->life);
        return false;
    }
    accept(remote, answer);
    return true;
}

bool mh_remote_load(mh_remote *remote, mh_refusal *refusal) {
    mh_remote_start(remote);
    return load_here(remote, refusal);
}

bool mh_remote_init(mh_instance *instance, const mh_load *what, mh_refusal *refusal) {
    instance->remote = mh_remote_new(instance, what, refusal->text, sizeof refusal->text);
    if (instance->remote == NULL) {
        refusal->kind = MH_NOT_STARTED;
        return false;
    }
    return mh_remote_load(instance->remote, refusal);
}

/* Its own threads are waited for in there, where it has some. */
static double cleanup_seconds(const mh_remote *remote) {
    bool waits = remote->channel->mirror.threads > 0;
    return remote->how.deadline > 0 && waits ? remote->how.deadline + THREADS_PATIENCE
                                             : remote->how.deadline;
}

static bool unload(mh_remote *remote, mh_turn *turn) {
    memcpy(mh_requests_region(remote->channel), remote->load, remote->load_size);
    remote->used = remote->load_size;
    bool told = mh_remote_turn(remote, MH_ORDER_UNLOAD, 0, cleanup_seconds(remote), turn);
    remote->used = 0;
    return told;
}

/* Its cleanup and its init again, in the worker that is there. */
bool mh_remote_reload(mh_instance *instance, int64_t *code, mh_refusal *refusal) {
    mh_remote *remote = instance->remote;
    mh_turn turn;
    if (!remote->up || mh_remote_is_gone(remote) ||
        !unload(remote, &turn)) {
        if (remote->up)
            mh_remote_mourn(remote, NULL);
        return false;
    }
    *code = turn.code;
    bool loaded = load_here(remote, refusal);
    remote->up = loaded;
    return loaded;
}

static int64_t cleanup(mh_instance *instance) {
    mh_remote *remote = remote_of(instance);
    mh_turn turn = {.code = -1};
    if (!remote->up)
        return 0; /* there is nothing to clean up */
    if (mh_remote_is_gone(remote) ||
        !mh_remote_turn(remote, MH_ORDER_CLEANUP, 0, cleanup_seconds(remote), &turn))
        mh_remote_mourn(remote, NULL);
    remote->up = false;
    return turn.code;
}

/* ---- Calls --------------------------------------------------------------------------------------------------- */

static size_t text_room(const char *text, size_t len) { return text != NULL ? len + 1 : 0; }

static char *put(char *at, const char *text, size_t len) {
    if (text == NULL)
        return at;
    memcpy(at, text, len);
    at[len] = '\0';
    return at + len + 1;
}

typedef struct parts {
    const char *to, *from, *message, *data;
    size_t to_len, from_len, len, data_len;
} parts;

static parts parts_of(const mh_event *event) {
    parts parts = {.data = event->config, .data_len = event->config_len};
    if (event->params != NULL) {
        parts.to = event->params->to;
        parts.to_len = event->params->to_len;
        parts.from = event->params->from;
        parts.from_len = event->params->from_len;
    }
    if (event->user != NULL) {
        parts.to = event->user->address;
        parts.to_len = event->user->address_len;
    }
    if (event->kind == MH_ON_MESSAGE) {
        parts.message = event->message != NULL ? event->message : "";
        parts.len = event->len;
    }
    return parts;
}

size_t mh_remote_message_offset(const mh_event *event) {
    parts parts = parts_of(event);
    return sizeof(mh_call_record) + text_room(parts.to, parts.to_len) +
           text_room(parts.from, parts.from_len);
}

size_t mh_remote_call_size(const mh_event *event) {
    parts all = parts_of(event), *parts = &all;

    return mh_padded(sizeof(mh_call_record) + text_room(parts->to, parts->to_len) +
                     text_room(parts->from, parts->from_len) +
                     text_room(parts->message, parts->len) + text_room(parts->data, parts->data_len));
}

void mh_remote_write_call(char *at, const mh_event *event) {
    parts all = parts_of(event), *parts = &all;
    mh_call_record record = {
        .kind = event->kind,
        .has_params = event->params != NULL,
        .has_user = event->user != NULL,
        .has_message = parts->message != NULL,
        .to_len = parts->to != NULL ? parts->to_len : MH_NULL_TEXT,
        .from_len = parts->from != NULL ? parts->from_len : MH_NULL_TEXT,
        .len = parts->len,
        .status = event->status,
        .type = event->type,
        .data_len = parts->data != NULL ? parts->data_len : MH_NULL_TEXT,
        .size = mh_remote_call_size(event),
    };
    if (event->params != NULL)
        record.params = *event->params;
    if (event->user != NULL) {
        record.user_flags = event->user->flags;
        record.user_online = event->user->online;
    }
    memcpy(at, &record, sizeof record);
    at += sizeof record;
    at = put(at, parts->to, parts->to_len);
    at = put(at, parts->from, parts->from_len);
    at = put(at, parts->message, parts->len);
    put(at, parts->data, parts->data_len);
}

/* Whether there is a worker to call; what is to be said of it, where not, is said. */
static bool is_ready(mh_remote *remote, const mh_event *event) {
    mh_remote_notice(remote);
    if (remote->up)
        return true;
    uint32_t ends = remote->ends;
    if (mh_remote_revive(remote))
        return true;
    if (remote->ends == ends) /* else another end was told just now */
        mh_remote_tell_down(remote, event);
    return false;
}

static int64_t call(mh_instance *instance, const mh_event *event) {
    mh_remote *remote = remote_of(instance);
    const mh_pass *pass = mh_current_pass();
    if (pass != NULL && mh_is_ahead(instance, pass->row))
        return mh_ahead_take(remote, event);
    if (!is_ready(remote, event))
        return -1;
    size_t at = remote->used, size = mh_remote_call_size(event);
    if (size > MH_REGION - at) {
        mh_report(instance, "not called: a message of %zu bytes is too long for an isolated module "
                            "(at most %zu); load it without isolated", event->len, MH_REGION - at);
        return -1;
    }
    uint32_t life = remote->life;
    mh_turn turn;
    char *request = mh_requests_region(remote->channel) + at;
    mh_remote_write_call(request, event);
    remote->used = at + size;
    bool told = mh_remote_turn(remote, MH_ORDER_CALL, at, remote->how.deadline, &turn);
    remote->used = at;
    if (!told) {
        if (remote->life == life && remote->up)
            mh_remote_mourn(remote, event);
        else
            mh_remote_mourn_again(remote, event);
        mh_remote_revive(remote);
        return -1;
    }
    if (turn.rewritten) /* the chain's own copy: it sees to what may be written to */
        memcpy((char *)(uintptr_t)event->message, request + mh_remote_message_offset(event),
               event->len);
    return turn.code;
}

/* ---- What the worker last told --------------------------------------------------------------------------------- */

static bool has_callback(const mh_instance *instance, mh_event_kind kind) {
    return (remote_of(instance)->channel->mirror.callbacks & 1u << kind) != 0;
}

static bool no_slot(const mh_instance *instance, size_t index, const char **name, size_t *offset,
                    uint64_t *value) {
    (void)instance, (void)index, (void)name, (void)offset, (void)value;
    return false; /* the worker has looked at them */
}

static bool damage(const mh_instance *instance, mh_damage *out) {
    const mh_remote *remote = remote_of(instance);
    if (remote == NULL || remote->damage.field == NULL)
        return false;
    *out = remote->damage;
    return true;
}

static void words(const mh_instance *instance, uint64_t *version, uint64_t *flags,
                  const char **name) {
    mh_remote *remote = remote_of(instance);
    const mh_mirror *mirror = &remote->channel->mirror;
    memcpy(remote->name, mirror->name, MH_NAME_ROOM - 1); /* its NUL is behind that */
    *version = mirror->version;
    *flags = mirror->flags;
    *name = mirror->has_name ? remote->name : NULL;
}

static bool prepare(mh_instance *instance) {
    (void)instance;
    return true; /* its struct is in the worker */
}

static int64_t no_init(mh_instance *instance, void *entry, const mh_offer *offer) {
    (void)instance, (void)entry, (void)offer;
    return -1; /* mh_remote_init is */
}

#define REMOTE(of, may_rewrite) \
    {.name = of, .rewrites = may_rewrite, .prepare = prepare, .init = no_init, .call = call, \
     .cleanup = cleanup, .has_callback = has_callback, .slot = no_slot, .damage = damage, \
     .words = words}

const mh_revision *mh_remote_revision(const mh_revision *of) {
    static const mh_revision remotes[] = {
        REMOTE("doc2019", false), REMOTE("sdk2019", false), REMOTE("sdk2020", true)};
    for (size_t i = 0; i < sizeof remotes / sizeof remotes[0]; i++)
        if (strcmp(remotes[i].name, of->name) == 0)
            return &remotes[i];
    return NULL;
}
