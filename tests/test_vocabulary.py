"""The words of a library and of its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi.vocabulary import Vocabulary
from tests.fuzzing.libraries import library


def test_it_has_the_strings_of_a_library() -> None:
    words = Vocabulary.of(library("secret")).words
    assert b"open sesame" in words
    assert b"word" in words
    assert len(set(words)) == len(words)
    assert not any(b"\0" in word for word in words)


def test_it_has_what_a_compiler_puts_into_instructions(tmp_path: Path) -> None:
    source = tmp_path / "magic.c"
    source.write_text(
        '#include "module.h"\n#include <string.h>\n'
        "static int on_message(mesibo_module_t *mod, mesibo_message_params_t *params,\n"
        "                      const char *message, mesibo_uint_t len) {\n"
        "    (void)mod, (void)params;\n"
        '    return len == 8 && memcmp(message, "xyzzyqux", 8) == 0;\n}\n'
        "int mesibo_module_magic_init(mesibo_module_t *mod, mesibo_uint_t len) {\n"
        "    mod->on_message = on_message;\n    return len != sizeof *mod;\n}\n"
    )
    made = mesibo_abi.build(source, output=tmp_path / "mesibo_mod_magic.so")
    assert any(b"xyzzyqux" in word for word in Vocabulary.of(made).words)


def test_it_has_names_and_values_of_items_and_the_parts_of_lists() -> None:
    words = Vocabulary.of(config={"admins": "ann, bob;eve", "greeting": "hello you"}).words
    assert words[:2] == (b"admins", b"ann, bob;eve")
    assert {b"ann", b"bob", b"eve", b"greeting", b"hello", b"you"} <= set(words)


def test_names_are_those_that_may_be_one() -> None:
    assert Vocabulary((b"text", b"two words", b"a.b-c", b"x" * 33)).names == ("text", "a.b-c")


def test_a_file_that_is_no_library_has_none(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello\0there\0")
    assert Vocabulary.of(tmp_path / "text") == Vocabulary()
    (tmp_path / "cut.so").write_bytes(library("late").read_bytes()[:100])
    assert Vocabulary.of(tmp_path / "cut.so") == Vocabulary()
    with pytest.raises(FileNotFoundError):
        Vocabulary.of(tmp_path / "gone")


def test_two_are_one_without_doubles() -> None:
    assert Vocabulary((b"a", b"b")) | Vocabulary((b"b", b"c")) == Vocabulary((b"a", b"b", b"c"))
    assert Vocabulary.given(["a", b"a", "ä"]) == Vocabulary((b"a", "ä".encode()))


def test_it_has_bytes_between_nuls_and_not_what_sanitizers_add(tmp_path: Path) -> None:
    source = tmp_path / "magic.c"
    source.write_text(
        '#include "module.h"\n'
        "const char magic[] = {0, (char)0xfe, (char)0x81, (char)0xca, 0}, *type = \"'int *'\";\n"
        "int mesibo_module_magic_init(mesibo_module_t *mod, mesibo_uint_t len) {\n"
        "    return len != sizeof *mod;\n}\n"
    )
    words = Vocabulary.of(mesibo_abi.build(source, output=tmp_path / "mesibo_mod_magic.so")).words
    assert b"\xfe\x81\xca" in words
    assert b"'int *'" not in words
