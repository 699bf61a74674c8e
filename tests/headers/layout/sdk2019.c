/* Every offset and size of revision sdk2019. Compiling this file is the test. */
#include "common.h"

STRUCT(mesibo_module_t, mesibo_module_s, 176);
FREEZE(mesibo_module_t, version, 0, 8);
FREEZE(mesibo_module_t, flags, 8, 8);
FREEZE(mesibo_module_t, name, 16, 8);
FREEZE(mesibo_module_t, description, 24, 8);
FREEZE(mesibo_module_t, ctx, 32, 8);
FREEZE(mesibo_module_t, config, 40, 8);
FREEZE(mesibo_module_t, on_cleanup, 48, 8);
FREEZE(mesibo_module_t, on_message, 56, 8);
FREEZE(mesibo_module_t, on_message_status, 64, 8);
FREEZE(mesibo_module_t, on_call, 72, 8);
FREEZE(mesibo_module_t, on_call_status, 80, 8);
FREEZE(mesibo_module_t, on_login, 88, 8);
FREEZE(mesibo_module_t, signature, 96, 8);
FREEZE(mesibo_module_t, reserved_0, 104, 8);
FREEZE(mesibo_module_t, reserved_1, 112, 8);
FREEZE(mesibo_module_t, reserved_2, 120, 8);
FREEZE(mesibo_module_t, reserved_3, 128, 8);
FREEZE(mesibo_module_t, reserved_4, 136, 8);
FREEZE(mesibo_module_t, reserved_5, 144, 8);
FREEZE(mesibo_module_t, reserved_6, 152, 8);
FREEZE(mesibo_module_t, reserved_7, 160, 8);
FREEZE(mesibo_module_t, invoke, 168, 8);

STRUCT(mesibo_message_params_t, mesibo_message_params_s, 112);
FREEZE(mesibo_message_params_t, aid, 0, 8);
FREEZE(mesibo_message_params_t, id, 8, 8);
FREEZE(mesibo_message_params_t, refid, 16, 8);
FREEZE(mesibo_message_params_t, groupid, 24, 8);
FREEZE(mesibo_message_params_t, flags, 32, 8);
FREEZE(mesibo_message_params_t, type, 40, 8);
FREEZE(mesibo_message_params_t, expiry, 48, 8);
FREEZE(mesibo_message_params_t, to_online, 56, 8);
FREEZE(mesibo_message_params_t, reserved_0, 64, 8);
FREEZE(mesibo_message_params_t, reserved_1, 72, 8);
FREEZE(mesibo_message_params_t, reserved_2, 80, 8);
FREEZE(mesibo_message_params_t, reserved_3, 88, 8);
FREEZE(mesibo_message_params_t, to, 96, 8);
FREEZE(mesibo_message_params_t, from, 104, 8);

STRUCT(mesibo_user_t, mesibo_user_s, 56);
FREEZE(mesibo_user_t, flags, 0, 8);
FREEZE(mesibo_user_t, online, 8, 8);
FREEZE(mesibo_user_t, address, 16, 8);
FREEZE(mesibo_user_t, reserved_0, 24, 8);
FREEZE(mesibo_user_t, reserved_1, 32, 8);
FREEZE(mesibo_user_t, reserved_2, 40, 8);
FREEZE(mesibo_user_t, reserved_3, 48, 8);

STRUCT(module_config_t, module_config_s, 8);
FREEZE(module_config_t, count, 0, 4);
PLACE(module_config_t, items, 8);

STRUCT(module_config_item_t, module_config_item_s, 16);
FREEZE(module_config_item_t, name, 0, 8);
FREEZE(module_config_item_t, value, 8, 8);

STRUCT(module_http_option_t, _module_http_option_t, 152);
FREEZE(module_http_option_t, proxy, 0, 8);
FREEZE(module_http_option_t, content_type, 8, 8);
FREEZE(module_http_option_t, extra_header, 16, 8);
FREEZE(module_http_option_t, user_agent, 24, 8);
FREEZE(module_http_option_t, referrer, 32, 8);
FREEZE(module_http_option_t, origin, 40, 8);
FREEZE(module_http_option_t, cookie, 48, 8);
FREEZE(module_http_option_t, encoding, 56, 8);
FREEZE(module_http_option_t, cache_control, 64, 8);
FREEZE(module_http_option_t, accept, 72, 8);
FREEZE(module_http_option_t, etag, 80, 8);
FREEZE(module_http_option_t, ims, 88, 8);
FREEZE(module_http_option_t, maxredirects, 96, 8);
FREEZE(module_http_option_t, conn_timeout, 104, 8);
FREEZE(module_http_option_t, header_timeout, 112, 8);
FREEZE(module_http_option_t, body_timeout, 120, 8);
FREEZE(module_http_option_t, total_timeout, 128, 8);
FREEZE(module_http_option_t, retries, 136, 8);
FREEZE(module_http_option_t, synchronous, 144, 8);

/* The padding is eight values, and words take them. */
extern const uintptr_t padding[];
const uintptr_t padding[] = {MESIBO_MODULES_PADDING};
static_assert(sizeof(padding) == 8 * sizeof(uintptr_t), "MESIBO_MODULES_PADDING");
