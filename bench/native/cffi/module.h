/* module.h - in ABI mode: the struct, which Python fills in itself. */
struct mesibo_module_s {
    mesibo_uint_t version, flags;
    const char *name;
    int (*cleanup)(mesibo_module_t *mod);
    int (*on_message)(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                      mesibo_uint_t len);
    int (*on_message_status)(mesibo_module_t *mod, mesibo_message_params_t *params,
                             mesibo_uint_t status);
    int (*on_call)(mesibo_module_t *mod);
    int (*on_call_status)(mesibo_module_t *mod);
    mesibo_uint_t signature;
    int (*send_message)(mesibo_module_t *mod, mesibo_message_params_t *params, const char *message,
                        mesibo_uint_t len);
    void *http;
    void *log;
};
