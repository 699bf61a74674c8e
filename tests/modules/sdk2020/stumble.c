/* Makes the request in a message, and ends in one of its callbacks: the message is the URL (of FastCGI the
 * port), `type` 0 HTTP, 1 FastCGI, 2 a socket, `from` the callback and `to` how: null, exit, hang. With the
 * item `init` the first request is made there, for that URL; with `cleanup`, the last one. `aid` is the
 * size of a body to post; the sum of what came is logged when it is over. */
#define _POSIX_C_SOURCE 200809L
#include "module.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct errand {
    mesibo_module_t *mod;
    char where[16], how[8];
    pid_t process;
    unsigned long size, sum;
    mesibo_int_t asock;
};

static void end(const char *how) {
    if (strcmp(how, "null") == 0)
        *(volatile int *)NULL = 1;
    if (strcmp(how, "exit") == 0)
        exit(7);
    if (strcmp(how, "kill") == 0)
        kill(getpid(), SIGKILL);
    while (strcmp(how, "hang") == 0)
        continue;
}

static void pass(struct errand *errand, const char *where) {
    mesibo_log(errand->mod, 0, "%s%s", where, errand->process == getpid() ? "" : " of another");
    if (strcmp(errand->where, where) == 0)
        end(errand->how);
}

static void add(struct errand *errand, const char *bytes, mesibo_int_t size) {
    for (mesibo_int_t i = 0; i < size; i++)
        errand->sum = errand->sum * 31 + (unsigned char)bytes[i];
    errand->size += (unsigned long)size;
}

static void done(struct errand *errand) {
    mesibo_log(errand->mod, 0, "%lu bytes, sum %lx", errand->size, errand->sum);
    free(errand);
}

/* ---- HTTP ---------------------------------------------------------------------------------------- */

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    struct errand *errand = cbdata;
    int cancels = strcmp(errand->where, "cancel") == 0 && state == MODULE_HTTP_STATE_RESPHEADER;
    if (state == MODULE_HTTP_STATE_RESPBODY && progress >= 0)
        add(errand, buffer, size);
    if (progress == 100 && state == MODULE_HTTP_STATE_RESPBODY)
        pass(errand, "on_data");
    if (state == MODULE_HTTP_STATE_REQUEST)
        pass(errand, "request");
    if (progress < 0) {
        pass(errand, "failure");
        free(errand);
    }
    return cancels;
}

static mesibo_int_t on_status(void *cbdata, mesibo_int_t status, const char *type) {
    pass(cbdata, "on_status");
    return 0;
}

static void on_close(void *cbdata, mesibo_int_t result) {
    pass(cbdata, "on_close");
    done(cbdata);
}

static char *post_of(unsigned long size) {
    char *post = size > 0 ? malloc(size + 1) : NULL;
    for (unsigned long i = 0; i < size; i++)
        post[i] = (char)('a' + i % 26);
    if (post != NULL)
        post[size] = '\0';
    return post;
}

static mesibo_int_t ask_http(const char *url, struct errand *errand, unsigned long post_size) {
    char *post = post_of(post_size);
    mesibo_http_t request = {
        .url = url, .post = post, .on_data = on_data, .on_status = on_status, .on_close = on_close};
    mesibo_int_t result = mesibo_util_http(&request, errand);
    free(post);
    return result;
}

/* ---- FastCGI ------------------------------------------------------------------------------------- */

static mesibo_int_t on_fcgi(void *cbdata, mesibo_int_t result, const char *buffer,
                            mesibo_int_t size) {
    struct errand *errand = cbdata;
    add(errand, buffer, size);
    pass(errand, "on_fcgi");
    done(errand);
    return 0;
}

/* ---- Sockets ------------------------------------------------------------------------------------- */

static void on_connect(void *cbdata, mesibo_int_t asock, mesibo_int_t fd) {
    struct errand *errand = cbdata;
    errand->asock = asock;
    pass(cbdata, "on_connect");
    if (mesibo_util_socket_write(asock, "hello", 5) != 5)
        mesibo_log(errand->mod, 0, "nothing written");
}

static void on_write(void *cbdata) { pass(cbdata, "on_write"); }

static mesibo_int_t on_socket_data(void *cbdata, const char *data, mesibo_int_t len) {
    struct errand *errand = cbdata;
    add(errand, data, len);
    pass(errand, "on_data");
    if (strcmp(errand->where, "on_close") == 0)
        mesibo_util_socket_close(errand->asock);
    return 0;
}

static void on_socket_close(void *cbdata, mesibo_int_t type) {
    pass(cbdata, "on_close");
    done(cbdata);
}

/* -------------------------------------------------------------------------------------------------- */

static struct errand *errand_of(mesibo_module_t *mod, const char *where, const char *how) {
    struct errand *errand = calloc(1, sizeof *errand);
    errand->mod = mod;
    errand->process = getpid();
    strncpy(errand->where, where != NULL ? where : "", sizeof errand->where - 1);
    strncpy(errand->how, how != NULL ? how : "", sizeof errand->how - 1);
    return errand;
}

static mesibo_int_t begin(struct errand *errand, mesibo_message_params_t *params, const char *target) {
    mesibo_fcgi_t fcgi = {.SCRIPT_FILENAME = (char[]){"/x.php"}};
    mesibo_socket_t socket = {.url = target,
                              .on_connect = on_connect,
                              .on_write = on_write,
                              .on_data = on_socket_data,
                              .on_close = on_socket_close};
    if (params->type == 1)
        return mesibo_util_fcgi(&fcgi, "127.0.0.1", atoi(target), 0, on_fcgi, errand);
    if (params->type == 2)
        return mesibo_util_socket_connect(&socket, errand);
    return ask_http(target, errand, params->aid);
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params, char *message,
                               mesibo_uint_t len) {
    end(message);
    struct errand *errand = errand_of(mod, params->from, params->to);
    mesibo_int_t result = begin(errand, params, message);
    mesibo_log(mod, 0, "begun %d", (int)result);
    if (strcmp(errand->where, "caller") == 0)
        end(errand->how);
    return MESIBO_RESULT_CONSUMED;
}

static mesibo_int_t on_cleanup(mesibo_module_t *mod) {
    char *url = mesibo_util_getconfig(mod, "cleanup");
    if (url != NULL)
        mesibo_log(mod, 0, "in cleanup %d", (int)ask_http(url, errand_of(mod, "", ""), 0));
    return 0;
}

MESIBO_EXPORT mesibo_int_t mesibo_module_stumble_init(mesibo_int_t version, mesibo_module_t *mod,
                                                      mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    mod->on_cleanup = on_cleanup;
    char *url = mesibo_util_getconfig(mod, "init"), *refuses = mesibo_util_getconfig(mod, "refuse");
    if (url != NULL)
        mesibo_log(mod, 0, "in init %d", (int)ask_http(url, errand_of(mod, "", ""), 0));
    return refuses != NULL ? MESIBO_RESULT_FAIL : MESIBO_RESULT_OK;
}
