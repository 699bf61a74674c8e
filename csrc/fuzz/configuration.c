/* configuration.c - the items of a case: those that every case has, and its own. */
#include "living.h"

#include <string.h>

static char *item_text(fuzz_items *of, fuzz_text text) {
    char *copy = of->made[of->made_count++] = fuzz_lend_text(text);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = fuzz_item_byte((uint8_t)copy[i]);
    return copy;
}

/* One of that name is replaced. */
static void add_item(fuzz_items *to, fuzz_text name, fuzz_text value) {
    if (name.len == 0 || to->made_count + 2 > 2 * FUZZ_ITEMS)
        return;
    const char *called = item_text(to, name);
    size_t at = 0;
    while (at < to->count && strcmp(to->all[at].name, called) != 0)
        at++;
    if (at == FUZZ_ITEMS)
        return;
    to->all[at] = (mh_item){called, item_text(to, value)};
    to->count += at == to->count;
}

void fuzz_items_make(fuzz_items *to, const fuzz_case *what) {
    to->made_count = 0;
    to->count = fuzz_asked.item_count;
    memcpy(to->all, fuzz_asked.items, to->count * sizeof *to->all);
    for (size_t i = 0; i < what->count && fuzz_has_items(); i++)
        if (what->steps[i].kind == FUZZ_ITEM)
            add_item(to, what->steps[i].to, what->steps[i].data);
}

bool fuzz_items_are_own(const fuzz_case *what) {
    for (size_t i = 0; i < what->count && fuzz_has_items(); i++)
        if (what->steps[i].kind == FUZZ_ITEM)
            return true;
    return false;
}

void fuzz_items_free(fuzz_items *items) {
    while (items->made_count > 0)
        fuzz_take_back(items->made[--items->made_count]);
}
