/* life.c - the life of a module, from init to cleanup, as a case has it. */
#define _GNU_SOURCE
#include "fuzz.h"

#include "../library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double PATIENCE = 5.0; /* seconds, for threads that are to leave */

mh_host *fuzz_host;
unsigned fuzz_callbacks = ~0u;
static const mh_revision *revision;
static mh_library *library;
static void *entry;

/* The sanitizer's; NULL where it is another. */
void __asan_poison_memory_region(const volatile void *at, size_t size) __attribute__((weak));
void __asan_unpoison_memory_region(const volatile void *at, size_t size) __attribute__((weak));

/* ---- What it is handed --------------------------------------------------------------------------------- */

void *fuzz_lend(const void *bytes, size_t len) {
    void *copy = malloc(len > 0 ? len : 1);
    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, bytes, len);
    else if (__asan_poison_memory_region != NULL)
        __asan_poison_memory_region(copy, 1); /* there is none, not even the first */
    return copy;
}

char *fuzz_lend_text(fuzz_text text) {
    if (text.bytes == NULL)
        return NULL;
    char *copy = malloc(text.len + 1);
    if (copy == NULL)
        abort();
    if (text.len > 0)
        memcpy(copy, text.bytes, text.len);
    copy[text.len] = '\0';
    return copy;
}

void fuzz_take_back(void *lent) { free(lent); }

/* ---- Opening ------------------------------------------------------------------------------------------- */

bool fuzz_has_items(void) { return strcmp(fuzz_asked.revision, "doc2019") != 0; }

static int64_t drop_message(void *context, mh_instance *from, const mh_params *params,
                            const char *message, size_t len) {
    (void)context, (void)from, (void)params, (void)message, (void)len;
    return 0;
}

static int64_t drop_line(void *context, const mh_line *line) {
    (void)context, (void)line;
    return 0;
}

static mh_instance *make_instance(const mh_item *items, size_t count) {
    const mh_load load = {.label = "fuzzed",
                          .revision = fuzz_asked.revision,
                          .items = items,
                          .item_count = count,
                          .log_level = UINT64_MAX, /* every line is formatted */
                          .has_synchronous = fuzz_asked.has_synchronous,
                          .thread_safe = fuzz_asked.thread_safe};
    mh_instance *instance = mh_instance_new(fuzz_host, &load, revision);
    if (instance == NULL)
        abort();
    instance->library = library;
    mh_register(instance);
    return instance;
}

/* The first of a case, where it has no configuration, is used again by the next one: memory is most of
 * what a case takes. Until then nobody may touch its struct. */
enum { STRUCT = 320 };
static mh_instance *spare;

static mh_instance *take_spare(void) {
    mh_instance *instance = spare;
    spare = NULL;
    if (__asan_unpoison_memory_region != NULL)
        __asan_unpoison_memory_region(instance->module, STRUCT);
    instance->library = library;
    instance->state = MH_LOADING;
    instance->leaving = false;
    instance->damaged_in = NULL;
    if (!mh_instance_offer(instance, revision))
        abort();
    mh_register(instance);
    return instance;
}

static bool make_spare(mh_instance *instance) {
    if (spare != NULL || !fuzz_asked.hurries || instance->item_count > 0 || instance->refs != 1 ||
        __asan_poison_memory_region == NULL)
        return false;
    __asan_poison_memory_region(instance->module, STRUCT);
    spare = instance;
    return true;
}

static void free_instance(mh_instance *instance) {
    mh_unregister(instance);
    bool left = mh_drain(&instance->guests, PATIENCE) && mh_drain(&instance->threads, PATIENCE);
    instance->library = NULL;
    instance->state = MH_DEAD;
    if (!left || make_spare(instance))
        return; /* its threads may look there yet, or the next case has it */
    mh_instance_forget_module(instance, false);
    mh_instance_unref(instance);
}

