/* json_extract.c - a key, a NUL, and a text: every value of that key is inside of the text and ends in a NUL
 * there, once from the start each time and once from behind the last one. */
#include "input.h"

#include "json_extract.h"

static void take_all(char *text, size_t len, const char *key, int on) {
    char *from = text, *end = text + len;
    for (int i = 0; i < 1000; i++) {
        char *next = NULL;
        char *value = mh_json_extract(from, (size_t)(end - from), key, &next);
        if (value == NULL) {
            promise(next == from);
            return;
        }
        promise(value >= from && next > value && next <= end);
        promise(memchr(value, '\0', (size_t)(next - value)) != NULL);
        if (on)
            from = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *nul = memchr(data, '\0', size);
    size_t key_len = nul != NULL ? (size_t)(nul - data) : size;
    size_t len = nul != NULL ? size - key_len - 1 : 0;
    char *key = malloc(key_len + 1), *text = malloc(len > 0 ? len : 1);
    if (key != NULL && text != NULL) {
        memcpy(key, data, key_len);
        key[key_len] = '\0';
        for (int on = 0; on < 2; on++) {
            if (len > 0)
                memcpy(text, nul + 1, len);
            take_all(text, len, key, on);
        }
    }
    free(key);
    free(text);
    return 0;
}
