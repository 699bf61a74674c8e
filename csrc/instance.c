/* instance.c - one load of one module, and who is running: the thread's stack of instances, the
 * registry of live module structs, and the way in and out of a module. */
#define _GNU_SOURCE
#include "library.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

_Thread_local mh_frame *mh_top __attribute__((tls_model("initial-exec")));

static const uint64_t CANARY = 0x5AFE5AFE0DDBA115u;

/* The struct has room for any revision's: one that is offered to the wrong module may be written to
 * in the layout of another. All of the block behind it is canary. */
enum { MODULE_BLOCK = 320 };

/* ---- The module struct and its canary ----------------------------------------------------------- */

static uint64_t *canary_of(const mh_instance *instance) {
    return (uint64_t *)(void *)((char *)instance->module + instance->revision->module_size);
}

static size_t canary_words(const mh_instance *instance) {
    return (MODULE_BLOCK - instance->revision->module_size) / sizeof(uint64_t);
}

mh_instance *mh_instance_new(mh_host *host, const mh_load *what, const mh_revision *revision) {
    mh_instance *instance = calloc(1, sizeof *instance);
    void *module = calloc(1, MODULE_BLOCK);
    char *label = strdup(what->label);
    mh_counts *counts = mh_counts_new();
    if (instance == NULL || module == NULL || label == NULL || counts == NULL) {
        free(counts);
        free(instance);
        free(module);
        free(label);
        return NULL;
    }
    instance->module = module;
    instance->counts = counts;
    instance->host = host;
    instance->tag = what->tag;
    instance->log_level = what->log_level;
    instance->state = MH_LOADING;
    instance->refs = 1;
    instance->label = label;
    instance->label_len = strlen(label);
    instance->thread_safe = what->thread_safe;
    instance->hold_gil = what->hold_gil;
    instance->zero_copy = what->zero_copy;
    instance->keep_mapped = what->keep_mapped && what->isolation == NULL;
    instance->has_synchronous = what->has_synchronous;
    if (what->script != NULL) {
        instance->scripted = true;
        instance->script = *what->script;
    }
    if (host->timed)
        instance->times = mh_histogram_new();
    if (what->isolation == NULL) /* else what crosses does so in its worker */
        instance->tracer = host->tracer;
    instance->watched = instance->times != NULL || instance->tracer != NULL;
    if ((host->timed && instance->times == NULL) ||
        !mh_items_copy(instance, what->items, what->item_count) ||
        !mh_instance_offer(instance, revision)) {
        mh_instance_forget_module(instance, false);
        mh_instance_unref(instance);
        return NULL;
    }
    return instance;
}

bool mh_instance_offer(mh_instance *instance, const mh_revision *revision) {
    instance->revision = revision;
    free(instance->abi_config);
    instance->abi_config = NULL;
    memset(instance->module, 0, revision->module_size);
    for (size_t i = 0; i < canary_words(instance); i++)
        canary_of(instance)[i] = CANARY;
    return revision->prepare(instance);
}

typedef uint64_t pair __attribute__((vector_size(16), aligned(8), may_alias));
enum { STEP = 4 * sizeof(pair) };

/* What is no canary in STEP bytes. */
static inline pair wrong_in(const char *at) {
    const pair *words = (const pair *)(const void *)at, canary = {CANARY, CANARY};
    return (words[0] ^ canary) | (words[1] ^ canary) | (words[2] ^ canary) | (words[3] ^ canary);
}

/* Whether all of the block behind the struct is canary. After every call, so many words at a time; the
 * last step may overlap the one before. */
static bool canary_is_whole(const mh_instance *instance) {
    const char *at = (const char *)canary_of(instance);
    const char *last = (const char *)instance->module + MODULE_BLOCK - STEP;
    pair wrong = wrong_in(last);
    for (; at < last; at += STEP)
        wrong |= wrong_in(at);
    return (wrong[0] | wrong[1]) == 0;
}

