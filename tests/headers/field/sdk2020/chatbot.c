/* Asks a service what to answer, and answers in the name of the one who was asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "module.h"

#define HTTP_BUFFER_LEN (64 * 1024)

typedef struct chatbot_config_s {
	const char *endpoint;
	const char *access_token;
	const char *address;
	char auth_bearer[512];
} chatbot_config_t;

/* One for each request: goes with its last callback. */
typedef struct http_context_s {
	mesibo_module_t *mod;
	mesibo_message_params_t params;
	char from[64];
	char buffer[HTTP_BUFFER_LEN];
	int datalen;
	mesibo_int_t status;
} http_context_t;

static mesibo_int_t chatbot_send_reply(http_context_t *b) {
	mesibo_message_params_t np;
	chatbot_config_t *cbc = (chatbot_config_t *)b->mod->ctx;

	memset(&np, 0, sizeof(mesibo_message_params_t));
	np.aid = b->params.aid;
	np.id = (mesibo_uint_t)rand();
	np.refid = b->params.id;
	np.flags = MOD_MESIBO_MSGFLAG_SENDMESSAGE;
	np.to = b->from;
	np.from = (char *)cbc->address;

	char *text = mesibo_util_json_extract(b->buffer, b->datalen, "fulfillmentText", NULL);
	if(!text)
		return MESIBO_RESULT_FAIL;
	return mesibo_message(b->mod, &np, text, strlen(text));
}

static mesibo_int_t chatbot_http_on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress, const char *buffer, mesibo_int_t size) {
	http_context_t *b = (http_context_t *)cbdata;
	mesibo_module_t *mod = b->mod;

	if(progress < 0) {
		mesibo_log(mod, 0, "Error in http callback\n");
		free(b);
		return MESIBO_RESULT_FAIL;
	}

	if(MODULE_HTTP_STATE_RESPBODY == state) {
		if(b->datalen + size >= HTTP_BUFFER_LEN)
			return MESIBO_RESULT_FAIL;
		memcpy(b->buffer + b->datalen, buffer, size);
		b->datalen += size;
	}

	if(100 == progress && MODULE_HTTP_STATE_DONE == state && 200 == b->status)
		chatbot_send_reply(b);

	return MESIBO_RESULT_OK;
}

static mesibo_int_t chatbot_http_on_status(void *cbdata, mesibo_int_t status, const char *response_type) {
	http_context_t *b = (http_context_t *)cbdata;
	b->status = status;
	mesibo_log(b->mod, 2, "http status: %d %s\n", (int)status, response_type ? response_type : "");
	return MESIBO_RESULT_OK;
}

static void chatbot_http_on_close(void *cbdata, mesibo_int_t result) {
	http_context_t *b = (http_context_t *)cbdata;
	if(MESIBO_RESULT_OK != result)
		mesibo_log(b->mod, 0, "cancelled\n");
	free(b);
}

static mesibo_int_t chatbot_on_message(mesibo_module_t *mod, mesibo_message_params_t *p, char *message, mesibo_uint_t len) {
	chatbot_config_t *cbc = (chatbot_config_t *)mod->ctx;
	char post_data[4096];

	if(!p->to || strcmp(p->to, cbc->address))
		return MESIBO_RESULT_PASS;

	http_context_t *b = (http_context_t *)calloc(1, sizeof(http_context_t));
	b->mod = mod;
	memcpy(&b->params, p, sizeof(mesibo_message_params_t));
	snprintf(b->from, sizeof(b->from), "%s", p->from);

	/* On the stack: the host copies it. */
	mesibo_http_t req;
	memset(&req, 0, sizeof(mesibo_http_t));
	snprintf(post_data, sizeof(post_data), "{\"text\": \"%.*s\"}", (int)len, message);
	req.url = cbc->endpoint;
	req.post = post_data;
	req.content_type = "application/json";
	req.extra_header = cbc->auth_bearer;
	req.on_data = chatbot_http_on_data;
	req.on_status = chatbot_http_on_status;
	req.on_close = chatbot_http_on_close;

	if(MESIBO_RESULT_OK != mesibo_util_http(&req, b)) {
		free(b);
		return MESIBO_RESULT_FAIL;
	}
	return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t chatbot_on_message_status(mesibo_module_t *mod, mesibo_message_params_t *p) {
	mesibo_log(mod, 1, "status of %u: %u\n", (uint32_t)p->id, (uint32_t)p->status);
	return p->status >= MESIBO_MODULE_MSGSTATUS_FAIL ? MESIBO_RESULT_FAIL : MESIBO_RESULT_OK;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_chatbot_init(mesibo_int_t version, mesibo_module_t *m, mesibo_int_t len) {

	MESIBO_MODULE_SANITY_CHECK(m, version, len);

	m->description = "Chatbot";
	m->on_message = chatbot_on_message;
	m->on_message_status = chatbot_on_message_status;

	if(!m->config)
		return MESIBO_RESULT_FAIL;

	chatbot_config_t *cbc = (chatbot_config_t *)calloc(1, sizeof(chatbot_config_t));
	cbc->endpoint = mesibo_util_getconfig(m, "endpoint");
	cbc->access_token = mesibo_util_getconfig(m, "access_token");
	cbc->address = mesibo_util_getconfig(m, "address");
	snprintf(cbc->auth_bearer, sizeof(cbc->auth_bearer), "Authorization: Bearer %s", cbc->access_token);
	m->ctx = cbc;
	srand((unsigned int)time(NULL));
	return MESIBO_RESULT_OK;
}
