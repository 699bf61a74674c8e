/* chain.c - the way of an event through the modules of a host. */
#include "bytes.h"
#include "core.h"

#include <stdlib.h>
#include <string.h>

/* What stands in the way of every message: a tenth of its time went to calls between these. */
#define inlined __attribute__((always_inline)) inline

/* ---- Passes ----------------------------------------------------------------------------------------- */

static const mh_chain *pass_locked(mh_host *host) {
    host->locked_passes++;
    return host->chain;
}

/* The chain to walk: without the lock where every module in it is thread-safe. */
static const mh_chain *pass_begin(mh_host *host, bool *locked) {
    *locked = host->serial;
    if (!*locked) {
        host->free_passes++;
        const mh_chain *chain = host->chain;
        if (!chain->serial)
            return chain;
        host->free_passes--; /* it has changed just now */
        *locked = true;
    }
    mh_lock_take(&host->lock);
    return pass_locked(host);
}

static void pass_end(mh_host *host, bool locked) {
    if (!locked) {
        host->free_passes--;
        return;
    }
    host->locked_passes--;
    mh_lock_release(&host->lock);
}

/* Native modules see a copy of the message, made once a pass: the embedder's bytes are not theirs to
 * write into, and modules do, also where the header says const. */
enum { SMALL_MESSAGE = 256 };

typedef struct passing {
    mh_event *event;      /* the caller's, which says what the message is now */
    const char *original; /* what it was, and is again in the end */
    void *source;
    char *copy;   /* NULL: nobody could write yet */
    bool changed; /* by a module that may */
    mh_instance *changer; /* the first that did */
    char small[SMALL_MESSAGE];
} passing;

static void begin(passing *message, mh_event *event, mh_pass *pass, mh_outcome *out) {
    message->event = event;
    message->original = event->message;
    message->source = event->source;
    message->copy = NULL;
    message->changed = false;
    pass->message = message;
    out->result = 0;
    out->by = out->failed = NULL;
}

static char *copy_of(const mh_event *event, char *room) {
    char *copy = event->len < SMALL_MESSAGE ? room : malloc(event->len + 1);
    if (copy != NULL) {
        mh_copy_bytes(copy, event->message, event->len);
        copy[event->len] = '\0';
    }
    return copy;
}

static void free_copy(char *copy, const char *room) {
    if (copy != room)
        free(copy);
}

inlined static bool make_copy(passing *message) {
    if (message->copy != NULL || message->event->kind != MH_ON_MESSAGE)
        return true;
    message->copy = copy_of(message->event, message->small);
    if (message->copy != NULL)
        message->event->message = message->copy;
    return message->copy != NULL;
}

/* Behind a module that may write: the embedder's own object stands for the message no longer. */
static void look_for_changes(passing *message, mh_instance *instance) {
    if (message->copy == NULL || message->changed)
        return;
    message->changed = !mh_same_bytes(message->copy, message->original, message->event->len);
    if (message->changed) {
        message->changer = instance;
        message->event->source = NULL;
    }
}

static void note_failure(mh_outcome *out, mh_instance *instance, mh_failure failure, int64_t code,
                         const mh_damage *damage) {
    if (out->failed != NULL)
        return;
    mh_instance_ref(instance);
    out->failed = instance;
    out->failure = failure;
    out->code = code;
    out->damage = *damage;
}

/* The copy, for whoever wants to know what became of the message: NULL where it is as it was. False: it
 * is not, and there is no memory. */
inlined static bool take_rewritten(passing *message, mh_outcome *out) {
    size_t size = message->event->len + 1;
    out->rewritten = NULL;
    message->event->message = message->original;
    message->event->source = message->source;
    if (message->changed && message->copy != message->small) {
        out->rewritten = message->copy;
        return true;
    }
    if (message->changed && (out->rewritten = malloc(size)) != NULL)
        memcpy(out->rewritten, message->copy, size);
    free_copy(message->copy, message->small);
    return !message->changed || out->rewritten != NULL;
}

static void lose_rewritten(const passing *message, mh_outcome *out) {
    note_failure(out, message->changer, MH_REWRITE_LOST, -1, &(mh_damage){.field = NULL});
    out->result = -1;
}

/* One callback. The caller has entered the instance. `code` is MH_NO_SLOT where the module left it
 * NULL; `damage` is written to with MH_DAMAGED only. */
inlined static mh_failure call_slot(mh_instance *instance, const mh_event *event, mh_pass *pass,
                            int64_t *code, mh_damage *damage) {
    static const char *const names[] = {"on_message",     "on_message_status", "on_call",
                                        "on_call_status", "on_login",          "on_config"};
    mh_frame frame;
    unsigned failures = pass->failures;
    mh_push(&frame, instance, pass, event);
    int64_t returned = *code = mh_call_module(instance, event);
    mh_pop(&frame);
    if (mh_instance_damage(instance, names[event->kind], damage))
        return MH_DAMAGED;
    if (pass->failures != failures)
        return MH_UPCALL_FAILED;
    return returned == 0 || returned == 1 || returned == MH_NO_SLOT ? MH_SOUND : MH_BAD_CODE;
}

