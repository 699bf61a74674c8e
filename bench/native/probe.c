/* probe.c - a fixed piece of work: how fast is this core right now?
 *
 * Four chains that do not wait for each other, through a table that fits the first cache: a slower
 * clock shows in it, and so does another thread on the same core, which takes execution ports and
 * cache lines. */
#include <stdint.h>

enum { WORDS = 512, ROUNDS = 8000 };

static uint64_t table[WORDS];

uint64_t probe(void) {
    uint64_t a = 1, b = 2, c = 3, d = 4;
    for (int i = 0; i < ROUNDS; i++) {
        a = a * 6364136223846793005u + table[(a >> 32) % WORDS];
        b = b * 6364136223846793005u + table[(b >> 32) % WORDS];
        c = (c ^ (c >> 7)) + table[(c >> 16) % WORDS];
        d = (d ^ (d << 9)) + table[(d >> 16) % WORDS];
        table[i % WORDS] = a ^ d;
    }
    return a ^ b ^ c ^ d;
}
