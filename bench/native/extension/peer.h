/* peer.h - what the files of the hand-written extension share. */
#ifndef MESIBO_BENCH_PEER_H
#define MESIBO_BENCH_PEER_H

#include <Python.h>

#include "../opening.h"

#include <pthread.h>
#include <stdbool.h>

/* A message as a value of Python's. */
typedef struct Message {
    PyObject_VAR_HEAD
    mesibo_message_params_t params;
    PyObject *payload;
    char addresses[];
} Message;

typedef struct Module {
    PyObject_HEAD
    peer_module *peer;
    PyObject *handler; /* called for what the module sends; NULL: nobody is */
    mesibo_module_t given; /* the struct as it was after init: what it must not change */
    pthread_mutex_t lock;
} Module;

/* How a host function of this peer comes into Python. */
enum { HELD, ENSURE, ATTACH };

extern PyTypeObject Message_type;
extern PyMethodDef call_methods[];
extern peer_send const upcalls[]; /* by the enum above */

int message_init(void); /* -1 with an exception, as the next */
/* Fields from keywords, whose texts are borrowed; None is NULL. `names` NULL: there are none. */
int message_fields(mesibo_message_params_t *params, PyObject *names, PyObject *const *values);
/* A message of the module's, with its own copies. */
PyObject *message_from(const mesibo_message_params_t *params, const char *payload, size_t len);

#endif
