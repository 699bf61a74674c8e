/* calls.c - from Python into the module: the least that can be done, the same with the lock and the
 * bookkeeping of a host, and each of the two with the GIL released. */
#include "peer.h"

#include "../checks.h"

/* ---- The call itself ------------------------------------------------------------------------- */

typedef int (*call)(Module *self, mesibo_message_params_t *params, PyObject *payload);

static inline int plain(Module *self, mesibo_message_params_t *params, PyObject *payload) {
    mesibo_module_t *mod = &self->peer->mod;
    return mod->on_message(mod, params, PyBytes_AS_STRING(payload),
                           (mesibo_uint_t)PyBytes_GET_SIZE(payload));
}

static inline char *copied(char **at, const char *text) {
    if (text == NULL)
        return NULL;
    size_t size = strlen(text) + 1;
    char *copy = memcpy(*at, text, size);
    *at += size;
    return copy;
}

static inline int checked(Module *self, mesibo_message_params_t *given, PyObject *payload) {
    char addresses[512], *at = addresses;
    if ((given->to != NULL && strlen(given->to) >= sizeof addresses / 2) ||
        (given->from != NULL && strlen(given->from) >= sizeof addresses / 2))
        return -1;
    pthread_mutex_lock(&self->lock);
    mesibo_message_params_t params = *given;
    params.to = copied(&at, given->to);
    params.from = copied(&at, given->from);
    int result = peer_call_checked(self->peer, &self->given, params, PyBytes_AS_STRING(payload),
                                   (mesibo_uint_t)PyBytes_GET_SIZE(payload));
    pthread_mutex_unlock(&self->lock);
    return result;
}

static inline PyObject *as_result(int result) {
    if (result == 0 || result == 1)
        return PyLong_FromLong(result);
    PyErr_Format(PyExc_RuntimeError, "the module failed: it returned %d", result);
    return NULL;
}

/* ---- on_message(params, payload) ------------------------------------------------------------- */

static inline PyObject *on_message(PyObject *self, PyObject *const *args, Py_ssize_t count,
                                   call through, bool released) {
    if (count != 2 || !Py_IS_TYPE(args[0], &Message_type) || !PyBytes_CheckExact(args[1])) {
        PyErr_SetString(PyExc_TypeError, "expected a Message and bytes");
        return NULL;
    }
    mesibo_message_params_t *params = &((Message *)args[0])->params;
    int result;
    if (released) {
        Py_BEGIN_ALLOW_THREADS
        result = through((Module *)self, params, args[1]);
        Py_END_ALLOW_THREADS
        if (PyErr_Occurred())
            return NULL;
    } else {
        result = through((Module *)self, params, args[1]);
    }
    return as_result(result);
}

#define VARIANT(name, through, released)                                                           \
    static PyObject *name(PyObject *self, PyObject *const *args, Py_ssize_t count) {               \
        return on_message(self, args, count, through, released);                                   \
    }

VARIANT(held, plain, false)
VARIANT(released, plain, true)
VARIANT(held_checked, checked, false)
VARIANT(released_checked, checked, true)

/* ---- on_fields(payload, *, to, from_, id): the struct is on the C stack ---------------------- */

static PyObject *on_fields(PyObject *self, PyObject *const *args, Py_ssize_t count,
                           PyObject *names) {
    mesibo_message_params_t params = {0};
    if (count != 1 || !PyBytes_CheckExact(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected bytes and fields");
        return NULL;
    }
    if (message_fields(&params, names, args + 1) < 0)
        return NULL;
    return as_result(plain((Module *)self, &params, args[0]));
}

#define FASTCALL(name, function, flags)                                                            \
    {name, (PyCFunction)(void (*)(void))function, METH_FASTCALL | (flags), NULL}

PyMethodDef call_methods[] = {
    FASTCALL("on_message", held, 0),
    FASTCALL("on_message_released", released, 0),
    FASTCALL("on_message_checked", held_checked, 0),
    FASTCALL("on_message_checked_released", released_checked, 0),
    FASTCALL("on_fields", on_fields, METH_KEYWORDS),
    {NULL, NULL, 0, NULL},
};
