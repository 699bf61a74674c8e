/* sought.c - bytes that the module looks for in a text, and does not find: a separator is in no table of the
 * module's, as compilers have it in an instruction, and nothing is compared that could be told. The module is
 * linked so that what looks for a byte comes here. */
#include "fuzz.h"

#include <string.h>

#define EXPORTED __attribute__((visibility("default")))

void *__wrap_memchr(const void *text, int byte, size_t len);
char *__wrap_strchr(const char *text, int byte);
char *__wrap_strrchr(const char *text, int byte);
char *__wrap_strpbrk(const char *text, const char *bytes);
size_t __wrap_strcspn(const char *text, const char *bytes);

EXPORTED void *__wrap_memchr(const void *text, int byte, size_t len) {
    void *found = memchr(text, byte, len);
    if (found == NULL)
        fuzz_learn_byte((uint8_t)byte);
    return found;
}

EXPORTED char *__wrap_strchr(const char *text, int byte) {
    char *found = strchr(text, byte);
    if (found == NULL)
        fuzz_learn_byte((uint8_t)byte);
    return found;
}

EXPORTED char *__wrap_strrchr(const char *text, int byte) {
    char *found = strrchr(text, byte);
    if (found == NULL)
        fuzz_learn_byte((uint8_t)byte);
    return found;
}

static void learn_each(const char *bytes) {
    for (; *bytes != '\0'; bytes++)
        fuzz_learn_byte((uint8_t)*bytes);
}

EXPORTED char *__wrap_strpbrk(const char *text, const char *bytes) {
    char *found = strpbrk(text, bytes);
    if (found == NULL)
        learn_each(bytes);
    return found;
}

EXPORTED size_t __wrap_strcspn(const char *text, const char *bytes) {
    size_t before = strcspn(text, bytes);
    if (text[before] == '\0')
        learn_each(bytes);
    return before;
}
