/* worker.h - what the files of the worker program share.
 *
 * The program runs twice: as a zygote, with one thread, which forks the worker and tells how it ended; and
 * as the worker, which loads the module and serves the host's turns. */
#ifndef MESIBO_WORKER_H
#define MESIBO_WORKER_H

#include "../core.h"
#include "../isolation/channel.h"

#include <signal.h>

extern mh_channel *channel;

/* zygote.c */
_Noreturn void zygote_run(void);

/* fence.c: where the kernel has seccomp. */
void fence_raise(pid_t host, pid_t zygote);

/* serve.c */
_Noreturn void worker_run(void);
extern uint32_t worker_life; /* which one of the module's it is */
/* Gives the turn back with a question, and serves what the host wants until it replies. */
int64_t ask_host(void);

/* The callback of such an event, by the mh_crash of it; 0: not known. */
uint64_t serve_callback(int32_t event);

/* mail.c: the core's hooks. */
int64_t mail_send(void *context, mh_instance *from, const mh_params *params, const char *message,
                  size_t len);
int64_t mail_log(void *context, const mh_line *line);
extern _Thread_local bool is_turn_thread; /* the one that serves turns */
/* The host's result; -1 also for what is too long for the shared memory. */
int64_t mail_request(const mh_request *request, uint64_t far, unsigned unwanted);
int64_t mail_write(int64_t number, const char *data, size_t len);
void mail_close(int64_t number);
/* On a thread of the module's own, as mh_request_take; the answer is the caller's to free(3). */
int64_t mail_take(uint64_t far, int64_t returned, char **answer);

/* asks.c: requests of the module, which the host makes. */
extern const mh_elsewhere asks;
/* An answer for one, as it lies in the shared memory: what its callback returned. */
int64_t asks_answer(const char *at);

/* guard.c: what is lent to the module for one call, each part of it in front of a page that nobody may
 * touch: a message with one NUL behind it, unless the worker is bare. */
extern bool guard_bare; /* also: what was lent may not be touched when the call is over */
extern bool loan_many;  /* a batch: then it is written over */
typedef struct loan_part {
    char *base, *at;
    size_t size, len; /* of the memory, and of what lies there */
    bool sealed;
} loan_part;
typedef struct loan {
    loan_part parts[MH_LENT_PARTS];
    bool busy, passing;
} loan;
/* All of these: NULL: no memory. Calls may lie inside of each other. */
loan *loan_begin(void);
char *loan_data(loan *loan, const char *data, size_t len);
char *loan_text(loan *loan, mh_lent what, const char *text, size_t len); /* with a NUL behind it */
void *loan_struct(loan *loan, size_t size);
void loan_end(loan *loan);
/* Where a fault hit what was lent: notes what that was. */
void loan_at(uint64_t address, mh_crash *crash);

/* limits.c */
/* Before any code of the module's runs. False: `why` (of `size` bytes) says which cannot be set. */
bool limits_set(const mh_worker_limits *wanted, char *why, size_t size);
/* The limit that makes calls fail with this errno. */
mh_reached limits_behind(int error);
/* That limit in words; false: there is none. */
bool limits_say(int error, char *text, size_t size);

/* crash.c */
int hang_signal(void);
/* In the zygote: what each worker needs, and a fork keeps. */
void crash_prepare_forks(void);
void crash_prepare(void);
/* An alternate stack for the handlers on this thread, and where its own lies. */
void *crash_prepare_thread(void);
void crash_leave_thread(void *stack);
/* False in a child that the module forked off. */
bool is_worker(void);
/* Reports it and ends the process, unless this is a child that the module made. */
void crash_exit_if_worker(int code);

/* exception.c */
/* When the module is open: what an exception needs that is thrown where there is no memory any more. */
void exception_prepare(void);

/* notes.c */
void note_line(const char *text, size_t len);
/* Keeps what crosses, for the report, and for the host where that is traced. */
mh_tracer *notes_tracer(void);

#endif
