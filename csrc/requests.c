/* requests.c - the requests of a host: taken in from modules, bounded, and ended with their module. */
#define _GNU_SOURCE
#include "requests.h"

#include <stdlib.h>

static const double PATIENCE = 5; /* seconds for a callback that is running */

static _Atomic uint64_t last_id;

const mh_elsewhere *mh_requests_elsewhere;

/* ---- Taking in ------------------------------------------------------------------------------------- */

static bool is_closing(const mh_instance *instance) {
    return instance->host->refusing || instance->leaving || instance->state == MH_CLOSING ||
           instance->state == MH_DEAD;
}

static bool is_empty(const char *text) { return text == NULL || text[0] == '\0'; }

/* Why a request makes no sense, or NULL. */
static const char *objection(const mh_host *host, const mh_what *what) {
    if (what->kind == MH_HTTP && is_empty(what->http.url))
        return "the url is empty; pass http://... or https://...";
    if (what->kind == MH_SOCKET && is_empty(what->socket.url))
        return "the url is empty; pass ws://, wss://, sock:// or socks://";
    if (what->kind == MH_FCGI && is_empty(what->fcgi.host))
        return "the host is empty; pass a name, an address or the path of a Unix socket";
    if (what->kind == MH_FCGI && what->fcgi.host[0] != '/' &&
        (what->fcgi.port < 1 || what->fcgi.port > 65535))
        return "the port is not within 1 to 65535";
    if (what->synchronous && host->hooks.answer == NULL && host->served && pthread_equal(host->server, pthread_self()))
        return "a synchronous request on the thread that serves requests would wait for itself";
    return NULL;
}

/* Why it is refused, or NULL. With the lock held: whoever closes the module looks for its requests
 * with the lock, too, so none slips in behind. */
static const char *add(mh_requests *requests, mh_request *request) {
    if (is_closing(request->instance))
        return "the module is being closed";
    if (requests->open_count >= requests->host->limits.requests) {
        requests->refused++;
        return "too many requests are open";
    }
    if (!mh_dispatcher_start(requests))
        return "no thread could be made for the answers";
    if (request->what.kind == MH_SOCKET && !mh_socket_register(request))
        return "the numbers of sockets are used up";
    request->refs++; /* the list's */
    request->next_open = requests->open;
    if (requests->open != NULL)
        requests->open->previous_open = request;
    requests->open = request;
    requests->open_count++;
    mh_request_want(requests, request, MH_START);
    return NULL;
}

static const char *refusal_of(const mh_instance *from, const mh_what *what) {
    return is_closing(from) ? "the module is being closed" : objection(from->host, what);
}

static void answer_here(mh_requests *requests, mh_request *request) {
    const mh_hooks *hooks = &requests->host->hooks;
    if (hooks->answer != NULL)
        hooks->answer(hooks->context, request);
    else
        mh_dispatch_here(requests, request);
}

static const char *unserved(mh_host *host) {
    if (mh_serve(host))
        return NULL;
    const char *known = host->hooks.no_service;
    return known != NULL ? known : "nobody serves requests in this host";
}

/* `request` is a copy of what is asked; NULL: `why` says why not. */
static int64_t submit(mh_instance *from, mh_request_kind kind, mh_request *request, const char *why,
                      const mh_receiver *receiver) {
    static const char *const kinds[] = {"http", "fastcgi", "socket"};
    mh_requests *requests = from->host->requests;
    if (request != NULL && (why = unserved(from->host)) != NULL) {
        mh_request_discard(request);
        request = NULL;
    }
    if (request != NULL) {
        request->id = ++last_id;
        request->instance = from;
        mh_instance_ref(from);
        request->receiver = *receiver;
        pthread_mutex_lock(&requests->lock);
        why = add(requests, request);
        pthread_mutex_unlock(&requests->lock);
        if (why == NULL && request->what.synchronous && receiver->waiting == NULL)
            answer_here(requests, request);
        mh_request_unref(request);
    } else if (receiver->release != NULL) {
        receiver->release(receiver->cbdata);
    }
    if (why != NULL)
        mh_report(from, "%s refused: %s", kinds[kind], why);
    return why == NULL ? 0 : -1;
}

int64_t mh_submit(mh_instance *from, const mh_what *what, const mh_receiver *receiver) {
    bool wanted = mh_may_go_on(from, &(mh_given){.kind = MH_GIVEN_REQUEST, .what = what});
    if (mh_is_traced())
        mh_say_request(what);
    if (!wanted && receiver->release != NULL)
        receiver->release(receiver->cbdata);
    if (!wanted)
        return -1;
    if (mh_requests_elsewhere != NULL)
        return mh_requests_elsewhere->submit(from, what, receiver);
    const char *why = refusal_of(from, what);
    mh_request *request = why == NULL ? mh_request_copy(what, &why) : NULL;
    return submit(from, what->kind, request, why, receiver);
}

int64_t mh_submit_packed(mh_instance *from, const mh_what *what, const char *texts, size_t size,
                         const mh_receiver *receiver) {
    const char *why = NULL;
    mh_request *request = mh_request_unpack(what, texts, size, &why);
    if (request != NULL && (why = refusal_of(from, &request->what)) != NULL) {
        mh_request_discard(request);
        request = NULL;
    }
    return submit(from, what->kind, request, why, receiver);
}

