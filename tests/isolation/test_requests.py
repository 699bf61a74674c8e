"""Requests of isolated modules: what ends them, and what becomes of what was open."""

from __future__ import annotations

import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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
from tests.conftest import SOURCES
from tests.http_server import pattern
from tests.tools import needs

pytestmark = [needs("cc", "addr2line"), pytest.mark.timeout(60)]

HTTP, FASTCGI, SOCKET = range(3)


@pytest.fixture(scope="module")
def stumble(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("stumble") / "mesibo_mod_stumble.so"
    source = SOURCES / "sdk2020" / "stumble.c"
    return mesibo_abi.build(source, output=output, revision="sdk2020", extra_args=["-g"])


def load(host: Host, library: Path, **options: Any) -> mesibo_abi.LoadedModule:
    return host.load("stumble", library, **{"isolated": True, **options})


def ask(host: Host, target: str, kind: int = HTTP, where: str = "", how: str = "") -> list[str]:
    message = Message(target, type=kind, from_=where, to=how)
    return [line.text for line in host.process(message).logs]


def lines(host: Host) -> list[str]:
    return [line.text for line in host.logs]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def until_line(host: Host, line: str) -> None:
    until(lambda: line in lines(host))


@contextmanager
def peer(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that talks with each connection on a thread of its own; gives its port."""
    threads: list[threading.Thread] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=one, args=(connection,)))
            threads[-1].start()

    def one(connection: socket.socket) -> None:
        with connection:
            talk(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=serve)
        accepting.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
    for thread in threads:
        thread.join()


def record(kind: int, content: bytes) -> bytes:
    """Of FastCGI, for its first request."""
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def read_fastcgi(connection: socket.socket) -> bool:
    """All of a request: where some is left unread, closing cuts off the answer. False: it was
    cancelled on the way."""
    data = b""
    while not data.endswith(record(5, b"")):
        more = connection.recv(65536)
        if not more:
            return False
        data += more
    return True


def answer_fastcgi(connection: socket.socket) -> None:
    if not read_fastcgi(connection):
        return
    body = b"Content-Type: text/plain\r\n\r\nhello"
    connection.sendall(record(6, body) + record(6, b"") + record(3, bytes(8)))


def echo(connection: socket.socket) -> None:
    while data := connection.recv(65536):
        connection.sendall(data)


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


@contextmanager
def target(kind: int, server: str) -> Iterator[str]:
    if kind == HTTP:
        yield f"{server}/bytes/10"
        return
    with peer(answer_fastcgi if kind == FASTCGI else echo) as port:
        yield str(port) if kind == FASTCGI else f"sock://127.0.0.1:{port}"


@pytest.mark.parametrize(("kind", "where", "what"), CALLBACKS)
def test_a_crash_in_a_callback(
    host: Host, stumble: Path, server: str, kind: int, where: str, what: str
) -> None:
    """It is noted, with its report; and the module, started again, makes the same request."""
    module = load(host, stumble)
    with target(kind, server) as url:
        assert ask(host, url, kind, where, "null") == ["begun 0"]
        assert host.wait_idle(20)
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
        assert host.wait_idle(20)
    assert len(module.crashes) == 1
    assert not [line for line in lines(host) if "another" in line]


@pytest.mark.parametrize(("kind", "where", "what"), [CALLBACKS[2], CALLBACKS[4], CALLBACKS[7]])
def test_a_hang_in_a_callback(
    host: Host, stumble: Path, server: str, kind: int, where: str, what: str
) -> None:
    module = load(host, stumble, deadline=1.0)
    with target(kind, server) as url:
        ask(host, url, kind, where, "hang")
        assert host.wait_idle(20)
        (error,) = module.crashes
        assert type(error) is ModuleHung
        assert error.what == f"module 'stumble' hung in a callback of {what}"
        assert "end" in [frame.function for frame in error.frames]
        assert ask(host, url, kind) == ["begun 0"]
        module.close()


def test_an_exit_in_a_callback(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble)
    ask(host, f"{server}/bytes/10", HTTP, "on_status", "exit")
    assert host.wait_idle(20)
    (error,) = module.crashes
    assert error.meaning == "a call of exit with code 7"


def test_a_kill_in_a_callback(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble)
    ask(host, f"{server}/bytes/10", HTTP, "on_status", "kill")
    assert host.wait_idle(20)
    assert [error.signal for error in module.crashes] == [signal.SIGKILL]


def test_a_module_that_is_not_started_again(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble, restart="never")
    for _ in range(5):
        ask(host, f"{server}/stall-headers")
    ask(host, f"{server}/bytes/10", HTTP, "on_close", "null")
    assert host.wait_idle(20)
    assert len(module.crashes) == 1
    assert type(host.process(Message("x")).error).__name__ == "ModuleDown"


def test_restarts_that_are_counted(host: Host, stumble: Path, server: str) -> None:
    module = load(host, stumble, restart=Restart(2, 60))
    for crashes in (1, 2, 3):
        assert ask(host, f"{server}/bytes/10", HTTP, "on_data", "null") == ["begun 0"]
        assert host.wait_idle(20)
        assert len(module.crashes) == crashes
    assert type(host.process(Message("x")).error).__name__ == "ModuleDown"


# ---- What was open -------------------------------------------------------------------------------


def test_what_is_open_at_a_crash_is_cancelled(host: Host, stumble: Path) -> None:
    """The peers see it, and no callback of it reaches the next process."""
    ended = threading.Semaphore(0)

    def hold(connection: socket.socket) -> None:
        connection.settimeout(20)
        while connection.recv(65536):
            continue
        ended.release()

    module = load(host, stumble)
    with peer(hold) as port:
        for _ in range(3):
            ask(host, f"http://127.0.0.1:{port}/")
            ask(host, str(port), FASTCGI)
            ask(host, f"sock://127.0.0.1:{port}", SOCKET)
        until(lambda: lines(host).count("on_connect") or host.open_requests() == 9)
        time.sleep(0.1)
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
        together.wait(20)
        return HttpResponse(body=b"hello")

    with Host(http=answer) as host:
        module = load(host, stumble)
        for _ in range(7):
            ask(host, "http://nowhere/", HTTP, "request", "null")
        together.abort()
        assert host.wait_idle(20)
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
    assert host.wait_idle(20)
    for crashes in range(1, 4):
        assert isinstance(host.process(Message("null")).error, ModuleCrashed)
        assert host.wait_idle(20)
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
            assert host.wait_idle(20)
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
    with peer(echo) as port:
        ask(host, f"sock://127.0.0.1:{port}", SOCKET)
        until(lambda: "on_data" in lines(host))
        thief = host.load("thief", mesibo_abi.build(source, revision="sdk2020"), isolated=True)
        assert thief.on_message(Message(f"sock://127.0.0.1:{port}", type=1)).name == "PASS"
        verdict = host.process(Message("all"))
        host.process(Message("", type=7))
        assert [line.text for line in verdict.logs if line.module == "thief"] == []
        assert host.open_requests() >= 1
        host.close()
    assert "on_close" in lines(host)


# ---- Large ones ----------------------------------------------------------------------------------

LARGE = 64 << 20


def sum_of(data: bytes) -> int:
    value = 0
    for byte in data:
        value = (value * 31 + byte) & (2**64 - 1)
    return value


def test_a_large_answer(host: Host, stumble: Path, server: str) -> None:
    load(host, stumble, deadline=30)
    ask(host, f"{server}/bytes/1000003")
    ask(host, f"{server}/bytes/{LARGE}")
    assert host.wait_idle(60)
    small, large = [line for line in lines(host) if "sum" in line]
    assert small == f"1000003 bytes, sum {sum_of(pattern(1000003)):x}"
    assert large.startswith(f"{LARGE} bytes")


def test_a_large_answer_of_fastcgi(host: Host, stumble: Path) -> None:
    """It comes in one piece."""
    body = pattern(LARGE)

    def answer(connection: socket.socket) -> None:
        read_fastcgi(connection)
        connection.sendall(record(6, b"Content-Type: text/plain\r\n\r\n"))
        for at in range(0, LARGE, 65280):
            connection.sendall(record(6, body[at : at + 65280]))
        connection.sendall(record(6, b"") + record(3, bytes(8)))

    module = load(host, stumble, deadline=30)
    with peer(answer) as port:
        ask(host, str(port), FASTCGI)
        assert host.wait_idle(60)
    assert any(line.startswith(f"{LARGE} bytes") for line in lines(host))
    assert module.crashes == ()


def test_a_large_post(stumble: Path) -> None:
    got: list[bytes] = []

    def answer(request: HttpRequest) -> HttpResponse:
        got.append(request.body)
        return HttpResponse()

    with Host(http=answer) as host:
        load(host, stumble, deadline=30)
        host.process(Message("http://nowhere/", aid=LARGE))
        assert host.wait_idle(60)
    alphabet = bytes(range(ord("a"), ord("z") + 1))
    assert got == [(alphabet * (LARGE // 26 + 1))[:LARGE]]


def test_reading_behind_an_answer(host: Host, tmp_path: Path) -> None:
    """A page lies behind it that nobody may touch."""
    source = tmp_path / "mesibo_mod_reads.c"
    source.write_text(
        """#include "module.h"
static mesibo_int_t on_data(void *cbdata, mesibo_int_t result, const char *buffer,
                            mesibo_int_t size) {
    return ((volatile const char *)buffer)[size + 3];
}
static mesibo_int_t on_message(mesibo_module_t *mod, mesibo_message_params_t *params,
                               char *message, mesibo_uint_t len) {
    mesibo_fcgi_t request = {.SCRIPT_FILENAME = "/x.php"};
    return mesibo_util_fcgi(&request, "127.0.0.1", (mesibo_int_t)params->aid, 0, on_data, NULL);
}
MESIBO_EXPORT mesibo_int_t mesibo_module_reads_init(mesibo_int_t version, mesibo_module_t *mod,
                                                    mesibo_int_t len) {
    MESIBO_MODULE_SANITY_CHECK(mod, version, len);
    mod->on_message = on_message;
    return 0;
}
"""
    )
    module = host.load("reads", mesibo_abi.build(source, revision="sdk2020"), isolated=True)
    with peer(answer_fastcgi) as port:
        host.process(Message("x", aid=port))
        assert host.wait_idle(20)
    (error,) = module.crashes
    assert error.meaning == "a read 3 bytes behind the data, which has 5 bytes"
