"""Says what is wrong with a line of input, and where. Only lines that failed come here."""

from __future__ import annotations

import difflib
import json
import re

import msgspec

from ..errors import InputError
from ..events import EventKind
from ..records import InputRecord, RecordFault
from .text import printable

_AT_BYTE = re.compile(r"JSON is malformed: (?P<what>.*) \(byte (?P<byte>\d+)\)")
_AT_FIELD = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<field>.*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<field>.*)`", re.DOTALL)
_MISTYPED = re.compile(r"Expected `(?P<expected>.*)`, got `(?P<found>.*)`")
_BAD_ENUM = re.compile(r"Invalid enum value (?P<found>.*)", re.DOTALL)

_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
_EXAMPLE = 'write a line such as {"from": "alice", "to": "bob", "message": "hello"}'
_HOW_TO_WRITE = {
    "int": "write a whole number, without quotes",
    "str": "write text, in double quotes",
    "bytes": "write Base64, in double quotes",
}

Fault = msgspec.DecodeError | UnicodeDecodeError | RecordFault


class BadLine:
    """A line of input that is none. `file` is its name, `number` counts from 1."""

    def __init__(self, file: str, number: int, line: bytes) -> None:
        self._file = file
        self._number = number
        self._line = line

    def explain(self, fault: Fault) -> InputError:
        """The error in three parts, for what reading the line raised."""
        wrong_utf8 = self._wrong_utf8()
        if wrong_utf8 is not None:
            return wrong_utf8
        if isinstance(fault, RecordFault):
            return self._in_field(fault.field, fault.what, fault.detail, fault.hint)
        if isinstance(fault, msgspec.ValidationError):
            return self._not_a_record(str(fault))
        return self._not_json(str(fault))

    def _wrong_utf8(self) -> InputError | None:
        """UTF-8 first: what is none cannot be JSON either."""
        try:
            self._line.decode()
        except UnicodeDecodeError as error:
            return self._error(
                self._column(error.start),
                "not UTF-8",
                f"expected text in UTF-8, found the byte 0x{self._line[error.start]:02x}: "
                f"{error.reason}",
                "save the file as UTF-8; what is not text goes into message_base64, to_base64 and "
                "from_base64",
            )
        return None

    def _not_json(self, words: str) -> InputError:
        column, what = self._where(words)
        return self._error(
            column,
            "not JSON",
            f"expected one JSON object a line, found: {what}",
            _EXAMPLE,
        )

    def _where(self, words: str) -> tuple[int, str]:
        half = _HALF_PAIR.search(self._line)
        if half is not None and _is_json(self._line):
            return self._column(half.start()), "one half of a surrogate pair"
        found = _AT_BYTE.fullmatch(words)
        if found is not None:
            # For what trails it has already read the first byte.
            byte = int(found["byte"]) - (found["what"] == "trailing characters")
            return self._column(byte), found["what"]
        return self._column(len(self._line.rstrip())), "the end of the line"

    def _not_a_record(self, words: str) -> InputError:
        unknown = _UNKNOWN.fullmatch(words)
        if unknown is not None:
            return self._unknown(unknown["field"])
        found = _AT_FIELD.fullmatch(words)
        assert found is not None
        field, what = found["field"], found["what"]
        mistyped = _MISTYPED.fullmatch(what)
        if not field:
            return self._error(
                self._column(len(self._line) - len(self._line.lstrip())),
                "not a JSON object",
                f"expected an object, found: {mistyped['found'] if mistyped else what}",
                _EXAMPLE,
            )
        if mistyped is not None:
            detail = f"expected {mistyped['expected']}, found {mistyped['found']}"
            hint = _HOW_TO_WRITE.get(mistyped["expected"].partition(" ")[0], "write it as expected")
            return self._in_field(field, f"the field `{field}` is of the wrong type", detail, hint)
        return self._wrong_value(field, what)

    def _wrong_value(self, field: str, what: str) -> InputError:
        bad_enum = _BAD_ENUM.fullmatch(what)
        if bad_enum is not None:
            detail = f"expected one of {', '.join(EventKind)}, found {bad_enum['found']}"
            hint = "write one of them, or leave the field out for a message"
        elif field.endswith("_base64"):
            detail = "expected Base64 (A-Z a-z 0-9 + / with = at its end), found something else"
            hint = f"text goes into `{field.removesuffix('_base64')}` as it is"
        else:
            detail = f"expected 0 to 2**64 - 1, found: {what}"
            hint = "write a number that an unsigned 64-bit word holds"
        return self._in_field(field, f"the field `{field}` has a wrong value", detail, hint)

    def _unknown(self, field: str) -> InputError:
        fields = sorted(InputRecord.__struct_encode_fields__)
        near = difflib.get_close_matches(field, fields, n=1)
        return self._in_field(
            field,
            f"there is no field `{field}`",
            f"expected some of {', '.join(fields)}; found `{field}`",
            f"did you mean `{near[0]}`?" if near else "take it out",
        )

    def _in_field(self, field: str, what: str, detail: str, hint: str) -> InputError:
        # A quote inside a string has a backslash before it, so this can only be a key.
        key = re.search(rb'"' + re.escape(field.encode()) + rb'"\s*:', self._line)
        return self._error(self._column(key.start()) if key else None, what, detail, hint)

    def _column(self, byte: int) -> int:
        return len(self._line[:byte].decode("utf-8", "replace")) + 1

    def _error(self, column: int | None, what: str, detail: str, hint: str) -> InputError:
        place = f"{self._file}:{self._number}" + ("" if column is None else f":{column}")
        return InputError(f"{place}: {printable(what)}", detail=printable(detail), hint=hint)


def _is_json(line: bytes) -> bool:
    """By the standard library, which lets halves of surrogate pairs pass."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True
