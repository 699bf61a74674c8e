/* network.c - the network that a module on trial asks for: requests are taken, and answered by a plan,
 * on the thread of the trial. What an answer has of bytes lies as messages do, and may not be touched
 * any more once the callback has returned. */
#include "trial.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t PATIENCE = 2000000000; /* nanoseconds for an answer in many pieces */

/* ---- What was asked -------------------------------------------------------------------------------- */

static bool add(mh_trial *trial, mh_request *request) {
    trial_asked *asked = calloc(1, sizeof *asked);
    trial_asked **link = &trial->asked;
    if (asked == NULL)
        return false;
    while (*link != NULL)
        link = &(*link)->next;
    asked->request = request;
    *link = asked;
    return true;
}

static void drop(trial_asked **link) {
    trial_asked *asked = *link;
    *link = asked->next;
    mh_request_unref(asked->request);
    free(asked);
}

static void shut(mh_trial *trial, const mh_request *request) {
    for (trial_asked *asked = trial->asked; asked != NULL; asked = asked->next)
        if (asked->request == request)
            asked->shut = true;
}

/* Everything that waits for whoever serves. */
static void take(mh_trial *trial) {
    mh_command command;
    while ((command = mh_take_command(trial->instance->host)).kind != MH_NO_COMMAND) {
        if (command.kind == MH_START && !add(trial, command.request)) {
            mh_report(trial->instance, "a request stays without an answer: no memory to note it");
            mh_request_unref(command.request);
        }
        if (command.kind == MH_WRITE)
            free(command.bytes);
        if (command.kind == MH_CLOSE)
            shut(trial, command.request);
    }
}

void trial_forget_asked(mh_trial *trial) {
    take(trial);
    while (trial->asked != NULL)
        drop(&trial->asked);
    free(trial->plan);
    trial->plan = NULL;
    trial->plan_size = 0;
}

static uint64_t number_of(const mh_receiver *receiver) {
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof receiver->callbacks / sizeof receiver->callbacks[0]; i++)
        number = number * 0x9E3779B97F4A7C15 + (uint64_t)receiver->callbacks[i];
    return number;
}

/* Those that are over are dropped on the way. */
bool mh_trial_asked(mh_trial *trial, size_t index, mh_asked *out) {
    take(trial);
    trial_asked **link = &trial->asked;
    while (*link != NULL && ((*link)->request->over || index > 0)) {
        if ((*link)->request->over) {
            drop(link);
        } else {
            link = &(*link)->next;
            index--;
        }
    }
    if (*link == NULL)
        return false;
    const mh_request *request = (*link)->request;
    *out = (mh_asked){.id = request->id,
                      .kind = request->what.kind,
                      .callbacks = number_of(&request->receiver)};
    switch (request->what.kind) {
    case MH_HTTP:
        out->where = request->what.http.url;
        out->posts = request->what.http.post != NULL;
        break;
    case MH_FCGI: out->where = request->what.fcgi.host; break;
    case MH_SOCKET: out->where = request->what.socket.url; break;
    }
    return true;
}

/* ---- Plans ------------------------------------------------------------------------------------------ */

static bool place_step(mh_trial *trial, trial_step *to, const mh_planning *planning) {
    static const char *const names[] = {[MH_ANSWER_HEADERS] = "the header",
                                        [MH_ANSWER_BODY] = "the body",
                                        [MH_ANSWER_DATA] = "the data"};
    mh_answer *answer = &to->step.answer;
    if (answer->data != NULL) {
        answer->data = trial_place(trial, names[answer->kind], answer->data, answer->size,
                                   planning->place, planning->read_only);
        to->data = answer->data != NULL ? trial->placed : NULL;
        if (answer->data == NULL)
            return false;
    }
    if (answer->content_type != NULL) {
        answer->content_type = trial_place(trial, "the response_type", answer->content_type,
                                           strlen(answer->content_type) + 1, planning->place,
                                           planning->read_only);
        to->type = answer->content_type != NULL ? trial->placed : NULL;
        return answer->content_type != NULL;
    }
    return true;
}

