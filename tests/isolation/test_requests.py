"""Requests of isolated modules: what ends them, and what becomes of what was open."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import (
    Host,
    HttpRequest,
    HttpResponse,
    LoadError,
    Message,
    ModuleCrashed,
    ModuleHung,
    Restart,
)
from mesibo_abi.peers import FastcgiPeer, SocketAsked, SocketPeer
from mesibo_abi.peers.serving import LoopbackServer
from tests.isolation.stumbling import FASTCGI, HTTP, SOCKET, ask, lines, load, until, until_line
from tests.tools import needs

pytestmark = [needs("cc", "addr2line"), pytest.mark.timeout(60)]


# ---- An end in a callback ------------------------------------------------------------------------

CALLBACKS = [
    (HTTP, "request", "an http request"),
    (HTTP, "on_status", "an http request"),
    (HTTP, "on_data", "an http request"),
    (HTTP, "on_close", "an http request"),
    (FASTCGI, "on_fcgi", "a fastcgi request"),
    (SOCKET, "on_connect", "a socket"),
    (SOCKET, "on_write", "a socket"),
    (SOCKET, "on_data", "a socket"),
    (SOCKET, "on_close", "a socket"),
]


def echo(asked: SocketAsked) -> bytes:
    return asked.data


@contextmanager
def target(kind: int, server: str) -> Iterator[str]:
    if kind == HTTP:
        yield f"{server}/bytes/10"
        return
    if kind == FASTCGI:
        with FastcgiPeer(lambda _: "hello") as fastcgi:
            yield str(fastcgi.port)
        return
    with SocketPeer(echo) as peer:
        yield peer.url


@pytest.mark.parametrize(("kind", "where", "what"), CALLBACKS)
def test_a_crash_in_a_callback(
    host: Host, stumble: Path, server: str, kind: int, where: str, what: str
) -> None:
    """It is noted, with its report; and the module, started again, makes the same request."""
    module = load(host, stumble)
    with target(kind, server) as url:
        assert ask(host, url, kind, where, "null") == ["begun 0"]
        assert host.wait_idle(60)
        (error,) = module.crashes
        assert type(error) is ModuleCrashed
        assert error.what == (
            f"module 'stumble' ended its process in a callback of {what}: SIGSEGV"
        )
        assert error.meaning == "a write to a NULL pointer"
        assert error.message is None
        asked = {HTTP: f"GET {url}", FASTCGI: f"fastcgi://127.0.0.1:{url}", SOCKET: url}[kind]
        assert error.request == asked
        assert f"\n  while handling the answer to {asked}\n" in str(error)
        assert error.logs[-1] == where
        assert "end" in [frame.function for frame in error.frames]
        assert error.signature.startswith("SIGSEGV end stumble.c:")
        assert f"{error.what}: {error.meaning}" in lines(host)
        assert ask(host, url, kind) == ["begun 0"]
        if kind == SOCKET:
            until(lambda: "on_data" in lines(host))
            module.close()
        assert host.wait_idle(60)
    assert len(module.crashes) == 1
    assert not [line for line in lines(host) if "another" in line]


@pytest.mark.parametrize(("kind", "where", "what"), [CALLBACKS[2], CALLBACKS[4], CALLBACKS[7]])
def test_a_hang_in_a_callback(
    host: Host, stumble: Path, server: str, kind: int, where: str, what: str
) -> None:
    module = load(host, stumble, deadline=1.0)
    with target(kind, server) as url:
        ask(host, url, kind, where, "hang")
        assert host.wait_idle(60)
        (error,) = module.crashes
        assert type(error) is ModuleHung
        assert error.what == f"module 'stumble' hung in a callback of {what}"
        assert "end" in [frame.function for frame in error.frames]
        assert ask(host, url, kind) == ["begun 0"]
        module.close()


def test_an_exit_in_a_callback(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble)
    ask(host, f"{server}/bytes/10", HTTP, "on_status", "exit")
    assert host.wait_idle(60)
    (error,) = module.crashes
    assert error.meaning == "a call of exit with code 7"


def test_a_kill_in_a_callback(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble)
    ask(host, f"{server}/bytes/10", HTTP, "on_status", "kill")
    assert host.wait_idle(60)
    assert [error.signal for error in module.crashes] == [signal.SIGKILL]


def test_a_module_that_is_not_started_again(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble, restart="never")
    for _ in range(5):
        ask(host, f"{server}/stall-headers")
    ask(host, f"{server}/bytes/10", HTTP, "on_close", "null")
    assert host.wait_idle(60)
    assert len(module.crashes) == 1
    assert type(host.process(Message("x")).error).__name__ == "ModuleDown"


def test_restarts_that_are_counted(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble, restart=Restart(2, 60))
    for crashes in (1, 2, 3):
        assert ask(host, f"{server}/bytes/10", HTTP, "on_data", "null") == ["begun 0"]
        assert host.wait_idle(60)
        assert len(module.crashes) == crashes
    assert type(host.process(Message("x")).error).__name__ == "ModuleDown"


# ---- What was open -------------------------------------------------------------------------------


def test_what_is_open_at_a_crash_is_cancelled(host: Host, stumble: Path) -> None:
    """The peers see it, and no callback of it reaches the next process."""
    begun, ended = threading.Semaphore(0), threading.Semaphore(0)

    async def hold(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        begun.release()
        try:
            await reader.read()
        finally:
            ended.release()

    module = load(host, stumble)
    with LoopbackServer(hold) as server:
        for _ in range(3):
            ask(host, f"http://127.0.0.1:{server.port}/")
            ask(host, str(server.port), FASTCGI)
            ask(host, f"sock://127.0.0.1:{server.port}", SOCKET)
        for _ in range(9):
            assert begun.acquire(timeout=60)
        error = host.process(Message("null")).error
        assert isinstance(error, ModuleCrashed)
        assert host.open_requests() == 0
        assert host.wait_idle(0)
        for _ in range(9):
            assert ended.acquire(timeout=20)
    assert len(module.crashes) == 1
    assert not [line for line in lines(host) if "another" in line or "close" in line]


def test_what_its_answers_wait_for_is_dropped(stumble: Path) -> None:
    """Answers that are there already, behind the callback that crashed."""
    together = threading.Barrier(8)

    def answer(request: HttpRequest) -> HttpResponse:
        together.wait(60)
        return HttpResponse(body=b"hello")

    with Host(http=answer) as host:
        module = load(host, stumble)
        for _ in range(7):
            ask(host, "http://nowhere/", HTTP, "request", "null")
        together.abort()
        assert host.wait_idle(60)
        assert 1 <= len(module.crashes) <= 7
        assert not [line for line in lines(host) if "another" in line]


def test_a_request_whose_caller_crashes(host: Host, stumble: Path, server: str) -> None:
    """It was accepted, and nobody is there to be answered."""
    load(host, stumble)
    message = Message(f"{server}/stall-headers", from_="caller", to="null")
    verdict = host.process(message)
    assert isinstance(verdict.error, ModuleCrashed)
    assert verdict.error.message == message
    assert "begun 0" in [line.text for line in verdict.logs]
    assert host.open_requests() == 0


def test_a_request_in_the_init_of_each_process(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble, config={"init": f"{server}/bytes/10"})
    assert host.wait_idle(60)
    for crashes in range(1, 4):
        assert isinstance(host.process(Message("null")).error, ModuleCrashed)
        assert host.wait_idle(60)
        assert len(module.crashes) == crashes
    found = lines(host)
    assert found.count("on_close") == 4
    assert not [line for line in found if "another" in line]


def test_an_init_that_refuses_behind_a_request(stumble: Path, server: str) -> None:
    """Its last callback comes all the same: in this process, and isolated."""
    found = []
    for isolated in (False, True):
        config = {"init": f"{server}/stall-headers", "refuse": "1"}
        with Host() as host, pytest.raises(LoadError):
            load(host, stumble, isolated=isolated, config=config)
        assert host.open_requests() == 0
        found.append(sorted(lines(host)))  # the last callback is in no pass
    assert found[0] == found[1] == ["failure", "in init 0"]


def test_a_request_in_the_cleanup(stumble: Path, server: str) -> None:
    found = []
    for isolated in (False, True):
        with Host() as host:
            module = load(host, stumble, isolated=isolated, config={"cleanup": server})
            ask(host, f"{server}/stall-headers")
            until_line(host, "request")
            module.close()
            found.append(sorted(lines(host)))
    assert found[0] == found[1]
    assert found[1] == [
        "failure",
        "http refused: the module is being closed",
        "in cleanup -1",
    ]


@pytest.mark.parametrize("how", ["null", "hang"])
def test_an_end_in_a_last_callback_of_a_close(stumble: Path, server: str, how: str) -> None:
    """What is open behind it is over without one, and there is no cleanup."""
    with Host() as host:
        module = load(host, stumble, deadline=1.0, config={"cleanup": server})
        for _ in range(5):
            ask(host, f"{server}/stall-headers", HTTP, "failure", how)
        with pytest.raises(ModuleCrashed) as caught:
            module.close()
        assert module.crashes == (caught.value,)
        assert host.open_requests() == 0
        assert not [line for line in lines(host) if "cleanup" in line]


def test_a_callback_that_cancels(stumble: Path, server: str) -> None:
    found = []
    for isolated in (False, True):
        with Host() as host:
            load(host, stumble, isolated=isolated)
            ask(host, f"{server}/bytes/100000", HTTP, "cancel")
            assert host.wait_idle(60)
            found.append(lines(host))
    assert found[0] == found[1] == ["request", "on_close", "0 bytes, sum 0"]


def test_other_sockets_are_none_of_its_business(host: Host, stumble: Path, tmp_path: Path) -> None:
    source = tmp_path / "mesibo_mod_thief.c"
    source.write_text(
        """#include "module.h"
