"""The pytest plugin: fixtures that build, load and serve modules, and a crash as a failed test.

It is loaded into every pytest run where this package is installed. So it imports no more of it than
this file before a test asks for a fixture, or has a marker.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..peers import FastcgiPeer, HttpPeer, SocketPeer, WebSocketPeer
    from .building import Builder
    from .host import StrictHost
    from .loading import ModuleLoader

_MARKERS = (
    "mesibo_revision(name): the ABI revision that modules of this test are built and loaded for",
    "mesibo_config(items={}, **more): items of the configuration for the modules of this test",
    "mesibo_crashes: modules may crash in this test: their verdicts say so, and it goes on",
)
_PREFIX = "mesibo_"
_running: pytest.StashKey[pytest.Item] = pytest.StashKey()
_hosts: pytest.StashKey[list[StrictHost]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers."""
    for line in _MARKERS:
        config.addinivalue_line("markers", line)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before anything is set up for the test: refuses markers that are used in a wrong way, and
    lets Hypothesis run it with our fixtures."""
    item.session.stash[_running] = item
    if any(mark.name.startswith(_PREFIX) for mark in item.iter_markers()):
        from .markers import check_markers

        check_markers(item)
    if any(name.startswith(_PREFIX) for name in getattr(item, "fixturenames", ())):
        from .inputs import allow_fixtures

        allow_fixtures(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Behind a test that passed: it fails where a module crashed without the test being told."""
    __tracebackhide__ = True
    for host in item.stash.get(_hosts, ()):
        host.raise_for_crashes()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """To a test that failed for another reason: the crashes that may be behind it."""
    outcome: Any = yield
    hosts = item.stash.get(_hosts, ())
    if hosts and outcome.get_result().failed:
        for host in hosts:
            outcome.get_result().sections.extend(host.crash_sections())


@pytest.fixture(scope="session")
def mesibo_build(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Builder:
    """Compiles modules: `mesibo_build("echo.c", "helper.c", revision="sdk2020")` is the library.

    Paths are from the folder of the test that runs, and the revision is that of its marker, unless
    it is said here. What was compiled in this run, of the same files and arguments, is not again.
    """
    from .building import Builder

    session = request.session
    return Builder(tmp_path_factory, lambda: session.stash[_running])


@pytest.fixture
def mesibo_host_options() -> dict[str, Any]:
    """Keywords of the Host that `mesibo_host` is: define this fixture anew to give others."""
    return {}


@pytest.fixture
def mesibo_host(
    request: pytest.FixtureRequest, mesibo_host_options: dict[str, Any]
) -> Iterator[StrictHost]:
    """A Host for this test, closed at its end. What ends a module's process is raised, by the call
    that it happened in, or else behind the test (but for tests that are marked mesibo_crashes)."""
    from .host import StrictHost
    from .markers import may_crash

    host = StrictHost(**mesibo_host_options)
    host.is_strict = not may_crash(request.node)
    request.node.stash.setdefault(_hosts, []).append(host)
    with host:
        yield host
    host.raise_for_crashes()


@pytest.fixture
def mesibo_module(
    request: pytest.FixtureRequest, mesibo_host: StrictHost, mesibo_build: Builder
) -> ModuleLoader:
    """Loads modules into `mesibo_host`: `mesibo_module("echo.c", config={"log": "1"})` is one,
    built where it is a source, and isolated where it is a library.

    The other keywords are those of `Host.load`. Items and revision are those of the test's markers,
    unless they are said here. Paths are from the folder of the test.
    """
    from .loading import ModuleLoader

    return ModuleLoader(request.node, mesibo_host, mesibo_build)


@pytest.fixture
def mesibo_http_peer() -> Iterator[HttpPeer]:
    """An HTTP server on loopback whose replies the test scripts; see mesibo_abi.peers."""
    from ..peers import HttpPeer

    with HttpPeer() as peer:
        yield peer


@pytest.fixture
def mesibo_socket_peer() -> Iterator[SocketPeer]:
    """A TCP server on loopback whose replies the test scripts; see mesibo_abi.peers."""
    from ..peers import SocketPeer

    with SocketPeer() as peer:
        yield peer


@pytest.fixture
def mesibo_fastcgi_peer() -> Iterator[FastcgiPeer]:
    """A FastCGI server on loopback whose replies the test scripts; see mesibo_abi.peers."""
    from ..peers import FastcgiPeer

    with FastcgiPeer() as peer:
        yield peer


@pytest.fixture
def mesibo_websocket_peer() -> Iterator[WebSocketPeer]:
    """A WebSocket server on loopback whose replies the test scripts; see mesibo_abi.peers."""
    from ..peers import WebSocketPeer

    with WebSocketPeer() as peer:
        yield peer
