// translator.cpp - "/translate es hello" is delivered as "hola".
//
// A message that begins with the command is consumed, and its text goes to a translation service.
// When the answer comes, the translation is sent to the recipient in the sender's name. When none
// comes, the sender is told so. TRANSLATOR_URL names the service; translation_server.py is one.
//
// Each request has a context of its own, made by on_message and freed by the last call of
// on_answer: the one with progress 100 or below 0, or the one that cancels.
//
// No exception may leave a module: its callers are C. And no globals that change: all loads of
// a library share them, in every host of the process.
#include "module.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <memory>
#include <string>

namespace {

const char DEFAULT_URL[] = "http://127.0.0.1:8765/translate";
const std::string COMMAND = "/translate ";
const std::string ACCEPTED = "ok\n"; // how the service begins an answer that is a translation
const std::size_t MOST_BYTES = 64 * 1024;

struct Translation {
    mesibo_module_t *mod;
    std::string from, to;           // what params points to: the message's own are gone by then
    mesibo_message_params_t params; // of the message
    std::string answer;             // as much of it as there is yet

    Translation(mesibo_module_t *module, const mesibo_message_params_t &message)
        : mod(module), from(message.from ? message.from : ""), to(message.to ? message.to : ""),
          params(message) {
        params.from = message.from ? &from[0] : nullptr;
        params.to = message.to ? &to[0] : nullptr;
    }
    Translation(const Translation &) = delete;
    Translation &operator=(const Translation &) = delete;
};

struct Command {
    std::string language, text;
};

bool is_language(const std::string &word) {
    return !word.empty() && word.size() <= 8 &&
           std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

// "es hello there". False: something is missing, or there is a NUL, which a POST cannot carry.
bool parse(const std::string &words, Command &command) {
    std::size_t space = words.find(' ');
    if (space == std::string::npos || words.find('\0') != std::string::npos)
        return false;
    command.language = words.substr(0, space);
    command.text = words.substr(space + 1);
    return is_language(command.language) && !command.text.empty();
}

void send(mesibo_module_t *mod, mesibo_message_params_t params, const std::string &text) {
    mod->send_message(mod, &params, text.data(), text.size()); // copied; the host logs a refusal
}

void tell_recipient(Translation &about, const std::string &text) {
    mesibo_message_params_t params = about.params;
    params.id = 0; // another message than the one it stands for
    params.refid = about.params.id;
    send(about.mod, params, text);
}

void tell_sender(Translation &about, const std::string &text) {
    if (about.params.from == nullptr)
        return; // nobody to tell
    char own_name[] = "translator";
    mesibo_message_params_t params = {};
    params.aid = about.params.aid;
    params.refid = about.params.id;
    params.expiry = about.params.expiry;
    params.from = own_name;
    params.to = about.params.from;
    send(about.mod, params, text);
}

void deliver(Translation &done) {
    if (done.answer.compare(0, ACCEPTED.size(), ACCEPTED) == 0) {
        tell_recipient(done, done.answer.substr(ACCEPTED.size()));
        return;
    }
    // This revision does not tell a module the HTTP status, so the answer itself has to say.
    done.mod->log(done.mod, 0, "message %" PRIuPTR ": the service did not translate it\n",
                  done.params.id);
    tell_sender(done, "Your message was not sent: it could not be translated.");
}

// Takes a piece of the answer. True: the request is over, this was the last call for it.
bool take(Translation &waiting, mesibo_int_t progress, const char *data, mesibo_int_t size) {
    if (progress < 0) {
        waiting.mod->log(waiting.mod, 0, "message %" PRIuPTR ": the service cannot be reached\n",
                         waiting.params.id);
        tell_sender(waiting, "Your message was not sent: the translation service is down.");
        return true;
    }
    if (waiting.answer.size() + static_cast<std::size_t>(size) > MOST_BYTES) {
        tell_sender(waiting, "Your message was not sent: its translation is too long.");
        return true;
    }
    if (size > 0)
        waiting.answer.append(data, static_cast<std::size_t>(size));
    if (progress == 100)
        deliver(waiting);
    return progress == 100;
}

int on_answer(void *cbdata, mesibo_int_t, mesibo_int_t progress, const char *data,
              mesibo_int_t size) {
    std::unique_ptr<Translation> waiting(static_cast<Translation *>(cbdata));
    try {
        if (!take(*waiting, progress, data, size)) {
            waiting.release(); // more is to come
            return 0;
        }
    } catch (const std::exception &error) {
        waiting->mod->log(waiting->mod, 0, "gave up: %s\n", error.what());
    }
    return 1; // cancels what is not over; then this was the last call as well
}

int translate(mesibo_module_t *mod, const mesibo_message_params_t &params,
              const std::string &words) {
    std::unique_ptr<Translation> waiting(new Translation(mod, params));
    Command command;
    if (!parse(words, command)) {
        tell_sender(*waiting, "Say: /translate LANGUAGE TEXT");
        return MESIBO_RESULT_CONSUMED;
    }
    const char *service = std::getenv("TRANSLATOR_URL");
    std::string url = std::string(service ? service : DEFAULT_URL) + "?to=" + command.language;
    module_http_option_t options = {};
    options.content_type = "text/plain; charset=utf-8";
    options.conn_timeout = 5;
    options.total_timeout = 20;
    if (mod->http(mod, url.c_str(), command.text.c_str(), on_answer, waiting.get(), &options) ==
        MESIBO_RESULT_OK)
        waiting.release(); // on_answer has it now
    else
        tell_sender(*waiting, "Your message was not sent: the translation service is down.");
    return MESIBO_RESULT_CONSUMED;
}

int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
               mesibo_uint_t len) {
    if (len < COMMAND.size() || std::memcmp(message, COMMAND.data(), COMMAND.size()) != 0)
        return MESIBO_RESULT_PASS;
    try {
        return translate(mod, *params, std::string(message, len).substr(COMMAND.size()));
    } catch (const std::exception &error) {
        mod->log(mod, 0, "message %" PRIuPTR ": %s\n", params->id, error.what());
        return MESIBO_RESULT_FAIL;
    }
}

} // namespace

MESIBO_EXPORT int mesibo_module_translator_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL;
    mod->name = "translator";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
