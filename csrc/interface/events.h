/* events.h - what there is to tell a module of. */
#ifndef MESIBO_EVENTS_H
#define MESIBO_EVENTS_H

#include <stddef.h>
#include <stdint.h>

typedef struct mh_host mh_host;         /* a chain of modules, their lock, mail and requests */
typedef struct mh_instance mh_instance; /* one load of one module */
typedef struct mh_request mh_request;   /* one HTTP request of a module */

/* Message params of all revisions. `uflags` is the word that the older ones call to_online. `to` and
 * `from` may be NULL; their lengths exclude the NUL behind them. */
typedef struct mh_params {
    uint64_t aid, id, refid, groupid, flags, type, expiry, uflags, status, sid, device;
    const char *to, *from;
    size_t to_len, from_len;
} mh_params;

typedef enum mh_event_kind {
    MH_ON_MESSAGE,
    MH_ON_MESSAGE_STATUS,
    MH_ON_CALL,
    MH_ON_CALL_STATUS,
    MH_ON_LOGIN,
    MH_ON_CONFIG,
    MH_EVENT_KINDS
} mh_event_kind;

typedef struct mh_user {
    uint64_t flags;
    int64_t online; /* 1 logged in, 0 logged out */
    const char *address;
    size_t address_len;
} mh_user;

typedef struct mh_event {
    mh_event_kind kind;
    const mh_params *params; /* message and status events, else NULL */
    const char *message;     /* `len` bytes, and one NUL behind them that does not count */
    size_t len;
    uint64_t status;     /* status events */
    const mh_user *user; /* login events */
    uint64_t type;       /* config events: what changed, and something about it, or NULL */
    void *config;
    size_t config_len; /* of it; behind that one NUL */
    void *source; /* the embedder's own object for this message; scripts get it back */
} mh_event;

#endif
