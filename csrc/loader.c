/* loader.c - the life of a module: open, offer the struct, check what came back; end, clean up,
 * unmap. */
#define _GNU_SOURCE
#include "library.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const double PATIENCE = 5.0; /* seconds, for threads that are to leave and guesses to return */

static const mh_revision *const revisions[] = {&mh_doc2019, &mh_sdk2019, &mh_sdk2020};
const mh_offer mh_right_offer = {0};
enum { REVISIONS = sizeof revisions / sizeof revisions[0] };

const char *mh_revision_name(size_t index) {
    return index < REVISIONS ? revisions[index]->name : NULL;
}

const mh_revision *mh_revision_find(const char *name) {
    for (size_t i = 0; i < REVISIONS; i++)
        if (strcmp(revisions[i]->name, name) == 0)
            return revisions[i];
    return NULL;
}

bool mh_revision_struct(const char *revision, size_t index, const char **name, size_t *size,
                        const mh_word **words) {
    const mh_revision *found = mh_revision_find(revision);
    for (size_t i = 0; found != NULL && found->layouts[i].name != NULL; i++)
        if (i == index) {
            const mh_layout *layout = &found->layouts[i];
            *name = layout->name;
            *size = layout->size;
            *words = layout->words;
            return true;
        }
    return false;
}

/* ---- A revision that is not certain: the init in a child first ------------------------------------ */

typedef enum trial { ACCEPTS, REFUSES, CRASHES, TAKES_TOO_LONG, CANNOT_BE_TRIED } trial;

/* In the child: a crash is an answer here, nobody wants a report or a core dump of it. */
static void crash_quietly(void) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        signal(crashes[i], SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}

static void run_init_in_child(mh_instance *instance, void *entry, int to_parent) {
    crash_quietly();
    instance->host->hooks = (mh_hooks){0};
    instance->host->generation = mh_generation; /* what it asks of the host is to be answered */
    instance->tracer = NULL;
    char refused = instance->revision->init(instance, entry, &mh_right_offer) != 0;
    ssize_t written = write(to_parent, &refused, 1);
    _exit(written == 1 ? 0 : 1);
}

/* Waits for what the child says, then for the child. `status`: its wait status. */
static trial child_says(pid_t child, int from_child, int *status) {
    struct pollfd said = {.fd = from_child, .events = POLLIN};
    char refused = 0;
    ssize_t size = 0;
    int ready;
    do /* a signal begins the wait anew */
        ready = poll(&said, 1, (int)(PATIENCE * 1000));
    while (ready < 0 && errno == EINTR);
    while (ready > 0 && (size = read(from_child, &refused, 1)) < 0 && errno == EINTR)
        continue;
    if (ready <= 0)
        kill(child, SIGKILL);
    while (waitpid(child, status, 0) < 0 && errno == EINTR)
        continue;
    if (ready < 0 || size < 0)
        return CANNOT_BE_TRIED;
    if (ready == 0)
        return TAKES_TOO_LONG;
    return size == 0 ? CRASHES : refused ? REFUSES : ACCEPTS;
}

/* What the init does with the revision that it is offered. `signal`: what ended it, where it
 * CRASHES; 0: it ended the process itself. */
static trial try_init(mh_instance *instance, void *entry, int *signal) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return CANNOT_BE_TRIED;
    pthread_mutex_lock(&instance->host->mail_lock); /* or the child might find it taken for good */
    pid_t child = fork();
    pthread_mutex_unlock(&instance->host->mail_lock);
    if (child == 0)
        run_init_in_child(instance, entry, ends[1]);
    close(ends[1]);
    trial result = child < 0 ? CANNOT_BE_TRIED : child_says(child, ends[0], &status);
    close(ends[0]);
    *signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return result;
}

/* True when the init of a guessed revision returns at all; what it returns does not matter here. */
static bool survives_init(mh_instance *instance, void *entry, mh_refusal *refusal) {
    int signal;
    trial result = try_init(instance, entry, &signal);
    if (result != CRASHES && result != TAKES_TOO_LONG)
        return true;
    refusal->kind = MH_GUESS_CRASHED;
    refusal->code = result == CRASHES ? signal : 0;
    return false;
}

/* Which of two revisions its init accepts, found in child processes: what it does there before it
 * looks at `len`, in a layout that may be wrong, leaves no trace here. NULL: neither for certain. */
static const mh_revision *accepted_of(mh_instance *instance, const mh_revision *const choice[2],
                                      void *entry) {
    int signal;
    for (int i = 0; i < 2; i++)
        if (mh_instance_offer(instance, choice[i]) && try_init(instance, entry, &signal) == ACCEPTS)
            return choice[i];
    return NULL;
}

/* ---- Opening -------------------------------------------------------------------------------------- */

static bool slots_are_code(mh_instance *instance, mh_refusal *refusal) {
    const char *name;
    size_t offset;
    uint64_t value;
    for (size_t i = 0; instance->revision->slot(instance, i, &name, &offset, &value); i++) {
        if (value == 0 || mh_library_has_code(instance->library, value) || mh_is_code(value))
            continue;
        refusal->kind = MH_BAD_SLOT;
        refusal->damage = (mh_damage){.field = name, .offset = offset, .found = value};
        return false;
    }
    return true;
}

