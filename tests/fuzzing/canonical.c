/* Inputs as the fuzz program reads them, written again: 32 bits of size and the input, in and out. */
#include "fuzz/fuzz.h"

#include <stdio.h>

int main(void) {
    static uint8_t input[FUZZ_INPUT], again[2 * FUZZ_INPUT];
    static fuzz_case what;
    uint32_t size;
    while (fread(&size, sizeof size, 1, stdin) == 1 && size <= sizeof input &&
           fread(input, 1, size, stdin) == size) {
        fuzz_read(&what, input, size);
        size = (uint32_t)fuzz_write(&what, again, sizeof again);
        fwrite(&size, sizeof size, 1, stdout);
        fwrite(again, 1, size, stdout);
        fflush(stdout);
    }
    return 0;
}
