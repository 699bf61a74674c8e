"""Every function that modules and hosts call of each other is written down, of each revision."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mesibo_abi import Host, Message, User
from mesibo_abi.peers import SocketPeer
from tests.tools import needs
from tests.traces import crossings, everything, functions, page

pytestmark = needs("cc")

EVENTS = {"init", "on_message", "on_message_status", "on_call", "on_call_status", "cleanup"}
HOST_FUNCTIONS = {
    "doc2019": {"mod->send_message", "mod->http", "mod->log"},
    "sdk2019": {
        "mesibo_message",
        "mesibo_http",
        "mesibo_log",
        "mesibo_util_getconfig",
        "mesibo_util_json_extract",
        "mesibo_util_create_thread",
        "mod->invoke",
    },
    "sdk2020": {
        "mesibo_message",
        "mesibo_log",
        "mesibo_vlog",
        "mesibo_util_getconfig",
        "mesibo_util_json_extract",
        "mesibo_util_create_thread",
        "mesibo_util_http",
        "mesibo_util_fcgi",
        "mesibo_util_socket_connect",
        "mesibo_util_usec",
        "mod->invoke",
    },
}
CALLBACKS = {
    "doc2019": EVENTS,
    "sdk2019": EVENTS | {"on_login", "thread"},
    "sdk2020": EVENTS | {"on_login", "on_config", "thread"},
}
OF_REQUESTS = {
    "doc2019": {"http.on_data"},
    "sdk2019": {"http.on_data"},
    "sdk2020": {
        "http.on_data",
        "http.on_status",
        "http.on_close",
        "fcgi.on_data",
        "socket.on_connect",
        "socket.on_write",
        "socket.on_data",
        "socket.on_close",
        "mesibo_util_socket_write",
        "mesibo_util_socket_close",
    },
}


def items_for(revision: str) -> dict[str, str]:
    return {} if revision == "doc2019" else {"colour": "red"}


def all_events(host: Host, message: str) -> None:
    host.process(Message(message, to="bob"))
    host.status(Message(b"", to="bob"), 2)
    host.call()
    host.call_status()
    host.login(User("alice"))
    host.config(1, b"x")
    assert host.wait_idle(60)


@pytest.mark.parametrize("revision", HOST_FUNCTIONS)
def test_every_function(tmp_path: Path, revision: str) -> None:
    library = everything(revision, tmp_path)
    with (
        SocketPeer(lambda _: "pong", size=4) as peer,
        Host(trace=tmp_path / "t", http=page) as host,
    ):
        host.load("e", library, config=items_for(revision))
        all_events(host, f"http://page/ {peer.url}")
    found = crossings(tmp_path / "t")
    wanted = CALLBACKS[revision] | HOST_FUNCTIONS[revision] | OF_REQUESTS[revision]
    assert set(functions(found)) == wanted
    assert {c.function for c in found if c.is_host_function} == {
        name for name in wanted if name.startswith(("mod->", "mesibo_"))
    }
    assert {c.module for c in found} == {"e"}
    assert {c.process for c in found} == {os.getpid()}


@pytest.mark.parametrize("revision", HOST_FUNCTIONS)
def test_every_function_of_a_worker(tmp_path: Path, revision: str) -> None:
    library = everything(revision, tmp_path)
    with Host(trace=tmp_path / "t") as host:
        host.load("e", library, config=items_for(revision), isolated=True)
        all_events(host, "http://127.0.0.1:1/ sock://127.0.0.1:1")
    found = crossings(tmp_path / "t")
    assert set(functions(found)) >= CALLBACKS[revision] | HOST_FUNCTIONS[revision]
    (worker,) = {c.process for c in found}
    assert worker != os.getpid()