/* What was logged while it was not settled which revision it is goes where lines go, but for the
 * first `dropped` of them. */
static void release_lines(mh_instance *instance, mh_queue *lines, size_t dropped) {
    const mh_hooks *hooks = &instance->host->hooks;
    mh_line line;
    while (dropped-- > 0)
        mh_queue_pop(lines);
    while (hooks->log != NULL && mh_line_front(lines, &line)) {
        hooks->log(hooks->context, &line);
        mh_queue_pop(lines);
    }
}

static int64_t offer(mh_instance *instance, const mh_revision *revision, void *entry) {
    return mh_instance_offer(instance, revision) ? mh_call_init(instance, entry, &mh_right_offer) : -1;
}

/* Calls the init of a module that two revisions are possible for. Where a child could not tell (it
 * refuses both: the lines that it logs, kept, say why; or its init takes long) it is offered both
 * here, and the lines about an offer that it refused are dropped where it accepts the other. */
static void call_undecided(mh_instance *instance, void *entry, const mh_revision *other,
                           mh_pass *pass, mh_refusal *refusal) {
    const mh_revision *choice[] = {instance->revision, other};
    const mh_revision *accepted = accepted_of(instance, choice, entry);
    if (accepted != NULL) {
        refusal->code = offer(instance, accepted, entry);
        return;
    }
    instance->undecided = true;
    refusal->code = offer(instance, choice[0], entry);
    size_t first_lines = pass->mail != NULL ? pass->mail->logs.count : 0;
    bool again = refusal->code != 0;
    if (again)
        refusal->code = offer(instance, choice[1], entry);
    instance->undecided = false;
    if (pass->mail != NULL)
        release_lines(instance, &pass->mail->logs, again && refusal->code == 0 ? first_lines : 0);
}

static bool init_native(mh_instance *instance, const mh_load *what, mh_pass *pass,
                        mh_refusal *refusal) {
    size_t size = sizeof refusal->text;
    instance->library = mh_library_open(what->path, what->file, refusal->text, size);
    if (instance->library == NULL) {
        refusal->kind = MH_NOT_OPENED;
        return false;
    }
    void *entry = mh_library_symbol(instance->library, what->entry, refusal->text, size);
    if (entry == NULL) {
        refusal->kind = MH_NO_ENTRY;
        return false;
    }
    if (what->guessed && !survives_init(instance, entry, refusal))
        return false;
    const mh_revision *other = what->otherwise != NULL ? mh_revision_find(what->otherwise) : NULL;
    if (other != NULL)
        call_undecided(instance, entry, other, pass, refusal);
    else
        refusal->code = mh_call_init(instance, entry, &mh_right_offer);
    return true;
}

static bool init_script(mh_instance *instance, mh_refusal *refusal) {
    instance->revision->fill_slots(instance);
    if (instance->script.init != NULL)
        refusal->code = MH_CROSSING(instance, INIT, (void)0,
                                    instance->script.init(instance->script.self, instance));
    return true;
}

/* Everything between the empty struct and a module that may be called. */
static bool bring_up(mh_instance *instance, const mh_load *what, mh_pass *pass,
                     mh_refusal *refusal) {
    unsigned failures = pass->failures;
    mh_frame frame;
    mh_push(&frame, instance, pass, NULL);
    bool called = what->script != NULL      ? init_script(instance, refusal)
                  : what->isolation != NULL ? mh_remote_init(instance, what, refusal)
                                            : init_native(instance, what, pass, refusal);
    mh_pop(&frame);
    if (!called)
        return false;
    if (pass->failures != failures) {
        refusal->kind = MH_INIT_FAILED;
        return false;
    }
    if (mh_instance_damage(instance, "init", &refusal->damage)) {
        refusal->kind = MH_INIT_DAMAGED;
        return false;
    }
    if (refusal->code != 0) {
        refusal->kind = MH_INIT_REFUSED;
        return false;
    }
    return what->script != NULL || what->isolation != NULL || slots_are_code(instance, refusal);
}

/* ---- Taking down ---------------------------------------------------------------------------------- */

/* Cuts off threads of the module's own, then unmaps. Without a lock where one can be let go. */
static mh_closing take_down(mh_instance *instance, mh_pass *pass) {
    mh_unregister(instance);
    if (instance->remote != NULL)
        mh_remote_stop(instance->remote);
    bool left = mh_drain(&instance->guests, PATIENCE) &&
                mh_drain(&instance->threads, PATIENCE) && instance->entries == 0;
    bool overwritten = instance->library != NULL && mh_library_is_overwritten(instance->library);
    bool keep = instance->keep_mapped || overwritten || !left;
    if (instance->library != NULL) {
        mh_frame frame;
        mh_push(&frame, instance, pass, NULL);
        mh_library_close(instance->library, keep);
        mh_pop(&frame);
        instance->library = NULL;
    }
    instance->state = MH_DEAD;
    instance->tracer = NULL; /* a thread of its own may outlive that */
    if (left)
        mh_instance_forget_module(instance, keep && !instance->scripted);
    else
        mh_instance_ref(instance); /* whoever is still inside reads it, and its struct */
    if (!left)
        return MH_CLOSED_BUSY;
    return instance->keep_mapped ? MH_CLOSED_KEPT
           : overwritten         ? MH_CLOSED_OVERWRITTEN
                                 : MH_CLOSED;
}

