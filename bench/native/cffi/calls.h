/* calls.h - in API mode: the functions of calls.c, and the one that Python defines. */
int call_on_message(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                    mesibo_uint_t len);
mesibo_module_t *open_module(const char *path, const char *entry, void *send);
void close_module(mesibo_module_t *mod);

extern "Python" int send_upcall(mesibo_module_t *mod, mesibo_message_params_t *params,
                                const char *message, mesibo_uint_t len);
