/* upcalls.c - from the module into Python: the GIL is held already, or taken by PyGILState, or by a
 * thread of the module's that was attached to Python once. */
#include "peer.h"

static int upcall(mesibo_module_t *mod, const mesibo_message_params_t *params, const char *message,
                  size_t len) {
    PyObject *self = ((peer_module *)mod)->owner;
    PyObject *sent = message_from(params, message, len);
    if (sent == NULL)
        return -1;
    PyObject *args[] = {NULL, self, sent}; /* the first is for the callee to use */
    PyObject *returned = PyObject_Vectorcall(((Module *)self)->handler, args + 1,
                                             2 | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL);
    Py_DECREF(sent);
    if (returned == NULL)
        return -1;
    long result = PyLong_AsLong(returned);
    Py_DECREF(returned);
    return (int)result;
}

static int held(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                mesibo_uint_t len) {
    return upcall(mod, params, message, len);
}

static int ensured(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                   mesibo_uint_t len) {
    PyGILState_STATE state = PyGILState_Ensure();
    int result = upcall(mod, params, message, len);
    PyGILState_Release(state);
    return result;
}

static pthread_key_t attached_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local PyThreadState *attached;

/* At the end of the thread, while the interpreter is there. */
static void detach(void *state) {
    PyEval_RestoreThread(state);
    PyThreadState_Clear(state);
    PyThreadState_DeleteCurrent();
}

static void make_key(void) { pthread_key_create(&attached_key, detach); }

static int attached_once(mesibo_module_t *mod, mesibo_message_params_t *params,
                         const char *message, mesibo_uint_t len) {
    if (attached == NULL) {
        pthread_once(&once, make_key);
        PyGILState_Ensure(); /* never released: detach ends it */
        attached = PyThreadState_Get();
        pthread_setspecific(attached_key, attached);
    } else {
        PyEval_RestoreThread(attached);
    }
    int result = upcall(mod, params, message, len);
    PyEval_SaveThread();
    return result;
}

peer_send const upcalls[] = {[HELD] = held, [ENSURE] = ensured, [ATTACH] = attached_once};