mh_instance *mh_load_module(mh_host *host, const mh_load *what, mh_pass *pass,
                            mh_refusal *refusal) {
    *refusal = (mh_refusal){.kind = MH_ACCEPTED};
    const mh_revision *revision = mh_revision_find(what->revision);
    if (revision == NULL || (what->script != NULL && revision->fill_slots == NULL)) {
        refusal->kind = MH_NO_SUCH_REVISION;
        return NULL;
    }
    if (what->isolation != NULL)
        revision = mh_remote_revision(revision);
    mh_instance *instance = mh_instance_new(host, what, revision);
    if (instance == NULL) {
        refusal->kind = MH_NO_MEMORY;
        return NULL;
    }
    if (what->keep_mapped)
        mh_serve(host); /* its threads may log at any time */
    mh_lock_take(&host->lock);
    host->locked_passes++;
    mh_register(instance);
    if (host->refusing) {
        refusal->kind = MH_HOST_CLOSED;
    } else if (bring_up(instance, what, pass, refusal)) {
        instance->state = MH_OPEN;
        if (!mh_chain_append(host, instance))
            refusal->kind = MH_NO_MEMORY;
    }
    if (refusal->kind != MH_ACCEPTED) {
        instance->state = MH_CLOSING;
        mh_requests_end(instance);
    }
    host->locked_passes--;
    mh_lock_release(&host->lock);
    if (refusal->kind == MH_ACCEPTED)
        return instance;
    instance->tag = NULL; /* a thread of its own that is still inside must not find the embedder's */
    take_down(instance, pass);
    mh_instance_unref(instance);
    return NULL;
}

static int64_t run_cleanup(mh_instance *instance, mh_pass *pass, mh_damage *damage) {
    mh_frame frame;
    mh_push(&frame, instance, pass, NULL);
    mh_requests_end(instance);
    bool known = instance->damaged_in != NULL;
    int64_t code = mh_call_cleanup(instance);
    mh_pop(&frame);
    mh_damage found;
    if (mh_instance_damage(instance, "cleanup", &found) && !known)
        *damage = found;
    return code;
}

mh_closing mh_close(mh_instance *instance, mh_pass *pass, double seconds, int64_t *code,
                    mh_damage *damage) {
    mh_host *host = instance->host;
    *code = 0;
    *damage = (mh_damage){0};
    if (mh_is_inside(instance))
        return MH_INSIDE_ITSELF;
    instance->leaving = true;
    mh_requests_hurry(host->requests, instance, 0);
    if (!mh_lock_try(&host->lock) && !mh_lock_wait(&host->lock, seconds)) {
        instance->leaving = false;
        return MH_LOCK_TIMEOUT;
    }
    if (instance->state != MH_OPEN) {
        mh_lock_release(&host->lock);
        return MH_ALREADY_CLOSED;
    }
    instance->state = MH_CLOSING;
    /* Where memory is too short for a new chain, the old one still skips what is not open. */
    mh_chain_remove(host, instance);
    if (instance->thread_safe) {
        mh_lock_release(&host->lock);
        mh_drain(&instance->entries, PATIENCE);
        mh_lock_take(&host->lock);
    }
    host->locked_passes++;
    *code = run_cleanup(instance, pass, damage);
    host->locked_passes--;
    mh_lock_release(&host->lock);
    return take_down(instance, pass);
}

static bool reload(mh_instance *instance, mh_pass *pass, int64_t *code, mh_refusal *refusal) {
    mh_frame frame;
    mh_push(&frame, instance, pass, NULL);
    instance->state = MH_CLOSING; /* what fails now is not asked for again */
    mh_requests_end(instance);
    instance->state = MH_LOADING;
    bool loaded = mh_remote_reload(instance, code, refusal);
    instance->state = MH_OPEN;
    mh_pop(&frame);
    return loaded;
}

bool mh_reload(mh_instance *instance, mh_pass *pass, int64_t *code, mh_refusal *refusal) {
    mh_host *host = instance->host;
    bool loaded = false;
    *code = 0;
    *refusal = (mh_refusal){.kind = MH_HOST_CLOSED};
    if (instance->remote == NULL || mh_is_inside(instance))
        return false;
    mh_requests_hurry(host->requests, instance, 0);
    mh_lock_take(&host->lock);
    host->locked_passes++;
    if (instance->state == MH_OPEN) {
        refusal->kind = MH_ACCEPTED;
        loaded = reload(instance, pass, code, refusal);
    }
    host->locked_passes--;
    mh_lock_release(&host->lock);
    return loaded;
}
