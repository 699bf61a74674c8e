"""What all revisions publish, and how a revision's table is written."""

from __future__ import annotations

from dataclasses import dataclass

WORD = "mesibo_uint_t"
INT = "mesibo_int_t"
TEXT = "const char *"
STRING = "char *"
RESERVED = "uintptr_t"
MODULE = "mesibo_module_t *"
PARAMS = "mesibo_message_params_t *"

Field = tuple[int, str, str]
"""Offset, name and type."""


@dataclass(frozen=True, slots=True)
class Published:
    """One revision: `structs` are size and fields by tag, `typedefs` the types by name,
    `constants` the values by macro, `functions` their result and arguments, `macros`
    the other macros, `includes` are the system headers that it pulls in."""

    structs: dict[str, tuple[int, list[Field]]]
    typedefs: dict[str, str]
    constants: dict[str, int]
    functions: dict[str, tuple[str, ...]]
    macros: frozenset[str]
    includes: tuple[str, ...]


def words(type_: str, names: str, start: int = 0) -> list[Field]:
    """Fields of one word each, one behind the other."""
    return [(start + 8 * n, name, type_) for n, name in enumerate(names.split())]


def callback(*arguments: str, result: str = INT) -> str:
    """The type of a pointer to a function of these arguments."""
    return f"{result} (*)({', '.join(arguments)})"


STATES = [
    ("MODULE_HTTP_STATE_REQUEST", 0),
    ("MODULE_HTTP_STATE_REQBODY", 1),
    ("MODULE_HTTP_STATE_RESPHEADER", 2),
    ("MODULE_HTTP_STATE_RESPBODY", 3),
    ("MODULE_HTTP_STATE_DONE", 4),
]

CONSTANTS = {
    "MESIBO_MODULE_SIGNATURE": 0xAA55773388FF1100,
    "MESIBO_MODULE_VERSION": 1,
    "MESIBO_RESULT_OK": 0,
    "MESIBO_RESULT_FAIL": -1,
    "MESIBO_RESULT_PASS": 0,
    "MESIBO_RESULT_CONSUMED": 1,
}

TYPEDEFS = {
    "mesibo_int_t": "intptr_t",
    "mesibo_uint_t": "uintptr_t",
    "mesibo_module_t": "struct mesibo_module_s",
    "mesibo_message_params_t": "struct mesibo_message_params_s",
    "module_http_state_t": "enum module_http_state_t",
}

SDK_TYPEDEFS = TYPEDEFS | {
    "mesibo_user_t": "struct mesibo_user_s",
    "module_config_t": "struct module_config_s",
    "module_config_item_t": "struct module_config_item_s",
}

SDK_MACROS = frozenset({"MESIBO_EXPORT", "MESIBO_MODULE_SANITY_CHECK", "MESIBO_MODULES_PADDING"})

SDK_FUNCTIONS: dict[str, tuple[str, ...]] = {
    "mesibo_message": (INT, MODULE, PARAMS, TEXT, WORD),
    "mesibo_log": (INT, MODULE, WORD, TEXT, "..."),
    "mesibo_util_getconfig": (STRING, MODULE, TEXT),
    "mesibo_util_create_thread": ("void", "void *(*)(void *)", "void *", "size_t", TEXT),
}

USER = (
    56,
    [
        (0, "flags", WORD),
        (8, "online", INT),
        (16, "address", STRING),
        *words(RESERVED, "reserved_0 reserved_1 reserved_2 reserved_3", 24),
    ],
)

CONFIG_ITEM = (16, [(0, "name", STRING), (8, "value", STRING)])
