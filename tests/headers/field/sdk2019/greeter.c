/* Greets from a thread of its own. The init returns int, as the header of its year says. */
#include "module.h"

#include <string.h>

static mesibo_module_t *greeter;

static void *greet(void *data) {
	mesibo_message_params_t p;
	memset(&p, 0, sizeof(p));
	p.to = (char *)data;
	p.from = (char *)greeter->name;
	mesibo_message(greeter, &p, "hello", 5);
	return NULL;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
	mesibo_log(mod, 0, "%s: cleanup\n", mod->name);
	return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_greeter_init(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {
	MESIBO_MODULE_SANITY_CHECK(mod, version, len);

	for(int i = 0; mod->config && i < mod->config->count; i++) {
		module_config_item_t *item = &mod->config->items[i];
		if(!strcmp(item->name, "whom"))
			mesibo_util_create_thread(greet, item->value, 64 * 1024, "greeter");
	}
	greeter = mod;
	mod->on_cleanup = on_cleanup;
	return MESIBO_RESULT_OK;
}
