"""What cannot be sent is refused in words, and nothing is opened for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.services.http_request import plan_request
from mesibo_abi.services.http_types import DEFAULT_TIMEOUTS
from mesibo_abi.services.transfer import Failure
from tests.services.recorder import Client, Recorder


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", '"": the URL is empty'),
        (
            "example.test/page",
            "example.test/page: the URL has no scheme; it must begin with http:// or https://",
        ),
        (
            "ftp://example.test/",
            'ftp://example.test/: the URL has the scheme "ftp"; only http and https are served',
        ),
        ("http://", "http://: the URL names no host"),
        ("http://a..b/", "http://a..b/: the host is not a valid name"),
        ("http:///path", "http:///path: the URL names no host"),
        (
            "http://example.test:99999/",
            "http://example.test:99999/: the URL cannot be read: Port out of range 0-65535",
        ),
        ("http://[::1/", "http://[::1/: the URL cannot be read: Invalid IPv6 URL"),
        (
            "http://example.test/\r\nX-Evil: 1",
            "http://example.test/\\r\\nX-Evil: 1: "
            "the URL holds a line break or another control character",
        ),
        (
            "http://example.test/\udcff",
            "http://example.test/\\udcff: the URL holds bytes that are not UTF-8",
        ),
    ],
)
def test_bad_url(client: Client, url: str, reason: str) -> None:
    exchange = client.fetch(url)
    assert exchange.reason == reason
    assert exchange.names == ["fail"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"extra_header": "no colon"}, 'extra_header line 1 is "no colon"; expected "Name: value"'),
        (
            {"extra_header": "A: 1\r\nB : 2\r\n"},
            'extra_header line 2 is "B : 2"; expected "Name: value"',
        ),
        ({"extra_header": ": value"}, 'extra_header line 1 is ": value"; expected "Name: value"'),
        (
            {"extra_header": "A: 1\n folded"},
            'extra_header line 2 is " folded"; expected "Name: value"',
        ),
        (
            {"extra_header": "A: 1\rB: 2"},
            "extra_header line 1 holds a line break or another control character",
        ),
        (
            {"extra_header": "Content-Length: 1"},
            "extra_header line 1 sets Content-Length, which the host itself does",
        ),
        (
            {"extra_header": "transfer-encoding: chunked"},
            "extra_header line 1 sets transfer-encoding, which the host itself does",
        ),
        (
            {"cookie": "a=1\r\nX-Evil: 1"},
            "cookie holds a line break or another control character",
        ),
        ({"user_agent": "\udcff"}, "user_agent holds bytes that are not UTF-8"),
        (
            {"proxy": "socks5://127.0.0.1:1080"},
            'proxy is "socks5://127.0.0.1:1080"; expected http://host:port or host:port',
        ),
        ({"proxy": "host:port"}, 'proxy is "host:port"; expected http://host:port or host:port'),
    ],
)
def test_bad_option(client: Client, options: dict[str, str], words: str) -> None:
    exchange = client.fetch("http://127.0.0.1:1/", **options)
    assert exchange.reason == f"http://127.0.0.1:1/: {words}"
    assert exchange.names == ["fail"]


def test_reasons_keep_passwords_to_themselves(client: Client) -> None:
    exchange = client.fetch("ftp://alice:secret@example.test/")
    assert exchange.reason.startswith("ftp://example.test/: ")


def test_reasons_are_not_endless(client: Client) -> None:
    exchange = client.fetch("ftp://example.test/" + "x" * 5000)
    assert len(exchange.reason) < 400


NAMED = ["content_type", "user_agent", "referrer", "origin", "cookie", "encoding"]
NAMED += ["cache_control", "accept", "etag", "extra_header"]
HOSTILE = st.text(st.sampled_from("ab:= \t\r\n\0\x0b\x7f\u00fc\udcff"), max_size=12)


@given(st.dictionaries(st.sampled_from(NAMED), HOSTILE))
def test_no_option_begins_a_line_of_its_own(options: dict[str, Any]) -> None:
    exchange = Recorder("http://example.test/", **options)
    try:
        headers = plan_request(exchange, DEFAULT_TIMEOUTS).request.headers
    except Failure:
        return
    for name, value in headers:
        assert not set("\r\n\0") & set(name + value)
        assert name.isascii()
        (name + value).encode()
