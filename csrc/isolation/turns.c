/* turns.c - giving a worker a turn, and waiting for it with a deadline. */
#define _GNU_SOURCE
#include "remote.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

static const double SLICE = 0.5;    /* seconds: then somebody looks whether the zygote is there */
static const double PATIENCE = 5.0; /* for one that is to be killed */
enum { WAITS = 12 };                /* so often: it may have a thousand processes to bury, on a busy machine */
enum { KEPT = 1 << 20 };            /* bytes of a region that are not given back */

static double seconds_now(void) { return (double)mh_now() / 1e9; }

static bool is_ended(const mh_remote *remote) {
    return (atomic_load(&remote->channel->to_host.count) & MH_GONE) != 0;
}

bool mh_remote_is_gone(const mh_remote *remote) {
    return is_ended(remote) && mh_bell_count(&remote->channel->to_host) == remote->seen;
}

void mh_remote_end_worker(mh_remote *remote, char command) {
    mh_bell *bell = &remote->channel->to_host;
    mh_remote_command(remote, command);
    bool heard;
    int left = WAITS; /* a debugger has all the time that it wants */
    while (!(heard = mh_remote_hears_end(remote, PATIENCE)) &&
           (mh_is_stopped(remote->channel) || (!mh_remote_zygote_stands(remote) && --left > 0)))
        continue;
    if (!heard && remote->zygote > 0) {
        kill(remote->zygote, SIGKILL); /* the worker ends with it */
        mh_remote_hears_end(remote, PATIENCE);
    }
    mh_bell_end(bell); /* where there is no zygote any more, nobody else does */
    remote->seen = mh_bell_count(bell);
}

/* Rows have their own time each. They are told by the worker, so that none counts twice. */
static void look_at_rows(const mh_remote *remote, mh_order order, mh_patience *patience) {
    const mh_channel *channel = remote->channel;
    uint64_t rows = order == MH_ORDER_ROWS ? channel->rows_done : 0;
    double begun = (double)channel->row_begun / 1e9;
    if (rows <= patience->rows || rows > remote->ahead.asked)
        return;
    patience->rows = rows;
    patience->left = patience->seconds;
    if (begun > patience->since && begun <= seconds_now())
        patience->since = begun;
}

static void count_time(const mh_remote *remote, mh_order order, mh_patience *patience) {
    double now = seconds_now();
    look_at_rows(remote, order, patience);
    patience->left -= now - patience->since;
    patience->since = now;
}

/* The turn of most is over before a clock is looked at: it is from the first question on. */
static void count_question(const mh_remote *remote, mh_order order, mh_patience *patience) {
    if (patience->since == 0)
        patience->since = seconds_now();
    count_time(remote, order, patience);
}

static bool is_over(const mh_patience *patience) {
    return patience->seconds > 0 && patience->left <= 0;
}

static void end_hung(mh_remote *remote) {
    remote->hung = true;
    mh_remote_end_worker(remote, COMMAND_HUNG);
}

/* Waits for the turn to be given back: false when it never is. */
static bool wait_turn(mh_remote *remote, mh_order order, mh_patience *patience) {
    mh_bell *bell = &remote->channel->to_host;
    if (!mh_bell_look(bell, remote->seen)) {
        if (patience->since == 0)
            patience->since = seconds_now();
        while (!mh_bell_wait(bell, remote->seen,
                             patience->seconds > 0 && patience->left < SLICE ? patience->left
                                                                             : SLICE)) {
            if (mh_is_stopped(remote->channel)) /* a debugger has all the time that it wants */
                patience->left = patience->seconds;
            count_time(remote, order, patience);
            bool is_late = is_over(patience) || remote->instance->host->hurried;
            if (is_late && !mh_is_stopped(remote->channel)) {
                end_hung(remote);
                return false;
            }
            mh_remote_look_after(remote);
        }
    }
    uint32_t before = remote->seen;
    remote->seen = mh_bell_count(bell);
    remote->scribbled = remote->seen != before && remote->seen != ((before + 1) & ~MH_GONE);
    return remote->seen != before;
}

/* The names of what a module can damage; what the worker says is not followed. */
static const char *damaged_field(const char *said) {
    static const char *const fields[] = {
        "behind the struct", "version", "signature", "invoke", "send_message", "http", "log",
        "cleanup", "on_cleanup", "on_message", "on_message_status", "on_call", "on_call_status",
        "on_login", "on_config"};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strncmp(fields[i], said, sizeof((mh_channel *)0)->field) == 0)
            return fields[i];
    return "a bell of the struct";
}

void mh_remote_take_damage(mh_remote *remote) {
    const mh_channel *channel = remote->channel;
    remote->damage = channel->damage;
    remote->damage.callback = NULL;
    remote->damage.field = damaged_field(channel->field);
}