static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    mesibo_socket_t socket = {.url = message};
    if (params->type == 1)
        return mesibo_util_socket_connect(&socket, NULL);
    for (mesibo_int_t number = 0; number < 100000; number++) {
        mesibo_util_socket_close(number);
        if (mesibo_util_socket_write(number, "x", 1) != -1)
            mesibo_log(mod, 0, "%d", (int)number);
        if (number > 10 && number < 90000 && len == 0)
            number += 100;
    }
    mesibo_log(mod, 0, "tried all");
    return 0;
}
MESIBO_EXPORT mesibo_int_t mesibo_module_thief_init(mesibo_int_t version, mesibo_module_t *mod,
                                                    mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return 0;
}
"""
    )
    load(host, stumble)
    with SocketPeer(echo) as peer:
        ask(host, peer.url, SOCKET)
        until(lambda: "on_data" in lines(host))
        thief = host.load("thief", mesibo_abi.build(source, revision="sdk2020"), isolated=True)
        assert thief.on_message(Message(peer.url, type=1)).name == "PASS"
        assert thief.on_message(Message("all")).name == "PASS"
        found = list(host.logs)
        assert [line.text for line in found if line.module == "thief"] == ["tried all"]
        assert "on_close" not in [line.text for line in found]
        assert host.open_requests() >= 1
        host.close()
    assert "on_close" in lines(host)
