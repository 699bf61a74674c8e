// pybind11.cpp - the same work, bound with pybind11.
#include "opening.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

namespace py = pybind11;
using namespace py::literals;
using text = std::optional<std::string>;

static char *address(text &from) { return from ? from->data() : nullptr; }

static text optional_text(const char *from) {
    return from == nullptr ? text() : text(from);
}

struct message {
    py::bytes payload;
    text to, from;
    mesibo_uint_t id;
};

// Params that are made once, for many calls.
struct prepared {
    prepared(text to_, text from_, mesibo_uint_t id) : to(std::move(to_)), from(std::move(from_)) {
        params.id = id;
        params.to = address(to);
        params.from = address(from);
    }
    prepared(const prepared &) = delete;
    text to, from;
    mesibo_message_params_t params = {};
};

struct module {
    module(const char *path, const char *entry, bool released, py::object handler)
        : handler(std::move(handler)),
          peer(peer_open(path, entry, released ? &module::acquire : &module::send, nullptr)) {
        if (peer == nullptr)
            throw std::runtime_error(std::string(path) + " is not loaded");
        peer->owner = this;
    }
    module(const module &) = delete;
    ~module() {
        py::gil_scoped_release release;
        peer_close(peer);
    }

    int on_message(prepared &given, const py::bytes &payload) {
        return peer->mod.on_message(&peer->mod, &given.params, PyBytes_AS_STRING(payload.ptr()),
                                    static_cast<size_t>(PyBytes_GET_SIZE(payload.ptr())));
    }

    int on_message_released(prepared &given, const py::bytes &payload) {
        const char *data = PyBytes_AS_STRING(payload.ptr());
        auto size = static_cast<size_t>(PyBytes_GET_SIZE(payload.ptr()));
        py::gil_scoped_release release;
        return peer->mod.on_message(&peer->mod, &given.params, data, size);
    }

    int on_fields(const py::bytes &payload, text to, text from, mesibo_uint_t id) {
        prepared made(std::move(to), std::move(from), id);
        return on_message(made, payload);
    }

    static int send(mesibo_module_t *mod, mesibo_message_params_t *params, const char *data,
                    mesibo_uint_t len) {
        auto *self = static_cast<module *>(reinterpret_cast<peer_module *>(mod)->owner);
        try {
            message sent{py::bytes(data, len), optional_text(params->to),
                         optional_text(params->from), params->id};
            return self->handler(py::cast(self), py::cast(std::move(sent))).cast<int>();
        } catch (py::error_already_set &error) {
            error.discard_as_unraisable("send");
            return MESIBO_RESULT_FAIL;
        }
    }

    static int acquire(mesibo_module_t *mod, mesibo_message_params_t *params, const char *data,
                       mesibo_uint_t len) {
        py::gil_scoped_acquire acquire;
        return send(mod, params, data, len);
    }

    py::object handler;
    peer_module *peer;
};

PYBIND11_MODULE(mesibo_bench_pybind11, m) {
    py::class_<message>(m, "Message")
        .def_readonly("payload", &message::payload)
        .def_readonly("to", &message::to)
        .def_readonly("from_", &message::from)
        .def_readonly("id", &message::id);
    py::class_<prepared>(m, "Params")
        .def(py::init<text, text, mesibo_uint_t>(), py::kw_only(), "to"_a, "from_"_a, "id"_a);
    py::class_<module>(m, "Module")
        .def(py::init<const char *, const char *, bool, py::object>(), "path"_a, "entry"_a,
             "released"_a = false, "handler"_a = py::none())
        .def("on_message", &module::on_message)
        .def("on_message_released", &module::on_message_released)
        .def("on_fields", &module::on_fields, "payload"_a, py::kw_only(), "to"_a, "from_"_a,
             "id"_a);
}
