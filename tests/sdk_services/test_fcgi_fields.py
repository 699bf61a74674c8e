"""Every field of mesibo_fcgi_t, and the arguments beside it, seen by a FastCGI server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, LoadedModule, Message, Result, Revision
from mesibo_abi.peers import FastcgiAsked, FastcgiPeer, FastcgiReply, Then
from mesibo_abi.services import fastcgi_pool
from tests.sdk_services.conftest import BuiltFor, fields_of, table

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

NAMES = [
    name for name in fields_of(Revision.SDK2020, "mesibo_fcgi_s") if name not in ("body", "bodylen")
]
"""The variables: a field of that name is one."""
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)


@pytest.fixture
def peer() -> Iterator[FastcgiPeer]:
    """It leaves all connections open, also those that were not to be kept."""
    with FastcgiPeer(lambda _: FastcgiReply("hello", then=Then.KEEP)) as peer:
        yield peer


@pytest.fixture
def module(host: Host, built_for: BuiltFor) -> LoadedModule:
    return host.load("fields", built_for("sdk2020", "fcgi_fields"))


def ask(module: LoadedModule, peer: FastcgiPeer, fields: dict[str, Any]) -> FastcgiAsked:
    """The request as the server saw it."""
    count, host = len(peer.requests), module.host
    message = Message(table({"host": peer.host, "port": peer.port, **fields}))
    assert host.process(message).result is Result.CONSUMED
    assert host.wait_idle(30)
    assert [record.text for record in host.logs] == ["answer 0 hello"]
    assert len(peer.requests) == count + 1
    return peer.requests[-1]


def variables_of(fields: dict[str, Any], size: int) -> dict[str, str]:
    """What goes out: what was set, and what is derived."""
    derived = {
        "REQUEST_METHOD": "POST" if size else "GET",
        "CONTENT_LENGTH": str(size),
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    if "DOCUMENT_ROOT" in fields and "SCRIPT_NAME" in fields:
        derived["SCRIPT_FILENAME"] = f"{fields['DOCUMENT_ROOT']}/{fields['SCRIPT_NAME']}"
    return derived | fields


def test_every_variable_at_once(module: LoadedModule, peer: FastcgiPeer) -> None:
    """Each its own value: none stands in another's place."""
    assert len(NAMES) == 23
    fields = {name: f"the {name}" for name in NAMES}
    asked = ask(module, peer, {**fields, "body": "all of it", "bodylen": 9})
    assert asked.params == variables_of(fields, 9)
    assert asked.body == b"all of it"


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_a_server_sees(module: LoadedModule, peer: FastcgiPeer, data: st.DataObject) -> None:
    """Any of them, with any value; of the body as much as its length says."""
    fields = data.draw(st.dictionaries(st.sampled_from(NAMES), TEXTS))
    body = data.draw(TEXTS)
    size = data.draw(st.integers(0, len(body.encode())))
    asked = ask(module, peer, {**fields, "body": body, "bodylen": size})
    assert asked.params == variables_of(fields, size)
    assert asked.body == body.encode()[:size]


def test_without_a_body_its_length_means_nothing(module: LoadedModule, peer: FastcgiPeer) -> None:
    asked = ask(module, peer, {"bodylen": 1000})
    assert asked == FastcgiAsked(variables_of({}, 0), b"", False, 0)


@pytest.mark.parametrize(
    ("keepalive", "connections"), [(0, [0, 1, 2]), (1, [0, 0, 0]), (1 << 32, [0, 0, 0])]
)
def test_a_connection_is_used_again_where_that_was_asked_for(
    module: LoadedModule,
    peer: FastcgiPeer,
    monkeypatch: pytest.MonkeyPatch,
    keepalive: int,
    connections: list[int],
) -> None:
    monkeypatch.setattr(fastcgi_pool, "IDLE_SECONDS", 60)
    asked = [ask(module, peer, {"keepalive": keepalive}) for _ in connections]
    assert [one.connection for one in asked] == connections
    assert {one.keep for one in asked} == {bool(keepalive)}
