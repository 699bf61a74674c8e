/* params.h - what cffi is told in both of its modes. */
typedef intptr_t mesibo_int_t;
typedef uintptr_t mesibo_uint_t;
typedef struct mesibo_module_s mesibo_module_t;

typedef struct mesibo_message_params_s {
    mesibo_uint_t aid, id, refid, groupid, flags, type, expiry, to_online;
    char *to, *from;
} mesibo_message_params_t;
