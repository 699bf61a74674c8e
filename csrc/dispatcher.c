/* dispatcher.c - answers on their way back to modules: one thread a host calls the modules, so that a
 * slow one delays the callbacks behind its own, and never a transfer. */
#define _GNU_SOURCE
#include "requests.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- One answer ------------------------------------------------------------------------------------ */

static void report_failure(mh_request *request, const mh_answer *answer) {
    static const char *const kinds[] = {"http", "fastcgi", "socket"};
    if (answer->kind == MH_ANSWER_FAILED && answer->size > 0)
        mh_report(request->instance, "%s: %.*s", kinds[request->what.kind], (int)answer->size,
                  answer->data);
}

/* Nobody waits for what a request's callback did: the next verdict says it, and the log does now. */
static void report_damage(mh_instance *instance) {
    if (instance->host->hooks.witness != NULL)
        return; /* the struct of a trial has no canary, and is looked at there */
    bool known = instance->damaged_in != NULL;
    mh_damage damage;
    if (mh_instance_damage(instance, "a callback of a request", &damage) && !known)
        mh_report(instance,
                  "overwrote its struct in %s: expected %#" PRIx64
                  " at byte %zu (%s), found %#" PRIx64,
                  damage.callback, damage.expected, damage.offset, damage.field, damage.found);
}

/* A native module's sink knows which of its callbacks it calls. */
static int64_t call_script(const mh_receiver *receiver, const mh_answer *answer) {
    return MH_CROSSING(NULL, HTTP_ON_DATA,
                       mh_say_answer(crossing, receiver->cbdata, answer->kind, answer->progress,
                                     answer->data, answer->size),
                       receiver->sink(receiver, answer));
}

void mh_request_deliver(mh_requests *requests, mh_request *request, const mh_answer *answer) {
    static const mh_answer cancelled = {.kind = MH_ANSWER_CANCELLED};
    const mh_receiver *receiver = &request->receiver;
    mh_frame frame;
    bool last = mh_answer_is_last(answer);
    if (last ? atomic_exchange(&request->over, true) : request->over)
        return;
    mh_push(&frame, request->instance, mh_current_pass(), NULL); /* a synchronous one is in a pass */
    report_failure(request, answer);
    int64_t result = request->instance->scripted ? call_script(receiver, answer)
                                                 : receiver->sink(receiver, answer);
    bool stopped = !last && result != 0 && !atomic_exchange(&request->over, true);
    if (stopped) {
        receiver->sink(receiver, &cancelled);
        mh_request_cancel(requests, request);
    }
    report_damage(request->instance);
    mh_pop(&frame);
    if (last || stopped)
        mh_request_finish(requests, request);
}

/* Behind an answer: what it held back goes on. */
static void settle(mh_requests *requests, delivery *done) {
    mh_request *request = done->request;
    size_t left = atomic_fetch_sub(&request->backlog, done->answer.size) - done->answer.size;
    pthread_mutex_lock(&requests->lock);
    if (request->pause_size > 0 && left < request->pause_size / 2) {
        request->pause_size = 0;
        mh_request_want(requests, request, MH_RESUME);
    }
    pthread_mutex_unlock(&requests->lock);
    free(done);
    mh_request_unref(request);
}

static void deliver(mh_requests *requests, delivery *next) {
    mh_request *request = next->request;
    /* Where the instance is closing, whoever closes makes the last call. */
    if (!request->over && mh_enter(request->instance)) {
        mh_request_deliver(requests, request, &next->answer);
        mh_leave(request->instance);
    }
    settle(requests, next);
}

/* With the lock held. */
static delivery *take_first(delivery_list *list) {
    delivery *first = list->first;
    if (first != NULL) {
        list->first = first->next;
        if (list->first == NULL)
            list->last = NULL;
    }
    return first;
}

/* ---- The thread ------------------------------------------------------------------------------------ */

static void *dispatch(void *data) {
    mh_requests *requests = data;
    pthread_mutex_lock(&requests->lock);
    for (;;) {
        while (requests->deliveries.first == NULL && !requests->stopping)
            pthread_cond_wait(&requests->work, &requests->lock);
        delivery *next = take_first(&requests->deliveries);
        if (next == NULL)
            break;
        pthread_mutex_unlock(&requests->lock);
        deliver(requests, next);
        pthread_mutex_lock(&requests->lock);
    }
    bool orphaned = requests->orphaned;
    pthread_mutex_unlock(&requests->lock);
    if (orphaned)
        mh_requests_release(requests);
    return NULL;
}

