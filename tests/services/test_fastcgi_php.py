"""FastCGI requests to php-fpm."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mesibo_abi.services import fastcgi
from tests.services.fastcgi_recorder import Client
from tests.services.recorder import wait_until

SCRIPT = """<?php
if (isset($_GET["sleep"])) usleep((int)$_GET["sleep"] * 1000);
if (isset($_GET["log"])) error_log($_GET["log"]);
if (isset($_GET["status"])) http_response_code((int)$_GET["status"]);
if (isset($_GET["exit"])) { exec("kill -9 " . getmypid()); }
if (isset($_GET["bytes"])) { echo str_repeat("x", (int)$_GET["bytes"]); exit; }
$body = file_get_contents("php://input");
header("Content-Type: application/json");
echo json_encode(["server" => $_SERVER, "post" => $_POST, "size" => strlen($body),
                  "sha1" => sha1($body), "pid" => getmypid()]);
"""


def find_php_fpm() -> str | None:
    """Debian's has its version in its name, and its place is not on everybody's PATH."""
    places = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    found = [path for place in places for path in sorted(Path(place).glob("php-fpm*"))]
    return next((name for path in found if (name := shutil.which(path))), None)


needs_php_fpm = pytest.mark.skipif(find_php_fpm() is None, reason="needs php-fpm")


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    assert client.thread.close()


@dataclass(frozen=True)
class Php:
    """A php-fpm of the tests' own: two pools of two processes, on a port and on a path."""

    root: Path
    port: int
    path: str

    def params(self, query: str = "", **more: str) -> dict[str, str]:
        own = {"DOCUMENT_ROOT": str(self.root), "SCRIPT_NAME": "echo.php", "QUERY_STRING": query}
        return own | more


@pytest.fixture(scope="module")
def php(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Php]:
    root = tmp_path_factory.mktemp("php")
    (root / "echo.php").write_text(SCRIPT)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    found = Php(root, port, str(root / "fpm.sock"))
    owner = "user = root\ngroup = root\n" if os.geteuid() == 0 else ""
    pool = f"{owner}pm = static\npm.max_children = 2\n"
    config = f"[global]\ndaemonize = no\nerror_log = {root}/fpm.log\n"
    config += f"[port]\nlisten = 127.0.0.1:{port}\n{pool}[path]\nlisten = {found.path}\n{pool}"
    (root / "fpm.conf").write_text(config)
    command = [str(find_php_fpm()), "-n", "-R", "-y", str(root / "fpm.conf")]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: "ready to handle" in read_if_there(root / "fpm.log"))
        yield found
    finally:
        server.terminate()
        server.wait(60)


