/* request.c - one request of a module: copied from what the module named, counted, and the commands
 * about it that wait for whoever serves. */
#include "requests.h"

#include <stdlib.h>
#include <string.h>

enum { TEXT_LIMIT = 1 << 20, BODY_LIMIT = 1 << 30, MOST_TEXTS = 64 };

/* ---- Copying --------------------------------------------------------------------------------------- */

/* Where the strings of a request are; and its body, which has a length. */
typedef struct fields {
    const char **texts[MOST_TEXTS];
    size_t count;
    const char **body;
    size_t *body_len;
} fields;

static fields fields_of(mh_what *what) {
    fields found = {.count = 0};
#define FIELD(name) found.texts[found.count++] = &what->http.name;
    switch (what->kind) {
    case MH_HTTP:
        FIELD(url)
        MH_HTTP_TEXTS(FIELD)
        found.body = &what->http.post;
        found.body_len = &what->http.post_len;
        break;
    case MH_FCGI:
        found.texts[found.count++] = &what->fcgi.host;
        for (size_t i = 0; i < MH_FCGI_PARAMS && what->fcgi.names[i] != NULL; i++) {
            found.texts[found.count++] = &what->fcgi.names[i];
            found.texts[found.count++] = &what->fcgi.values[i];
        }
        found.body = &what->fcgi.body;
        found.body_len = &what->fcgi.body_len;
        break;
    case MH_SOCKET:
        found.texts[found.count++] = &what->socket.url;
        found.texts[found.count++] = &what->socket.ws_protocol;
        break;
    }
#undef FIELD
    return found;
}

/* How much room the copies need. */
static bool measure(const fields *found, size_t *total, const char **why) {
    *total = 0;
    for (size_t i = 0; i < found->count; i++) {
        long len = mh_text_len(*found->texts[i], TEXT_LIMIT);
        if (len < 0 || len == TEXT_LIMIT) {
            *why = "a string of it has no NUL within the readable memory behind it, or is over 1 MiB";
            return false;
        }
        *total += (size_t)len + 1;
    }
    if (found->body == NULL || *found->body == NULL)
        return true;
    if (*found->body_len == MH_TERMINATED) {
        long len = mh_text_len(*found->body, BODY_LIMIT);
        *found->body_len = len < 0 ? BODY_LIMIT : (size_t)len;
    }
    if (*found->body_len >= BODY_LIMIT) {
        *why = "its body has no end within the readable memory behind it, or is over 1 GiB";
        return false;
    }
    *total += *found->body_len + 1;
    return true;
}

static char *put(char *at, const char **text, size_t len) {
    memcpy(at, *text, len);
    at[len] = '\0';
    *text = at;
    return at + len + 1;
}

/* Points the fields at copies. False: the body is not as long as it is said to be. */
static bool copy_fields(const fields *found, char *at) {
    for (size_t i = 0; i < found->count; i++)
        if (*found->texts[i] != NULL)
            at = put(at, found->texts[i], strlen(*found->texts[i]));
    if (found->body == NULL || *found->body == NULL)
        return true;
    if (mh_copy_in(at, *found->body, *found->body_len) != *found->body_len)
        return false;
    at[*found->body_len] = '\0';
    *found->body = at;
    return true;
}

/* Its strings are where they were. */
static mh_request *allocate(const mh_what *what, size_t size, const char **why) {
    mh_request *request = calloc(1, sizeof *request + size);
    delivery *spare = calloc(1, sizeof *spare);
    if (request == NULL || spare == NULL) {
        free(request);
        free(spare);
        *why = "no memory for a copy of it";
        return NULL;
    }
    request->refs = 1;
    request->spare = spare;
    request->what = *what;
    request->size = size;
    return request;
}

mh_request *mh_request_copy(const mh_what *what, const char **why) {
    mh_what measured = *what;
    size_t size;
    fields found = fields_of(&measured);
    mh_request *request = measure(&found, &size, why) ? allocate(&measured, size, why) : NULL;
    if (request == NULL)
        return NULL;
    found = fields_of(&request->what);
    if (!copy_fields(&found, request->texts)) {
        mh_request_discard(request);
        *why = "its body runs into memory that cannot be read; pass the length that it has";
        return NULL;
    }
    return request;
}

/* Points the fields that are set into what copy_fields made. False: they are not all in there. */
static bool find_fields(const fields *found, char *at, size_t left) {
    for (size_t i = 0; i < found->count; i++) {
        if (*found->texts[i] == NULL)
            continue;
        char *end = memchr(at, '\0', left);
        if (end == NULL)
            return false;
        *found->texts[i] = at;
        left -= (size_t)(end + 1 - at);
        at = end + 1;
    }
    if (found->body == NULL || *found->body == NULL)
        return true;
    if (*found->body_len >= left)
        return false;
    at[*found->body_len] = '\0';
    *found->body = at;
    return true;
}

