/* module.c - the type of loaded modules, and the extension itself. */
#include "peer.h"

static PyObject *module_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"path", "entry", "upcall", "handler", NULL};
    const char *path, *entry;
    int upcall = HELD;
    PyObject *handler = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ss|iO", names, &path, &entry, &upcall,
                                     &handler))
        return NULL;
    if (upcall < HELD || upcall > ATTACH) {
        PyErr_SetString(PyExc_ValueError, "there is no such way into Python");
        return NULL;
    }
    Module *self = (Module *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    pthread_mutexattr_t recursive;
    pthread_mutexattr_init(&recursive);
    pthread_mutexattr_settype(&recursive, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&self->lock, &recursive);
    pthread_mutexattr_destroy(&recursive);
    self->handler = Py_XNewRef(handler);
    self->peer = peer_open(path, entry, handler != NULL ? upcalls[upcall] : NULL, NULL);
    if (self->peer == NULL) {
        PyErr_Format(PyExc_OSError, "%s is not loaded", path);
        Py_DECREF(self);
        return NULL;
    }
    self->peer->owner = self;
    self->given = self->peer->mod;
    return (PyObject *)self;
}

static void module_dealloc(Module *self) {
    peer_module *peer = self->peer;
    Py_BEGIN_ALLOW_THREADS /* cleanup waits for threads that may want it */
    peer_close(peer);
    Py_END_ALLOW_THREADS
    Py_XDECREF(self->handler);
    pthread_mutex_destroy(&self->lock);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyTypeObject Module_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mesibo_bench_extension.Module",
    .tp_basicsize = sizeof(Module),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = module_new,
    .tp_dealloc = (destructor)module_dealloc,
    .tp_methods = call_methods,
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mesibo_bench_extension",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_mesibo_bench_extension(void) {
    if (PyType_Ready(&Message_type) < 0 || PyType_Ready(&Module_type) < 0 ||
        message_init() < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyModule_AddObjectRef(module, "Message", (PyObject *)&Message_type) < 0 ||
        PyModule_AddObjectRef(module, "Module", (PyObject *)&Module_type) < 0 ||
        PyModule_AddIntMacro(module, HELD) < 0 || PyModule_AddIntMacro(module, ENSURE) < 0 ||
        PyModule_AddIntMacro(module, ATTACH) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
