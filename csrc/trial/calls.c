/* calls.c - calls of a module on trial: what it is handed lies between pages that nobody may touch. */
#include "trial.h"

#include <string.h>

enum { KEPT = 64 }; /* areas of earlier calls that stay mapped, so that who kept one is told by name */

void *trial_place(mh_trial *trial, const char *name, const void *bytes, size_t len,
                         mh_place place, bool read_only) {
    mh_guarded *guarded = mh_guarded_new(name, bytes, len, place, read_only);
    if (guarded == NULL)
        return NULL;
    pthread_mutex_lock(&trial->lock);
    guarded->below = trial->placed;
    trial->placed = guarded;
    pthread_mutex_unlock(&trial->lock);
    return mh_guarded_at(guarded);
}

void trial_free_placed(mh_trial *trial, size_t keep) {
    pthread_mutex_lock(&trial->lock);
    mh_guarded **link = &trial->placed;
    for (; keep > 0 && *link != NULL; keep--)
        link = &(*link)->below;
    while (*link != NULL) {
        mh_guarded *last = *link;
        *link = last->below;
        mh_guarded_free(last);
    }
    pthread_mutex_unlock(&trial->lock);
}

/* With its NUL. */
static bool place_text(mh_trial *trial, const char *name, const char *text, mh_place place,
                       char **out) {
    *out = NULL;
    if (text != NULL)
        *out = trial_place(trial, name, text, strlen(text) + 1, place, false);
    return text == NULL || *out != NULL;
}

static bool place_user(mh_trial *trial, const mh_user *user, const mh_placing *placing) {
    const mh_revision *revision = trial->instance->revision;
    if (!place_text(trial, "address", user->address, placing->addresses, &trial->address))
        return false;
    trial->user = *user;
    trial->user.address = trial->address;
    trial->event.user = &trial->user;
    if (revision->fill_user == NULL)
        return true;
    trial->lent = trial_place(trial, "user", NULL, revision->user_size, placing->params, false);
    if (trial->lent != NULL)
        revision->fill_user(trial->lent, &trial->user, trial->address);
    return trial->lent != NULL;
}

static bool place_params(mh_trial *trial, const mh_event *event, const mh_placing *placing) {
    const mh_revision *revision = trial->instance->revision;
    char *to, *from;
    if (!place_text(trial, "to", event->params->to, placing->addresses, &to) ||
        !place_text(trial, "from", event->params->from, placing->addresses, &from))
        return false;
    trial->lent =
        trial_place(trial, "params", NULL, revision->params_size, placing->params, false);
    if (trial->lent == NULL)
        return false;
    revision->fill_params(trial->lent, event, to, from);
    return true;
}

bool mh_trial_place(mh_trial *trial, const mh_event *event, const mh_placing *placing) {
    trial->event = *event;
    trial->lent = NULL;
    trial->flags = event->params != NULL ? event->params->flags : 0;
    if (event->user != NULL && !place_user(trial, event->user, placing))
        return false;
    if (event->config != NULL) { /* behind it is a NUL */
        trial->event.config = trial_place(trial, "config", event->config, event->config_len + 1,
                                          placing->message, false);
        if (trial->event.config == NULL)
            return false;
    }
    if (event->params != NULL && !place_params(trial, event, placing))
        return false;
    trial->event.params = NULL; /* the caller's */
    if (event->kind != MH_ON_MESSAGE)
        return true;
    trial->event.message = trial_place(trial, "message", event->message, event->len,
                                       placing->message, placing->read_only);
    return trial->event.message != NULL;
}

int64_t mh_trial_call(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (!instance->revision->has_callback(instance, trial->event.kind))
        return MH_NO_SLOT;
    mh_frame frame;
    mh_pass pass;
    trial_enter(trial, &frame, &pass, &trial->event);
    int64_t code = trial->lent != NULL
                       ? instance->revision->deliver(instance, &trial->event, trial->lent)
                       : instance->revision->call(instance, &trial->event);
    trial_leave(trial, &frame);
    return code;
}

void mh_trial_seal(mh_trial *trial) {
    for (mh_guarded *guarded = trial->placed; guarded != NULL; guarded = guarded->below)
        if (!guarded->area.sealed)
            mh_guarded_seal(guarded);
    trial_free_placed(trial, KEPT);
}

void mh_trial_let_go(mh_trial *trial) { trial_free_placed(trial, KEPT); }

bool mh_trial_area(const mh_trial *trial, size_t index, mh_area *out) {
    const mh_guarded *guarded = index == 0 ? trial->structure : trial->placed;
    while (index > 1 && guarded != NULL) {
        guarded = guarded->below;
        index--;
    }
    if (guarded != NULL)
        *out = guarded->area;
    return guarded != NULL;
}

bool mh_trial_spill(const mh_trial *trial, bool structure, mh_spill *out) {
    if (structure)
        return mh_guarded_spill(trial->structure, out);
    for (const mh_guarded *guarded = trial->placed; guarded != NULL; guarded = guarded->below)
        if (guarded->place != MH_ROOMY && mh_guarded_spill(guarded, out))
            return true;
    return false;
}