/* Signals stay with the threads that expect them. */
bool mh_dispatcher_start(mh_requests *requests) {
    sigset_t all, before;
    if (requests->dispatching)
        return true;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    requests->dispatching =
        pthread_create(&requests->dispatcher, NULL, dispatch, requests) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (requests->dispatching)
        pthread_setname_np(requests->dispatcher, "mesibo-calls");
    return requests->dispatching;
}

bool mh_dispatcher_stop(mh_requests *requests) {
    bool itself = requests->dispatching && pthread_equal(requests->dispatcher, pthread_self());
    pthread_mutex_lock(&requests->lock);
    requests->stopping = true;
    requests->orphaned = itself;
    pthread_cond_signal(&requests->work);
    pthread_mutex_unlock(&requests->lock);
    if (itself)
        pthread_detach(requests->dispatcher);
    else if (requests->dispatching)
        pthread_join(requests->dispatcher, NULL);
    requests->dispatching = false;
    return !itself;
}

/* The next answer of a synchronous request; NULL: its module is being closed. */
static delivery *wait_for_own(mh_requests *requests, mh_request *request) {
    const mh_hooks *hooks = &requests->host->hooks;
    void *token = hooks->let_go != NULL ? hooks->let_go(hooks->context) : NULL;
    pthread_mutex_lock(&requests->lock);
    while (request->own.first == NULL && !request->ending)
        pthread_cond_wait(&requests->own, &requests->lock);
    delivery *next = request->ending ? NULL : take_first(&request->own);
    pthread_mutex_unlock(&requests->lock);
    if (hooks->take_back != NULL)
        hooks->take_back(hooks->context, token);
    return next;
}

static void settle_taken(mh_requests *requests, mh_request *request) {
    pthread_mutex_lock(&requests->lock);
    delivery *taken = request->taken;
    request->taken = NULL;
    pthread_mutex_unlock(&requests->lock);
    if (taken != NULL)
        settle(requests, taken);
}

void mh_drop_own(mh_requests *requests, mh_request *request) {
    pthread_mutex_lock(&requests->lock);
    delivery_list left = request->own; /* each holds the request */
    request->own = (delivery_list){NULL, NULL};
    pthread_mutex_unlock(&requests->lock);
    settle_taken(requests, request);
    delivery *next;
    while ((next = take_first(&left)) != NULL)
        settle(requests, next);
}

void mh_dispatch_here(mh_requests *requests, mh_request *request) {
    static const mh_answer closed = {.kind = MH_ANSWER_FAILED};
    while (!request->over) {
        delivery *next = wait_for_own(requests, request);
        mh_request_deliver(requests, request, next != NULL ? &next->answer : &closed);
        if (next != NULL)
            settle(requests, next);
        else
            mh_request_cancel(requests, request);
    }
    mh_drop_own(requests, request);
}

/* ---- Answers that are taken one by one --------------------------------------------------------------- */

static mh_request *find_open(mh_requests *requests, const mh_instance *instance, uint32_t life,
                             uint64_t far) {
    pthread_mutex_lock(&requests->lock);
    mh_request *request = requests->open;
    while (request != NULL && (request->instance != instance || request->receiver.life != life ||
                               request->receiver.far != far || request->receiver.waiting == NULL))
        request = request->next_open;
    if (request != NULL)
        request->refs++;
    pthread_mutex_unlock(&requests->lock);
    return request;
}

/* It is held until the next one is taken, and so holds back what comes behind it. */
static void keep_taken(mh_requests *requests, mh_request *request, delivery *taken) {
    pthread_mutex_lock(&requests->lock);
    bool over = request->over; /* its module's process ended: nobody takes the next one */
    if (!over)
        request->taken = taken;
    pthread_mutex_unlock(&requests->lock);
    if (over)
        settle(requests, taken);
}

static void hand_over(mh_request *request, const mh_answer *answer) {
    request->told_last = mh_answer_is_last(answer);
    report_failure(request, answer);
    request->receiver.sink(&request->receiver, answer);
}

static int64_t take_next(mh_requests *requests, mh_request *request) {
    static const mh_answer closed = {.kind = MH_ANSWER_FAILED};
    pthread_mutex_lock(&requests->lock);
    bool ending = request->ending;
    delivery *next = ending ? NULL : take_first(&request->own);
    pthread_mutex_unlock(&requests->lock);
    if (next == NULL && !ending)
        return 0;
    hand_over(request, next != NULL ? &next->answer : &closed);
    if (next != NULL)
        keep_taken(requests, request, next);
    else
        mh_request_cancel(requests, request);
    return 1;
}

