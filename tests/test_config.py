"""mesibo.conf: every form it may have, and every way it may be wrong."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.config import (
    Configuration,
    Item,
    ModuleSection,
    log_level,
    parse,
    read,
    render,
)
from mesibo_abi.errors import ConfigError

PATH = Path("mesibo.conf")


def error_of(text: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, path=PATH)
    return caught.value


def modules_of(text: str) -> list[tuple[str, dict[str, str]]]:
    return [(section.label, section.items) for section in parse(text).modules]


@pytest.mark.parametrize(
    "opening",
    [
        "module filter {",
        "module=filter {",
        "module = filter{",
        "module filter{",
        "  module\tfilter  {  ",
        "module filter\n{",
        "module = filter\n\n# brace below\n  {",
        "/* one */ /* two */ module filter {",
        "/* several\n lines */ module filter {",
        "module filter {\r",
    ],
)
def test_every_opening_means_the_same(opening: str) -> None:
    assert modules_of(f"{opening}\n a = 1\n}}\n") == [("filter", {"a": "1"})]


@pytest.mark.parametrize("text", ["module filter", "module=filter\n", "module = filter\nlog = 1\n"])
def test_a_module_without_items(text: str) -> None:
    assert modules_of(text) == [("filter", {})]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("k = a b  c ", "a b  c"),
        ("k=v", "v"),
        ("k =", ""),
        ("k = */*", "*/*"),
        ("k = #fff", "#fff"),
        ("k = a /* b */ # c", "a /* b */ # c"),
        ("k = x = y", "x = y"),
        ("k = {", "{"),
        ("k = }", "}"),
        ("k = caf\u00e9\u2028\u00a0", "caf\u00e9\u2028\u00a0"),
        ("k = v\r", "v"),
    ],
)
def test_a_value_runs_to_the_end_of_the_line(line: str, value: str) -> None:
    assert modules_of(f"module m {{\n{line}\n}}") == [("m", {"k": value})]


def test_order_labels_lines_and_the_servers_items() -> None:
    text = "port = 1\nmodule a {\n x = 1\n}\n# c\nmodule b\nport = 2\nmodule a\nmodule a {\n}\n"
    assert parse(text, path=PATH) == Configuration(
        PATH,
        (
            ModuleSection("a", "a", {"x": "1"}),
            ModuleSection("b", "b", {}),
            ModuleSection("a", "a#2", {}),
            ModuleSection("a", "a#3", {}),
        ),
        (Item("port", "1"), Item("port", "2")),
    )
    parsed = parse(text)
    assert [section.line for section in parsed.modules] == [2, 6, 8, 9]
    assert [item.line for item in parsed.server] == [1, 7]


def test_in_a_block_module_is_a_key_like_any_other() -> None:
    assert modules_of("module m {\nmodule = x\nmodules = 2\n}") == [
        ("m", {"module": "x", "modules": "2"})
    ]


def test_a_duplicate_names_both_lines() -> None:
    error = error_of("module filter {\n  log = 1\n  x = 2\n\tlog = 3\n}\n")
    assert str(error) == (
        "mesibo.conf:4:2: the item 'log' is given twice in the module 'filter'\n"
        "     log = 3\n"
        "     ^\n"
        "  expected one in a block, found a first in line 2 and a second in line 4\n"
        "  hint: take one of the two out"
    )
    assert (error.path, error.line, error.column) == (PATH, 4, 2)


@pytest.mark.parametrize(
    ("rest", "found"),
    [
        ("a = 1\n", "the end of the file"),
        ("a = 1\nmodule two {\n}\n", "another module in line 4"),
        ("module two\n", "another module in line 3"),
        ("a = 1 }\n", "the end of the file"),
    ],
)
def test_an_unclosed_block_blames_its_opening(rest: str, found: str) -> None:
    assert str(error_of(f"\nmodule one {{\n{rest}")) == (
        "mesibo.conf:2:1: the block of the module 'one' is not closed\n"
        "    module one {\n"
        "    ^\n"
        f"  expected a line that is only }}, found {found}\n"
        "  hint: put a } on a line of its own behind the module's items"
    )


@pytest.mark.parametrize(
    ("text", "first", "detail", "hint"),
    [
        (
            "words",
            "1:1: neither an item nor a module",
            "expected `key = value` or `module NAME {`, found 'words'",
            "write an = behind the key, or a # before a comment",
        ),
        (
            "  = 5",
            "1:3: an item without a key",
            "expected `key = value`, found nothing before the =",
            "write the key before the =",
        ),
        (
            "module {",
            "1:8: a module without a name",
            "expected `module NAME {`, found no name",
            "write the name of the module behind `module`",
        ),
        (
            "module m { a = 1 }",
            "1:12: something stands behind the opening of the module 'm'",
            "expected the end of the line, found 'a = 1 }'",
            "put items, comments and the closing } on lines of their own",
        ),
        (
            "module m # mine",
            "1:10: something stands behind the opening of the module 'm'",
            "expected { or the end of the line, found '# mine'",
            "put items, comments and the closing } on lines of their own",
        ),
        (
            "module m {\n{",
            "2:1: a { that opens nothing",
            "expected it behind `module NAME`, once, found it alone",
            "take the brace out, or write `module NAME` above it",
        ),
        (
            "module m\na = 1\n}",
            "3:1: a } that closes nothing",
            "expected an open block `module NAME {` above, found none",
            "take the brace out, or write the { of its module",
        ),
        (
            "module m {\n} # end",
            "2:1: a brace in the wrong place",
            "expected `module NAME {`, `key = value` or a line that is only }, found '} # end'",
            "only modules have blocks; put a closing } on a line of its own",
        ),
        (
            "a = 1\n/* open\nb = 2",
            "2:1: the comment is not closed",
            "expected */ further down, found the end of the file",
            "close the comment with */",
        ),
        (
            "a = 1\nb\0 = 2",
            "2:2: a NUL byte",
            "expected text, found a byte of value 0",
            "save the file as UTF-8 text",
        ),
    ],
)
def test_what_is_wrong_is_said_in_three_parts(
    text: str, first: str, detail: str, hint: str
) -> None:
    lines = str(error_of(text)).splitlines()
    assert lines[0] == f"mesibo.conf:{first}"
    assert lines[2].lstrip() == "^"
    assert lines[3:] == [f"  {detail}", f"  hint: {hint}"]


def test_the_caret_stands_below_the_blamed_character_of_a_long_line() -> None:
    line = "module m " + "x" * 500
    lines = str(error_of(line)).splitlines()
    assert lines[1][lines[2].index("^")] == "x"
    assert len(lines[1]) < 120


def test_a_text_without_a_path() -> None:
    with pytest.raises(ConfigError, match=r"^configuration:1:1: neither an item nor a module"):
        parse("x")


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.conf"
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: the configuration cannot be read\n"
        "  expected a text file, found: No such file or directory\n"
        "  hint: give the path of a mesibo.conf"
    )
    assert (caught.value.path, caught.value.line, caught.value.column) == (path, 0, 0)


def test_a_directory_and_a_path_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found: Is a directory"):
        read(tmp_path)
    with pytest.raises(ConfigError, match="found: a NUL in the path"):
        read("a\0b")


def test_bytes_that_are_not_utf8_survive(tmp_path: Path) -> None:
    path = tmp_path / "mesibo.conf"
    path.write_bytes(b"\xef\xbb\xbfname = caf\xe9 \xff\n")
    (item,) = read(path).server
    assert item.key == "name"
    assert item.value.encode("utf-8", "surrogateescape") == b"caf\xe9 \xff"


def test_an_error_about_such_bytes_can_be_printed() -> None:
    assert str(error_of("caf\udce9\u2028x")).encode("utf-8").startswith(b"mesibo.conf:1:1: neither")


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0", 0),
        ("3", 3),
        (" \t+7 levels", 7),
        ("0009", 9),
        ("-4", 0),
        ("debug", 0),
        ("", 0),
        ("+-3", 0),
        ("1e3", 1),
        ("\u0663", 0),
        ("2147483647", 2**31 - 1),
        ("2147483648", 2**31 - 1),
        ("9" * 10_000, 2**31 - 1),
        ("0" * 10_000 + "5", 5),
    ],
)
def test_log_is_read_as_atoi_does(value: str, level: int) -> None:
    assert log_level({"log": value}) == level


def test_log_is_0_without_the_item() -> None:
    assert log_level({"loglevel": "5"}) == 0


@given(st.integers(0, 2**31 - 1), st.text())
def test_log_is_the_number_at_its_start(number: int, rest: str) -> None:
    assert log_level({"log": f"{number}x{rest}"}) == number


BLANKS = " \t\r\v\f"
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0\n"), max_size=12).map(
    lambda text: text.strip(BLANKS)
)
KEYS = WORDS.map(lambda text: text.translate(dict.fromkeys(map(ord, "={}"))).strip(BLANKS)).filter(
    lambda key: key and not key.startswith(("#", "/*", "module"))
)
NAMES = WORDS.map(lambda text: text.translate(dict.fromkeys(map(ord, BLANKS + "={}#")))).filter(
    bool
)


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    sections: list[ModuleSection] = []
    for name in draw(st.lists(NAMES | st.sampled_from(["a", "b"]), max_size=5)):
        count = sum(section.name == name for section in sections)
        label = f"{name}#{count + 1}" if count else name
        items = draw(st.dictionaries(KEYS, WORDS, max_size=4))
        sections.append(ModuleSection(name, label, items))
    server = draw(st.lists(st.builds(Item, KEYS, WORDS), max_size=4))
    return Configuration(None, tuple(sections), tuple(server))


@given(configurations())
def test_what_is_written_reads_back_the_same(configuration: Configuration) -> None:
    parsed = parse(render(configuration))
    assert parsed == configuration
    # Dictionaries are equal in any order: the order counts here.
    assert [list(s.items) for s in parsed.modules] == [list(s.items) for s in configuration.modules]


PIECES = st.sampled_from(
    ["module", " ", "=", "{", "}", "\n", "#", "/*", "*/", "a", "b", "\t", "\r", "\0", "\u2028"]
)


def outcome(text: str) -> Configuration | ConfigError:
    try:
        return parse(text, path=PATH)
    except ConfigError as error:
        return error


@given(st.text() | st.lists(PIECES).map("".join))
def test_any_text_is_read_or_refused_in_three_parts(text: str) -> None:
    result = outcome(text)
    if isinstance(result, Configuration):
        assert parse(render(result), path=PATH) == result
    else:
        assert str(result).startswith(f"mesibo.conf:{result.line}:{result.column}: ")
        assert "expected" in result.detail
        assert "found" in result.detail
        assert result.hint


@given(st.binary())
def test_any_bytes_are_read_as_the_text_they_stand_for(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "any.conf")
        path.write_bytes(data)
        expected = outcome(data.decode("utf-8-sig", "surrogateescape"))
        if isinstance(expected, ConfigError):
            with pytest.raises(ConfigError) as caught:
                read(path)
            assert (caught.value.line, caught.value.column) == (expected.line, expected.column)
        else:
            assert replace(read(path), path=PATH) == expected


@pytest.mark.parametrize(
    "configuration",
    [
        Configuration(None, (), (Item("a", "1\nb = 2"),)),
        Configuration(None, (), (Item("a", " padded"),)),
        Configuration(None, (ModuleSection("a", "b", {}),), ()),
    ],
)
def test_what_cannot_be_written_is_refused(configuration: Configuration) -> None:
    with pytest.raises(ConfigError) as caught:
        render(configuration)
    assert str(caught.value) == (
        "the configuration cannot be written as text\n"
        "  expected text that reads back the same, found other names, keys or values\n"
        "  hint: keep line breaks and outer blanks out of values, and blanks out of names"
    )
