/* exception.c - the exception of C++ that ends a process, by the name of its type. */
#define _GNU_SOURCE
#include "report.h"

#include <dlfcn.h>
#include <link.h>

static const char CPP_LIBRARY[] = "/libstdc++.so";
static void **(*current_exception)(void); /* of that; NULL: it is not there */

/* Where it is, if it is: dlopen would search the machine for it. */
static int look_for_cpp(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    if (strstr(object->dlpi_name, CPP_LIBRARY) == NULL)
        return 0;
    *(const char **)data = object->dlpi_name;
    return 1;
}

void exception_prepare(void) {
    const char *path = NULL;
    void *(*globals)(void) = NULL;
    dl_iterate_phdr(look_for_cpp, &path);
    void *library = path != NULL ? dlopen(path, RTLD_NOW | RTLD_NOLOAD) : NULL;
    if (library == NULL)
        return;
    *(void **)&current_exception = dlsym(library, "__cxa_current_exception_type");
    *(void **)&globals = dlsym(library, "__cxa_get_globals");
    if (globals != NULL)
        globals();
}

void exception_take(mh_crash *crash) {
    bool is_terminated = false;
    for (uint32_t i = 0; i < crash->object_count; i++)
        is_terminated = is_terminated || strstr(crash->objects[i], CPP_LIBRARY) != NULL;
    if (is_terminated && current_exception == NULL) /* it came later than that, or in the init */
        exception_prepare();
    void **type = is_terminated && current_exception != NULL ? current_exception() : NULL;
    if (type != NULL) /* std::type_info: its table, then the name */
        copy_text(crash->exception, sizeof crash->exception, type[1]);
}

