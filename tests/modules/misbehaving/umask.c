/* Changes the mask of new files. */
#include "misbehaving.h"

#include <sys/stat.h>

IN_MESSAGE {
    umask(0777);
    return MESIBO_RESULT_PASS;
}