/* False: whoever was told failed. */
static bool report_undone(mh_instance *instance, mh_pass *pass) {
    unsigned failures = pass->failures;
    mh_frame frame;
    mh_push(&frame, instance, pass, NULL);
    mh_report(instance, "wrote into the message, which is const in %s: undone; copy it first",
              instance->revision->name);
    mh_pop(&frame);
    return pass->failures == failures;
}

/* A module that may not write into the message: what it wrote is undone. Where an earlier one has
 * rewritten it, only a copy of its own can be compared with. */
inlined static mh_failure call_const(mh_instance *instance, passing *message, mh_pass *pass, int64_t *code,
                             mh_damage *damage) {
    const mh_event *event = message->event;
    const char *untouched = message->original;
    mh_event of_its_own;
    char room[SMALL_MESSAGE], *lent = message->copy;
    if (message->changed) {
        untouched = message->copy;
        of_its_own = *event;
        of_its_own.message = lent = copy_of(event, room);
        event = &of_its_own;
        if (lent == NULL)
            return MH_NO_MEMORY_FOR_IT;
    }
    mh_failure failure = call_slot(instance, event, pass, code, damage);
    if (lent != NULL && !mh_same_bytes(lent, untouched, event->len)) {
        memcpy(lent, untouched, event->len);
        if (!report_undone(instance, pass) && failure == MH_SOUND)
            failure = MH_UPCALL_FAILED;
    }
    if (message->changed)
        free_copy(lent, room);
    return failure;
}

/* The embedder's own bytes. They are as they were: nobody has been given them to write into. */
static mh_failure call_lent(mh_instance *instance, passing *message, mh_pass *pass, int64_t *code,
                            mh_damage *damage) {
    const char *now = message->event->message;
    message->event->message = message->original;
    mh_failure failure = call_slot(instance, message->event, pass, code, damage);
    message->event->message = now;
    return failure;
}

/* A script writes through mh_rewrite, which makes the copy that it needs. */
inlined static mh_failure call_any(mh_instance *instance, passing *message, mh_pass *pass, int64_t *code,
                           mh_damage *damage) {
    if (instance->zero_copy && pass->lent && !message->changed && !instance->revision->rewrites)
        return call_lent(instance, message, pass, code, damage);
    if (!instance->scripted && !make_copy(message))
        return MH_NO_MEMORY_FOR_IT;
    if (!instance->revision->rewrites)
        return call_const(instance, message, pass, code, damage);
    mh_failure failure = call_slot(instance, message->event, pass, code, damage);
    look_for_changes(message, instance);
    return failure;
}

inlined static void count_call(mh_instance *instance, mh_event_kind kind, int result) {
    mh_counts *counts = instance->thread_safe ? mh_own_counts(instance) : instance->counts;
    _Atomic uint64_t *counter = result < 0              ? &counts->failed
                                : kind != MH_ON_MESSAGE ? &counts->events
                                : result == 0           ? &counts->passed
                                                        : &counts->consumed;
    mh_count(counter, instance->thread_safe);
}

/* What one module makes of it, in out->result; false: it left that slot NULL, which passes. */
inlined static bool call_entered(mh_instance *instance, passing *message, mh_pass *pass, mh_outcome *out) {
    int64_t code = -1;
    mh_damage damage = {.field = NULL};
    mh_failure failure = call_any(instance, message, pass, &code, &damage);
    if (failure == MH_SOUND) {
        out->result = code == MH_NO_SLOT ? 0 : (int)code;
        if (code != MH_NO_SLOT)
            count_call(instance, message->event->kind, out->result);
        return code != MH_NO_SLOT;
    }
    out->result = -1;
    count_call(instance, message->event->kind, -1);
    note_failure(out, instance, failure, code, &damage);
    return true;
}

static size_t place_of(const mh_chain *chain, const mh_instance *member) {
    size_t at = 0;
    while (at < chain->count && chain->members[at] != member)
        at++;
    return at;
}

/* In a host that is being closed, a message must not slip through beside a module that is closed
 * already. */
mh_called mh_walk(mh_host *host, const mh_chain *chain, bool entered, mh_event *event,
                  mh_pass *pass, mh_outcome *out) {
    bool cut_short = false;
    passing message;
    begin(&message, event, pass, out);
    for (size_t i = 0; i < chain->count && out->by == NULL; i++) {
        mh_instance *instance = chain->members[i];
        if ((cut_short = host->refusing && !mh_is_ahead(instance, pass->row)))
            break;
        bool enter = instance->thread_safe && !entered;
        if (enter ? !mh_enter(instance) : instance->state != MH_OPEN)
            continue;
        call_entered(instance, &message, pass, out);
        if (out->result < 0 && host->pass_on_failure)
            out->result = 0;
        if (enter)
            mh_leave(instance);
        if (out->result != 0) {
            out->by = instance;
            out->place = i;
        }
    }
    if (!take_rewritten(&message, out)) {
        lose_rewritten(&message, out);
        out->by = message.changer;
        out->place = place_of(chain, message.changer);
    }
    return cut_short ? MH_NOT_OPEN : MH_CALLED;
}

