/* ended.c - how a worker ended, for the embedder: what it wrote itself is checked, as its module could write to
 * all of it, and what it could not say is asked of the kernel. */
#define _GNU_SOURCE
#include "remote.h"

#include <signal.h>
#include <sys/wait.h>

static const double MOMENT = 2.0; /* seconds from a bell to the word of the zygote's, at most */

static void take_status(mh_crash *crash, int status) {
    crash->kind = WIFSIGNALED(status) ? MH_END_KILLED : MH_END_VANISHED;
    crash->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    crash->code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    crash->has_address = false;
    crash->frame_count = crash->object_count = 0;
}

/* The limit that stands behind it. The numbers are our own; the worker may say anything. */
static void take_limit(mh_crash *crash, const mh_worker_limits *limits, uint64_t spent) {
    const uint64_t allowed[] = {[MH_REACHED_NONE] = 0,
                                [MH_REACHED_MEMORY] = limits->memory,
                                [MH_REACHED_CPU_TIME] = limits->cpu_time,
                                [MH_REACHED_OPEN_FILES] = limits->open_files,
                                [MH_REACHED_NETWORK] = limits->no_network};
    if (crash->kind == MH_END_KILLED && crash->signal == SIGKILL && spent / 1000000000 >= limits->cpu_time)
        crash->reached = MH_REACHED_CPU_TIME;
    if (crash->reached >= sizeof allowed / sizeof allowed[0] || allowed[crash->reached] == 0)
        crash->reached = MH_REACHED_NONE;
    crash->allowed = allowed[crash->reached];
}

static void end_text(char *text, size_t size) { text[size - 1] = '\0'; }

static void mend_frames(mh_crash_frame *frames, uint32_t count, uint32_t object_count) {
    for (uint32_t i = 0; i < count; i++)
        if (frames[i].object < 0 || frames[i].object >= (int32_t)object_count)
            frames[i].object = -1;
}

/* The module could write to all of it. */
static void mend(mh_crash *crash) {
    if (crash->frame_count > MH_FRAMES)
        crash->frame_count = MH_FRAMES;
    if (crash->found_count > MH_FRAMES)
        crash->found_count = MH_FRAMES;
    if (crash->object_count > MH_OBJECTS)
        crash->object_count = MH_OBJECTS;
    if (crash->register_count > MH_REGISTERS)
        crash->register_count = MH_REGISTERS;
    if (crash->signal < 0 || crash->signal >= NSIG)
        crash->signal = 0;
    if (crash->lent >= MH_LENT_PARTS)
        crash->lent = MH_LENT_DATA;
    mend_frames(crash->frames, crash->frame_count, crash->object_count);
    mend_frames(crash->found, crash->found_count, crash->object_count);
    mend_frames(&crash->entry, 1, crash->object_count);
    for (int i = 0; i < MH_OBJECTS; i++)
        end_text(crash->objects[i], MH_OBJECT_PATH);
    for (int i = 0; i < MH_LAST_LINES; i++)
        end_text(crash->lines[i], MH_LINE_ROOM);
    end_text(crash->request, sizeof crash->request);
    end_text(crash->thread_name, sizeof crash->thread_name);
    end_text(crash->exception, sizeof crash->exception);
}

static void tell(mh_remote *remote, const mh_event *event, const mh_crash *crash) {
    const mh_hooks *hooks = &remote->instance->host->hooks;
    if (hooks->ended != NULL) {
        hooks->ended(hooks->context, remote->instance, event, crash);
        return;
    }
    mh_upcall_failed();
    if (crash != NULL)
        mh_report(remote->instance, "its process ended: signal %d, code %d", crash->signal, crash->code);
    else
        mh_report(remote->instance, "not called: its process has ended and is not started again");
}

void mh_remote_mourn(mh_remote *remote, const mh_event *event) {
    mh_crash *crash = &remote->crash;
    if (!mh_remote_hears_end(remote, MOMENT)) { /* the module rang that bell */
        remote->scribbled = true;
        mh_remote_end_worker(remote, COMMAND_KILL);
    }
    *crash = remote->channel->crash;
    bool is_told = crash->stage > 0 && crash->stage <= 2 && crash->kind <= MH_END_HUNG;
    if (!is_told)
        take_status(crash, remote->gone.status);
    if (remote->hung && !is_told) /* else it may have ended by itself, as its time was over */
        crash->kind = MH_END_HUNG;
    if (remote->scribbled)
        crash->kind = MH_END_SCRIBBLED;
    /* We know whether it has come through its init: it may end just before it says so, or just behind it. */
    bool in_no_request = crash->event >= MH_IN_NO_CALL;
    if (remote->loading && in_no_request)
        crash->event = MH_IN_INIT;
    else if (remote->depth == 0 && event == NULL && (crash->event >= 0 || crash->event == MH_IN_INIT))
        crash->event = MH_IN_NO_CALL;
    take_limit(crash, &remote->how.limits, remote->gone.spent);
    mend(crash);
    remote->crossing_count = mh_crossings_last(remote->source.crossings, remote->crossings);
    mh_trace_flush(remote->instance->host->trace, &remote->source);
    remote->up = false;
    remote->alive = 0;
    remote->ends++;
    remote->refused = false;
    tell(remote, event, crash);
    mh_requests_drop(remote->instance, remote->life); /* whoever waits for them knows of it already */
}

const mh_crossing *mh_last_crossings(const mh_instance *instance, size_t *count) {
    *count = instance->remote->crossing_count;
    return instance->remote->crossings;
}

bool mh_restart_refused(const mh_instance *instance, int64_t *code) {
    *code = instance->remote->refused_code;
    return instance->remote->refused;
}

void mh_remote_mourn_again(mh_remote *remote, const mh_event *event) {
    tell(remote, event, &remote->crash);
}

void mh_remote_tell_down(mh_remote *remote, const mh_event *event) { tell(remote, event, NULL); }

void mh_remote_show(mh_remote *remote) {
    const mh_hooks *hooks = &remote->instance->host->hooks;
    mh_channel *channel = remote->channel;
    int32_t process = atomic_load(&channel->stopped);
    if (hooks->stopped != NULL && process > 0)
        hooks->stopped(hooks->context, remote->instance, process, channel->stopped_thread);
    /* Unless it is another one's by now. */
    atomic_compare_exchange_strong(&channel->stopped, &process, -process);
}
