/* json_extract.h - one value out of a JSON text, in place. No state: from any thread. */
#ifndef MESIBO_JSON_EXTRACT_H
#define MESIBO_JSON_EXTRACT_H

#include <stddef.h>

/* The value of the first member named `key` (UTF-8; compared with the unescaped names), at any
 * depth, NUL-terminated inside of `src`; or NULL, and then nothing was written:
 *
 * - a string comes unescaped; one with a NUL, a lone surrogate or an invalid escape is not found;
 * - a number, true, false and null come as their text, an object or array as its JSON text, and the
 *   NUL takes the place of the byte behind it. A value that ends at `src[len]` has no such byte:
 *   it is moved one byte down, over the colon or blank in front of it.
 *
 * Bytes from `src[0]` to `src[len - 1]` are read and written, no others. Tokens are checked as they
 * are passed, their order is not: `src` may be a fragment that begins and ends between any two of
 * them. A syntax error in front of the value, or in it, means not found.
 *
 * `*next` (`next` may be NULL) is where to search on for the next member of that name: the byte
 * behind the value and its NUL, at most `src + len`. Where nothing is found it is `src`.
 *
 * The text can be searched again from its start, for the same or another key, with the same `len`:
 * NULs count as blanks, and a string that was taken before is known by the mark in place of its
 * opening quote, so that what is in it never passes for JSON. (An object or array is cut short by
 * the NUL of what was taken from inside of it before.) The value belongs to whoever owns
 * `src`, and is valid as long. `src` and `key` may be NULL: not found. */
char *mh_json_extract(char *src, size_t len, const char *key, char **next);

#endif
