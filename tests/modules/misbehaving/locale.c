/* Changes the locale. */
#include "misbehaving.h"

#include <locale.h>

IN_MESSAGE {
    return setlocale(LC_ALL, "C.UTF-8") != NULL && setlocale(LC_NUMERIC, "POSIX") != NULL ? 0 : -1;
}
