/* json_extract.c - scans JSON token by token for one member. Linear in `len`, without memory of its
 * own: no depth, no order, only tokens. */
#include "json_extract.h"

#include <stdbool.h>
#include <string.h>

/* In place of the opening quote of a string that was taken: it ends at a NUL, not at a quote. No
 * JSON has this byte between its tokens. */
#define TAKEN '\2'

/* ---- Characters ----------------------------------------------------------------------------------- */

static bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\0'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_opening(char c) { return c == '{' || c == '['; }
static bool is_closing(char c) { return c == '}' || c == ']'; }

static bool is_of_scalar(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == 'E' || c == '-' || c == '+' || c == '.';
}

static char *skip_blanks(char *at, const char *end) {
    while (at < end && is_blank(*at))
        at++;
    return at;
}

/* ---- Strings -------------------------------------------------------------------------------------- */

/* The closing quote of the string whose content begins at `at`, or NULL. */
static char *closing_quote(char *at, const char *end, bool *escaped) {
    *escaped = false;
    for (char *quote = NULL, *slash;; at = slash + 2) {
        if (quote == NULL || at > quote) /* at the start, and when the quote was an escaped one */
            quote = memchr(at, '"', (size_t)(end - at));
        if (quote == NULL)
            return NULL;
        slash = memchr(at, '\\', (size_t)(quote - at));
        if (slash == NULL)
            return quote;
        *escaped = true;
    }
}

/* The four hexadecimal digits at `at`, or -1. */
static long hex4(const char *at, const char *end) {
    if (end - at < 4)
        return -1;
    long value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i], letter = (char)(c | 0x20);
        if (!is_digit(c) && (letter < 'a' || letter > 'f'))
            return -1;
        value = value << 4 | (is_digit(c) ? c - '0' : letter - 'a' + 10);
    }
    return value;
}

/* The code point of the \u whose digits begin at *at, which goes behind it; or -1. */
static long code_point(const char **at, const char *end) {
    long high = hex4(*at, end);
    if (high < 0)
        return -1;
    *at += 4;
    if (high < 0xD800 || high > 0xDFFF)
        return high;
    if (high > 0xDBFF || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    long low = hex4(*at + 2, end);
    *at += 6;
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static size_t put_utf8(long point, char utf8[4]) {
    if (point < 0x80) {
        utf8[0] = (char)point;
        return 1;
    }
    size_t size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, point >>= 6)
        utf8[i] = (char)(0x80 | (point & 0x3F));
    utf8[0] = (char)((0xF00 >> size & 0xF0) | point);
    return size;
}

/* The byte at *at, or what the escape there stands for; *at goes behind it. Returns the number of
 * bytes, never more than it took; 0 for a NUL and for what is no valid escape. */
static size_t unescape_one(const char **at, const char *end, char utf8[4]) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    utf8[0] = *(*at)++;
    if (utf8[0] != '\\')
        return utf8[0] != '\0';
    char letter = *(*at)++; /* there is one: a string does not end in a bare backslash */
    if (letter == 'u') {
        long point = code_point(at, end);
        return point > 0 ? put_utf8(point, utf8) : 0;
    }
    const char *known = letter != '\0' ? strchr(letters, letter) : NULL;
    if (known == NULL)
        return 0;
    utf8[0] = meanings[known - letters];
    return 1;
}

static bool is_name(const char *at, const char *end, bool escaped, const char *key, size_t left) {
    if (!escaped)
        return (size_t)(end - at) == left && memcmp(at, key, left) == 0;
    while (at < end) {
        char utf8[4];
        size_t size = unescape_one(&at, end, utf8);
        if (size == 0 || size > left || memcmp(key, utf8, size) != 0)
            return false;
        key += size;
        left -= size;
    }
    return left == 0;
}

/* The content from `at` to `end`, unescaped in place; behind it NULs up to and with the quote. */
static bool unescape(char *at, char *end, bool escaped) {
    char utf8[4];
    char *to = end;
    if (!escaped && memchr(at, '\0', (size_t)(end - at)) != NULL)
        return false;
    if (escaped) {
        for (const char *from = at; from < end;)
            if (unescape_one(&from, end, utf8) == 0)
                return false;
        to = at;
        for (const char *from = at; from < end;) {
            size_t size = unescape_one(&from, end, utf8);
            memcpy(to, utf8, size);
            to += size;
        }
    }
    memset(to, '\0', (size_t)(end + 1 - to));
    return true;
}

