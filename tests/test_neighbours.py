"""What scripts import from beside them."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from mesibo_abi import Host, LoadError

SCRIPT = "import words_beside\nfrom mesibo_abi import Module\nclass Filter(Module):\n    "
WORDS = "class Word:\n    text = {text!r}\n"


def script(folder: Path, text: str, body: str = "word = words_beside.Word()") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "words_beside.py").write_text(WORDS.format(text=text))
    path = folder / "filter.py"
    path.write_text(SCRIPT + body)
    return path


def word(host: Host, path: Path) -> Any:
    target: Any = host.load("filter", path).target
    return target.word


def test_a_file_beside_it(host: Host, tmp_path: Path) -> None:
    path = list(sys.path)
    found = word(host, script(tmp_path, "one"))
    assert found.text == "one"
    assert isinstance(pickle.loads(pickle.dumps(found)), type(found))
    assert sys.path == path


def test_a_package_beside_it_and_what_is_in_it(host: Host, tmp_path: Path) -> None:
    package = tmp_path / "words_beside" / "inner"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("from .inner.deep import Word\n")
    (package / "deep.py").write_text(WORDS.format(text="deep"))
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT + "word = words_beside.Word()")
    assert word(host, path).text == "deep"
    assert "words_beside.inner.deep" in sys.modules
    host.close()
    assert [name for name in sys.modules if name.startswith("words_beside")] == []


def test_it_is_let_go_with_the_last_script_of_the_folder(host: Host, tmp_path: Path) -> None:
    path = script(tmp_path, "one")
    first, second = host.load("a", path), host.load("b", path)
    a: Any = first.target
    b: Any = second.target
    assert type(a.word) is type(b.word)
    first.close()
    assert "words_beside" in sys.modules
    second.close()
    assert "words_beside" not in sys.modules
    script(tmp_path, "changed")
    assert word(host, path).text == "changed"


def test_each_folder_has_its_own(host: Host, tmp_path: Path) -> None:
    one, two = script(tmp_path / "one", "one"), script(tmp_path / "two", "two")
    first = word(host, one)
    assert word(host, two).text == "two"
    assert word(host, one).__class__ is first.__class__
    host.modules[1].close()
    host.modules[0].close()
    assert sys.modules["words_beside"] is sys.modules[type(first).__module__]
    assert isinstance(pickle.loads(pickle.dumps(first)), type(first))
    host.close()
    assert "words_beside" not in sys.modules


def test_a_script_that_loads_another(host: Host, tmp_path: Path) -> None:
    two = script(tmp_path / "two", "two")
    body = f"""
    word = words_beside.Word()
    import mesibo_abi
    inner = mesibo_abi.Host()
    other = inner.load("inner", {str(two)!r})
    from words_beside import Word as again
    def cleanup(self):
        self.inner.close()
"""
    target: Any = host.load("filter", script(tmp_path / "one", "one", body)).target
    assert (target.word.text, target.other.target.word.text) == ("one", "two")
    assert target.again.text == "one"


def test_of_a_script_that_fails_no_file_beside_it_stays(host: Host, tmp_path: Path) -> None:
    path = list(sys.path)
    with pytest.raises(LoadError, match="ZeroDivisionError"):
        host.load("filter", script(tmp_path, "one", "1/0"))
    assert "words_beside" not in sys.modules
    assert sys.path == path


def test_a_script_that_changes_the_path(host: Host, tmp_path: Path) -> None:
    path = list(sys.path)
    body = "import sys; sys.path.remove(sys.path[0])"
    host.load("filter", script(tmp_path, "one", body))
    assert sys.path == path


def test_on_the_path_anyway_it_is_an_ordinary_module(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    path = script(tmp_path, "one")
    try:
        assert word(host, path).text == "one"
        host.close()
        assert "words_beside" in sys.modules
    finally:
        sys.modules.pop("words_beside", None)
    assert sys.path[0] == str(tmp_path)


def test_what_lies_elsewhere_stays_for_good(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a package of an environment that lies below the folder."""
    (tmp_path / "lib").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "lib")
    (tmp_path / "lib" / "words_beside.py").write_text(WORDS.format(text="lib"))
    path = tmp_path / "filter.py"
    path.write_text(SCRIPT + "word = words_beside.Word()")
    try:
        assert word(host, path).text == "lib"
        host.close()
        assert "words_beside" in sys.modules
    finally:
        sys.modules.pop("words_beside", None)
