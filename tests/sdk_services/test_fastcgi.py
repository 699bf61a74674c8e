"""mesibo_util_fcgi of sdk2020, to php-fpm."""

from __future__ import annotations

import hashlib
import json
import socket
from typing import Any

import pytest

from mesibo_abi import Host, Message
from tests.sdk_services.conftest import BuiltFor
from tests.services.test_fastcgi_php import Php, needs_php_fpm, php

__all__ = ["php"]  # a fixture

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]


def load(host: Host, built_for: BuiltFor, config: dict[str, str]) -> None:
    host.load("bridge", built_for("sdk2020", "fcgi_calls"), config=config)


def config_of(php: Php, *, over_path: bool = False, script: str = "echo.php") -> dict[str, str]:
    peer = {"host": php.path} if over_path else {"host": "127.0.0.1", "port": str(php.port)}
    return {**peer, "root": str(php.root), "script": script}


def answers(host: Host) -> dict[int, tuple[int, str]]:
    """Result and body by the id of the message; each is answered once."""
    assert host.wait_idle(60)
    lines = [record.text for record in host.logs if ": answer " in record.text]
    found = {}
    for line in lines:
        number, _, result, _, body = line.split(" ", 4)
        found[int(number.rstrip(":"))] = (int(result), body)
    assert len(found) == len(lines)
    return found


def seen(body: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


@needs_php_fpm
@pytest.mark.parametrize("over_path", [False, True])
def test_an_answer(host: Host, built_for: BuiltFor, php: Php, over_path: bool) -> None:
    load(host, built_for, config_of(php, over_path=over_path))
    payload = b"hello \0 there"
    host.process(Message(payload, to="a=1", id=7)).raise_for_error()
    result, body = answers(host)[7]
    script = seen(body)
    assert result == 0
    assert script["sha1"] == hashlib.sha1(payload).hexdigest()
    assert script["server"]["QUERY_STRING"] == "a=1"
    assert script["server"]["REQUEST_METHOD"] == "POST"
    assert script["server"]["CONTENT_TYPE"] == "text/plain"
    assert script["server"]["CONTENT_LENGTH"] == "13"
    assert script["server"]["SCRIPT_FILENAME"] == f"{php.root}/echo.php"


@needs_php_fpm
def test_a_message_of_nothing_is_a_get(host: Host, built_for: BuiltFor, php: Php) -> None:
    load(host, built_for, config_of(php))
    host.process(Message(b"", to="", id=1))
    assert seen(answers(host)[1][1])["server"]["REQUEST_METHOD"] == "GET"


@needs_php_fpm
def test_many_at_once(host: Host, built_for: BuiltFor, php: Php) -> None:
    load(host, built_for, config_of(php, over_path=True))
    for number in range(100):
        host.process(Message(f"{number}", to=f"n={number}", id=number))
    found = answers(host)
    assert len(found) == 100
    for number, (result, body) in found.items():
        script = seen(body)
        assert (result, script["server"]["QUERY_STRING"]) == (0, f"n={number}")
        assert script["size"] == len(str(number))


@needs_php_fpm
def test_a_script_that_is_not_there_is_an_answer(host: Host, built_for: BuiltFor, php: Php) -> None:
    load(host, built_for, config_of(php, script="none.php"))
    host.process(Message("x", id=1))
    assert answers(host) == {1: (0, "File not found.")}


def test_nobody_there(host: Host, built_for: BuiltFor, dead_port: int) -> None:
    load(host, built_for, {"host": "127.0.0.1", "port": str(dead_port), "root": "/", "script": "x"})
    host.process(Message("x", id=1))
    assert host.wait_idle(60)
    peer = f"127.0.0.1:{dead_port}"
    assert [record.text for record in host.logs] == [
        f"fastcgi: {peer}: cannot connect to {peer}: Connection refused",
        "1: answer -1 0 NULL",
    ]


def test_a_close_of_the_module(host: Host, built_for: BuiltFor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        load(host, built_for, {"host": "127.0.0.1", "port": str(port)})
        for number in range(3):
            host.process(Message("x", id=number))
        host.modules[0].close()
    assert answers(host) == dict.fromkeys(range(3), (-1, "NULL"))
    assert host.open_requests() == 0


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({}, "the host is empty; pass a name, an address or the path of a Unix socket"),
        ({"host": "localhost"}, "the port is not within 1 to 65535"),
        ({"host": "localhost", "port": "65536"}, "the port is not within 1 to 65535"),
    ],
)
def test_what_is_refused(
    host: Host, built_for: BuiltFor, config: dict[str, str], words: str
) -> None:
    load(host, built_for, config)
    verdict = host.process(Message("x", id=1))
    assert [record.text for record in verdict.logs] == [f"fastcgi refused: {words}"]
    assert answers(host) == {}
