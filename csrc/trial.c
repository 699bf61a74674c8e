/* trial.c - one load of a module by itself, handed things that show when they are misused. */
#include "library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double PATIENCE = 5.0; /* seconds, for threads that are to leave */

struct mh_trial {
    mh_instance *instance;
    void *entry;
    mh_guarded *structure; /* the module struct */
    void *before;          /* what it was before init */
    mh_guarded *placed;    /* for all calls so far, the last first */
    mh_event event;        /* of the next call */
    void *params;          /* of it, in the module's view; or NULL */
    char *address;         /* of a login */
    mh_user user;
};

/* ---- Its life ------------------------------------------------------------------------------------- */

/* The struct as the instance has it, moved between the pages. */
static bool guard_struct(mh_trial *trial, mh_place place) {
    mh_instance *instance = trial->instance;
    size_t size = instance->revision->module_size;
    trial->before = malloc(size);
    if (trial->before == NULL)
        return false;
    trial->structure = mh_guarded_new("the module struct", instance->module, size, place, false);
    if (trial->structure == NULL)
        return false;
    memcpy(trial->before, instance->module, size);
    free(instance->module);
    instance->module = mh_guarded_at(trial->structure);
    return true;
}

static void begin(mh_trial *trial, mh_frame *frame, mh_pass *pass, const mh_event *event) {
    mh_host *host = trial->instance->host;
    mh_lock_take(&host->lock);
    host->locked_passes++;
    *pass = (mh_pass){0};
    mh_push(frame, trial->instance, pass, event);
}

static void end(mh_trial *trial, const mh_frame *frame) {
    mh_host *host = trial->instance->host;
    mh_pop(frame);
    host->locked_passes--;
    mh_lock_release(&host->lock);
}

static bool open_library(mh_trial *trial, const mh_load *what, mh_refusal *refusal) {
    mh_instance *instance = trial->instance;
    size_t size = sizeof refusal->text;
    mh_pass pass = {0};
    mh_frame frame;
    mh_push(&frame, instance, &pass, NULL); /* its constructors run as the module */
    instance->library = mh_library_open(what->path, what->file, refusal->text, size);
    refusal->kind = instance->library == NULL ? MH_NOT_OPENED : MH_ACCEPTED;
    if (instance->library != NULL) {
        trial->entry = mh_library_symbol(instance->library, what->entry, refusal->text, size);
        refusal->kind = trial->entry == NULL ? MH_NO_ENTRY : MH_ACCEPTED;
    }
    mh_pop(&frame);
    return refusal->kind == MH_ACCEPTED;
}

mh_trial *mh_trial_new(mh_host *host, const mh_load *what, mh_place place, mh_refusal *refusal) {
    *refusal = (mh_refusal){.kind = MH_NO_MEMORY};
    const mh_revision *revision = mh_revision_find(what->revision);
    if (revision == NULL || what->script != NULL) {
        refusal->kind = MH_NO_SUCH_REVISION;
        return NULL;
    }
    mh_trial *trial = calloc(1, sizeof *trial);
    if (trial != NULL)
        trial->instance = mh_instance_new(host, what, revision);
    if (trial == NULL || trial->instance == NULL) {
        free(trial);
        return NULL;
    }
    /* Nobody answers: what it asks for stays open until it ends. A synchronous request is refused, as on
     * any thread that serves. */
    host->served = true;
    host->server = pthread_self();
    bool guarded = guard_struct(trial, place);
    if (guarded)
        mh_register(trial->instance);
    if (!guarded || !open_library(trial, what, refusal)) {
        mh_trial_free(trial);
        return NULL;
    }
    return trial;
}

int64_t mh_trial_init(mh_trial *trial, const mh_offer *offer) {
    mh_instance *instance = trial->instance;
    mh_frame frame;
    mh_pass pass;
    begin(trial, &frame, &pass, NULL);
    int64_t code = instance->revision->init(instance, trial->entry, offer);
    instance->state = code == 0 ? MH_OPEN : MH_CLOSING;
    end(trial, &frame);
    return code;
}

int64_t mh_trial_cleanup(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (instance->state != MH_OPEN)
        return 0;
    mh_frame frame;
    mh_pass pass;
    instance->leaving = true;
    begin(trial, &frame, &pass, NULL);
    instance->state = MH_CLOSING;
    mh_requests_end(instance);
    int64_t code = instance->revision->cleanup(instance);
    end(trial, &frame);
    return code;
}

static void free_placed(mh_trial *trial) {
    while (trial->placed != NULL) {
        mh_guarded *last = trial->placed;
        trial->placed = last->below;
        mh_guarded_free(last);
    }
}

