/* Throws on a thread of its own, where std::terminate ends the process. */
#include "misbehaving.h"

#include <stdexcept>
#include <thread>

IN_MESSAGE {
    std::thread([] { throw std::runtime_error("on a thread"); }).join();
    return MESIBO_RESULT_PASS;
}
