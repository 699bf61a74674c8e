// nanobind.cpp - the same work, bound with nanobind.
#include "opening.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <optional>
#include <string>

namespace nb = nanobind;
using namespace nb::literals;
using text = std::optional<std::string>;

static char *address(text &from) { return from ? from->data() : nullptr; }

static text optional_text(const char *from) {
    return from == nullptr ? text() : text(from);
}

struct message {
    nb::bytes payload;
    text to, from;
    mesibo_uint_t id;

    // The params, whose strings are this message's.
    mesibo_message_params_t params() {
        mesibo_message_params_t made = {};
        made.id = id;
        made.to = address(to);
        made.from = address(from);
        return made;
    }
};

// Params that are made once, for many calls.
struct prepared {
    explicit prepared(message given) : of(std::move(given)), params(of.params()) {}
    prepared(const prepared &) = delete;
    message of;
    mesibo_message_params_t params;
};

struct module {
    module(const char *path, const char *entry, bool released, nb::object handler)
        : handler(std::move(handler)),
          peer(peer_open(path, entry, released ? &module::acquire : &module::send, nullptr)) {
        if (peer == nullptr)
            throw std::runtime_error(std::string(path) + " is not loaded");
        peer->owner = this;
    }
    module(const module &) = delete;
    ~module() {
        nb::gil_scoped_release release;
        peer_close(peer);
    }

    int on_message(prepared &given, nb::bytes payload) {
        return peer->mod.on_message(&peer->mod, &given.params, payload.c_str(), payload.size());
    }

    int on_message_released(prepared &given, nb::bytes payload) {
        const char *data = payload.c_str();
        size_t size = payload.size();
        nb::gil_scoped_release release;
        return peer->mod.on_message(&peer->mod, &given.params, data, size);
    }

    int on_fields(nb::bytes payload, text to, text from, mesibo_uint_t id) {
        mesibo_message_params_t params = {};
        params.id = id;
        params.to = address(to);
        params.from = address(from);
        return peer->mod.on_message(&peer->mod, &params, payload.c_str(), payload.size());
    }

    static int send(mesibo_module_t *mod, mesibo_message_params_t *params, const char *data,
                    mesibo_uint_t len) {
        auto *self = static_cast<module *>(reinterpret_cast<peer_module *>(mod)->owner);
        try {
            message sent{nb::bytes(data, len), optional_text(params->to),
                         optional_text(params->from), params->id};
            return nb::cast<int>(self->handler(nb::cast(self), nb::cast(std::move(sent))));
        } catch (nb::python_error &error) {
            error.discard_as_unraisable("send");
            return MESIBO_RESULT_FAIL;
        }
    }

    static int acquire(mesibo_module_t *mod, mesibo_message_params_t *params, const char *data,
                       mesibo_uint_t len) {
        nb::gil_scoped_acquire acquire;
        return send(mod, params, data, len);
    }

    nb::object handler;
    peer_module *peer;
};

NB_MODULE(mesibo_bench_nanobind, m) {
    nb::class_<message>(m, "Message")
        .def_ro("payload", &message::payload)
        .def_ro("to", &message::to)
        .def_ro("from_", &message::from)
        .def_ro("id", &message::id);
    nb::class_<prepared>(m, "Params")
        .def("__init__", [](prepared *self, text to, text from, mesibo_uint_t id) {
            new (self) prepared(message{nb::bytes("", 0), std::move(to), std::move(from), id});
        }, nb::kw_only(), "to"_a.none(), "from_"_a.none(), "id"_a);
    nb::class_<module>(m, "Module")
        .def(nb::init<const char *, const char *, bool, nb::object>(), "path"_a, "entry"_a,
             "released"_a = false, "handler"_a.none() = nb::none())
        .def("on_message", &module::on_message)
        .def("on_message_released", &module::on_message_released)
        .def("on_fields", &module::on_fields, "payload"_a, nb::kw_only(), "to"_a.none(),
             "from_"_a.none(), "id"_a);
}