mh_request *mh_request_unpack(const mh_what *what, const char *texts, size_t size,
                              const char **why) {
    mh_request *request = allocate(what, size, why);
    if (request == NULL)
        return NULL;
    memcpy(request->texts, texts, size);
    fields found = fields_of(&request->what);
    if (find_fields(&found, request->texts, size))
        return request;
    mh_request_discard(request);
    *why = "what the module's process asked for makes no sense: it wrote over what it shares with the host";
    return NULL;
}

void mh_request_discard(mh_request *request) {
    if (request == NULL)
        return;
    free(request->spare);
    free(request);
}

/* ---- Counting -------------------------------------------------------------------------------------- */

void mh_request_unref(mh_request *request) {
    if (atomic_fetch_sub(&request->refs, 1) != 1)
        return;
    if (request->receiver.release != NULL)
        request->receiver.release(request->receiver.cbdata);
    while (request->first_out != NULL) {
        mh_bytes *out = request->first_out;
        request->first_out = out->next;
        free(out);
    }
    mh_instance_unref(request->instance);
    mh_request_discard(request);
}

const mh_what *mh_request_what(const mh_request *request) { return &request->what; }
int64_t mh_request_number(const mh_request *request) { return request->receiver.number; }
bool mh_request_over(const mh_request *request) { return request->over; }
size_t mh_request_backlog(const mh_request *request) { return request->backlog; }

void mh_request_finish(mh_requests *requests, mh_request *request) {
    if (request->what.kind == MH_SOCKET)
        mh_socket_forget(request);
    pthread_mutex_lock(&requests->lock);
    if (request->previous_open != NULL)
        request->previous_open->next_open = request->next_open;
    else
        requests->open = request->next_open;
    if (request->next_open != NULL)
        request->next_open->previous_open = request->previous_open;
    if (--requests->open_count == 0)
        pthread_cond_broadcast(&requests->idle);
    if (request->what.synchronous)
        pthread_cond_broadcast(&requests->own);
    pthread_mutex_unlock(&requests->lock);
    mh_request_unref(request);
}

/* ---- Commands -------------------------------------------------------------------------------------- */

static unsigned bit(mh_command_kind kind) { return 1u << kind; }

void mh_request_want(mh_requests *requests, mh_request *request, mh_command_kind kind) {
    if (kind == MH_CANCEL && !request->started) {
        request->wants = 0; /* nobody knows it yet: nobody need */
        return;
    }
    request->wants |= bit(kind);
    if (!request->listed) {
        request->listed = true;
        request->refs++;
        request->next_command = NULL;
        if (requests->last_command != NULL)
            requests->last_command->next_command = request;
        else
            requests->first_command = request;
        requests->last_command = request;
    }
    mh_wake(requests->host);
}

void mh_request_cancel(mh_requests *requests, mh_request *request) {
    pthread_mutex_lock(&requests->lock);
    mh_request_want(requests, request, MH_CANCEL);
    pthread_mutex_unlock(&requests->lock);
}

/* The next command about it, in the order of their numbers; bytes one piece at a time. */
static mh_command next_of(mh_request *request) {
    mh_command command = {.kind = MH_NO_COMMAND, .request = request, .id = request->id};
    for (mh_command_kind kind = MH_START; kind <= MH_CANCEL && command.kind == MH_NO_COMMAND; kind++)
        if ((request->wants & bit(kind)) != 0)
            command.kind = kind;
    if (command.kind == MH_WRITE && (command.bytes = request->first_out) != NULL) {
        request->first_out = command.bytes->next;
        request->out_size -= command.bytes->size;
        request->out_taken += command.bytes->size;
        if (request->first_out != NULL)
            return command;
        request->last_out = NULL;
    }
    request->wants &= ~bit(command.kind);
    return command;
}

mh_command mh_take_command(mh_host *host) {
    mh_requests *requests = host->requests;
    mh_command command = {.kind = MH_NO_COMMAND};
    pthread_mutex_lock(&requests->lock);
    while (requests->first_command != NULL && command.kind == MH_NO_COMMAND) {
        mh_request *request = requests->first_command;
        command = next_of(request);
        if (command.kind == MH_START) {
            request->started = true;
            request->refs++;
        }
        if (request->wants == 0) {
            request->listed = false;
            requests->first_command = request->next_command;
            if (requests->first_command == NULL)
                requests->last_command = NULL;
            pthread_mutex_unlock(&requests->lock);
            mh_request_unref(request); /* the list's; outside of the lock, it may call release */
            pthread_mutex_lock(&requests->lock);
        }
    }
    pthread_mutex_unlock(&requests->lock);
    return command;
}
