/* requests.c - the requests of a host: taken in from modules, bounded, and ended with their module. */
#define _GNU_SOURCE
#include "requests.h"

#include <stdlib.h>

static const double PATIENCE = 5; /* seconds for a callback that is running */

static _Atomic uint64_t last_id;

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

/* A copy that belongs to the module, or NULL and why. */
static mh_request *prepare(mh_instance *from, const mh_what *what, const char **why) {
    *why = is_closing(from) ? "the module is being closed" : objection(from->host, what);
    mh_request *request = *why == NULL ? mh_request_copy(what, why) : NULL;
    if (request != NULL && !mh_serve(from->host)) {
        const char *known = from->host->hooks.no_service;
        *why = known != NULL ? known : "nobody serves requests in this host";
        mh_request_discard(request);
        return NULL;
    }
    return request;
}

static void answer_here(mh_requests *requests, mh_request *request) {
    const mh_hooks *hooks = &requests->host->hooks;
    if (hooks->answer != NULL)
        hooks->answer(hooks->context, request);
    else
        mh_dispatch_here(requests, request);
}

int64_t mh_submit(mh_instance *from, const mh_what *what, const mh_receiver *receiver) {
    static const char *const kinds[] = {"http", "fastcgi", "socket"};
    mh_requests *requests = from->host->requests;
    const char *why = NULL;
    bool wanted = mh_may_go_on(from, &(mh_given){.kind = MH_GIVEN_REQUEST, .what = what});
    if (mh_is_traced())
        mh_say_request(what);
    mh_request *request = wanted ? prepare(from, what, &why) : NULL;
    if (request != NULL) {
        request->id = ++last_id;
        request->instance = from;
        mh_instance_ref(from);
        request->receiver = *receiver;
        pthread_mutex_lock(&requests->lock);
        why = add(requests, request);
        pthread_mutex_unlock(&requests->lock);
        if (why == NULL && request->what.synchronous)
            answer_here(requests, request);
        mh_request_unref(request);
    } else if (receiver->release != NULL) {
        receiver->release(receiver->cbdata);
    }
    if (why != NULL)
        mh_report(from, "%s refused: %s", kinds[what->kind], why);
    return wanted && why == NULL ? 0 : -1;
}

/* ---- Ending ---------------------------------------------------------------------------------------- */

/* The next open request of the instance, marked as over. */
static mh_request *claim(mh_requests *requests, const mh_instance *instance) {
    pthread_mutex_lock(&requests->lock);
    mh_request *request = requests->open;
    while (request != NULL &&
           (request->instance != instance || atomic_exchange(&request->over, true)))
        request = request->next_open;
    pthread_mutex_unlock(&requests->lock);
    return request;
}

/* Synchronous requests end on the threads that wait for them; whether one is left to end. `instance`
 * NULL: those of all modules. */
static bool end_synchronous(mh_requests *requests, const mh_instance *instance) {
    bool left = false;
    for (mh_request *request = requests->open; request != NULL; request = request->next_open)
        if ((instance == NULL || request->instance == instance) && request->what.synchronous)
            left = request->ending = true;
    if (left)
        pthread_cond_broadcast(&requests->own);
    return left;
}

void mh_requests_hurry(mh_requests *requests, const mh_instance *instance) {
    pthread_mutex_lock(&requests->lock);
    end_synchronous(requests, instance);
    pthread_mutex_unlock(&requests->lock);
}

static void wait_for_synchronous(mh_requests *requests, const mh_instance *instance) {
    struct timespec until = mh_deadline(PATIENCE);
    int error = 0;
    pthread_mutex_lock(&requests->lock);
    while (end_synchronous(requests, instance) && error == 0)
        error = pthread_cond_timedwait(&requests->own, &requests->lock, &until);
    pthread_mutex_unlock(&requests->lock);
}

void mh_requests_end(mh_instance *instance) {
    static const mh_answer closed = {.kind = MH_ANSWER_FAILED};
    mh_requests *requests = instance->host->requests;
    mh_request *request;
    wait_for_synchronous(requests, instance);
    while ((request = claim(requests, instance)) != NULL) {
        mh_frame frame;
        mh_push(&frame, instance, mh_current_pass(), NULL);
        request->receiver.sink(&request->receiver, &closed);
        mh_pop(&frame);
        mh_request_cancel(requests, request);
        mh_request_finish(requests, request);
    }
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
