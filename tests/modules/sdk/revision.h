/* What differs between the revisions where a module of the tests is compiled for both. */
#include <module.h>
#include <stdlib.h>
#include <string.h>

#if REVISION == 2019
typedef const char message_text;
#else
typedef char message_text;
#endif

/* mesibo_module_<MESIBO_MODULE>_init */
#define JOIN(a, b, c) a##b##c
#define INIT_OF(name) JOIN(mesibo_module_, name, _init)
#define INIT \
    MESIBO_EXPORT mesibo_int_t INIT_OF(MESIBO_MODULE)(mesibo_int_t version, mesibo_module_t *mod, \
                                                     mesibo_int_t len)
