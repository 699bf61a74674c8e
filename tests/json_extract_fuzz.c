/* Random tokens, random keys: `fuzz SECONDS SEED`. Built with the sanitizers, which watch the bytes
 * around a buffer of exactly the right size; exits with 1 and a line where a promise is broken. */
#include "json_extract.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LONGEST = 300 };

static uint64_t state;

static uint32_t below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) % limit);
}

static const char *const PIECES[] = {
    "\"a\":",  "\"b\" : ", "\"\\u0061\":", "\"a\"", "\"\"",  "\"",     "\\",    "\\u",    "\\ud83d",
    "\\ude00", "\\u0000",  "\\n",          "\\\"",  "{",     "}",      "[",     "]",      ",",
    ":",       " ",        "12",           "-0.5",  "1e+9",  "-",      "true",  "false",  "null",
    "nul",     "x",        "\2",           "\t",    "\xff",  "{\"a\":", "[1,2]", "\"x\\ty\"",
};

/* Bytes for `text`; returns how many. Mostly tokens, some NULs, some noise. */
static size_t make(char *text) {
    size_t len = 0, wanted = below(LONGEST - 16);
    while (len < wanted) {
        uint32_t kind = below(40);
        const char *piece = PIECES[below(sizeof PIECES / sizeof *PIECES)];
        if (kind == 0)
            text[len++] = (char)below(256);
        else if (kind == 1)
            text[len++] = '\0';
        else {
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
    }
    return len;
}

static void broken(const char *what, const char *text, size_t len) {
    printf("%s in: ", what);
    fwrite(text, 1, len, stdout);
    putchar('\n');
    exit(1);
}

/* Takes every value of the key, from the start or from behind the last one. */
static void take_all(char *src, size_t len, const char *key, bool on, const char *text) {
    char *from = src, *end = src + len;
    for (int i = 0; i < LONGEST; i++) {
        char *next = NULL;
        char *value = mh_json_extract(from, (size_t)(end - from), key, &next);
        if (value == NULL) {
            if (next != from)
                broken("next moved", text, len);
            return;
        }
        if (value < from || next <= value || next > end)
            broken("value or next outside", text, len);
        if (memchr(value, '\0', (size_t)(next - value)) == NULL)
            broken("no NUL", text, len);
        if (on)
            from = next;
    }
    if (on)
        broken("no end", text, len);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    time_t until = time(NULL) + atoi(argv[1]);
    state = strtoull(argv[2], NULL, 10) * 2 + 1;
    char text[LONGEST];
    unsigned long rounds = 0;
    for (; rounds % 1024 != 0 || time(NULL) < until; rounds++) {
        size_t len = make(text);
        char *src = malloc(len + (len == 0)); /* exactly: what is behind is watched */
        memcpy(src, text, len);
        static const char *const keys[] = {"a", "b", "", "\xf0\x9f\x98\x80", "x\ty"};
        for (int i = 0; i < 4; i++)
            take_all(src, len, keys[below(5)], below(2) == 0, text);
        free(src);
    }
    printf("%lu rounds\n", rounds);
    return 0;
}
