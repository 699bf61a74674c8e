/* Every offset and size of revision doc2019. Compiling this file is the test. */
#include "common.h"

STRUCT(mesibo_module_t, mesibo_module_s, 96);
FREEZE(mesibo_module_t, version, 0, 8);
FREEZE(mesibo_module_t, flags, 8, 8);
FREEZE(mesibo_module_t, name, 16, 8);
FREEZE(mesibo_module_t, cleanup, 24, 8);
FREEZE(mesibo_module_t, on_message, 32, 8);
FREEZE(mesibo_module_t, on_message_status, 40, 8);
FREEZE(mesibo_module_t, on_call, 48, 8);
FREEZE(mesibo_module_t, on_call_status, 56, 8);
FREEZE(mesibo_module_t, signature, 64, 8);
FREEZE(mesibo_module_t, send_message, 72, 8);
FREEZE(mesibo_module_t, http, 80, 8);
FREEZE(mesibo_module_t, log, 88, 8);

STRUCT(mesibo_message_params_t, mesibo_message_params_s, 80);
FREEZE(mesibo_message_params_t, aid, 0, 8);
FREEZE(mesibo_message_params_t, id, 8, 8);
FREEZE(mesibo_message_params_t, refid, 16, 8);
FREEZE(mesibo_message_params_t, groupid, 24, 8);
FREEZE(mesibo_message_params_t, flags, 32, 8);
FREEZE(mesibo_message_params_t, type, 40, 8);
FREEZE(mesibo_message_params_t, expiry, 48, 8);
FREEZE(mesibo_message_params_t, to_online, 56, 8);
FREEZE(mesibo_message_params_t, to, 64, 8);
FREEZE(mesibo_message_params_t, from, 72, 8);

STRUCT(module_http_option_t, _module_http_option_t, 144);
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
