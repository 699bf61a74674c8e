/* Drops messages that hold one of the words in its configuration:
 *
 *     module filter {
 *         blocked = spam,casino
 *         log = 1
 *     }
 */
#include <module.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 32

typedef struct filter_s {
	char *words[MAX_WORDS];
	int count;
	int dropped;
} filter_t;

static int contains(const char *message, mesibo_uint_t len, const char *word) {
	mesibo_uint_t n = strlen(word);
	for(mesibo_uint_t i = 0; i + n <= len; i++) {
		if(!memcmp(message + i, word, n))
			return 1;
	}
	return 0;
}

static mesibo_int_t filter_on_message(mesibo_module_t *mod, mesibo_message_params_t *p, char *message, mesibo_uint_t len) {
	filter_t *f = (filter_t *)mod->ctx;

	for(int i = 0; i < f->count; i++) {
		if(contains(message, len, f->words[i])) {
			f->dropped++;
			mesibo_log(mod, 1, "dropped %" PRIu64 " from %s (%s)\n", (uint64_t)p->id, p->from, f->words[i]);
			return MESIBO_RESULT_CONSUMED;
		}
	}
	return MESIBO_RESULT_PASS;
}

static mesibo_int_t filter_on_cleanup(mesibo_module_t *mod) {
	free(mod->ctx);
	return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_filter_init(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {

	MESIBO_MODULE_SANITY_CHECK(mod, version, len);

	mod->flags = 0;
	mod->description = strdup("Filter");
	mod->on_message = filter_on_message;
	mod->on_cleanup = filter_on_cleanup;

	if(!mod->config) {
		mesibo_log(mod, 0, "%s: no configuration\n", mod->name);
		return MESIBO_RESULT_FAIL;
	}

	filter_t *f = (filter_t *)calloc(1, sizeof(filter_t));
	mod->ctx = f;

	char *blocked = mesibo_util_getconfig(mod, "blocked");
	for(char *word = blocked ? strtok(blocked, ", ") : NULL; word && f->count < MAX_WORDS; word = strtok(NULL, ", "))
		f->words[f->count++] = word;

	for(int i = 0; i < mod->config->count; i++)
		mesibo_log(mod, 1, "%s = %s\n", mod->config->items[i].name, mod->config->items[i].value);

	return MESIBO_RESULT_OK;
}
