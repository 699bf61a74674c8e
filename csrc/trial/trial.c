/* trial.c - one load of a module by itself, handed things that show when they are misused. */
#include "trial.h"

#include "../library.h"

#include <stdlib.h>
#include <string.h>

static const double PATIENCE = 5.0; /* seconds, for threads that are to leave */

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

void trial_enter(mh_trial *trial, mh_frame *frame, mh_pass *pass, const mh_event *event) {
    mh_host *host = trial->instance->host;
    mh_lock_take(&host->lock);
    host->locked_passes++;
    *pass = (mh_pass){.row = MH_TRIAL_ROW};
    mh_push(frame, trial->instance, pass, event);
}

void trial_leave(mh_trial *trial, const mh_frame *frame) {
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
    /* This thread serves: what the module asks for stays open until a plan is played to it. */
    host->served = true;
    host->server = pthread_self();
    pthread_mutex_init(&trial->lock, NULL);
    host->hooks.context = trial;
    host->hooks.witness = trial_witness;
    host->hooks.answer = trial_answer;
    bool guarded = guard_struct(trial, place);
    if (guarded)
        mh_register(trial->instance);
    if (!guarded || !open_library(trial, what, refusal)) {
        mh_trial_free(trial, !mh_trial_close(trial));
        return NULL;
    }
    return trial;
}

int64_t mh_trial_init(mh_trial *trial, const mh_offer *offer) {
    mh_instance *instance = trial->instance;
    mh_frame frame;
    mh_pass pass;
    trial_enter(trial, &frame, &pass, NULL);
    int64_t code = instance->revision->init(instance, trial->entry, offer);
    instance->state = code == 0 ? MH_OPEN : MH_CLOSING;
    trial_leave(trial, &frame);
    return code;
}

void mh_trial_end_requests(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (instance->state != MH_OPEN)
        return;
    mh_frame frame;
    mh_pass pass;
    instance->leaving = true;
    trial_enter(trial, &frame, &pass, NULL);
    instance->state = MH_CLOSING;
    mh_requests_end(instance);
    trial_leave(trial, &frame);
    trial->leaves = true;
}

int64_t mh_trial_cleanup(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    mh_trial_end_requests(trial);
    if (!trial->leaves || trial->ended)
        return 0;
    mh_frame frame;
    mh_pass pass;
    trial_enter(trial, &frame, &pass, NULL);
    int64_t code = instance->revision->cleanup(instance);
    trial->ended = true;
    trial_leave(trial, &frame);
    return code;
}

bool mh_trial_close(mh_trial *trial) {
    mh_instance *instance = trial->instance;
    if (instance->registered) {
        mh_frame frame;
        mh_pass pass;
        instance->leaving = true;
        trial_enter(trial, &frame, &pass, NULL);
        instance->state = MH_CLOSING;
        mh_requests_end(instance);
        trial_leave(trial, &frame);
        mh_unregister(instance);
    }
    trial_forget_asked(trial);
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
    return !keep;
}

void mh_trial_free(mh_trial *trial, bool keep) {
    mh_instance *instance = trial->instance;
    if (keep)
        return; /* its threads may look there yet, and what they ask is refused there */
    trial_free_placed(trial, 0);
    if (trial->structure != NULL) { /* else the struct is still the instance's own */
        instance->module = NULL;
        mh_guarded_free(trial->structure);
    }
    mh_instance_forget_module(instance, false);
    mh_instance_unref(instance);
    pthread_mutex_destroy(&trial->lock);
    free(trial->misuses);
    free(trial->before);
    free(trial);
}

/* ---- The struct ----------------------------------------------------------------------------------- */

bool mh_trial_slot(const mh_trial *trial, size_t index, const char **name, uint64_t *value,
                   bool *code) {
    size_t offset;
    if (!trial->instance->revision->slot(trial->instance, index, name, &offset, value))
        return false;
    *code = *value != 0 && (mh_library_has_code(trial->instance->library, *value) || mh_is_code(*value));
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

