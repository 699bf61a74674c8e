"""C++ modules, those of 2019 among them: compiled against a header that gives no C linkage."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from mesibo_abi import Host, LoadError, Message, Result, Revision, get_include, inspect

from .conftest import UNTAGGED, UNTOLD, VENDOR, Sdk

MANGLED = "_Z24mesibo_module_plain_initlP15mesibo_module_sl"
HINT = "  hint: put MESIBO_EXPORT before its definition: that gives it C linkage"


@pytest.fixture(scope="session")
def without_linkage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The header as the vendor had it: no `extern "C"` around the declarations."""
    folder = tmp_path_factory.mktemp("vendor")
    header = Path(get_include("sdk2019"), "module.h").read_text()
    text, count = re.subn(r'^extern "C" \{$', 'extern "C++" {', header, flags=re.MULTILINE)
    assert count == 1
    (folder / "module.h").write_text(text)
    return folder


@pytest.mark.parametrize("options", [(UNTAGGED,), UNTOLD], ids=["dwarf", "symbols"])
@pytest.mark.parametrize("optimisation", ["-O0", "-O2"])
def test_mangled_imports(
    host: Host,
    sdk: Sdk,
    without_linkage: Path,
    options: tuple[str, ...],
    optimisation: str,
) -> None:
    """Every function that the SDK of 2019 declares, by its C++ name."""
    path = sdk(
        Revision.SDK2019,
        "plain",
        '-DINIT=extern "C"',
        *options,
        command=(*VENDOR, optimisation),
        include=without_linkage,
    )
    imports = {name for name in inspect(path).undefined if "mesibo_" in name}
    assert len(imports) == 6
    assert all(name.startswith("_Z") for name in imports)
    module = host.load("plain", path, config={"word": "hello"})
    assert module.revision == "sdk2019"
    assert [record.text for record in host.logs] == ["word hello"]
    verdict = host.process(Message("text", from_="ann"))
    assert verdict.sent == [Message("text", to="extracted", from_="ann", module="plain")]
    assert verdict.logs[-1].text == "http -1"
    deadline = time.monotonic() + 60
    lines: list[str] = []
    while not lines and time.monotonic() < deadline:
        lines = [record.text for record in host.logs]
    assert lines == ["in a thread"]


@pytest.mark.parametrize("options", [(), UNTOLD], ids=["tagged", "untold"])
def test_an_init_without_c_linkage(
    host: Host, sdk: Sdk, without_linkage: Path, options: tuple[str, ...]
) -> None:
    """Named, with the cure; and loaded all the same for those who cannot rebuild it."""
    path = sdk(
        Revision.SDK2019, "plain", "-DINIT=", *options, command=VENDOR, include=without_linkage
    )
    with pytest.raises(LoadError) as caught:
        host.load("plain", path)
    assert str(caught.value) == (
        f"cannot load module 'plain' from {path}: the entry point has a C++ name\n"
        f"  expected mesibo_module_plain_init, found {MANGLED}\n{HINT}"
    )
    module = host.load("plain", path, entry_point=MANGLED, config={"word": "hello"})
    assert module.revision == "sdk2019"
    assert host.process(Message("text")).result is Result.PASS