bool mh_trial_plan(mh_trial *trial, const mh_step *steps, size_t count,
                   const mh_planning *planning) {
    free(trial->plan);
    trial->plan = calloc(count > 0 ? count : 1, sizeof *trial->plan);
    trial->plan_size = trial->plan != NULL ? count : 0;
    if (trial->plan == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        trial->plan[i].step = steps[i];
        trial->plan[i].seal = planning->seal;
        if (!place_step(trial, &trial->plan[i], planning))
            return false;
    }
    return true;
}

/* ---- Playing ---------------------------------------------------------------------------------------- */

static uint64_t deliver(mh_trial *trial, mh_request *request, const mh_answer *answer) {
    mh_request_deliver(trial->instance->host->requests, request, answer);
    return 1;
}

/* In pieces, the last of them the one that the answer says: from 1 to 99 percent, then its own. */
static uint64_t deliver_pieces(mh_trial *trial, mh_request *request, const mh_answer *whole,
                               size_t size) {
    uint64_t calls = 0, begun = mh_now();
    size_t at = 0;
    while (whole->size - at > size && !request->over) {
        if (calls % 1024 == 1023 && mh_now() - begun > PATIENCE)
            break; /* the rest of it is one piece */
        mh_answer piece = *whole;
        piece.data = whole->data + at;
        piece.size = size;
        piece.progress = (int)(1 + at * 98 / whole->size);
        calls += deliver(trial, request, &piece);
        at += size;
    }
    mh_answer last = *whole;
    last.data = whole->data + at;
    last.size = whole->size - at;
    return request->over ? calls : calls + deliver(trial, request, &last);
}

static bool is_shut(const mh_trial *trial, const mh_request *request) {
    for (const trial_asked *asked = trial->asked; asked != NULL; asked = asked->next)
        if (asked->request == request)
            return asked->shut;
    return false;
}

static void seal(const trial_step *done) {
    if (done->seal && done->data != NULL)
        mh_guarded_seal(done->data);
    if (done->seal && done->type != NULL)
        mh_guarded_seal(done->type);
}

/* What is left of the plan when the request is over is never seen; a plan without a last answer ends in
 * a failure, or in the close that the module asked for. */
static uint64_t play(mh_trial *trial, mh_request *request) {
    static const mh_answer failed = {.kind = MH_ANSWER_FAILED}, closed = {.kind = MH_ANSWER_CLOSED};
    uint64_t calls = 0;
    trial_step *plan = trial->plan;
    size_t count = trial->plan_size;
    trial->plan = NULL; /* a request that is made meanwhile has no plan */
    trial->plan_size = 0;
    for (size_t i = 0; i < count && !request->over && !is_shut(trial, request); i++) {
        const mh_step *step = &plan[i].step;
        calls += step->piece > 0 ? deliver_pieces(trial, request, &step->answer, step->piece)
                                 : deliver(trial, request, &step->answer);
        seal(&plan[i]);
        take(trial);
    }
    if (!request->over)
        calls += deliver(trial, request, is_shut(trial, request) ? &closed : &failed);
    free(plan);
    return calls;
}

static void forget(mh_trial *trial, const mh_request *request) {
    trial_asked **link = &trial->asked;
    while (*link != NULL && (*link)->request != request)
        link = &(*link)->next;
    if (*link != NULL)
        drop(link);
}

bool mh_trial_play(mh_trial *trial, uint64_t id, uint64_t *calls) {
    const trial_asked *asked = trial->asked;
    while (asked != NULL && asked->request->id != id)
        asked = asked->next;
    if (asked == NULL || asked->request->over)
        return false;
    mh_frame frame;
    mh_pass pass;
    trial_enter(trial, &frame, &pass, NULL);
    *calls = play(trial, asked->request);
    trial_leave(trial, &frame);
    forget(trial, asked->request);
    return true;
}

void trial_answer(void *context, mh_request *request) {
    mh_trial *trial = context;
    trial->synchronous++;
    take(trial);
    play(trial, request);
    forget(trial, request);
}

uint64_t mh_trial_synchronous(const mh_trial *trial) { return trial->synchronous; }
