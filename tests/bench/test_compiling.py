"""What is compiled, and what is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mesibo_abi.bench.compiling import Part, cache_folder, compiled, compiler_versions, kept
from mesibo_abi.errors import BuildError
from tests.tools import needs

pytestmark = needs("cc", "c++")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "mesibo_abi" / "bench"


@pytest.fixture
def part(tmp_path: Path) -> Part:
    source = tmp_path / "one.c"
    source.write_text("int one(void);\nint one(void) { return 1; }\n")
    return Part("one.so", (source,))


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "mesibo_abi" / "bench"


def test_a_part_is_compiled_once(
    cache: Path, part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    compiler = tmp_path / "compiler"
    compiler.write_text(f'#!/bin/sh\necho x >> "{tmp_path}/log"\nexec cc "$@"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    library = compiled(part)
    assert library == cache / part.key() / "one.so"
    assert compiled(part) == library
    assert (tmp_path / "log").read_text() == "x\n"
    assert [path.name for path in library.parent.iterdir()] == ["one.so"]


def test_the_key_changes_with_all_that_it_depends_on(
    part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keys = [part.key(), replace(part, version="2").key(), replace(part, flags=("-O3",)).key()]
    keys.append(replace(part, inputs=(Path(__file__),)).key())
    assert part.key() == keys[0]
    monkeypatch.setenv("CC", "another")
    keys.append(part.key())
    (tmp_path / "one.c").write_text("int one(void);\n")
    keys.append(part.key())
    assert len(set(keys)) == 6


def test_a_source_that_does_not_compile(cache: Path, part: Part) -> None:
    part.sources[0].write_text("int one(\n")
    with pytest.raises(BuildError) as caught:
        compiled(part)
    assert str(caught.value).startswith(
        "one.so: does not compile\n  expected exit status 0, found 1 "
    )
    assert "one.c:1" in caught.value.output
    assert not list(cache.rglob("*.so"))


def test_no_compiler(cache: Path, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler -x")
    with pytest.raises(BuildError, match="no compiler: no-such-compiler cannot be run"):
        compiled(part)
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert list(compiler_versions()) == []


def test_a_generated_text_is_kept_under_its_own_name(cache: Path) -> None:
    one, other = kept("x.c", "1"), kept("x.c", "2")
    assert (one.name, one.read_text(), other.read_text()) == ("x.c", "1", "2")
    assert kept("x.c", "1") == one
