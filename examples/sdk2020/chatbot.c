/* chatbot.c - asks an HTTP service what to answer, and takes the answer out of its JSON.
 *
 *     module chatbot {
 *         address = assistant
 *         endpoint = http://127.0.0.1:8080/ask
 *         answer = text
 *     }
 *
 * The service gets {"text": "..."} and answers with JSON that has the key `answer` names. Where it does
 * not, the sender is told so. */
#include "module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SORRY[] = "Sorry, I cannot answer right now.";
enum { LARGEST = 1 << 20 };

typedef struct chatbot_s {
    const char *address, *endpoint, *answer;
} chatbot_t;

/* What is known of one request; freed in its last callback. */
typedef struct errand_s {
    mesibo_module_t *mod;
    mesibo_uint_t aid, id;
    char *from;
    char *body;
    mesibo_int_t size, status;
} errand_t;

static void end(errand_t *errand) {
    free(errand->from);
    free(errand->body);
    free(errand);
}

static void reply(const errand_t *errand, const char *text) {
    const chatbot_t *chatbot = (const chatbot_t *)errand->mod->ctx;
    mesibo_message_params_t params;
    memset(&params, 0, sizeof params); /* on the stack: the host copies what it keeps */
    params.aid = errand->aid;
    params.refid = errand->id;
    params.flags = MOD_MESIBO_MSGFLAG_SENDMESSAGE;
    params.to = errand->from;
    params.from = (char *)chatbot->address;
    mesibo_message(errand->mod, &params, text, strlen(text));
}

static mesibo_int_t keep(errand_t *errand, const char *bytes, mesibo_int_t size) {
    if (size > LARGEST - errand->size)
        return MESIBO_RESULT_FAIL;
    char *body = (char *)realloc(errand->body, (size_t)(errand->size + size + 1));
    if (body == NULL)
        return MESIBO_RESULT_FAIL;
    errand->body = body;
    if (size > 0)
        memcpy(body + errand->size, bytes, (size_t)size);
    errand->size += size;
    return MESIBO_RESULT_OK;
}

/* A failure ends here; everything else ends in on_close. Non-zero cancels the request. */
static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    errand_t *errand = (errand_t *)cbdata;
    if (progress < 0) {
        reply(errand, SORRY);
        end(errand);
        return MESIBO_RESULT_FAIL;
    }
    return state == MODULE_HTTP_STATE_RESPBODY ? keep(errand, buffer, size) : MESIBO_RESULT_OK;
}

static mesibo_int_t on_status(void *cbdata, mesibo_int_t status, const char *response_type) {
    errand_t *errand = (errand_t *)cbdata;
    errand->status = status;
    mesibo_log(errand->mod, 1, "the service answers %d, %s\n", (int)status,
               response_type != NULL ? response_type : "of no type");
    return MESIBO_RESULT_OK;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    errand_t *errand = (errand_t *)cbdata;
    const chatbot_t *chatbot = (const chatbot_t *)errand->mod->ctx;
    char *text = NULL;
    if (result == MESIBO_RESULT_OK && errand->status == 200)
        text = mesibo_util_json_extract(errand->body, errand->size, chatbot->answer, NULL);
    reply(errand, text != NULL ? text : SORRY);
    end(errand);
}

/* The message as a JSON string, in memory of its own. */
static char *question(const char *message, mesibo_uint_t len) {
    char *json = (char *)malloc(6 * len + 32), *at = json;
    if (json == NULL)
        return NULL;
    at += sprintf(at, "{\"text\": \"");
    for (mesibo_uint_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)message[i];
        if (byte < 0x20)
            at += sprintf(at, "\\u%04x", byte);
        else if (byte == '"' || byte == '\\')
            at += sprintf(at, "\\%c", byte);
        else
            *at++ = (char)byte;
    }
    strcpy(at, "\"}");
    return json;
}

static mesibo_int_t ask(mesibo_module_t *mod, errand_t *errand, const char *post) {
    const chatbot_t *chatbot = (const chatbot_t *)mod->ctx;
    mesibo_http_t request;
    memset(&request, 0, sizeof request);
    request.url = chatbot->endpoint;
    request.post = post;
    request.content_type = "application/json";
    request.total_timeout = 30;
    request.on_data = on_data;
    request.on_status = on_status;
    request.on_close = on_close;
    return mesibo_util_http(&request, errand);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    const chatbot_t *chatbot = (const chatbot_t *)mod->ctx;
    if (params->to == NULL || params->from == NULL || strcmp(params->to, chatbot->address) != 0)
        return MESIBO_RESULT_PASS;
    errand_t *errand = (errand_t *)calloc(1, sizeof *errand);
    if (errand == NULL)
        return MESIBO_RESULT_FAIL;
    errand->mod = mod;
    errand->aid = params->aid;
    errand->id = params->id;
    errand->from = strdup(params->from);
    char *post = question(message, len);
    mesibo_int_t result = MESIBO_RESULT_FAIL;
    if (errand->from != NULL && post != NULL)
        result = ask(mod, errand, post);
    free(post); /* the host has its own copy */
    if (result != MESIBO_RESULT_OK) {
        end(errand);
        return MESIBO_RESULT_FAIL;
    }
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    free(mod->ctx);
    return MESIBO_RESULT_OK;
}

/* What is not configured is NULL, and nobody else checks that. */
static const char *item(mesibo_module_t *mod, const char *name, const char *otherwise) {
    const char *value = mesibo_util_getconfig(mod, name);
    return value != NULL ? value : otherwise;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_chatbot_init(mesibo_int_t version, mesibo_module_t *mod,
                                                      mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    chatbot_t *chatbot = (chatbot_t *)calloc(1, sizeof *chatbot);
    if (chatbot == NULL)
        return MESIBO_RESULT_FAIL;
    chatbot->address = item(mod, "address", "assistant");
    chatbot->endpoint = item(mod, "endpoint", "http://127.0.0.1:8080/ask");
    chatbot->answer = item(mod, "answer", "text");
    mod->ctx = chatbot;
    mod->description = "answers what an HTTP service says";
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    return MESIBO_RESULT_OK;
}
