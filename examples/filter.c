/* filter.c - drops messages that hold an unwanted word.
 *
 * A module as small as they come: no state, no memory of its own. The words are compiled in, since
 * a module of this revision is handed no configuration. */
#include "module.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const char *const UNWANTED[] = {"casino", "lottery", "spam"};

/* Bytes above 127 are parts of letters in UTF-8. */
static bool is_letter(char c) {
    unsigned char byte = (unsigned char)c;
    return byte >= 0x80 || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* Whether the word stands in the text, by itself and in any case of letters. Only `len` says where
 * the text ends: there need not be a NUL. */
static bool has_word(const char *text, mesibo_uint_t len, const char *word) {
    mesibo_uint_t size = strlen(word);
    for (mesibo_uint_t at = 0; at + size <= len; at++) {
        bool begins = at == 0 || !is_letter(text[at - 1]);
        bool ends = at + size == len || !is_letter(text[at + size]);
        if (begins && ends && strncasecmp(text + at, word, size) == 0)
            return true;
    }
    return false;
}

/* An address may be NULL: a message to a group has no recipient. */
static const char *shown(const char *address) { return address != NULL ? address : "(none)"; }

static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len) {
    for (size_t i = 0; i < sizeof UNWANTED / sizeof UNWANTED[0]; i++) {
        if (has_word(message, len, UNWANTED[i])) {
            mod->log(mod, 0, "dropped message %" PRIuPTR " from %s to %s: it says \"%s\"\n",
                     params->id, shown(params->from), shown(params->to), UNWANTED[i]);
            return MESIBO_RESULT_CONSUMED;
        }
    }
    mod->log(mod, 1, "nothing wrong with message %" PRIuPTR "\n", params->id);
    return MESIBO_RESULT_PASS;
}

MESIBO_EXPORT int mesibo_module_filter_init(mesibo_module_t *mod, mesibo_uint_t len) {
    if (len != sizeof(*mod) || mod->signature != MESIBO_MODULE_SIGNATURE)
        return MESIBO_RESULT_FAIL; /* another revision: no field of it can be trusted, log neither */
    mod->name = "filter";
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
