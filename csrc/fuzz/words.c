/* words.c - texts that fields are made of: words that the module knows, what programs trip over,
 * addresses. */
#define _GNU_SOURCE
#include "mutate.h"

#include <stdio.h>
#include <string.h>

static const fuzz_text hostile[] = {
    WORD("%s%s%s%n"), WORD("%n"), WORD("%1000000d"), WORD("../../etc/passwd"), WORD("'"), WORD("\""),
    WORD("\\"), WORD("\xff\xfe"), WORD("\xc3"), WORD("{\"text\": \"a\"}"), WORD("{"), WORD("}"),
    WORD("["), WORD("]"), WORD("="), WORD(":"), WORD(","), WORD(";"), WORD("\n"), WORD("\r\n"),
    WORD(" "), WORD("/"), WORD("-1"), WORD("0"), WORD("2147483648"), WORD("4294967295"),
    WORD("9223372036854775808"), WORD("18446744073709551615")};
static const fuzz_text addresses[] = {WORD("alice"), WORD("bob"), WORD("1234567890"),
                                      WORD("a@b.example"), WORD("")};

enum { WORDS = 1024 };
static fuzz_text words[WORDS]; /* of the module */
static size_t word_count;

bool fuzz_words_read(const char *path) {
    static uint8_t all[1 << 17];
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    size_t size = fread(all, 1, sizeof all, file);
    fclose(file);
    for (size_t at = 0; at + 2 <= size && word_count < WORDS;) {
        size_t len = all[at] | (size_t)all[at + 1] << 8;
        at += 2;
        if (len > size - at)
            break;
        words[word_count++] = (fuzz_text){all + at, len};
        at += len;
    }
    return true;
}

fuzz_text fuzz_any_hostile(void) { return fuzz_any_of(hostile, COUNT(hostile)); }
fuzz_text fuzz_any_address(void) { return fuzz_any_of(addresses, COUNT(addresses)); }

static size_t at_most(size_t count, size_t most) { return count < most ? count : most; }

fuzz_text fuzz_any_word(void) {
    size_t sought = at_most(fuzz_learnt->sought_count, FUZZ_SOUGHT);
    if (sought > 0 && fuzz_one_in(4))
        return (fuzz_text){&fuzz_learnt->sought[fuzz_below(sought)], 1};
    if (word_count > 0 && !fuzz_one_in(4))
        return fuzz_any_of(words, word_count);
    return fuzz_any_hostile();
}

fuzz_text fuzz_any_item_name(void) {
    size_t asked = at_most(fuzz_learnt->item_count, FUZZ_NAMES);
    if (asked > 0 && !fuzz_one_in(8)) {
        const char *name = fuzz_learnt->items[fuzz_below(asked)];
        return (fuzz_text){(const uint8_t *)name, strnlen(name, FUZZ_NAME - 1)};
    }
    if (fuzz_asked.item_count > 0 && fuzz_one_in(2)) {
        const char *name = fuzz_asked.items[fuzz_below(fuzz_asked.item_count)].name;
        return (fuzz_text){(const uint8_t *)name, strlen(name)};
    }
    return fuzz_any_word();
}
