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
int call_fields_init(void); /* -1 with an exception */
extern peer_send const upcalls[]; /* by the enum above */

/* Borrows the text; -1 with an exception. None is NULL. */
int message_text(PyObject *value, char **text);
/* A message of the module's, with its own copies. */
PyObject *message_from(const mesibo_message_params_t *params, const char *payload, size_t len);

#endif
