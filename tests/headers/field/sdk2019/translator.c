/* Sends each message to a service and its translation on to the recipient. */
#include "module.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUFLEN 8192

typedef struct translate_context_s {
	mesibo_module_t *mod;
	mesibo_message_params_t params;
	char *to, *from;
	char buffer[BUFLEN];
	int datalen;
} translate_context_t;

static const char *languages[8];
static int language_count = 0;

/* In the order of the struct, the last ones left out. */
static module_http_option_t options = {
	NULL, "application/x-www-form-urlencoded", NULL, "translator/1.0", NULL, NULL, NULL, NULL, "no-cache", "*/*",
};

static void translate_context_free(translate_context_t *c) {
	free(c->to);
	free(c->from);
	free(c);
}

static mesibo_int_t translate_http_callback(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer, mesibo_int_t size) {
	translate_context_t *c = (translate_context_t *)cbdata;

	if(progress < 0) {
		mesibo_log(c->mod, 0, "translation failed\n");
		translate_context_free(c);
		return MESIBO_RESULT_OK;
	}

	if(MODULE_HTTP_STATE_RESPBODY != state)
		return MESIBO_RESULT_OK;

	if(c->datalen + size >= BUFLEN) {
		translate_context_free(c);
		return MESIBO_RESULT_FAIL;
	}
	memcpy(c->buffer + c->datalen, buffer, size);
	c->datalen += size;

	if(100 == progress) {
		char *next = NULL;
		c->buffer[c->datalen] = 0;
		char *text = mesibo_util_json_extract(c->buffer, "translatedText", &next);
		c->params.to = c->to;
		c->params.from = c->from;
		if(text)
			mesibo_message(c->mod, &c->params, text, strlen(text));
		translate_context_free(c);
	}
	return MESIBO_RESULT_OK;
}

static mesibo_int_t translate_on_message(mesibo_module_t *mod, mesibo_message_params_t *p, const char *message, mesibo_uint_t len) {
	char post[BUFLEN];

	if(!p->to)
		return MESIBO_RESULT_PASS;

	translate_context_t *c = (translate_context_t *)calloc(1, sizeof(translate_context_t));
	c->mod = mod;
	c->params = *p;
	c->to = strdup(p->to);
	c->from = strdup(p->from ? p->from : "");

	snprintf(post, sizeof(post), "target=%s&q=%.*s", language_count ? languages[0] : "en", (int)len, message);
	options.total_timeout = 10;
	options.synchronous = 0;
	if(mesibo_http(mod, mesibo_util_getconfig(mod, "url"), post, translate_http_callback, c, &options)) {
		translate_context_free(c);
		return MESIBO_RESULT_PASS;
	}
	return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t translate_on_message_status(mesibo_module_t *mod, mesibo_message_params_t *p, mesibo_uint_t status) {
	mesibo_log(mod, 1, "message %u: status %u\n", (unsigned int)p->id, (unsigned int)status);
	return MESIBO_RESULT_OK;
}

static mesibo_int_t translate_on_login(mesibo_module_t *mod, mesibo_user_t *user) {
	mesibo_log(mod, 1, "%s %s\n", user->address, user->online ? "in" : "out");
	return MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_translator_init(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {

	MESIBO_MODULE_SANITY_CHECK(mod, version, len);

	char *item = mesibo_util_getconfig(mod, "languages");
	for(char *l = item ? strtok(item, ",") : NULL; l && language_count < 8; l = strtok(NULL, ","))
		languages[language_count++] = l;

	mod->description = "Translator";
	mod->on_message = translate_on_message;
	mod->on_message_status = translate_on_message_status;
	mod->on_login = translate_on_login;
	return MESIBO_RESULT_OK;
}
