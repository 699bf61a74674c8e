/* message.c - the type of messages. The addresses are copied behind the object, and become Python's
 * when somebody asks for them. */
#include "peer.h"

#include <stddef.h>
#include <structmember.h>

/* ---- Fields by their names ------------------------------------------------------------------- */

static int take_text(PyObject *value, char **text) {
    *text = NULL;
    if (value == Py_None)
        return 0;
    *text = (char *)(uintptr_t)PyUnicode_AsUTF8(value);
    return *text == NULL ? -1 : 0;
}

enum { TO, FROM, ID, FIELDS };
static PyObject *fields[FIELDS];

int message_init(void) {
    static const char *const names[] = {"to", "from_", "id"};
    for (int i = 0; i < FIELDS; i++) {
        if ((fields[i] = PyUnicode_InternFromString(names[i])) == NULL)
            return -1;
    }
    return 0;
}

/* Names in a call are interned, so that the first look finds nearly all of them. */
static int field_of(PyObject *name) {
    for (int i = 0; i < FIELDS; i++) {
        if (name == fields[i])
            return i;
    }
    for (int i = 0; i < FIELDS; i++) {
        if (PyUnicode_Compare(name, fields[i]) == 0)
            return i;
    }
    PyErr_Format(PyExc_TypeError, "there is no field %R", name);
    return -1;
}

static int take_field(mesibo_message_params_t *params, PyObject *name, PyObject *value) {
    switch (field_of(name)) {
    case TO: return take_text(value, &params->to);
    case FROM: return take_text(value, &params->from);
    case ID:
        params->id = PyLong_AsUnsignedLongLong(value);
        return params->id == (mesibo_uint_t)-1 && PyErr_Occurred() ? -1 : 0;
    default: return -1;
    }
}

int message_fields(mesibo_message_params_t *params, PyObject *names, PyObject *const *values) {
    for (Py_ssize_t i = 0; names != NULL && i < PyTuple_GET_SIZE(names); i++) {
        if (take_field(params, PyTuple_GET_ITEM(names, i), values[i]) < 0)
            return -1;
    }
    return 0;
}

/* ---- The object ------------------------------------------------------------------------------ */

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

static PyObject *message_new(PyObject *type, PyObject *const *args, size_t flags,
                             PyObject *names) {
    mesibo_message_params_t params = {0};
    (void)type;
    if (PyVectorcall_NARGS(flags) != 1 || !PyBytes_CheckExact(args[0])) {
        PyErr_SetString(PyExc_TypeError, "expected bytes and fields");
        return NULL;
    }
    if (message_fields(&params, names, args + 1) < 0)
        return NULL;
    return make(&params, Py_NewRef(args[0]));
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
    .tp_vectorcall = message_new,
    .tp_dealloc = (destructor)message_dealloc,
    .tp_members = members,
    .tp_getset = texts,
};
