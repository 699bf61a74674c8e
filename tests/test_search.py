"""Finding a module by its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.errors import LoadError
from mesibo_abi.search import directories, find

DEFAULT = Path("/usr/lib64/mesibo")


def touch(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.touch()
    return path


def test_the_directories_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESIBO_MODULE_PATH", "/b::/c:/b:/usr/lib64/mesibo:")
    assert directories(Path("/a")) == (Path("/a"), Path("/b"), Path("/c"), DEFAULT)
    assert directories() == (Path("/b"), Path("/c"), DEFAULT)


@pytest.mark.parametrize("value", [None, "", ":"])
def test_without_a_path_the_default_directory_is_left(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    monkeypatch.delenv("MESIBO_MODULE_PATH", raising=False)
    if value is not None:
        monkeypatch.setenv("MESIBO_MODULE_PATH", value)
    assert directories() == (DEFAULT,)


def test_the_first_directory_wins_and_in_it_the_library(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    library = touch(second / "mesibo_mod_filter.so")
    assert find("filter", [first, second]) == library
    script = touch(first / "filter.py")
    assert find("filter", [first, second]) == script
    library = touch(first / "mesibo_mod_filter.so")
    assert find("filter", [first, second]) == library


def test_a_directory_is_no_module(tmp_path: Path) -> None:
    (tmp_path / "mesibo_mod_filter.so").mkdir()
    script = touch(tmp_path / "filter.py")
    assert find("filter", [tmp_path]) == script


def test_every_place_is_listed() -> None:
    with pytest.raises(LoadError) as caught:
        find("filter", [Path("/nowhere/a"), Path("/nowhere/b")])
    assert str(caught.value) == (
        "the module 'filter' was not found\n"
        "  expected mesibo_mod_filter.so or filter.py, found neither; looked at:\n"
        "    /nowhere/a/mesibo_mod_filter.so\n"
        "    /nowhere/a/filter.py\n"
        "    /nowhere/b/mesibo_mod_filter.so\n"
        "    /nowhere/b/filter.py\n"
        "  hint: build it there, add its directory to MESIBO_MODULE_PATH, or give its path"
    )
    assert caught.value.path is None


def test_without_directories_that_is_said() -> None:
    with pytest.raises(LoadError, match="looked at:\n    no directory at all\n"):
        find("filter", [])


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a/b", "one with a slash or a NUL"),
        ("../x", "one with a slash or a NUL"),
        ("a\0b", "one with a slash or a NUL"),
        ("", "an empty one"),
    ],
)
def test_a_path_is_not_a_name(name: str, found: str) -> None:
    with pytest.raises(LoadError) as caught:
        find(name, [Path()])
    assert str(caught.value) == (
        f"{name!r} is not the name of a module\n"
        f"  expected a name such as 'filter', found {found}\n"
        "  hint: give a path as the target, beside a name: load('filter', path)"
    )


def test_places_that_cannot_be_looked_into_are_passed_over(tmp_path: Path) -> None:
    script = touch(tmp_path / "filter.py")
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    too_long = tmp_path / ("x" * 300)
    assert find("filter", [circle, too_long, tmp_path]) == script
