/* sockets.c - sockets by the numbers that modules know: within 31 bits, never reused, no descriptors.
 * A number may come from any thread, at any time, of a socket that is long gone. */
#include "requests.h"

#include <stdlib.h>

enum { BUCKETS = 1024, OUT_LIMIT = 64 << 20 };

static mh_request *sockets[BUCKETS];
static int64_t last_number;
static pthread_mutex_t sockets_lock = PTHREAD_MUTEX_INITIALIZER;

/* Whoever forks has the lock, so that the child does not find it taken for good. */
static void lock_sockets(void) { pthread_mutex_lock(&sockets_lock); }
static void unlock_sockets(void) { pthread_mutex_unlock(&sockets_lock); }
__attribute__((constructor)) static void guard_forks(void) {
    pthread_atfork(lock_sockets, unlock_sockets, unlock_sockets);
}

static mh_request **bucket_of(int64_t number) { return &sockets[(uint64_t)number % BUCKETS]; }

bool mh_socket_register(mh_request *request) {
    lock_sockets();
    bool left = last_number < INT32_MAX;
    if (left) {
        request->receiver.number = ++last_number;
        mh_request **bucket = bucket_of(last_number);
        request->next_socket = *bucket;
        *bucket = request;
    }
    unlock_sockets();
    return left;
}

void mh_socket_forget(mh_request *request) {
    lock_sockets();
    mh_request **link = bucket_of(request->receiver.number);
    while (*link != NULL && *link != request)
        link = &(*link)->next_socket;
    if (*link != NULL)
        *link = request->next_socket;
    unlock_sockets();
}

/* Held, and its instance too, so that its host stays; or NULL: there is no such socket. */
static mh_request *find(int64_t number) {
    lock_sockets();
    mh_request *request = *bucket_of(number);
    while (request != NULL && request->receiver.number != number)
        request = request->next_socket;
    if (request != NULL && request->over)
        request = NULL;
    if (request != NULL)
        request->refs++;
    unlock_sockets();
    if (request != NULL && !mh_hold(request->instance)) {
        mh_request_unref(request);
        request = NULL;
    }
    return request;
}

static void let_go(mh_request *request) {
    mh_let_go(request->instance);
    mh_request_unref(request);
}

/* With the lock of the requests. */
static void append(mh_request *request, mh_bytes *bytes) {
    if (request->last_out != NULL)
        request->last_out->next = bytes;
    else
        request->first_out = bytes;
    request->last_out = bytes;
    request->out_size += bytes->size;
}

mh_bytes *mh_bytes_copy(mh_instance *about, const char *data, size_t size) {
    mh_bytes *bytes = size <= OUT_LIMIT ? malloc(sizeof *bytes + size) : NULL;
    size_t read = bytes != NULL ? mh_copy_in(bytes->data, data, size) : 0;
    if (bytes == NULL || read != size) {
        free(bytes);
        mh_report(about, "socket write refused: %zu bytes are too many, or cannot be read", size);
        return NULL;
    }
    bytes->next = NULL;
    bytes->size = size;
    return bytes;
}

static int64_t queue_bytes(mh_request *request, const char *data, size_t size) {
    mh_requests *requests = request->instance->host->requests;
    mh_bytes *bytes = mh_bytes_copy(request->instance, data, size);
    if (bytes == NULL)
        return -1;
    pthread_mutex_lock(&requests->lock);
    bool gone = request->shut || request->over;
    bool room = request->out_size + request->out_taken + size <= OUT_LIMIT;
    if (room && !gone) {
        append(request, bytes);
        mh_request_want(requests, request, MH_WRITE);
    }
    pthread_mutex_unlock(&requests->lock);
    if (room && !gone)
        return (int64_t)size;
    free(bytes);
    if (gone)
        return -1;
    mh_report(request->instance,
              "socket write refused: %d bytes wait already; write on in on_write", OUT_LIMIT);
    return -1;
}

bool mh_socket_is_of(int64_t number, const mh_instance *instance) {
    mh_request *request = find(number);
    bool is = request != NULL && request->instance == instance;
    if (request != NULL)
        let_go(request);
    return is;
}

int64_t mh_socket_write(int64_t number, const char *data, int64_t len) {
    bool sensible = len == 0 || (data != NULL && len > 0);
    if (mh_requests_elsewhere != NULL)
        return sensible ? mh_requests_elsewhere->write(number, data, (size_t)len) : -1;
    mh_request *request = find(number);
    if (request == NULL)
        return -1;
    int64_t written = -1;
    const mh_given given = {.kind = MH_GIVEN_BYTES, .bytes = data, .len = (uint64_t)len};
    if (!mh_may_go_on(request->instance, &given))
        written = -1;
    else if (len == 0)
        written = 0;
    else if (sensible)
        written = queue_bytes(request, data, (size_t)len);
    let_go(request);
    return written;
}

void mh_socket_close(int64_t number) {
    if (mh_requests_elsewhere != NULL) {
        mh_requests_elsewhere->close(number);
        return;
    }
    mh_request *request = find(number);
    if (request == NULL)
        return;
    mh_requests *requests = request->instance->host->requests;
    pthread_mutex_lock(&requests->lock);
    request->shut = true;
    if (!request->over)
        mh_request_want(requests, request, MH_CLOSE);
    pthread_mutex_unlock(&requests->lock);
    let_go(request);
}
