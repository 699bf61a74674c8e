/* message.c - the type of messages. The addresses are copied behind the object, and become Python's
 * when somebody asks for them. */
#include "peer.h"

#include <stddef.h>
#include <structmember.h>

int message_text(PyObject *value, char **text) {
    *text = NULL;
    if (value == Py_None)
        return 0;
    *text = (char *)(uintptr_t)PyUnicode_AsUTF8(value);
    return *text == NULL ? -1 : 0;
}

static size_t size_of(const char *text) { return text == NULL ? 0 : strlen(text) + 1; }

static char *copied(char *at, const char *text, size_t size) {
    return text == NULL ? NULL : memcpy(at, text, size);
}

/* Takes the reference to the payload, also where it fails. */
static PyObject *make(const mesibo_message_params_t *params, PyObject *payload) {
    size_t to_size = size_of(params->to), from_size = size_of(params->from);
    Message *self = payload == NULL ? NULL
                                    : PyObject_NewVar(Message, &Message_type,
                                                      (Py_ssize_t)(to_size + from_size));
    if (self == NULL) {
        Py_XDECREF(payload);
        return NULL;
    }
    self->payload = payload;
    self->params = *params;
    self->params.to = copied(self->addresses, params->to, to_size);
    self->params.from = copied(self->addresses + to_size, params->from, from_size);
    return (PyObject *)self;
}

PyObject *message_from(const mesibo_message_params_t *params, const char *payload, size_t len) {
    return make(params, PyBytes_FromStringAndSize(payload, (Py_ssize_t)len));
}

static PyObject *message_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *names[] = {"payload", "to", "from_", "id", NULL};
    PyObject *payload = NULL, *to = Py_None, *from = Py_None;
    mesibo_message_params_t params = {0};
    (void)type;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "S|$OOk", names, &payload, &to, &from,
                                     &params.id) ||
        message_text(to, &params.to) < 0 || message_text(from, &params.from) < 0)
        return NULL;
    return make(&params, Py_NewRef(payload));
}

static void message_dealloc(Message *self) {
    Py_DECREF(self->payload);
    PyObject_Free(self);
}

static PyObject *get_text(Message *self, void *offset) {
    const char *text = *(char **)((char *)&self->params + (uintptr_t)offset);
    if (text == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "surrogateescape");
}

static PyGetSetDef texts[] = {
    {"to", (getter)get_text, NULL, NULL, (void *)offsetof(mesibo_message_params_t, to)},
    {"from_", (getter)get_text, NULL, NULL, (void *)offsetof(mesibo_message_params_t, from)},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"payload", T_OBJECT_EX, offsetof(Message, payload), READONLY, NULL},
    {"id", T_ULONG, offsetof(Message, params.id), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

PyTypeObject Message_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "mesibo_bench_extension.Message",
    .tp_basicsize = offsetof(Message, addresses),
    .tp_itemsize = 1,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = message_new,
    .tp_dealloc = (destructor)message_dealloc,
    .tp_members = members,
    .tp_getset = texts,
};