bool mh_trial_free(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (instance->registered) {
        mh_frame frame;
        mh_pass pass;
        instance->leaving = true;
        begin(trial, &frame, &pass, NULL);
        instance->state = MH_CLOSING;
        mh_requests_end(instance);
        end(trial, &frame);
        mh_unregister(instance);
    }
    bool left = mh_drain(&instance->guests, PATIENCE) && mh_drain(&instance->threads, PATIENCE);
    bool keep = instance->keep_mapped || !left;
    if (instance->library != NULL) {
        mh_frame frame;
        mh_pass pass = {0};
        mh_push(&frame, instance, &pass, NULL);
        mh_library_close(instance->library, keep);
        mh_pop(&frame);
        instance->library = NULL;
    }
    instance->state = MH_DEAD;
    if (!keep) { /* else its threads may look there yet */
        free_placed(trial);
        if (trial->structure != NULL) { /* else the struct is still the instance's own */
            instance->module = NULL;
            mh_guarded_free(trial->structure);
        }
        mh_instance_forget_module(instance, false);
        mh_instance_unref(instance);
    }
    free(trial->before);
    free(trial);
    return !keep;
}

/* ---- The struct ----------------------------------------------------------------------------------- */

bool mh_trial_slot(const mh_trial *trial, size_t index, const char **name, uint64_t *value,
                   bool *code) {
    size_t offset;
    if (!trial->instance->revision->slot(trial->instance, index, name, &offset, value))
        return false;
    *code = mh_library_has_code(trial->instance->library, *value) || mh_is_code(*value);
    return true;
}

bool mh_trial_change(const mh_trial *trial, size_t *at, mh_damage *out) {
    const mh_layout *layout = &trial->instance->revision->layouts[0];
    const uint64_t *before = trial->before;
    for (; *at < layout->size / 8; ++*at) {
        uint64_t now;
        memcpy(&now, trial->structure->alias + trial->structure->offset + *at * 8, 8);
        if (layout->words[*at].own || now == before[*at])
            continue;
        *out = (mh_damage){.field = layout->words[*at].name,
                           .offset = *at * 8,
                           .expected = before[*at],
                           .found = now};
        ++*at;
        return true;
    }
    return false;
}

/* ---- Calls ---------------------------------------------------------------------------------------- */

/* What the module sees of it; NULL: no memory. */
static void *place_bytes(mh_trial *trial, const char *name, const void *bytes, size_t len,
                         mh_place place, bool read_only) {
    mh_guarded *guarded = mh_guarded_new(name, bytes, len, place, read_only);
    if (guarded == NULL)
        return NULL;
    guarded->below = trial->placed;
    trial->placed = guarded;
    return mh_guarded_at(guarded);
}

/* With its NUL. */
static bool place_text(mh_trial *trial, const char *name, const char *text, mh_place place,
                       char **out) {
    *out = NULL;
    if (text != NULL)
        *out = place_bytes(trial, name, text, strlen(text) + 1, place, false);
    return text == NULL || *out != NULL;
}

static bool place_params(mh_trial *trial, const mh_event *event, const mh_placing *placing) {
    const mh_revision *revision = trial->instance->revision;
    char *to, *from;
    if (!place_text(trial, "to", event->params->to, placing->addresses, &to) ||
        !place_text(trial, "from", event->params->from, placing->addresses, &from))
        return false;
    trial->params =
        place_bytes(trial, "params", NULL, revision->params_size, placing->params, false);
    if (trial->params == NULL)
        return false;
    revision->fill_params(trial->params, event, to, from);
    return true;
}

bool mh_trial_place(mh_trial *trial, const mh_event *event, const mh_placing *placing) {
    trial->event = *event;
    trial->params = NULL;
    if (event->user != NULL) {
        if (!place_text(trial, "address", event->user->address, placing->addresses,
                        &trial->address))
            return false;
        trial->user = *event->user;
        trial->user.address = trial->address;
        trial->event.user = &trial->user;
    }
    if (event->params != NULL && !place_params(trial, event, placing))
        return false;
    trial->event.params = NULL; /* the caller's */
    if (event->kind != MH_ON_MESSAGE)
        return true;
    trial->event.message = place_bytes(trial, "message", event->message, event->len,
                                       placing->message, placing->read_only);
    return trial->event.message != NULL;
}

int64_t mh_trial_call(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (!instance->revision->has_callback(instance, trial->event.kind))
        return MH_NO_SLOT;
    mh_frame frame;
    mh_pass pass;
    begin(trial, &frame, &pass, &trial->event);
    int64_t code = trial->params != NULL
                       ? instance->revision->deliver(instance, &trial->event, trial->params)
                       : instance->revision->call(instance, &trial->event);
    end(trial, &frame);
    return code;
}

void mh_trial_seal(mh_trial *trial) {
    for (mh_guarded *guarded = trial->placed; guarded != NULL; guarded = guarded->below)
        mh_guarded_seal(guarded);
}

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
