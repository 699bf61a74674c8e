/* items.c - the items of a module's configuration: strings of this load alone, which the module may
 * write into (some use strtok on them). */
#include "core.h"

#include <stdlib.h>
#include <string.h>

bool mh_items_copy(mh_instance *instance, const mh_item *items, size_t count) {
    size_t texts = 0;
    for (size_t i = 0; i < count; i++)
        texts += strlen(items[i].name) + strlen(items[i].value) + 2;
    instance->items = calloc(count + 1, sizeof *instance->items);
    instance->item_texts = malloc(texts + 1);
    if (instance->items == NULL || instance->item_texts == NULL)
        return false;
    char *at = instance->item_texts;
    for (size_t i = 0; i < count; i++) {
        instance->items[i].name = strcpy(at, items[i].name);
        at += strlen(at) + 1;
        instance->items[i].value = strcpy(at, items[i].value);
        at += strlen(items[i].value) + 1;
    }
    instance->item_count = count;
    return true;
}

void mh_items_free(mh_instance *instance) {
    free(instance->items);
    free(instance->item_texts);
}

/* By the names as they were given: what the module does to its copy of the table changes nothing. */
char *mh_config_value(mh_instance *from, const char *name) {
    if (name == NULL || !mh_may_go_on(from, &(mh_given){.kind = MH_GIVEN_ITEM, .bytes = name}))
        return NULL;
    for (size_t i = 0; i < from->item_count; i++)
        if (strcmp(from->items[i].name, name) == 0)
            return from->items[i].value;
    return NULL;
}