/* As long as the chain is, it holds its members; who gets the outcome has it longer. */
static void hold_by(mh_outcome *out) {
    if (out->by != NULL)
        mh_instance_ref(out->by);
}

mh_called mh_process(mh_host *host, mh_event *event, mh_pass *pass, mh_outcome *out) {
    bool locked;
    const mh_chain *chain = pass_begin(host, &locked);
    mh_called result = mh_walk(host, chain, false, event, pass, out);
    hold_by(out);
    pass_end(host, locked);
    return result;
}

mh_called mh_try_process(mh_host *host, mh_event *event, mh_pass *pass, mh_outcome *out) {
    if (!host->holds_gil || !mh_lock_try(&host->lock))
        return MH_BUSY;
    mh_called result = MH_BUSY;
    const mh_chain *chain = pass_locked(host);
    if (host->holds_gil) /* it may have changed before we had the lock */
        result = mh_walk(host, chain, false, event, pass, out);
    if (result != MH_BUSY)
        hold_by(out);
    pass_end(host, true);
    return result;
}

static bool note_returned(mh_pass *pass, const mh_host *host, const mh_returned *returned) {
    mh_mail *mail = mh_mail_for(pass, host);
    if (mail == NULL)
        return false;
    if (mail->returned_count == mail->returned_capacity) {
        size_t capacity = mail->returned_capacity > 0 ? 2 * mail->returned_capacity : 8;
        mh_returned *more = realloc(mail->returned, capacity * sizeof *more);
        if (more == NULL)
            return false;
        mail->returned = more;
        mail->returned_capacity = capacity;
    }
    mh_instance_ref(returned->instance);
    mail->returned[mail->returned_count++] = *returned;
    return true;
}

mh_called mh_notify(mh_host *host, const mh_event *event, mh_instance *only, mh_pass *pass) {
    bool locked;
    mh_called result = MH_CALLED;
    const mh_chain *chain = pass_begin(host, &locked);
    for (size_t i = 0; i < chain->count; i++) {
        mh_returned returned = {.instance = chain->members[i]};
        if (host->refusing) {
            result = MH_NOT_OPEN;
            break;
        }
        if (only != NULL && returned.instance != only)
            continue;
        if (returned.instance->thread_safe && !mh_enter(returned.instance))
            continue;
        bool called = returned.instance->state == MH_OPEN;
        if (called)
            returned.failure = call_slot(returned.instance, event, pass, &returned.code,
                                         &returned.damage);
        called = called && returned.code != MH_NO_SLOT;
        if (called)
            count_call(returned.instance, event->kind, returned.failure == MH_SOUND ? 0 : -1);
        if (returned.instance->thread_safe)
            mh_leave(returned.instance);
        if (called && !note_returned(pass, host, &returned))
            result = MH_NO_ROOM;
    }
    pass_end(host, locked);
    return result;
}

static mh_called call_open(mh_instance *instance, mh_event *event, mh_pass *pass,
                           mh_outcome *out) {
    passing message;
    begin(&message, event, pass, out);
    instance->host->locked_passes += !instance->thread_safe;
    bool set = call_entered(instance, &message, pass, out);
    instance->host->locked_passes -= !instance->thread_safe;
    if (!take_rewritten(&message, out))
        lose_rewritten(&message, out);
    return set ? MH_CALLED : MH_NOT_SET;
}

mh_called mh_call(mh_instance *instance, mh_event *event, mh_pass *pass, mh_outcome *out) {
    if (!mh_enter(instance))
        return MH_NOT_OPEN;
    mh_called result = call_open(instance, event, pass, out);
    mh_leave(instance);
    return result;
}

mh_called mh_try_call(mh_instance *instance, mh_event *event, mh_pass *pass,
                      mh_outcome *out) {
    if (instance->thread_safe)
        return mh_call(instance, event, pass, out);
    mh_host *host = instance->host;
    if (!mh_lock_try(&host->lock))
        return MH_BUSY;
    mh_called result = instance->state == MH_OPEN ? call_open(instance, event, pass, out)
                                                  : MH_NOT_OPEN;
    mh_lock_release(&host->lock);
    return result;
}

bool mh_rewrite(mh_instance *from, const char *text, size_t len) {
    const mh_frame *top = mh_top;
    if (top == NULL || top->instance != from || top->pass == NULL || top->event == NULL ||
        top->event->kind != MH_ON_MESSAGE || !from->revision->rewrites || top->event->len != len)
        return false;
    passing *message = top->pass->message;
    if (!make_copy(message))
        return false;
    memcpy(message->copy, text, len);
    return true;
}
