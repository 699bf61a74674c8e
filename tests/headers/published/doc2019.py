"""The published module documentation of October 2019."""

from __future__ import annotations

from .common import (
    CONSTANTS,
    MODULE,
    PARAMS,
    STRING,
    TEXT,
    TYPEDEFS,
    WORD,
    Published,
    callback,
    words,
)

_ON_DATA = "mesibo_module_http_data_callback_t"
_OPTION = "module_http_option_t *"

DOC2019 = Published(
    structs={
        "mesibo_module_s": (
            96,
            [
                (0, "version", WORD),
                (8, "flags", WORD),
                (16, "name", TEXT),
                (24, "cleanup", callback(MODULE, result="int")),
                (32, "on_message", callback(MODULE, PARAMS, TEXT, WORD, result="int")),
                (40, "on_message_status", callback(MODULE, PARAMS, WORD, result="int")),
                (48, "on_call", callback(MODULE, result="int")),
                (56, "on_call_status", callback(MODULE, result="int")),
                (64, "signature", WORD),
                (72, "send_message", callback(MODULE, PARAMS, TEXT, WORD, result="int")),
                (
                    80,
                    "http",
                    callback(MODULE, TEXT, TEXT, _ON_DATA, "void *", _OPTION, result="int"),
                ),
                (88, "log", callback(MODULE, WORD, TEXT, "...", result="int")),
            ],
        ),
        "mesibo_message_params_s": (
            80,
            [
                *words(WORD, "aid id refid groupid flags type expiry to_online"),
                (64, "to", STRING),
                (72, "from", STRING),
            ],
        ),
        "_module_http_option_t": (
            144,
            [
                *words(TEXT, "proxy content_type extra_header user_agent referrer origin cookie"),
                *words(TEXT, "encoding cache_control accept etag", 56),
                *words(WORD, "ims maxredirects conn_timeout header_timeout body_timeout", 88),
                *words(WORD, "total_timeout retries", 128),
            ],
        ),
    },
    typedefs=TYPEDEFS
    | {
        "module_http_option_t": "struct _module_http_option_t",
        _ON_DATA: ("int (*)(void *, mesibo_int_t, mesibo_int_t, const char *, mesibo_int_t)"),
        "mesibo_module_init_fn": "int (*)(mesibo_module_t *, mesibo_uint_t)",
    },
    constants=CONSTANTS,
    functions={},
    macros=frozenset({"MESIBO_EXPORT"}),
    includes=("inttypes.h", "time.h"),
)
