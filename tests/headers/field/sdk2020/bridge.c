/* Hands every message to a script behind FastCGI. One request struct for all of them. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

static mesibo_fcgi_t fcgi;
static char *host;
static mesibo_int_t port, keepalive;

static mesibo_int_t on_fcgi_data(void *cbdata, mesibo_int_t result, const char *buffer, mesibo_int_t size) {
	mesibo_module_t *mod = (mesibo_module_t *)cbdata;
	if(MESIBO_RESULT_OK != result) {
		mesibo_log(mod, 0, "fcgi failed\n");
		return MESIBO_RESULT_OK;
	}
	mesibo_log(mod, 0, "fcgi: %.*s\n", (int)size, buffer);
	return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *p, char *message, mesibo_uint_t len) {
	mesibo_int_t begun = mesibo_util_usec();
	fcgi.QUERY_STRING = p->from;
	fcgi.body = message;
	fcgi.bodylen = len;
	mesibo_util_fcgi(&fcgi, host, port, keepalive, on_fcgi_data, mod);
	mesibo_log(mod, 3, "%ld us\n", (long)(mesibo_util_usec() - begun));
	return MESIBO_RESULT_PASS;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
	mesibo_log(mod, 1, "%s: cleanup\n", mod->name);
	return MESIBO_RESULT_OK;
}

static mesibo_int_t on_login(mesibo_module_t *mod, mesibo_user_t *user) {
	mesibo_log(mod, 1, "%s is %s\n", user->address, user->online ? "online" : "offline");
	return MESIBO_RESULT_OK;
}

MESIBO_EXPORT int mesibo_module_bridge_init(mesibo_int_t version, mesibo_module_t *mod, mesibo_int_t len) {
	MESIBO_MODULE_SANITY_CHECK(mod, version, len);

	memset(&fcgi, 0, sizeof(fcgi));
	host = mesibo_util_getconfig(mod, "host");
	port = atoi(mesibo_util_getconfig(mod, "port"));
	keepalive = 1;
	fcgi.DOCUMENT_ROOT = mesibo_util_getconfig(mod, "root");
	fcgi.SCRIPT_NAME = mesibo_util_getconfig(mod, "script");

	mod->on_message = on_message;
	mod->on_cleanup = on_cleanup;
	mod->on_login = on_login;
	return MESIBO_RESULT_OK;
}