bool fuzz_open(void) {
    static const mh_limits limits = {1 << 20, 1 << 20, 64};
    static const mh_hooks hooks = {.send = drop_message,
                                   .log = drop_line,
                                   .witness = fuzz_witness,
                                   .answer = fuzz_network_answer};
    char why[1024] = "";
    revision = mh_revision_find(fuzz_asked.revision);
    fuzz_host = revision != NULL ? mh_host_new(&hooks, &limits, false) : NULL;
    if (fuzz_host == NULL) {
        fprintf(stderr, "%s: no such revision, or no memory\n", fuzz_asked.revision);
        return false;
    }
    fuzz_host->served = true; /* by the thread of the case */
    fuzz_host->server = pthread_self();
    mh_instance *constructing = make_instance(NULL, 0);
    mh_pass pass = {0};
    mh_frame frame;
    mh_push(&frame, constructing, &pass, NULL);
    library = mh_library_open(fuzz_asked.library, NULL, why, sizeof why);
    if (library != NULL)
        entry = mh_library_symbol(library, fuzz_asked.entry, why, sizeof why);
    mh_pop(&frame);
    free_instance(constructing);
    if (entry == NULL)
        fprintf(stderr, "%s\n", why);
    return entry != NULL && fuzz_memory_keep(fuzz_asked.library);
}

void fuzz_forked(void) {
    fuzz_host->generation = mh_generation;
    fuzz_host->server = pthread_self();
}

/* ---- The configuration ----------------------------------------------------------------------------------- */

typedef struct items {
    mh_item all[FUZZ_ITEMS];
    char *made[2 * FUZZ_ITEMS];
    size_t count, made_count;
} items;

static char *item_text(items *of, fuzz_text text) {
    char *copy = of->made[of->made_count++] = fuzz_lend_text(text);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = fuzz_item_byte((uint8_t)copy[i]);
    return copy;
}

/* One of that name is replaced. */
static void add_item(items *to, fuzz_text name, fuzz_text value) {
    if (name.len == 0 || to->made_count + 2 > 2 * FUZZ_ITEMS)
        return;
    const char *called = item_text(to, name);
    size_t at = 0;
    while (at < to->count && strcmp(to->all[at].name, called) != 0)
        at++;
    if (at == FUZZ_ITEMS)
        return;
    to->all[at] = (mh_item){called, item_text(to, value)};
    to->count += at == to->count;
}

static void make_items(items *to, const fuzz_case *what) {
    to->made_count = 0;
    to->count = fuzz_asked.item_count;
    memcpy(to->all, fuzz_asked.items, sizeof to->all);
    for (size_t i = 0; i < what->count && fuzz_has_items(); i++)
        if (what->steps[i].kind == FUZZ_ITEM)
            add_item(to, what->steps[i].to, what->steps[i].data);
}

/* ---- Its steps --------------------------------------------------------------------------------------------- */

static void enter(mh_instance *instance, mh_frame *frame, mh_pass *pass, const mh_event *event) {
    if (!instance->thread_safe) {
        mh_lock_take(&fuzz_host->lock);
        fuzz_host->locked_passes++;
    }
    *pass = (mh_pass){0};
    mh_push(frame, instance, pass, event);
}