/* ---- Other tokens --------------------------------------------------------------------------------- */

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && is_digit(*at))
        at++;
    return at;
}

static bool is_number(const char *at, const char *end) {
    at += at < end && *at == '-';
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return false;
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = at;
        at = skip_digits(at, end);
        if (at == digits)
            return false;
    }
    return at == end;
}

static bool is_word(const char *at, const char *end, const char *word) {
    return (size_t)(end - at) == strlen(word) && memcmp(at, word, (size_t)(end - at)) == 0;
}

/* Behind the number or word at `at`, or NULL. */
static char *scalar_end(char *at, const char *end) {
    char *to = at;
    while (to < end && is_of_scalar(*to))
        to++;
    bool valid = is_number(at, to) || is_word(at, to, "true") || is_word(at, to, "false") ||
                 is_word(at, to, "null");
    return valid ? to : NULL;
}

/* Behind the token or blank at `at`, which is before `end`; or NULL. */
static char *skip(char *at, const char *end) {
    bool escaped;
    if (is_blank(*at) || is_opening(*at) || is_closing(*at) || *at == ',' || *at == ':')
        return at + 1;
    if (*at != '"' && *at != TAKEN)
        return scalar_end(at, end);
    char *last = *at == '"' ? closing_quote(at + 1, end, &escaped)
                            : memchr(at + 1, '\0', (size_t)(end - at - 1));
    return last != NULL ? last + 1 : NULL;
}

/* Behind the object, array, number or word at `at`, or NULL. */
static char *value_end(char *at, const char *end) {
    if (!is_opening(*at))
        return scalar_end(at, end);
    char closing = *at == '{' ? '}' : ']';
    for (size_t depth = 0; at != NULL && at < end; at = skip(at, end)) {
        if (is_opening(*at))
            depth++;
        else if (is_closing(*at) && --depth == 0)
            return *at == closing ? at + 1 : NULL;
    }
    return NULL;
}

/* ---- The value ------------------------------------------------------------------------------------ */

static char *take_string(char *at, const char *end, char **next) {
    bool escaped;
    char *quote = closing_quote(at + 1, end, &escaped);
    if (quote == NULL || !unescape(at + 1, quote, escaped))
        return NULL;
    *at = TAKEN;
    *next = quote + 1;
    return at + 1;
}

static char *take_plain(char *at, char *end, char **next) {
    char *behind = value_end(at, end);
    if (behind == NULL)
        return NULL;
    if (behind == end) {
        memmove(at - 1, at, (size_t)(behind - at)); /* there is a colon, at least, in front */
        at--;
        behind--;
    } else if (!is_blank(*behind) && *behind != ',' && !is_closing(*behind))
        return NULL; /* not the end of a value, and not ours to write on */
    *behind = '\0';
    *next = behind + 1;
    return at;
}

static char *take(char *at, char *end, char **next) {
    if (at == end)
        return NULL;
    if (*at == '"')
        return take_string(at, end, next);
    if (*at != TAKEN)
        return take_plain(at, end, next);
    char *behind = skip(at, end);
    if (behind == NULL)
        return NULL;
    *next = behind;
    return at + 1;
}

char *mh_json_extract(char *src, size_t len, const char *key, char **next) {
    char *unasked;
    if (next == NULL)
        next = &unasked;
    *next = src;
    if (src == NULL || key == NULL)
        return NULL;
    char *end = src + len;
    size_t key_len = strlen(key);
    for (char *at = src; at != NULL && at < end;) {
        if (*at != '"') {
            at = skip(at, end);
            continue;
        }
        bool escaped;
        char *quote = closing_quote(at + 1, end, &escaped);
        if (quote == NULL)
            return NULL;
        char *colon = skip_blanks(quote + 1, end);
        if (colon < end && *colon == ':' && is_name(at + 1, quote, escaped, key, key_len))
            return take(skip_blanks(colon + 1, end), end, next);
        at = quote + 1;
    }
    return NULL;
}
