"""The JSON scanner of the core, compiled by itself, against Python's json."""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tools import needs

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "csrc" / "json_extract.c"
FLAGS = ["-std=c17", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE.parent}"]

pytestmark = needs("cc")


class Scanner:
    """The scanner on bytes whose next page cannot be touched, as a module of a revision has it."""

    def __init__(self, library: Path) -> None:
        self.extract = ctypes.CDLL(str(library)).mh_json_extract
        self.extract.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
        self.extract.argtypes += [ctypes.POINTER(ctypes.c_void_p)]
        self.extract.restype = ctypes.c_void_p
        self._pages = mmap.mmap(-1, 32 * mmap.PAGESIZE)
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self._pages))
        self._guard = self._base + 31 * mmap.PAGESIZE
        libc = ctypes.CDLL(None, use_errno=True)
        protected = libc.mprotect(ctypes.c_void_p(self._guard), mmap.PAGESIZE, 0)
        assert protected == 0, os.strerror(ctypes.get_errno())
        self._src = self._guard

    def put(self, text: bytes) -> None:
        """The text, so that it ends where the guard begins."""
        self._src = self._guard - len(text)
        before = b"#" * (31 * mmap.PAGESIZE - len(text))
        ctypes.memmove(self._base, before + text, 31 * mmap.PAGESIZE)

    def take(self, key: bytes, offset: int = 0) -> tuple[bytes | None, int]:
        """A value of the key from `offset` on, and the offset behind it."""
        found = ctypes.c_void_p()
        start = self._src + offset
        value = self.extract(start, self._guard - start, key, ctypes.byref(found))
        assert found.value is not None
        behind = found.value - self._src
        assert ctypes.string_at(self._base, self._src - self._base).strip(b"#") == b""
        if value is None:
            assert behind == offset
            return None, behind
        assert start <= value < found.value <= self._guard
        return ctypes.string_at(value), behind

    def one(self, text: bytes, key: bytes) -> bytes | None:
        self.put(text)
        return self.take(key)[0]

    def all(self, text: bytes, key: bytes) -> list[bytes]:
        self.put(text)
        return list(self._following(key))

    def _following(self, key: bytes) -> Iterator[bytes]:
        value, behind = self.take(key)
        while value is not None:
            yield value
            value, behind = self.take(key, behind)

    def left(self) -> bytes:
        """The text as it is now."""
        return ctypes.string_at(self._src, self._guard - self._src)


@pytest.fixture(scope="session")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    library = tmp_path_factory.mktemp("json") / "libjson_extract.so"
    command = ["cc", *FLAGS, "-O2", "-shared", "-fPIC", str(SOURCE), "-o", str(library)]
    subprocess.run(command, check=True)
    return Scanner(library)


# ---- Documents -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    text: str


@dataclass(frozen=True)
class Object:
    """An object with its members in order, repeated names too."""

    members: tuple[tuple[str, Any], ...]


Json: TypeAlias = str | bool | Number | Object | list[Any] | None

# Surrogates stand for \u escapes that are one half of a pair.
TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)
KEYS = st.sampled_from(["a", "b", "aa", "", "\u00e4", "\U0001f600", 'q"', "back\\", "t\tn\n"])
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?([eE][-+]?[0-9]{1,2})?", fullmatch=True
)
SCALARS = st.none() | st.booleans() | NUMBERS.map(Number) | TEXTS
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(st.tuples(KEYS | TEXTS, inner), max_size=5).map(lambda m: Object(tuple(m)))
    ),
    max_leaves=12,
)
SHORT = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r"}
SHORT["\t"] = "\\t"


