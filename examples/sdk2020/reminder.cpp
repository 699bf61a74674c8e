// reminder.cpp - keeps what it is told, and says it again after a while, from a thread of its own.
//
//     module reminder {
//         address = reminder
//         seconds = 10
//     }
//
// What C++ knows, destructors and exceptions, stays inside of the callbacks: the host is C.
#include "module.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;

struct Note {
    std::string to, text;
    mesibo_uint_t refid;
};

// Whoever writes a configuration may write anything: less than nothing, or more than a year, is as if it was
// not there.
std::chrono::milliseconds milliseconds(const char *seconds) {
    const double wanted = seconds != nullptr ? std::atof(seconds) : 10;
    const bool is_one = wanted >= 0 && wanted <= 365 * 24 * 3600.0;
    return std::chrono::milliseconds(static_cast<long>(1000 * (is_one ? wanted : 10)));
}

// The state of one load. The thread is the host's (mesibo_util_create_thread), so that what it sends
// counts as this module's; on_cleanup waits for its end.
class Reminder {
public:
    Reminder(mesibo_module_t *mod, const char *address, const char *seconds)
        : mod_(mod), address_(address != nullptr ? address : "reminder"),
          delay_(milliseconds(seconds)) {
        mesibo_util_create_thread(run, this, 0, "reminder");
    }

    bool is_for_us(const mesibo_message_params_t &params) const {
        return params.to != nullptr && params.from != nullptr && address_ == params.to;
    }

    void keep(const mesibo_message_params_t &params, const char *message, mesibo_uint_t len) {
        const std::lock_guard<std::mutex> guard(lock_);
        notes_.emplace(Clock::now() + delay_,
                       Note{params.from, std::string(message, len), params.id});
        changed_.notify_one();
    }

    // What is still kept is lost, and said to be.
    std::size_t stop() {
        std::unique_lock<std::mutex> guard(lock_);
        stopping_ = true;
        changed_.notify_all();
        changed_.wait_for(guard, std::chrono::seconds(5), [this] { return ended_; });
        return notes_.size();
    }

private:
    static void *run(void *data) {
        static_cast<Reminder *>(data)->remind();
        return nullptr;
    }

    void remind() {
        std::unique_lock<std::mutex> guard(lock_);
        while (!stopping_) {
            if (notes_.empty())
                changed_.wait(guard);
            else if (notes_.begin()->first > Clock::now())
                changed_.wait_until(guard, notes_.begin()->first);
            else
                send_first(guard);
        }
        ended_ = true;
        changed_.notify_all();
    }

    // Not with the lock: a host function may take its time.
    void send_first(std::unique_lock<std::mutex> &guard) {
        Note note = std::move(notes_.begin()->second);
        notes_.erase(notes_.begin());
        guard.unlock();
        mesibo_message_params_t params = {};
        params.refid = note.refid;
        params.to = &note.to[0];
        params.from = &address_[0];
        mesibo_message(mod_, &params, note.text.data(), note.text.size());
        guard.lock();
    }

    mesibo_module_t *mod_;
    std::string address_;
    Clock::duration delay_;
    std::mutex lock_;
    std::condition_variable changed_;
    std::multimap<Clock::time_point, Note> notes_;
    bool stopping_ = false, ended_ = false;
};

mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                        mesibo_uint_t len) {
    try {
        Reminder &reminder = *static_cast<Reminder *>(mod->ctx);
        if (!reminder.is_for_us(*params))
            return MESIBO_RESULT_PASS;
        reminder.keep(*params, message, len);
        return MESIBO_RESULT_CONSUMED;
    } catch (const std::exception &error) {
        mesibo_log(mod, 0, "failed: %s\n", error.what());
        return MESIBO_RESULT_FAIL;
    }
}

mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    const std::unique_ptr<Reminder> reminder(static_cast<Reminder *>(mod->ctx));
    mesibo_log(mod, 1, "%zu reminders are lost\n", reminder->stop());
    return MESIBO_RESULT_OK;
}

}  // namespace

MESIBO_EXPORT mesibo_int_t mesibo_module_reminder_init(mesibo_int_t version, mesibo_module_t *mod,
                                                       mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    try {
        mod->ctx = new Reminder(mod, mesibo_util_getconfig(mod, "address"),
                                mesibo_util_getconfig(mod, "seconds"));
    } catch (const std::exception &error) {
        mesibo_log(mod, 0, "failed: %s\n", error.what());
        return MESIBO_RESULT_FAIL;
    }
    mod->description = "says again what it is told";
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