static void leave(mh_instance *instance, const mh_frame *frame, const char *callback) {
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

static bool begin(mh_instance *instance) {
    mh_frame frame;
    mh_pass pass;
    enter(instance, &frame, &pass, NULL);
    int64_t code = instance->revision->init(instance, entry, &mh_right_offer);
    instance->state = code == 0 ? MH_OPEN : MH_CLOSING;
    leave(instance, &frame, "init");
    unsigned has = 0;
    for (int kind = 0; kind < MH_EVENT_KINDS; kind++)
        has |= (unsigned)revision->has_callback(instance, (mh_event_kind)kind) << kind;
    if (code == 0)
        fuzz_callbacks = has;
    return code == 0;
}

static void end(mh_instance *instance) {
    mh_frame frame;
    mh_pass pass;
    instance->leaving = true;
    enter(instance, &frame, &pass, NULL);
    bool open = instance->state == MH_OPEN;
    instance->state = MH_CLOSING;
    mh_requests_end(instance);
    if (open)
        instance->revision->cleanup(instance);
    leave(instance, &frame, "cleanup");
    fuzz_network_end();
    free_instance(instance);
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

static void deliver(mh_instance *instance, mh_event *event, void *params) {
    mh_frame frame;
    mh_pass pass;
    enter(instance, &frame, &pass, event);
    if (params != NULL)
        instance->revision->deliver(instance, event, params);
    else
        instance->revision->call(instance, event);
    leave(instance, &frame, callbacks[event->kind]);
}

static void message(mh_instance *instance, const fuzz_step *step) {
    char *to = fuzz_lend_text(step->to), *from = fuzz_lend_text(step->from);
    void *data = fuzz_lend(step->data.bytes, step->data.len);
    void *place = malloc(revision->params_size);
    mh_params params = params_of(step, to, from);
    mh_event event = {.kind = events[step->kind],
                      .params = &params,
                      .message = data,
                      .len = step->data.len,
                      .status = step->number};
    if (place == NULL)
        abort();
    revision->fill_params(place, &event, to, from);
    event.params = NULL;
    deliver(instance, &event, place);
    fuzz_take_back(place);
    fuzz_take_back(data);
    fuzz_take_back(from);
    fuzz_take_back(to);
}

static void login(mh_instance *instance, const fuzz_step *step) {
    char *address = fuzz_lend_text(step->to);
    const mh_user user = {step->number, step->present & FUZZ_ONLINE, address, step->to.len};
    deliver(instance, &(mh_event){.kind = MH_ON_LOGIN, .user = &user}, NULL);
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
    enter(instance, &frame, &pass, NULL);
    fuzz_network_play(step);
    leave(instance, &frame, "a callback of a request");
}

static void take_step(mh_instance *instance, const fuzz_step *step) {
    if (fuzz_failed())
        return;
    if (step->kind <= FUZZ_CONFIG && !revision->has_callback(instance, events[step->kind]))
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

/* ---- With threads ------------------------------------------------------------------------------------------
 *
 * Every other event is on another thread, as a server's are: for modules that several threads may be in,
 * while this one goes on. */

typedef struct errand {
    mh_instance *instance;
    const fuzz_case *what;
    size_t from, to; /* steps, every other of them */
} errand;

static void *run_errand(void *data) {
    const errand *given = data;
    for (size_t i = given->from; i < given->to; i += 2)
        if (given->what->steps[i].kind <= FUZZ_CONFIG)
            take_step(given->instance, &given->what->steps[i]);
    return NULL;
}

static pthread_t start(errand *given) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run_errand, given) != 0)
        abort();
    return thread;
}

/* Up to the next reload. */
static size_t run_with_threads(mh_instance *instance, const fuzz_case *what, size_t *at) {
    size_t last = *at;
    while (last < what->count && what->steps[last].kind != FUZZ_RELOAD)
        last++;
    errand others = {instance, what, *at + 1, last};
    pthread_t beside = 0;
    if (instance->thread_safe)
        beside = start(&others);
    for (size_t begun = *at; *at < last; ++*at) {
        const fuzz_step *step = &what->steps[*at];
        bool other = (*at - begun) % 2 == 1 && step->kind <= FUZZ_CONFIG;
        if (!other)
            take_step(instance, step);
        else if (!instance->thread_safe)
            pthread_join(start(&(errand){instance, what, *at, *at + 1}), NULL);
    }
    if (instance->thread_safe)
        pthread_join(beside, NULL);
    return last;
}

static void run_steps(mh_instance *instance, const fuzz_case *what, size_t *at) {
    if (fuzz_asked.threads) {
        run_with_threads(instance, what, at);
        return;
    }
    for (; *at < what->count && what->steps[*at].kind != FUZZ_RELOAD; ++*at)
        take_step(instance, &what->steps[*at]);
}

static mh_instance *living;

bool fuzz_is_code(uint64_t address) { return mh_library_has_code(library, address); }

/* What the module had in hand is lost, and what it was given stays where it is. */
void fuzz_abandon(void) {
    mh_top = NULL;
    if (!living->thread_safe) {
        fuzz_host->locked_passes = 0;
        fuzz_host->lock.depth = 0;
        mh_lock_release(&fuzz_host->lock);
    }
    living->leaving = true;
    living->state = MH_DEAD;
    fuzz_network_forget(living);
    mh_unregister(living);
}

void fuzz_live(const fuzz_case *what) {
    items configuration;
    make_items(&configuration, what);
    fuzz_memory_restore();
    for (size_t at = 0; at <= what->count; at++) { /* behind each reload, too */
        mh_instance *instance = at == 0 && spare != NULL && configuration.count == 0
                                    ? take_spare()
                                    : make_instance(configuration.all, configuration.count);
        living = instance;
        fuzz_network_begin(what, &at);
        bool open = begin(instance);
        if (open)
            run_steps(instance, what, &at);
        end(instance);
        if (!open || fuzz_failed())
            break;
    }
    while (configuration.made_count > 0)
        fuzz_take_back(configuration.made[--configuration.made_count]);
}
