/* Throws an exception that nobody catches. */
#include "misbehaving.h"

#include <stdexcept>

IN_MESSAGE {
    throw std::runtime_error("nobody is prepared for this");
}
