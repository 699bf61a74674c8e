"""Many requests at once, cancelling at every stage, closing, and connections that are kept."""

from __future__ import annotations

import json
import resource

import pytest

from mesibo_abi.services import http
from tests.http_server import http_server, pattern
from tests.services.recorder import Client, Recorder, wait_until


def test_five_hundred_at_once(client: Client, server: str) -> None:
    exchanges = [client.begin(f"{server}/bytes/{size}") for size in range(500)]
    for size, exchange in enumerate(exchanges):
        assert exchange.over.wait(30)
        assert exchange.content == pattern(size)
        assert exchange.names[0] == "sent"


def test_so_many_and_no_more() -> None:
    client = Client(at_once=7)
    with http_server() as url:
        exchanges = [client.begin(f"{url}/slow/1/50") for _ in range(40)]
        for exchange in exchanges:
            assert exchange.over.wait(30)
            assert exchange.content == b"chunk 0\n"
        assert json.loads(client.fetch(f"{url}/stats").content) == {"most": 7}
    assert client.thread.close()


@pytest.mark.parametrize(
    ("descriptors", "room"),
    [(resource.RLIM_INFINITY, 5000), (1 << 20, 5000), (1024, 896), (200, 100), (1, 1)],
)
def test_room_for_connections(descriptors: int, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))
    assert http._room() == room


def test_connections_are_kept(client: Client, server: str) -> None:
    peers = {client.fetch(f"{server}/echo", post=b"x" * i).echoed["peer"] for i in range(5)}
    assert len(peers) == 1


def test_a_failed_request_does_not_spoil_the_next(client: Client, server: str) -> None:
    assert client.fetch(f"{server}/cut/1/2").names[-1] == "fail"
    assert client.fetch(f"{server}/stall-body/1", body_timeout=1).names[-1] == "fail"
    assert client.fetch(f"{server}/bytes/3").content == pattern(3)


@pytest.mark.parametrize("stage", ["headers", "body"])
def test_cancelled_by_the_answer_of_a_call(client: Client, server: str, stage: str) -> None:
    exchange = client.fetch(f"{server}/slow/50/20", stop_at=stage)
    client.settle()
    assert exchange.names[-1] == stage
    assert exchange.names.count(stage) == 1
    wait_until(lambda: not client.service._served)


def test_cancelled_after_it_went_out(client: Client, server: str) -> None:
    exchange = client.begin(f"{server}/stall-headers")
    wait_until(lambda: exchange.names == ["sent"])
    check_cancel(client, exchange)


def test_cancelled_while_connecting(client: Client) -> None:
    exchange = client.begin("http://127.0.0.1:1/", retries=1000)  # in the pause between attempts
    client.settle()
    check_cancel(client, exchange)


def test_cancelled_in_the_body(client: Client, server: str) -> None:
    exchange = client.begin(f"{server}/stall-body/5")
    wait_until(lambda: len(exchange.chunks) == 1)
    check_cancel(client, exchange)


def test_cancelled_while_the_module_is_behind(client: Client, server: str) -> None:
    exchange = client.begin(f"{server}/bytes/40000000", taken=False)
    wait_until(lambda: exchange.paused)
    check_cancel(client, exchange)


def test_cancelled_while_it_waits_its_turn(server: str) -> None:
    client = Client(at_once=1)
    first = client.begin(f"{server}/stall-headers")
    second, third = (client.begin(f"{server}/bytes/1") for _ in range(2))
    client.cancel(second)
    client.settle()
    client.cancel(first)
    assert third.over.wait(60)
    assert second.calls == []
    assert client.thread.close()


def test_cancelled_before_it_was_taken(client: Client, server: str) -> None:
    exchange = client.begin(f"{server}/bytes/1", cancelled=True)
    client.fetch(f"{server}/bytes/1")
    assert exchange.calls == []


def test_cancelling_makes_room_for_the_next(server: str) -> None:
    client = Client(at_once=1)
    first = client.begin(f"{server}/stall-headers")
    wait_until(lambda: first.names == ["sent"])
    second = client.begin(f"{server}/bytes/1")
    client.cancel(first)
    assert second.over.wait(60)
    assert first.names == ["sent"]
    assert client.thread.close()


def test_cancel_and_resume_of_what_is_over(client: Client, server: str) -> None:
    exchange = client.fetch(f"{server}/bytes/1")
    client.cancel(exchange)
    client.thread.call(client.service.resume, exchange)
    assert client.fetch(f"{server}/bytes/2").content == pattern(2)
    assert exchange.names == ["sent", "headers", "body"]


def check_cancel(client: Client, exchange: Recorder) -> None:
    """Nothing more is called, the service forgets the exchange, and serves on."""
    client.cancel(exchange)
    wait_until(lambda: not client.service._served and not client.service._workers)
    called = list(exchange.calls)
    client.settle()
    assert exchange.calls == called
    assert "fail" not in exchange.names


def test_close_fails_what_is_open(server: str) -> None:
    client = Client(at_once=2)
    urls = [f"{server}/stall-headers", f"{server}/stall-body/1", f"{server}/bytes/1"]
    exchanges = [client.begin(url) for url in urls]
    wait_until(lambda: exchanges[0].names == ["sent"] and len(exchanges[1].chunks) == 1)
    client.thread.call(client.service.close)
    for url, exchange in zip(urls, exchanges, strict=True):
        assert exchange.over.wait(60)
        assert exchange.reason == f"{url}: the host was closed before the answer was there"
    late = client.fetch(f"{server}/bytes/1")
    assert late.reason == f"{server}/bytes/1: the host is closed"
    assert client.thread.close()


def test_closing_the_thread_closes_the_service(server: str) -> None:
    client = Client()
    exchange = client.begin(f"{server}/stall-headers")
    wait_until(lambda: exchange.names == ["sent"])
    assert client.thread.close()
    assert exchange.names == ["sent", "fail"]
