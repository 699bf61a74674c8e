"""URLs of sockets, and what is wrong with others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi.services.socket_target import Scheme, parse_target
from mesibo_abi.services.transfer import Failure


@pytest.mark.parametrize(
    ("url", "scheme", "peer"),
    [
        ("sock://example.org:7", Scheme.SOCK, "example.org:7"),
        ("sock://example.org:65535/", Scheme.SOCK, "example.org:65535"),
        ("SOCK://[::1]:7", Scheme.SOCK, "[::1]:7"),
        ("socks://example.org", Scheme.SOCKS, "example.org:443"),
        ("socks://example.org:8443", Scheme.SOCKS, "example.org:8443"),
        ("ws://127.0.0.1/chat?x=1", Scheme.WS, "127.0.0.1:80"),
        ("ws://127.0.0.1:8080", Scheme.WS, "127.0.0.1:8080"),
        ("wss://user:word@example.org/", Scheme.WSS, "example.org:443"),
    ],
)
def test_where_a_url_leads(url: str, scheme: Scheme, peer: str) -> None:
    target = parse_target(url)
    assert (target.scheme, target.peer, target.url) == (scheme, peer, url)


def test_what_a_scheme_means() -> None:
    assert [scheme for scheme in Scheme if scheme.is_tls] == [Scheme.SOCKS, Scheme.WSS]
    assert [scheme for scheme in Scheme if scheme.is_web] == [Scheme.WS, Scheme.WSS]


NO_SCHEME = "the URL does not begin with sock://, socks://, ws:// or wss://"
NO_PORT = "the URL's port is not from 1 to 65535"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", NO_SCHEME),
        ("example.org:7", NO_SCHEME),
        ("http://example.org", NO_SCHEME),
        ("sock://", "the URL has no host"),
        ("sock:7", "the URL has no host"),
        ("ws:///path", "the URL has no host"),
        ("sock://:7", "the URL has no host"),
        ("sock://example.org", "the URL has no port, which sock:// needs"),
        ("sock://example.org:", "the URL has no port, which sock:// needs"),
        ("sock://example.org:0", NO_PORT),
        ("socks://example.org:65536", NO_PORT),
        ("ws://example.org:-1", NO_PORT),
        ("ws://example.org:x", NO_PORT),
        ("ws://[::1", "the URL's host is not valid"),
        ("ws://example.org/a b", "the URL has a character that no URL has"),
        ("ws://example.org/\r\nX: y", "the URL has a character that no URL has"),
        ("ws://\udcff/", "the URL has a character that no URL has"),
    ],
)
def test_what_is_no_url_of_a_socket(url: str, words: str) -> None:
    with pytest.raises(Failure) as caught:
        parse_target(url)
    assert str(caught.value) == words


@given(scheme=st.sampled_from(["sock", "socks", "ws", "wss", "x"]), rest=st.text())
def test_any_text_is_a_target_or_a_failure(scheme: str, rest: str) -> None:
    try:
        target = parse_target(f"{scheme}://{rest}")
    except Failure:
        return
    assert target.scheme == scheme
    assert target.host
    assert 0 < target.port < 65536
