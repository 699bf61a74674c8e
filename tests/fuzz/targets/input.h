/* input.h - the bytes of one input, taken from its front. What is behind its end is zeros. */
#ifndef INPUT_H
#define INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static inline void take(input *from, void *to, size_t size) {
    size_t there = size < from->left ? size : from->left;
    memset(to, 0, size);
    if (there > 0)
        memcpy(to, from->at, there);
    from->at += there;
    from->left -= there;
}

static inline uint8_t take_byte(input *from) {
    uint8_t byte;
    take(from, &byte, 1);
    return byte;
}

static inline uint64_t take_word(input *from) {
    uint64_t word;
    take(from, &word, sizeof word);
    return word;
}

/* A promise that is broken is a crash. */
static inline void promise(int kept) {
    if (!kept)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