class Writer:
    """Writes a document in one of the many ways there are."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._random = draw(st.randoms(use_true_random=False))

    def blank(self) -> str:
        return "".join(self._random.choices(" \t\r\n", k=self._random.choice([0, 0, 0, 1, 2])))

    def character(self, c: str) -> str:
        must = c in '"\\' or c < " " or "\ud800" <= c <= "\udfff"
        if not must and self._random.random() < 0.8:
            return c
        if c in SHORT and self._random.random() < 0.7:
            return SHORT[c]
        units = c.encode("utf-16-be", "surrogatepass").hex()
        hexes = [units[i : i + 4] for i in range(0, len(units), 4)]
        return "".join(f"\\u{self._random.choice([h, h.upper()])}" for h in hexes)

    def string(self, text: str) -> str:
        return f'"{"".join(map(self.character, text))}"'

    def value(self, value: Json) -> str:
        match value:
            case str():
                text = self.string(value)
            case Number(text):
                pass
            case Object(members):
                pairs = [self.blank() + self.string(k) + self.blank() + ":" for k, _ in members]
                values = [self.value(v) for _, v in members]
                text = "{" + ",".join(map("".join, zip(pairs, values, strict=True))) + "}"
            case list():
                text = "[" + ",".join(map(self.value, value)) + "]"
            case _:
                text = json.dumps(value)
        return self.blank() + text + self.blank()


@st.composite
def written(draw: st.DrawFn) -> bytes:
    return Writer(draw).value(draw(DOCUMENTS)).encode()


def parsed(text: bytes) -> Json:
    document: Json = json.loads(
        text,
        object_pairs_hook=lambda pairs: Object(tuple(pairs)),
        parse_int=Number,
        parse_float=Number,
    )
    return document


def occurrences(value: Json, key: str) -> Iterator[Json]:
    """The values under the key in the order of the text; one found is not searched itself."""
    if isinstance(value, list):
        for item in value:
            yield from occurrences(item, key)
    elif isinstance(value, Object):
        for name, item in value.members:
            if name == key:
                yield item
            else:
                yield from occurrences(item, key)


def is_representable(value: Json) -> bool:
    if not isinstance(value, str):
        return True
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def same(found: bytes, value: Json) -> bool:
    if isinstance(value, str):
        return found == value.encode()
    if isinstance(value, Number):
        return found == value.text.encode()
    return parsed(found) == value and found == found.strip()


# ---- Properties ----------------------------------------------------------------------------------


@given(text=written(), key=KEYS)
def test_every_value_of_a_key_as_json_has_it(scanner: Scanner, text: bytes, key: str) -> None:
    expected = []
    for value in occurrences(parsed(text), key):
        if not is_representable(value):
            break
        expected.append(value)
    found = scanner.all(text, key.encode())
    assert len(found) == len(expected), (text, found)
    assert all(map(same, found, expected)), (text, found, expected)


@given(text=written(), key=KEYS)
def test_nothing_changes_where_nothing_is_found(scanner: Scanner, text: bytes, key: str) -> None:
    if scanner.one(text, key.encode()) is None:
        assert scanner.left() == text


@given(text=written(), keys=st.lists(KEYS, min_size=2, max_size=5))
def test_searched_again_from_the_start(scanner: Scanner, text: bytes, keys: list[str]) -> None:
    """What one search leaves behind does not hide, and does not forge, what another finds."""
    document = parsed(text)
    first = {key: next(occurrences(document, key), None) for key in keys}
    if any(isinstance(value, Object | list) for value in first.values()):
        return  # what was taken from inside of it cuts it short
    scanner.put(text)
    for key in keys:
        found, _ = scanner.take(key.encode())
        exists = any(True for _ in occurrences(document, key)) and is_representable(first[key])
        assert (found is not None) == exists, (text, key, found)
        assert found is None or same(found, first[key])


@given(text=written(), key=KEYS, cut=st.integers(0, 200))
def test_a_text_cut_anywhere(scanner: Scanner, text: bytes, key: str, cut: int) -> None:
    """What ends too early gives no more than the whole, but for a number that was cut itself."""
    whole = scanner.all(text, key.encode())
    found = scanner.all(text[:cut], key.encode())
    assert found[:-1] == whole[: max(len(found) - 1, 0)]
    assert len(found) <= len(whole)
    if found:
        assert whole[len(found) - 1].startswith(found[-1])


@given(noise=st.binary(max_size=200), key=st.binary(max_size=3).filter(lambda k: b"\0" not in k))
@example(noise=b'"a":"\\', key=b"a")
@example(noise=b'"a":"\\u', key=b"a")
@example(noise=b'"\\ud83d\\u', key=b"a")
@example(noise=b'"a":\2', key=b"a")
def test_noise(scanner: Scanner, noise: bytes, key: bytes) -> None:
    for value in scanner.all(noise, key):
        assert b"\0" not in value


# ---- By hand -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'{"a":"x"}', b"x"),
        (rb'{"a":""}', b""),
        (rb'{"a":"\u00e4\ud83d\ude00\/\n"}', "\u00e4\U0001f600/\n".encode()),
        (rb'{"a" : 12}', b"12"),
        (rb'{"a":-1.5e+3 }', b"-1.5e+3"),
        (rb'{"a":true}', b"true"),
        (rb'{"a":null,"a":1}', b"null"),
        (rb'{"a":{"a":[1,"]"]}}', rb'{"a":[1,"]"]}'),
        (rb'[[{"b":"a"},{"b":[]}],{"\u0061":1}]', b"1"),
        (rb'"b":2}, {"a":1}', b"1"),
        (b'{"a":"\xff"}', b"\xff"),
    ],
)
def test_values(scanner: Scanner, text: bytes, value: bytes) -> None:
    assert scanner.one(text, b"a") == value


@pytest.mark.parametrize(
    "text",
    [
        rb'{"a":"x\u0000y"}',
        rb'{"a":"x\ud83d"}',
        rb'{"a":"x\ud83dx\ude00"}',
        rb'{"a":"x\ude00"}',
        rb'{"a":"x\ud83d\u0041"}',
        rb'{"a":"\ude00\ude00"}',
        b'{"a":"\\n\0"}',
        rb'{"a":"\x"}',
        rb'{"a":"\u12"}',
        rb'{"a":"\u12g4"}',
        b'{"a":"x\0y"}',
        rb'{"a":"x',
        rb'{"a":"x\"',
        rb'{"a":',
        rb'{"a"',
        rb'{"a":01}',
        rb'{"a":1.}',
        rb'{"a":.5}',
        rb'{"a":+1}',
        rb'{"a":1e}',
        rb'{"a":tru}',
        rb'{"a":True}',
        rb'{"a":NaN}',
        rb'{"a":1"b":2}',
        rb'{"a":[1,2}',
        rb'{"a":,1}',
        rb'{"a"}',
        rb'["a"]',
        rb'{"b":"a"}',
        rb'{"A":1}',
        rb'{"aa":1}',
        rb'{"a\u0000":1}',
        rb'{"\ud83d":1}',
        rb'nonsense {"a":1}',
        b"",
    ],
)
def test_not_found(scanner: Scanner, text: bytes) -> None:
    assert scanner.one(text, b"a") is None
    assert scanner.left() == text


def test_bytes_that_are_written(scanner: Scanner) -> None:
    text = rb'{"a":"x\ny","b":[1],"c":2}'
    scanner.put(text)
    assert scanner.take(b"a") == (b"x\ny", text.index(b',"b"'))
    assert scanner.left() == b'{"a":\2x\ny\0\0,"b":[1],"c":2}'
    assert scanner.take(b"b") == (b"[1]", text.index(b'"c"'))
    assert scanner.left() == b'{"a":\2x\ny\0\0,"b":[1]\0"c":2}'
    assert scanner.take(b"c") == (b"2", len(text))
    assert scanner.left() == b'{"a":\2x\ny\0\0,"b":[1]\0"c":2\0'


@pytest.mark.parametrize("value", [b"12", b"true", b"[1]", b"{}"])
@pytest.mark.parametrize("before", [b'"a":', b'"a": '])
def test_a_value_that_ends_with_the_buffer_moves_down(
    scanner: Scanner, before: bytes, value: bytes
) -> None:
    text = before + value
    scanner.put(text)
    assert scanner.take(b"a") == (value, len(text))
    assert scanner.left() == before[:-1] + value + b"\0"


def test_what_a_value_holds_is_not_searched(scanner: Scanner) -> None:
    """The text of a message that somebody sent does not turn into members."""
    forged = json.dumps({"text": 'x","admin":"yes', "admin": "no"}).encode()
    scanner.put(forged)
    assert scanner.take(b"text")[0] == b'x","admin":"yes'
    assert scanner.take(b"admin")[0] == b"no"
    assert scanner.take(b"text")[0] == b'x","admin":"yes'


def test_nothing_given(scanner: Scanner) -> None:
    assert scanner.extract(None, 0, b"a", None) is None
    assert scanner.extract(None, 5, b"a", None) is None
    src = ctypes.create_string_buffer(b'{"a":1}')
    assert scanner.extract(src, 7, None, None) is None
    value = scanner.extract(src, 7, b"a", None)
    assert ctypes.string_at(value) == b"1"


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [b'"' + rb"\"" * 2**22, b"[" * 2**22, b'{"a":' * 2**20, rb'["\n' + rb"\n" * 2**22 + b'"'],
    ids=["quotes", "depth", "names", "escapes"],
)
def test_long_texts_take_no_longer_a_byte(scanner: Scanner, text: bytes) -> None:
    """A scan that were quadratic in any of these would run into the timeout."""
    src = ctypes.create_string_buffer(text, len(text))
    assert scanner.extract(src, len(text), b"b", None) is None


def test_fuzz_under_the_sanitizers(tmp_path: Path) -> None:
    program = tmp_path / "fuzz"
    command = ["cc", *FLAGS, "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover"]
    command += [str(SOURCE), str(ROOT / "tests" / "json_extract_fuzz.c"), "-o", str(program)]
    subprocess.run(command, check=True)
    seed = str(int.from_bytes(os.urandom(4)))
    done = subprocess.run([program, "3", seed], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stdout}{done.stderr}"
    assert done.stdout.endswith(" rounds\n")
