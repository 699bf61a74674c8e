/* Uses every kind of host function before it checks `len`, and writes into its configuration; imports
 * nothing that one revision alone has. */
#include "revision.h"

INIT {
    char json[] = "{\"a\": \"b\"}", *next, *value;
#if REVISION == 2019
    value = mesibo_util_json_extract(json, "a", &next);
#else
    value = mesibo_util_json_extract(json, sizeof json - 1, "a", &next);
#endif
    mesibo_message_params_t params = {.to = "admin", .id = 7};
    mesibo_message(mod, &params, "up", 2);
    mesibo_log(mod, 0, "json: %s", value);
    char *words = mesibo_util_getconfig(mod, "words");
    for (char *word = strtok(words, ","); word != NULL; word = strtok(NULL, ","))
        mesibo_log(mod, 0, "word: %s", word);
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    return MESIBO_RESULT_OK;
}
