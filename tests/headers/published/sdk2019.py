"""The first public SDK header, October and November 2019."""

from __future__ import annotations

from .common import (
    CONFIG_ITEM,
    CONSTANTS,
    INT,
    MODULE,
    PARAMS,
    RESERVED,
    SDK_FUNCTIONS,
    SDK_MACROS,
    SDK_TYPEDEFS,
    STRING,
    TEXT,
    USER,
    WORD,
    Published,
    callback,
    words,
)

_ON_DATA = "mesibo_module_http_data_callback_t"

SDK2019 = Published(
    structs={
        "mesibo_module_s": (
            176,
            [
                (0, "version", WORD),
                (8, "flags", WORD),
                (16, "name", TEXT),
                (24, "description", TEXT),
                (32, "ctx", "void *"),
                (40, "config", "module_config_t *"),
                (48, "on_cleanup", callback(MODULE)),
                (56, "on_message", callback(MODULE, PARAMS, TEXT, WORD)),
                (64, "on_message_status", callback(MODULE, PARAMS, WORD)),
                (72, "on_call", callback(MODULE)),
                (80, "on_call_status", callback(MODULE)),
                (88, "on_login", callback(MODULE, "mesibo_user_t *")),
                (96, "signature", WORD),
                *words(RESERVED, "reserved_0 reserved_1 reserved_2 reserved_3", 104),
                *words(RESERVED, "reserved_4 reserved_5 reserved_6 reserved_7", 136),
                (168, "invoke", callback(INT, MODULE, "...")),
            ],
        ),
        "mesibo_message_params_s": (
            112,
            [
                *words(WORD, "aid id refid groupid flags type expiry to_online"),
                *words(RESERVED, "reserved_0 reserved_1 reserved_2 reserved_3", 64),
                (96, "to", STRING),
                (104, "from", STRING),
            ],
        ),
        "mesibo_user_s": USER,
        "module_config_s": (8, [(0, "count", "int"), (8, "items", "module_config_item_t[]")]),
        "module_config_item_s": CONFIG_ITEM,
        "_module_http_option_t": (
            152,
            [
                *words(TEXT, "proxy content_type extra_header user_agent referrer origin cookie"),
                *words(TEXT, "encoding cache_control accept etag", 56),
                *words(WORD, "ims maxredirects conn_timeout header_timeout body_timeout", 88),
                *words(WORD, "total_timeout retries", 128),
                (144, "synchronous", WORD),
            ],
        ),
    },
    typedefs=SDK_TYPEDEFS
    | {
        "module_http_option_t": "struct _module_http_option_t",
        _ON_DATA: callback("void *", INT, INT, TEXT, INT),
        "mesibo_module_init_fn": callback(INT, MODULE, INT, result="int"),
    },
    constants=CONSTANTS,
    functions=SDK_FUNCTIONS
    | {
        "mesibo_http": (INT, MODULE, TEXT, TEXT, _ON_DATA, "void *", "module_http_option_t *"),
        "mesibo_util_json_extract": (STRING, STRING, TEXT, "char **"),
    },
    macros=SDK_MACROS,
    includes=("inttypes.h", "time.h"),
)