static bool find_damage(const mh_instance *instance, mh_damage *out) {
    if (canary_is_whole(instance))
        return instance->revision->damage(instance, out);
    const uint64_t *canary = canary_of(instance);
    size_t i = 0;
    while (canary[i] == CANARY)
        i++;
    *out = (mh_damage){.field = "behind the struct",
                       .offset = instance->revision->module_size + i * sizeof *canary,
                       .expected = CANARY,
                       .found = canary[i]};
    return true;
}

bool mh_instance_damage(mh_instance *instance, const char *callback, mh_damage *out) {
    if (!find_damage(instance, out))
        return false;
    if (instance->damaged_in == NULL)
        instance->damaged_in = callback;
    out->callback = instance->damaged_in;
    return true;
}

void mh_instance_forget_module(mh_instance *instance, bool keep) {
    if (!keep) {
        free(instance->module);
        free(instance->abi_config);
        mh_items_free(instance);
        if (instance->remote != NULL)
            mh_remote_free(instance->remote);
        instance->remote = NULL;
    }
    instance->module = NULL;
}

void mh_instance_ref(mh_instance *instance) { atomic_fetch_add(&instance->refs, 1); }

void mh_instance_unref(mh_instance *instance) {
    if (instance == NULL || atomic_fetch_sub(&instance->refs, 1) != 1)
        return;
    free(instance->counts);
    free(instance->times);
    free(instance->label);
    free(instance);
}

const char *mh_instance_revision(const mh_instance *instance) { return instance->revision->name; }
const char *mh_label(const mh_instance *instance) { return instance->label; }
void mh_set_tag(mh_instance *instance, void *tag) { instance->tag = tag; }
void *mh_tag(const mh_instance *instance) { return instance->tag; }

/* ---- The registry ----------------------------------------------------------------------------- */

enum { BUCKETS = 1024 };
static mh_instance *registry[BUCKETS];
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;

/* Whoever forks has the lock, so that the child does not find it taken for good. */
static void lock_registry(void) { pthread_mutex_lock(&registry_lock); }
static void unlock_registry(void) { pthread_mutex_unlock(&registry_lock); }
__attribute__((constructor)) static void guard_forks(void) {
    pthread_atfork(lock_registry, unlock_registry, unlock_registry);
}

static mh_instance **bucket_of(const void *module) {
    return &registry[((uintptr_t)module >> 5) % BUCKETS];
}

void mh_register(mh_instance *instance) {
    pthread_mutex_lock(&registry_lock);
    mh_instance **bucket = bucket_of(instance->module);
    instance->next_registered = *bucket;
    *bucket = instance;
    instance->registered = true;
    pthread_mutex_unlock(&registry_lock);
}

void mh_unregister(mh_instance *instance) {
    pthread_mutex_lock(&registry_lock);
    mh_instance **link = bucket_of(instance->module);
    while (*link != NULL && *link != instance)
        link = &(*link)->next_registered;
    if (*link != NULL)
        *link = instance->next_registered;
    instance->registered = false;
    pthread_mutex_unlock(&registry_lock);
}

bool mh_hold(mh_instance *instance) {
    pthread_mutex_lock(&registry_lock);
    bool held = instance->registered;
    instance->guests += held;
    pthread_mutex_unlock(&registry_lock);
    return held;
}

void mh_let_go(mh_instance *instance) { instance->guests--; }

