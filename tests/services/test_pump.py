"""The services of a host, as it closes."""

from __future__ import annotations

import threading

import pytest

from mesibo_abi import Host, HttpRequest, HttpResponse, Message
from mesibo_abi.services import pump
from mesibo_abi.services.thread import THREAD_NAME
from tests.conftest import Built
from tests.services.recorder import wait_until


def test_what_blocks_them_is_not_waited_for_without_end(
    built: Built, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pump, "_PATIENCE", 0.2)
    blocks, go_on = threading.Event(), threading.Event()

    async def answer(request: HttpRequest) -> HttpResponse:
        blocks.set()
        go_on.wait(60)
        return HttpResponse()

    with Host(http=answer) as host:
        host.load("fetch", built("fetch"))
        host.process(Message("http://nowhere/", to=None))
        assert blocks.wait(60)
    go_on.set()
    wait_until(lambda: THREAD_NAME not in {thread.name for thread in threading.enumerate()})
    assert caplog.messages == [
        "the services of a host go on\n"
        "  expected their thread to end within 0.2 s of the close, found it at work\n"
        "  hint: nothing that is passed as Host(http=...) may block: see what it waits for"
    ]
