/* What every revision has, and how a layout is frozen. Compiling is the test. */
#include "module.h"

#include <assert.h>
#include <stddef.h>

#define PLACE(type, field, offset) \
    static_assert(offsetof(type, field) == (offset), #type "." #field " is at " #offset)
#define FREEZE(type, field, offset, size) \
    PLACE(type, field, offset);           \
    static_assert(sizeof(((type *)0)->field) == (size), #type "." #field " has " #size " bytes")
#define STRUCT(type, tag, size)                                       \
    static_assert(sizeof(type) == (size), #type " has " #size " bytes"); \
    static_assert(sizeof(struct tag) == (size), "struct " #tag " has " #size " bytes")

static_assert(sizeof(mesibo_int_t) == 8 && (mesibo_int_t)-1 < 0, "mesibo_int_t is signed");
static_assert(sizeof(mesibo_uint_t) == 8 && (mesibo_uint_t)-1 > 0, "mesibo_uint_t is unsigned");

static_assert(MESIBO_MODULE_SIGNATURE == 0xAA55773388FF1100, "signature");
static_assert(MESIBO_MODULE_VERSION == 1, "version");
static_assert(MESIBO_RESULT_OK == 0, "ok");
static_assert(MESIBO_RESULT_FAIL == -1, "fail");
static_assert(MESIBO_RESULT_PASS == 0, "pass");
static_assert(MESIBO_RESULT_CONSUMED == 1, "consumed");
static_assert(MODULE_HTTP_STATE_REQUEST == 0, "request");
static_assert(MODULE_HTTP_STATE_REQBODY == 1, "reqbody");
static_assert(MODULE_HTTP_STATE_RESPHEADER == 2, "respheader");
static_assert(MODULE_HTTP_STATE_RESPBODY == 3, "respbody");
static_assert(MODULE_HTTP_STATE_DONE == 4, "done");
static_assert(sizeof(module_http_state_t) == 4, "module_http_state_t");

/* Modules in the field lean on what the header pulls in. */
static_assert(sizeof(PRIu64) > 1 && sizeof(time_t) == 8, "<inttypes.h> and <time.h>");
