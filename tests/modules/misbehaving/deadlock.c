/* Locks a mutex that it has locked. */
#include "misbehaving.h"

IN_MESSAGE {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    pthread_mutex_lock(&lock);
    return MESIBO_RESULT_PASS;
}
