/* Uses what users write as a format. */
#include "misbehaving.h"

IN_MESSAGE {
    char format[64] = "";
    memcpy(format, message, len < sizeof format ? len : sizeof format - 1);
    return mod->log(mod, 0, format);
}