static void take_answer(mh_remote *remote, mh_turn *turn) {
    turn->code = remote->channel->code;
    turn->rewritten = remote->channel->rewritten;
    if (turn->order == MH_ORDER_ROWS) /* each with its row */
        return;
    if (remote->channel->damaged)
        mh_remote_take_damage(remote);
    else
        remote->damage.field = NULL;
}

/* Large messages are rare: what they took is given back. */
static void give_back_memory(mh_remote *remote, size_t request_size) {
    if (request_size > KEPT)
        madvise(mh_requests_region(remote->channel), mh_padded(request_size), MADV_REMOVE);
    if (remote->mail_most > KEPT)
        madvise(mh_mail_region(remote->channel), remote->mail_most, MADV_REMOVE);
    remote->mail_most = 0;
}

static void give(mh_remote *remote, mh_order order) {
    remote->channel->order = order;
    mh_bell_ring(&remote->channel->to_worker);
}

static bool is_rare(mh_order order) {
    return order == MH_ORDER_LOAD || order == MH_ORDER_CLEANUP || order == MH_ORDER_UNLOAD;
}

/* In its init and its cleanup what it says comes at once, in order with what its threads say. */
static void begin(mh_remote *remote, mh_order order, size_t request_at) {
    mh_channel *channel = remote->channel;
    const mh_hooks *hooks = &remote->instance->host->hooks;
    channel->request_at = request_at;
    channel->ask_send = hooks->send != NULL || is_rare(order);
    channel->ask_log = hooks->log != NULL || is_rare(order);
    channel->room = mh_remote_room(remote);
    channel->damaged = channel->rewritten = false;
}

/* Serves what it asks for, and gives the turn again. False: there is no sense in it, it asks without an end,
 * or it ended in a turn inside of this one. */
static bool serve_ask(mh_remote *remote, mh_turn *turn) {
    int64_t result = 0;
    turn->nonsense = remote->scribbled || !mh_remote_take_mail(remote, &result);
    if (turn->nonsense || remote->life != turn->life || !remote->up)
        return false;
    if (is_over(&turn->patience)) {
        end_hung(remote);
        return false;
    }
    const mh_hooks *hooks = &remote->instance->host->hooks;
    if (hooks->send != NULL || hooks->log != NULL || remote->requested)
        turn->patience.since = seconds_now();
    remote->requested = false;
    begin(remote, turn->order, turn->request_at);
    remote->channel->reply = result;
    give(remote, MH_ORDER_REPLY);
    return true;
}

/* Until it answers; or asks for something in the middle of a batch, when it is ahead of the chain. */
static bool wait_answer(mh_remote *remote, mh_turn *turn) {
    while (wait_turn(remote, turn->order, &turn->patience)) {
        if (remote->channel->said == MH_SAYS_ANSWER)
            return true;
        if (turn->patience.seconds > 0)
            count_question(remote, turn->order, &turn->patience);
        turn->paused = turn->order == MH_ORDER_ROWS && !turn->resumed;
        if (turn->paused || !serve_ask(remote, turn))
            return false;
    }
    return false;
}

/* What it had said, and how it ended where it did. */
static bool end_turn(mh_remote *remote, mh_turn *turn, bool answered) {
    int64_t result;
    bool same = remote->life == turn->life && remote->up;
    if (answered)
        take_answer(remote, turn);
    turn->nonsense |= answered && remote->scribbled;
    if (same && !turn->nonsense && turn->order != MH_ORDER_ROWS)
        turn->nonsense = !mh_remote_take_mail(remote, &result);
    if (same && turn->nonsense) {
        mh_remote_end_worker(remote, COMMAND_KILL);
        remote->scribbled = true;
    }
    if (--remote->depth == 0 && turn->order != MH_ORDER_ROWS)
        give_back_memory(remote, remote->used);
    return answered && same && !turn->nonsense;
}

bool mh_remote_turn(mh_remote *remote, mh_order order, size_t request_at, double seconds,
                    mh_turn *out) {
    *out = (mh_turn){.order = order,
                     .request_at = request_at,
                     .life = remote->life,
                     .patience = {.seconds = seconds, .left = seconds}};
    remote->depth++;
    begin(remote, order, request_at);
    give(remote, order);
    bool answered = wait_answer(remote, out);
    return out->paused || end_turn(remote, out, answered);
}

bool mh_remote_resume(mh_remote *remote, mh_turn *turn) {
    turn->paused = false;
    turn->resumed = true;
    turn->patience.since = seconds_now();
    remote->channel->cut = true;
    bool answered = serve_ask(remote, turn) && wait_answer(remote, turn);
    return end_turn(remote, turn, answered);
}
