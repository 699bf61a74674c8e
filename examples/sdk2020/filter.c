/* filter.c - drops messages that hold a blocked word, and puts stars over those to be hidden.
 *
 *     module filter {
 *         blocked = casino, lottery
 *         hidden = darn
 *     }
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_WORDS = 32 };

typedef struct words_s {
    char *word[MOST_WORDS]; /* in the values of the configuration, which are ours to cut up */
    int count;
} words_t;

typedef struct filter_s {
    words_t blocked, hidden;
    mesibo_uint_t dropped;
} filter_t;

/* Without the item there are no words. */
static words_t words_of(mesibo_module_t *mod, const char *item) {
    words_t words = {{NULL}, 0};
    char *rest = mesibo_util_getconfig(mod, item);
    char *word = rest != NULL ? strtok_r(rest, ", ", &rest) : NULL;
    for (; word != NULL && words.count < MOST_WORDS; word = strtok_r(NULL, ", ", &rest))
        words.word[words.count++] = word;
    return words;
}

/* Where the word begins, or NULL. Only `len` says where the message ends. */
static char *find(char *message, mesibo_uint_t len, const char *word) {
    mesibo_uint_t size = strlen(word);
    for (mesibo_uint_t at = 0; at + size <= len; at++)
        if (strncasecmp(message + at, word, size) == 0)
            return message + at;
    return NULL;
}

/* A message may be rewritten in place; its length stays. */
static void hide(char *message, mesibo_uint_t len, const char *word) {
    char *found, *end = message + len;
    while ((found = find(message, (mesibo_uint_t)(end - message), word)) != NULL) {
        memset(found, '*', strlen(word));
        message = found + strlen(word);
    }
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    filter_t *filter = (filter_t *)mod->ctx;
    for (int i = 0; i < filter->blocked.count; i++)
        if (find(message, len, filter->blocked.word[i]) != NULL) {
            filter->dropped++;
            mesibo_log(mod, 1, "dropped a message of %s: %s\n",
                       params->from != NULL ? params->from : "nobody", filter->blocked.word[i]);
            return MESIBO_RESULT_CONSUMED;
        }
    for (int i = 0; i < filter->hidden.count; i++)
        hide(message, len, filter->hidden.word[i]);
    return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    filter_t *filter = (filter_t *)mod->ctx;
    mesibo_log(mod, 1, "dropped %" PRIuPTR " messages\n", filter->dropped);
    free(filter);
    return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_filter_init(mesibo_int_t version, mesibo_module_t *mod,
                                                     mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    filter_t *filter = (filter_t *)calloc(1, sizeof *filter);
    if (filter == NULL)
        return MESIBO_RESULT_FAIL;
    filter->blocked = words_of(mod, "blocked");
    filter->hidden = words_of(mod, "hidden");
    mod->ctx = filter; /* each load has its own: the library's globals are shared */
    mod->description = "drops and hides words";
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