def read_if_there(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@needs_php_fpm
@pytest.mark.parametrize("keepalive", [False, True])
@pytest.mark.parametrize("over_path", [False, True])
def test_what_the_module_left_out_is_derived(
    client: Client, php: Php, over_path: bool, keepalive: bool
) -> None:
    host, port = (php.path, 0) if over_path else ("127.0.0.1", php.port)
    seen = client.ask(host, port, params=php.params("a=1"), keepalive=keepalive).seen
    server = seen["server"]
    assert server["SCRIPT_FILENAME"] == f"{php.root}/echo.php"
    assert server["REQUEST_METHOD"] == "GET"
    assert server["CONTENT_LENGTH"] == "0"
    assert server["GATEWAY_INTERFACE"] == "CGI/1.1"
    assert server["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert server["QUERY_STRING"] == "a=1"
    assert seen["size"] == 0


@needs_php_fpm
def test_what_the_module_says_counts(client: Client, php: Php) -> None:
    fields = "USER CONTENT_TYPE REQUEST_URI DOCUMENT_URI REQUEST_SCHEME REMOTE_ADDR REMOTE_PORT "
    fields += "SERVER_ADDR SERVER_PORT SERVER_NAME HTTP_HOST HTTP_CONNECTION HTTP_CACHE_CONTROL "
    fields += "HTTP_UPGRADE_INSECURE_REQUESTS HTTP_USER_AGENT HTTP_ACCEPT HTTP_ACCEPT_ENCODING "
    fields += "HTTP_ACCEPT_LANGUAGE SERVER_PROTOCOL"
    given = {name: f"v-{name}-\u00e4" for name in fields.split()}
    given["SCRIPT_FILENAME"] = str(php.root / "echo.php")
    given |= {"DOCUMENT_ROOT": "/nowhere", "SCRIPT_NAME": "none.php"}
    server = client.ask("127.0.0.1", php.port, params=given).seen["server"]
    assert {name: server[name] for name in given} == given


@needs_php_fpm
def test_a_form(client: Client, php: Php) -> None:
    kind = "application/x-www-form-urlencoded"
    params = php.params(CONTENT_TYPE=kind)
    seen = client.ask("127.0.0.1", php.port, params=params, stdin=b"a=1&b=%C3%A4").seen
    assert seen["post"] == {"a": "1", "b": "\u00e4"}
    assert seen["server"]["REQUEST_METHOD"] == "POST"
    assert seen["server"]["CONTENT_LENGTH"] == "12"


@needs_php_fpm
@pytest.mark.parametrize("size", [1, 65535, 65536, 3000000])
def test_large_bodies_both_ways(client: Client, php: Php, size: int) -> None:
    body = (b"0123456789abcdef" * (size // 16 + 1))[:size]
    kind = "application/octet-stream"
    params = php.params(CONTENT_TYPE=kind)
    seen = client.ask("127.0.0.1", php.port, params=params, stdin=body).seen
    assert seen["size"] == size
    assert seen["sha1"] == hashlib.sha1(body).hexdigest()
    answer = client.ask("127.0.0.1", php.port, params=php.params(f"bytes={size}")).answer
    assert answer == b"x" * size


@needs_php_fpm
def test_any_status_is_an_answer(client: Client, php: Php) -> None:
    found = client.ask("127.0.0.1", php.port, params=php.params("status=500")).seen
    assert found["size"] == 0
    missing = client.ask("127.0.0.1", php.port, params=php.params(SCRIPT_NAME="no.php"))
    assert missing.answer == b"File not found.\n"


@needs_php_fpm
def test_what_the_script_logs_is_logged(
    client: Client, php: Php, caplog: pytest.LogCaptureFixture
) -> None:
    client.ask("127.0.0.1", php.port, params=php.params("log=something"))
    (record,) = caplog.records
    assert record.name == "mesibo_abi"
    assert record.levelno == logging.WARNING
    where = f"127.0.0.1:{php.port} wrote to its error stream: "
    assert record.getMessage().startswith(where)
    assert "something" in record.getMessage()


@needs_php_fpm
def test_a_process_that_dies(client: Client, php: Php) -> None:
    exchange = client.ask("127.0.0.1", php.port, params=php.params("exit=1"))
    words = "the server closed the connection without an answer"
    assert exchange.reason.startswith(f"127.0.0.1:{php.port}: {words}")


@needs_php_fpm
def test_a_kept_connection_is_used_again(client: Client, php: Php) -> None:
    """A connection holds its process: with two of them, chance alone would show both."""
    pids = set()
    for _ in range(6):
        exchange = client.ask("127.0.0.1", php.port, params=php.params(), keepalive=True)
        pids.add(exchange.seen["pid"])
    assert len(pids) == 1


@needs_php_fpm
def test_many_at_once(client: Client, php: Php) -> None:
    ask = [client.begin(php.path, params=php.params(f"n={n}")) for n in range(200)]
    for n, exchange in enumerate(ask):
        assert exchange.over.wait(30)
        assert exchange.seen["server"]["QUERY_STRING"] == f"n={n}"


@needs_php_fpm
def test_more_than_may_be_open(php: Php, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fastcgi, "MOST_AT_ONCE", 1)
    client = Client()
    begun = time.monotonic()
    ask = [client.begin(php.path, params=php.params("sleep=100")) for _ in range(4)]
    assert all(exchange.over.wait(60) for exchange in ask)
    assert [exchange.seen["size"] for exchange in ask] == [0] * 4
    assert time.monotonic() - begun >= 0.4
    assert client.thread.close()
