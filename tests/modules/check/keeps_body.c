/* Copies the body of an answer, and frees the copy only where the request fails. With
 * OPEN it leaves a descriptor open instead, with REST a thread running. */
#include "../sdk/revision.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef REST
static void *rest(void *data) {
    for (;;)
        pause();
    return data;
}
#endif

static mesibo_int_t on_data(void *cbdata, mesibo_int_t state, mesibo_int_t progress,
                            const char *buffer, mesibo_int_t size) {
    if (progress != 100 || state != MODULE_HTTP_STATE_RESPBODY || size == 0)
        return MESIBO_RESULT_OK;
#ifdef OPEN
    open("/dev/null", O_RDONLY);
#elif defined REST
    pthread_t thread;
    pthread_create(&thread, NULL, rest, NULL);
#else
    char *copy = malloc((size_t)size + 1); /* HERE */
    if (copy == NULL)
        return MESIBO_RESULT_FAIL;
    memcpy(copy, buffer, (size_t)size);
    copy[size] = '\0';
    if (copy[0] != '{')
        free(copy);
#endif
    return MESIBO_RESULT_OK;
}

static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               message_text *message, mesibo_uint_t len) {
    mesibo_http_t request = {0};
    request.url = "http://127.0.0.1:9/";
    request.on_data = on_data;
    mesibo_util_http(&request, mod);
    return MESIBO_RESULT_PASS;
}

INIT {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return MESIBO_RESULT_OK;
}
