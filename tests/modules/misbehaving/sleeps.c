/* Sleeps for an hour. */
#include "misbehaving.h"

IN_MESSAGE {
    sleep(3600);
    return MESIBO_RESULT_PASS;
}