/* No thread that is in a pass is a module's own, and so none of those is cancelled. */
static int hold_cancelling(void) {
    int before = -1;
    if (mh_top == NULL || mh_top->pass == NULL)
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

/* In a child of fork the hosts are the parent's. With the registry's lock. */
static mh_instance *at_home(mh_instance *found) {
    if (found == NULL || !mh_host_here(found->host))
        return NULL;
    found->guests++;
    return found;
}

mh_caller mh_caller_of(const void *module) {
    mh_frame *top = mh_top;
    int cancelling = hold_cancelling();
    if (top != NULL && top->instance->module == module && module != NULL &&
        top->instance->state != MH_DEAD && mh_host_here(top->instance->host))
        return (mh_caller){top->instance, false, cancelling};
    pthread_mutex_lock(&registry_lock);
    mh_instance *found = *bucket_of(module);
    while (found != NULL && found->module != module)
        found = found->next_registered;
    found = at_home(found);
    pthread_mutex_unlock(&registry_lock);
    return (mh_caller){found, true, cancelling};
}

void mh_caller_done(mh_caller caller) {
    if (caller.guest && caller.instance != NULL)
        mh_let_go(caller.instance);
    if (caller.cancelling >= 0)
        pthread_setcancelstate(caller.cancelling, NULL);
}

mh_caller mh_caller_at(void *address) {
    int cancelling = hold_cancelling();
    if (mh_top != NULL) {
        mh_instance *innermost = mh_top->instance;
        bool usable = innermost->state != MH_DEAD && mh_host_here(innermost->host);
        return (mh_caller){usable ? innermost : NULL, false, cancelling};
    }
    mh_instance *found = NULL;
    pthread_mutex_lock(&registry_lock);
    for (size_t i = 0; i < BUCKETS && found == NULL; i++)
        for (found = registry[i]; found != NULL; found = found->next_registered)
            if (found->library != NULL &&
                mh_library_has_code(found->library, (uint64_t)(uintptr_t)address))
                break;
    found = at_home(found);
    pthread_mutex_unlock(&registry_lock);
    return (mh_caller){found, true, cancelling};
}

/* ---- What its struct says now ------------------------------------------------------------------ */

bool mh_has_callback(mh_instance *instance, mh_event_kind kind) {
    if (!mh_hold(instance))
        return false;
    bool has = instance->revision->has_callback(instance, kind);
    mh_let_go(instance);
    return has;
}

bool mh_module_words(mh_instance *instance, uint64_t *version, uint64_t *flags) {
    const char *name;
    if (!mh_hold(instance))
        return false;
    instance->revision->words(instance, version, flags, &name);
    mh_let_go(instance);
    return true;
}

long mh_module_name(mh_instance *instance, char *out, size_t size) {
    uint64_t version, flags;
    const char *name = NULL;
    long len = -1;
    if (!mh_hold(instance))
        return -1;
    instance->revision->words(instance, &version, &flags, &name);
    if (name != NULL && mh_is_readable(name))
        len = mh_text_len(name, size);
    if (len > 0)
        len = (long)mh_copy_in(out, name, (size_t)len);
    mh_let_go(instance);
    return len;
}

/* ---- In and out ------------------------------------------------------------------------------- */

bool mh_is_inside(const mh_instance *instance) {
    for (const mh_frame *frame = mh_top; frame != NULL; frame = frame->below)
        if (frame->instance == instance)
            return true;
    return false;
}

bool mh_inside_host(const mh_host *host) {
    for (const mh_frame *frame = mh_top; frame != NULL; frame = frame->below)
        if (frame->instance->host == host)
            return true;
    return false;
}

bool mh_enter(mh_instance *instance) {
    if (instance->thread_safe) {
        if (instance->state == MH_LOADING) { /* an answer that came before its init is through */
            mh_lock_take(&instance->host->lock);
            mh_lock_release(&instance->host->lock);
        }
        instance->entries++;
    } else {
        mh_lock_take(&instance->host->lock);
    }
    if (instance->state == MH_OPEN)
        return true;
    mh_leave(instance);
    return false;
}

void mh_leave(mh_instance *instance) {
    if (instance->thread_safe)
        instance->entries--;
    else
        mh_lock_release(&instance->host->lock);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

bool mh_drain(_Atomic int *users, double seconds) {
    if (*users == 0)
        return true;
    struct timespec pause = {0, 50000};
    double end = seconds_now() + seconds;
    while (*users > 0) {
        if (seconds_now() >= end)
            return false;
        nanosleep(&pause, NULL);
        if (pause.tv_nsec < 1000000)
            pause.tv_nsec *= 2;
    }
    return true;
}

mh_pass *mh_current_pass(void) { return mh_top != NULL ? mh_top->pass : NULL; }

bool mh_is_held(void) { return mh_top != NULL && mh_top->pass != NULL && mh_top->pass->held; }

void mh_upcall_failed(void) {
    if (mh_top != NULL && mh_top->pass != NULL)
        mh_top->pass->failures++;
}
