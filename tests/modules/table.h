/* A message as a table: name NUL value NUL, and so on. */
#include <stdlib.h>
#include <string.h>

/* The value of that name, or NULL. */
static char *entry(char *table, size_t len, const char *name) {
    for (char *at = table; at < table + len;) {
        char *value = at + strlen(at) + 1;
        if (strcmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

/* The same as a number; 0 where there is none. */
static unsigned long number(char *table, size_t len, const char *name) {
    const char *value = entry(table, len, name);
    return value != NULL ? strtoul(value, NULL, 10) : 0;
}

/* A copy to point into, until `burn`: from then on nothing of it may be read. */
static char *copied(const char *table, size_t len) {
    char *copy = malloc(len + 1);
    memcpy(copy, table, len);
    copy[len] = '\0';
    return copy;
}

static void burn(char *copy, size_t len, void *structure, size_t size) {
    memset(copy, 'x', len);
    memset(structure, 0x11, size);
    __asm__ volatile("" : : "r"(copy), "r"(structure) : "memory");
    free(copy);
}
