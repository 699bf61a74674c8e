"""Requests of isolated modules with much to say, and with a page behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Host, HttpRequest, HttpResponse, Message
from mesibo_abi.peers import FastcgiPeer
from tests.http_server import pattern
from tests.isolation.stumbling import FASTCGI, ask, lines, load
from tests.tools import needs

pytestmark = [needs("cc"), pytest.mark.timeout(60)]

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
    module = load(host, stumble, deadline=30)
    with FastcgiPeer(pattern(LARGE)) as peer:
        ask(host, str(peer.port), FASTCGI)
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
    with FastcgiPeer("hello") as peer:
        host.process(Message("x", aid=peer.port))
        assert host.wait_idle(60)
    (error,) = module.crashes
    assert error.meaning == "a read 3 bytes behind the data, which has 5 bytes"