static int64_t take(mh_requests *requests, mh_request *request, int64_t returned) {
    static const mh_answer cancelled = {.kind = MH_ANSWER_CANCELLED};
    settle_taken(requests, request);
    if (request->told_last) {
        if (!atomic_exchange(&request->over, true)) {
            mh_drop_own(requests, request);
            mh_request_finish(requests, request);
        }
        return -1;
    }
    if (returned == 0)
        return take_next(requests, request);
    mh_request_cancel(requests, request);
    hand_over(request, &cancelled);
    return 1;
}

int64_t mh_request_take(mh_instance *instance, uint32_t life, uint64_t far, int64_t returned) {
    mh_requests *requests = instance->host->requests;
    mh_request *request = find_open(requests, instance, life, far);
    if (request == NULL)
        return -1;
    int64_t taken = take(requests, request, returned);
    mh_request_unref(request);
    return taken;
}

void mh_wake_own(mh_requests *requests, const mh_request *request) {
    if (request->receiver.waiting != NULL)
        request->receiver.waiting(&request->receiver);
    else
        pthread_cond_broadcast(&requests->own);
}

/* ---- What it is given ------------------------------------------------------------------------------ */

static delivery *copy_answer(mh_request *request, const mh_answer *answer) {
    static const char no_memory[] = "no memory for a copy of the answer";
    size_t type_size = answer->content_type != NULL ? strlen(answer->content_type) + 1 : 0;
    delivery *copy = malloc(sizeof *copy + type_size + answer->size + 1);
    if (copy == NULL) { /* then it fails instead, and that needs no memory */
        copy = request->spare;
        request->spare = NULL;
        if (copy != NULL)
            copy->answer = (mh_answer){
                .kind = MH_ANSWER_FAILED, .data = no_memory, .size = sizeof no_memory - 1};
        return copy;
    }
    copy->answer = *answer;
    if (answer->content_type != NULL)
        copy->answer.content_type = memcpy(copy->bytes, answer->content_type, type_size);
    char *data = copy->bytes + type_size;
    if (answer->data != NULL) {
        memcpy(data, answer->data, answer->size);
        copy->answer.data = data;
    }
    data[answer->size] = '\0';
    return copy;
}

bool mh_request_answer(mh_request *request, const mh_answer *answer) {
    if (request->over)
        return false; /* and its host may be gone */
    if (request->receiver.unwanted >> answer->kind & 1) /* the dispatcher need not wake up for it */
        return true;
    mh_requests *requests = request->instance->host->requests;
    delivery *copy = copy_answer(request, answer);
    if (copy == NULL)
        return false;
    copy->request = request;
    copy->next = NULL;
    request->refs++;
    request->backlog += copy->answer.size;
    pthread_mutex_lock(&requests->lock);
    if (request->what.synchronous && request->over) { /* nobody looks there any more */
        pthread_mutex_unlock(&requests->lock);
        free(copy);
        mh_request_unref(request);
        return false;
    }
    if (answer->kind == MH_ANSWER_WRITTEN)
        request->out_taken = 0;
    delivery_list *list = request->what.synchronous ? &request->own : &requests->deliveries;
    if (list->last != NULL)
        list->last->next = copy;
    else
        list->first = copy;
    list->last = copy;
    if (request->what.synchronous)
        mh_wake_own(requests, request);
    else
        pthread_cond_signal(&requests->work);
    pthread_mutex_unlock(&requests->lock);
    return true;
}

bool mh_request_answer_here(mh_request *request, const mh_answer *answer) {
    if (request->over || request->receiver.waiting != NULL) /* a thread of the module's takes it */
        return mh_request_answer(request, answer);
    if (request->receiver.unwanted >> answer->kind & 1)
        return true;
    mh_instance *instance = request->instance;
    bool inside = mh_is_inside(instance); /* in its init, too */
    if (!inside && !mh_enter(instance))
        return false;
    mh_request_deliver(instance->host->requests, request, answer);
    if (!inside)
        mh_leave(instance);
    return !request->over;
}

bool mh_request_pause(mh_request *request, size_t size) {
    if (request->over)
        return false;
    mh_requests *requests = request->instance->host->requests;
    pthread_mutex_lock(&requests->lock);
    bool paused = request->backlog > size;
    request->pause_size = paused ? size : 0;
    pthread_mutex_unlock(&requests->lock);
    return paused;
}
