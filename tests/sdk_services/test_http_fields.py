"""Every field of the structs that an HTTP request is made of has its effect, seen by a server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Result, Revision
from tests.sdk_services.conftest import BuiltFor, fields_of, table

pytestmark = [pytest.mark.timeout(60), pytest.mark.usefixtures("anywhere")]

STRUCTS = {Revision.SDK2019: "_module_http_option_t", Revision.SDK2020: "_mesibo_http_t"}
both = pytest.mark.parametrize("revision", STRUCTS)

HEADERS = {
    "content_type": "content-type",
    "user_agent": "user-agent",
    "referrer": "referer",
    "origin": "origin",
    "cookie": "cookie",
    "encoding": "accept-encoding",
    "cache_control": "cache-control",
    "accept": "accept",
    "etag": "if-none-match",
}
ECHOED = {"post", "extra_header", "ims", *HEADERS}
TIMEOUTS = {
    "conn_timeout": "not connected within 1 s (conn_timeout)",
    "header_timeout": "no headers within 1 s of connecting (header_timeout)",
    "body_timeout": "the body did not end within 1 s (body_timeout)",
    "total_timeout": "not done within 1 s (total_timeout)",
}
ONLY_2019 = {"proxy", "maxredirects", "retries", "synchronous"}
CALLBACKS = {"on_data", "on_status", "on_close"}
"""Those of sdk2020: their tests are in test_util_http.py."""

WORDS = st.from_regex(r"[!-~]([ -~]{0,40}[!-~])?", fullmatch=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(HEADERS, WORDS),
    "post": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200),
    "extra_header": WORDS.map("X-Extra: {}".format),
    "ims": st.integers(1, 2**33),
}


def test_no_field_is_forgotten() -> None:
    """What is published and what is tested here."""
    common = (ECHOED - {"post"}) | set(TIMEOUTS)
    assert set(fields_of(Revision.SDK2019, "_module_http_option_t")) == common | ONLY_2019
    assert set(fields_of(Revision.SDK2020, "_mesibo_http_t")) == (
        common | CALLBACKS | {"url", "post"}
    )


def load(host: Host, built_for: BuiltFor, revision: Revision) -> None:
    if not host.modules:
        host.load("fields", built_for(revision, "http_fields"))


def ask(host: Host, **fields: Any) -> bytes:
    """The body of the answer to a request with these fields; the header comes before it."""
    assert host.process(Message(table(fields))).result is Result.CONSUMED
    assert host.wait_idle(30)
    assert [record.text for record in host.logs] == []
    header, *body = host.sent
    assert (header.to, {sent.to for sent in body}) == ("header", {"body"})
    assert header.payload.startswith(b"HTTP/1.1 ")
    assert header.payload.endswith(b"\r\n\r\n")
    return b"".join(sent.payload for sent in body)


def failure(host: Host, **fields: Any) -> list[str]:
    assert host.process(Message(table(fields))).result is Result.CONSUMED
    assert host.wait_idle(30)
    return [record.text for record in host.logs]


def headers_of(fields: dict[str, Any]) -> dict[str, str]:
    """What goes out, but for Host: what was set, and what the host says by itself."""
    headers = {"accept": "*/*", "accept-encoding": "gzip, deflate", "user-agent": "mesibo-abi"}
    if "post" in fields:
        headers["content-type"] = "application/x-www-form-urlencoded"
        headers["content-length"] = str(len(fields["post"].encode()))
    for name, value in fields.items():
        if name in HEADERS:
            headers[HEADERS[name]] = value
        elif name == "extra_header":
            headers["x-extra"] = value.removeprefix("X-Extra: ")
        elif name == "ims":
            headers["if-modified-since"] = formatdate(value, usegmt=True)
    return headers


@both
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=st.fixed_dictionaries({}, optional=VALUES))
def test_what_a_server_sees(
    host: Host, built_for: BuiltFor, server: str, revision: Revision, fields: dict[str, Any]
) -> None:
    """Any of them, with any value, and nothing else."""
    load(host, built_for, revision)
    echoed = json.loads(ask(host, url=f"{server}/echo", **fields))
    headers = {name.lower(): value for name, value in echoed["headers"]}
    assert headers.pop("host") == server.removeprefix("http://")
    assert headers == headers_of(fields)
    assert len(echoed["headers"]) == len(headers) + 1
    assert echoed["path"] == "/echo"
    assert echoed["method"] == ("POST" if "post" in fields else "GET")
    assert echoed["body"].encode("latin-1").decode() == fields.get("post", "")


@both
def test_all_of_them_at_once(
    host: Host, built_for: BuiltFor, server: str, revision: Revision
) -> None:
    """Each its own value: none stands in another's place."""
    fields = {name: f"the {name}" for name in ECHOED}
    fields |= {"extra_header": "X-Extra: more", "ims": "784111777"}
    load(host, built_for, revision)
    echoed = json.loads(ask(host, url=f"{server}/echo", **fields))
    headers = {name.lower(): value for name, value in echoed["headers"]}
    assert {HEADERS[name]: f"the {name}" for name in HEADERS}.items() <= headers.items()
    assert headers["x-extra"] == "more"
    assert headers["if-modified-since"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert (echoed["method"], echoed["body"]) == ("POST", "the post")


@pytest.fixture
def full() -> Iterator[str]:
    """The URL of a peer whose queue of connections is full."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=0) as listener,
        closing(socket.create_connection(listener.getsockname())),
    ):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.slow
@both
def test_each_timeout(
    host: Host, built_for: BuiltFor, server: str, full: str, revision: Revision
) -> None:
    """Each has a request of its own, and the others are long."""
    load(host, built_for, revision)
    expected = set()
    for number, (name, words) in enumerate(TIMEOUTS.items()):
        urls = {"conn_timeout": full, "body_timeout": f"{server}/stall-body/0"}
        url = f"{urls.get(name, f'{server}/stall-headers')}?{number}"
        fields = {"url": url, **dict.fromkeys(TIMEOUTS, 40), name: 1}
        assert host.process(Message(table(fields))).result is Result.CONSUMED
        expected.add(f"http: {url}: {words}")
    assert host.wait_idle(30)
    assert {record.text for record in host.logs} == expected


# ---- What only sdk2019 has -----------------------------------------------------------------------


@pytest.fixture
def options(host: Host, built_for: BuiltFor) -> Host:
    load(host, built_for, Revision.SDK2019)
    return host


def test_a_proxy(options: Host, server: str) -> None:
    """It is asked for the whole URL, and answers itself."""
    echoed = json.loads(ask(options, url="http://elsewhere.test/echo", proxy=server))
    assert ["Host", "elsewhere.test"] in echoed["headers"]


def test_redirects(options: Host, server: str) -> None:
    url = f"{server}/redirect/2"
    assert ask(options, url=url) == b"elsewhere"
    assert failure(options, url=url, maxredirects=1) == [
        f"http: {url}: more redirects than the 1 of maxredirects"
    ]
    assert json.loads(ask(options, url=url, maxredirects=2))["path"] == "/echo"


def test_retries(options: Host, server: str) -> None:
    key = f"sdk2019-{options.modules[0].isolated}"
    assert ask(options, url=f"{server}/flaky/{key}/2", post="x", retries=2) == b"attempt 3"
    url = f"{server}/flaky/{key}-once/1"
    assert failure(options, url=url, post="x") == [
        f"http: {url}: the server closed the connection without an answer"
    ]


@pytest.mark.parametrize("synchronous", [0, 1, 2**64 - 1])
def test_a_synchronous_request(options: Host, server: str, synchronous: int) -> None:
    """The answer comes inside the call, or behind it."""
    fields = {"url": f"{server}/status/200", "synchronous": synchronous}
    verdict = options.process(Message(table(fields)))
    assert options.wait_idle(30)
    inside, behind = ([message.to for message in sent] for sent in (verdict.sent, options.sent))
    pieces = ["header", "body"]
    assert (inside, behind) == ((pieces, []) if synchronous else ([], pieces))
