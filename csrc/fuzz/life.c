/* life.c - the life of a module, from init to cleanup, as a case has it. */
#include "living.h"

static bool begin(mh_instance *instance) {
    mh_frame frame;
    mh_pass pass;
    fuzz_enter(instance, &frame, &pass, NULL);
    int64_t code = instance->revision->init(instance, fuzz_entry, &mh_right_offer);
    instance->state = code == 0 ? MH_OPEN : MH_CLOSING;
    fuzz_exit(instance, &frame, "init");
    unsigned has = 0;
    for (int kind = 0; kind < MH_EVENT_KINDS; kind++)
        has |= (unsigned)fuzz_revision->has_callback(instance, (mh_event_kind)kind) << kind;
    if (code == 0) {
        fuzz_learnt->callbacks = has;
        fuzz_noted->lives++;
    } else
        fuzz_noted->refused = code;
    return code == 0;
}

static void end(mh_instance *instance) {
    mh_frame frame;
    mh_pass pass;
    instance->leaving = true;
    fuzz_enter(instance, &frame, &pass, NULL);
    bool open = instance->state == MH_OPEN;
    instance->state = MH_CLOSING;
    mh_requests_end(instance);
    if (open)
        instance->revision->cleanup(instance);
    fuzz_exit(instance, &frame, "cleanup");
    fuzz_network_end();
    fuzz_instance_give(instance);
}

static void run_steps(mh_instance *instance, const fuzz_case *what, size_t *at) {
    if (fuzz_asked.threads) {
        fuzz_run_with_threads(instance, what, at);
        return;
    }
    for (; *at < what->count && what->steps[*at].kind != FUZZ_RELOAD; ++*at)
        fuzz_take_step(instance, &what->steps[*at]);
}

static mh_instance *living;
static mh_instance *standing; /* between cases: none has changed it since its init */

/* What the module had in hand is lost, and what it was given stays where it is. */
void fuzz_abandon(void) {
    mh_top = NULL;
    fuzz_heap_count(false);
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

static bool go_on(void) {
    if (standing == NULL)
        return false;
    living = standing;
    standing = NULL;
    return true;
}

/* Its cleanup belongs to no case, but is the same as that of the case that it began with would have been. */
static void end_standing(void) {
    if (go_on())
        end(living);
}

fuzz_left fuzz_life_left(void) {
    return standing != NULL ? (fuzz_left){0} : fuzz_heap_left();
}

/* A module whose data are as they were when it was opened. What its init allocates is noted. */
static bool begin_first(const fuzz_items *items) {
    fuzz_memory_restore();
    fuzz_heap_begin();
    fuzz_heap_note(true);
    living = fuzz_instance_take(items->all, items->count);
    bool open = begin(living);
    fuzz_heap_note(false);
    return open;
}

static bool begin_again(const fuzz_items *items) {
    living = fuzz_instance_take(items->all, items->count);
    return begin(living);
}

void fuzz_live(const fuzz_case *what) {
    fuzz_items items;
    size_t at = 0;
    bool open = true, kept = true, own_items = fuzz_items_are_own(what);
    if (own_items)
        end_standing();
    fuzz_instances_begin();
    fuzz_heap_count(true);
    fuzz_lend_begin();
    fuzz_network_begin(what, &at);
    fuzz_items_make(&items, what);
    if (!go_on()) {
        open = begin_first(&items);
        kept = open && !own_items && fuzz_standing_keep(living);
    }
    for (;;) { /* behind each reload, too */
        if (open)
            run_steps(living, what, &at);
        bool is_last = !open || at == what->count || fuzz_failed();
        if (is_last && kept && !fuzz_failed() && fuzz_standing_is_kept(living)) {
            standing = living;
            break;
        }
        end(living);
        if (is_last || fuzz_failed())
            break;
        at++;
        kept = false;
        open = begin_again(&items);
    }
    fuzz_items_free(&items);
    fuzz_heap_count(false);
}
