"""Hosts, and the modules of tests/modules, compiled when a test first asks for them; a server."""

from __future__ import annotations

import gc
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import settings

import mesibo_abi
from tests.common import Common
from tests.http_server import http_server
from tests.isolation.left import Left

settings.register_profile("suite", deadline=None)  # a busy machine is no failure
settings.load_profile("suite")

HERE = Path(__file__).parent
SOURCES = HERE / "modules"

BREAKS = "its modules break memory, in processes that are to see it by themselves"
COMPILED = "is compiled with a sanitizer of its own, or runs under valgrind"
COUNTS = "counts what libc's malloc has given: a sanitizer has its own"
UNSANITIZED = {
    "checking": BREAKS,
    "misbehaving": BREAKS,
    "cli/test_check.py": BREAKS,
    "cli/test_gdb.py": BREAKS,
    "test_machine.py": BREAKS,
    "docs/test_documents.py": BREAKS,
    "core": COMPILED,
    "faults": COMPILED,
    "fuzz": COMPILED,
    "fuzzing": COMPILED,
    "cli/test_fuzz.py": COMPILED,
    "test_doctor.py": COMPILED,
    "test_json_extract.py": COMPILED,
    "test_leaks.py": COUNTS,
    "test_batch_memory.py": COUNTS,
}
"""What is not run with an extension that is built with sanitizers, and why."""


class Built(Protocol):
    """`built("echo", "-DX=1")` is the library of tests/modules/echo.c, compiled so."""

    def __call__(self, name: str, *extra_args: str) -> Path: ...


@pytest.fixture(scope="session", autouse=True)
def desk() -> Iterator[None]:
    """All tests run as at a desk: what `make` was told is not for the makes that they start, a
    pytest that they start does not write as it would for a server, a shell's background job hears
    Ctrl-C, too, and the many Pythons that they start keep what they compile."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CI", "BUILD_NUMBER", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON"):
            patch.delenv(name, raising=False)
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        yield


@pytest.fixture(scope="session")
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Common:
    """What is made once for all the workers of xdist."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if hasattr(request.config, "workerinput") else own) / "common"
    folder.mkdir(exist_ok=True)
    return Common(folder)


@pytest.fixture(scope="session")
def built(common: Common) -> Built:
    def build(name: str, *extra_args: str) -> Path:
        (source,) = SOURCES.glob(f"{name}.c*")

        def make(output: Path) -> None:
            mesibo_abi.build(source, output=output, extra_args=extra_args)

        return common.made(f"mesibo_mod_{name}.so", make, source, extra_args)

    return build


@pytest.fixture(scope="session")
def rewriting(common: Common) -> Path:
    """A module of sdk2020 that writes each message in capitals, in place."""
    source = SOURCES / "sdk2020" / "rewrite.c"

    def make(output: Path) -> None:
        mesibo_abi.build(source, output=output, revision="sdk2020")

    return common.made("mesibo_mod_rewrite.so", make, source)


@pytest.fixture(scope="session")
def bench_cache(common: Common) -> Iterator[Path]:
    """Where the benchmark's peers are compiled, once for all tests, and not the user's cache."""
    folder = common.folder / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        yield folder


@pytest.hookimpl(tryfirst=True)  # before pytest leaves out what is marked
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for place, reason in UNSANITIZED.items():
        for item in items:
            if item.path.is_relative_to(HERE / place):
                item.add_marker(pytest.mark.unsanitized(reason=reason))


def pytest_collection_finish() -> None:
    """What is imported by now stays. Who collects garbage behind a test, as `anywhere` does, need
    not look at it each time: that was a sixth of the suite's time."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "anywhere" in metafunc.fixturenames:
        places = ["here", "isolated"]
        if metafunc.definition.get_closest_marker("here"):
            places.remove("isolated")
        metafunc.parametrize("anywhere", places, indirect=True)


@pytest.fixture
def anywhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Libraries are loaded in this process, and in another test isolated, but for those with
    options that say how they run here; nothing is left of them."""
    load = mesibo_abi.Host.load

    def load_isolated(host: mesibo_abi.Host, *args: Any, **options: Any) -> Any:
        if not any(options.get(name) for name in ("hold_gil", "thread_safe", "zero_copy")):
            options = {"isolated": True, "deadline": 30.0, "init_deadline": 60.0, **options}
        return load(host, *args, **options)

    if request.param == "isolated":
        monkeypatch.setattr(mesibo_abi.Host, "load", load_isolated)
    before = Left.now()
    yield
    gc.collect()
    end = time.monotonic() + 60  # a busy machine may still be at it
    while (after := Left.now()) != before and time.monotonic() < end:
        time.sleep(0.01)
    assert after == before


@pytest.fixture
def host() -> Iterator[mesibo_abi.Host]:
    with mesibo_abi.Host() as host:
        yield host


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with http_server() as url:
        yield url


@pytest.fixture
def dead_port() -> Iterator[int]:
    """A port where nobody listens, and nobody else will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]