/* ---- Ending ---------------------------------------------------------------------------------------- */

static bool is_of(const mh_request *request, const mh_instance *instance, uint32_t life) {
    return (instance == NULL || request->instance == instance) &&
           (life == 0 || request->receiver.life == life);
}

/* The next open request of the instance, of one of its processes (0: of any), marked as over. */
static mh_request *claim(mh_requests *requests, const mh_instance *instance, uint32_t life) {
    pthread_mutex_lock(&requests->lock);
    mh_request *request = requests->open;
    while (request != NULL &&
           (!is_of(request, instance, life) || atomic_exchange(&request->over, true)))
        request = request->next_open;
    pthread_mutex_unlock(&requests->lock);
    return request;
}

/* Synchronous requests end on the threads that wait for them; whether one is left to end. `instance`
 * NULL: those of all modules. */
static bool end_synchronous(mh_requests *requests, const mh_instance *instance, uint32_t life) {
    bool left = false;
    for (mh_request *request = requests->open; request != NULL; request = request->next_open)
        if (is_of(request, instance, life) && request->what.synchronous) {
            left = request->ending = true;
            mh_wake_own(requests, request);
        }
    return left;
}

void mh_requests_hurry(mh_requests *requests, const mh_instance *instance, uint32_t life) {
    pthread_mutex_lock(&requests->lock);
    end_synchronous(requests, instance, life);
    pthread_mutex_unlock(&requests->lock);
}

static void wait_for_synchronous(mh_requests *requests, const mh_instance *instance) {
    struct timespec until = mh_deadline(PATIENCE);
    int error = 0;
    pthread_mutex_lock(&requests->lock);
    while (end_synchronous(requests, instance, 0) && error == 0)
        error = pthread_cond_timedwait(&requests->own, &requests->lock, &until);
    pthread_mutex_unlock(&requests->lock);
}

/* Of one that was claimed. */
static void forget(mh_requests *requests, mh_request *request) {
    mh_request_cancel(requests, request);
    if (request->receiver.waiting != NULL)
        mh_drop_own(requests, request);
    mh_request_finish(requests, request);
}

void mh_requests_end(mh_instance *instance) {
    static const mh_answer closed = {.kind = MH_ANSWER_FAILED};
    mh_requests *requests = instance->host->requests;
    mh_request *request;
    if (mh_requests_elsewhere != NULL)
        mh_requests_elsewhere->end(instance);
    wait_for_synchronous(requests, instance);
    while ((request = claim(requests, instance, 0)) != NULL) {
        mh_frame frame;
        mh_push(&frame, instance, mh_current_pass(), NULL);
        if (request->receiver.waiting == NULL)
            request->receiver.sink(&request->receiver, &closed);
        mh_pop(&frame);
        forget(requests, request);
    }
}

void mh_requests_drop(mh_instance *instance, uint32_t life) {
    mh_requests *requests = instance->host->requests;
    mh_request *request;
    while ((request = claim(requests, instance, life)) != NULL)
        forget(requests, request);
}

/* ---- The lot of them ------------------------------------------------------------------------------- */

mh_requests *mh_requests_new(mh_host *host) {
    mh_requests *requests = calloc(1, sizeof *requests);
    pthread_condattr_t monotonic;
    if (requests == NULL)
        return NULL;
    requests->host = host;
    pthread_mutex_init(&requests->lock, NULL);
    pthread_cond_init(&requests->work, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&requests->own, &monotonic);
    pthread_cond_init(&requests->idle, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return requests;
}

void mh_requests_release(mh_requests *requests) {
    while (requests->first_command != NULL) {
        mh_request *request = requests->first_command;
        requests->first_command = request->next_command;
        mh_request_unref(request);
    }
    pthread_cond_destroy(&requests->work);
    pthread_cond_destroy(&requests->own);
    pthread_cond_destroy(&requests->idle);
    pthread_mutex_destroy(&requests->lock);
    free(requests);
}

void mh_requests_stop(mh_requests *requests) {
    if (requests->dispatching && !pthread_equal(requests->dispatcher, pthread_self()))
        mh_dispatcher_stop(requests);
}

void mh_requests_free(mh_requests *requests) {
    if (mh_dispatcher_stop(requests))
        mh_requests_release(requests);
}

uint64_t mh_refused_requests(mh_host *host) {
    pthread_mutex_lock(&host->requests->lock);
    uint64_t refused = host->requests->refused;
    pthread_mutex_unlock(&host->requests->lock);
    return refused;
}

size_t mh_open_requests(mh_host *host) {
    pthread_mutex_lock(&host->requests->lock);
    size_t open = host->requests->open_count;
    pthread_mutex_unlock(&host->requests->lock);
    return open;
}

bool mh_wait_idle(mh_host *host, double seconds) {
    mh_requests *requests = host->requests;
    struct timespec until = mh_deadline(seconds < 0 ? 0 : seconds);
    pthread_mutex_lock(&requests->lock);
    int error = 0;
    while (requests->open_count > 0 && error == 0)
        error = seconds < 0 ? pthread_cond_wait(&requests->idle, &requests->lock)
                            : pthread_cond_timedwait(&requests->idle, &requests->lock, &until);
    bool is_idle = requests->open_count == 0;
    pthread_mutex_unlock(&requests->lock);
    return is_idle;
}
