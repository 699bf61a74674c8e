"""Peers do the same work; what is missing is named."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from mesibo_abi.bench import peers
from mesibo_abi.bench.calls import Given
from mesibo_abi.bench.messages import messages
from mesibo_abi.bench.peers.base import How, Peer, request
from mesibo_abi.bench.peers.extension import CheckedExtension, Extension
from mesibo_abi.bench.trial import agree
from mesibo_abi.bench.workshop import Workshop, open_workshop
from mesibo_abi.errors import Error
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc", "c++")

PACKAGES = {peer.requires for peer in peers.PEERS} - {None}
ABSENT = sorted(str(name) for name in PACKAGES if find_spec(str(name)) is None)
all_there = pytest.mark.skipif(bool(ABSENT), reason=f"needs {', '.join(ABSENT)}")

GIVEN = list(messages(60, seed=1))


@all_there
def test_all_are_there(shop: Workshop) -> None:
    assert [peer.name for peer in shop.peers] == [
        "mesibo_abi",
        "raw C",
        "C extension",
        "C extension, checks",
        "nanobind",
        "pybind11",
        "cffi API",
        "cffi ABI",
        "ctypes",
    ]
    assert shop.missing == ()


@pytest.mark.parametrize("way", ["held", "released", "fields"])
def test_all_give_the_same_result(shop: Workshop, way: str) -> None:
    for given in GIVEN:
        calls = {peer.name: getattr(peer, way)(given) for peer in shop.peers}
        results = {name: int(call.result()) for name, call in calls.items() if call is not None}
        assert len(results) > 3
        assert set(results.values()) == {given.payload[:1] == b"!"}, (given, results)


@pytest.mark.parametrize("way", ["held", "released", "fields"])
def test_all_give_the_same_result_in_their_loops(shop: Workshop, way: str) -> None:
    for peer in shop.peers:
        call = getattr(peer, way)(Given(b"!x"))
        if call is not None:
            call.loop()(100)
            call.loop(3)(100)


@pytest.mark.parametrize("how", How)
def test_all_handlers_get_the_same(shop: Workshop, how: How) -> None:
    called = 0
    for peer in shop.peers:
        seen: list[bytes] = []
        calling = peer.upcalls(how, seen)
        if calling is not None:
            called += 1
            assert calling(5) == 0, peer.name
            assert seen == [request(how)] * 5, peer.name
            quiet = peer.upcalls(how, None)
            assert quiet is not None
            assert quiet(5) == 0
            assert len(seen) == 5
    assert called > 3


@pytest.mark.parametrize("how", How)
def test_the_module_times_its_own_loop(shop: Workshop, how: How) -> None:
    elapsed = shop.elapsed()
    calling = shop.peer(Extension).upcalls(how, None)
    assert calling is not None
    calling(0)
    none = elapsed()
    calling(2000)
    assert elapsed() > none >= 0


@pytest.mark.parametrize("what", ["version", "signature", "send_message", "http", "log", "behind"])
def test_the_extension_with_checks_finds_what_a_module_overwrote(
    shop: Workshop, built: Built, what: str
) -> None:
    extension = shop.peer(CheckedExtension).extension
    module = extension.Module(str(built("overwrite")), "mesibo_module_overwrite_init")
    message = extension.Message(b"", to="bob", from_="alice")
    assert module.on_message_checked(message, b"nothing") == 0
    assert module.on_message(message, what.encode()) == 0
    with pytest.raises(RuntimeError, match="the module failed"):
        module.on_message_checked(message, b"nothing")


def test_the_extension_refuses_what_it_cannot_take(shop: Workshop) -> None:
    extension, module = shop.peer(Extension).extension, shop.peer(Extension).module
    with pytest.raises(TypeError, match="expected a Message and bytes"):
        module.on_message(b"", b"")
    with pytest.raises(TypeError, match="there is no field 'too'"):
        module.on_fields(b"", too="bob")
    with pytest.raises(OverflowError):
        extension.Message(b"", id=1 << 64)
    with pytest.raises(OSError, match="is not loaded"):
        extension.Module("/nowhere.so", "x")


def test_messages_of_the_extension_keep_what_they_were_given(shop: Workshop) -> None:
    message = shop.peer(Extension).extension.Message(
        b"\0x", to="zo\u00eb", from_=None, id=2**64 - 1
    )
    found = (message.payload, message.to, message.from_, message.id)
    assert found == (b"\0x", "zo\u00eb", None, 2**64 - 1)


def test_peers_that_differ_stop_the_benchmark() -> None:
    agree({"a": 1, "b": 1}, "x")
    with pytest.raises(Error) as caught:
        agree({"a": 1, "b": 0}, "x")
    assert str(caught.value) == (
        "the benchmark's peers do not do the same work\n"
        "  expected one result for 'x', found: a 1, b 0\n"
        "  hint: nothing was timed: mend the peer that differs"
    )


def test_a_missing_peer_is_named_and_left_out(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "find_spec", lambda name: None if name == "cffi" else name)
    assert peers.missing() == {
        name: f"{name} is left out: cffi is not installed; pip install 'mesibo_abi[bench]'"
        for name in ("cffi API", "cffi ABI")
    }
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    said: list[str] = []
    with open_workshop(say=said.append) as other:
        assert [peer.name for peer in other.peers] == [
            peer.name for peer in shop.peers if type(peer).requires is None
        ]
        assert len(other.missing) == 4
    assert said == ["compiling what is not in the cache"]


def test_what_a_peer_cannot_do_is_none(shop: Workshop) -> None:
    peer = Peer(shop.libraries)
    given = GIVEN[0]
    assert peer.held(given) is peer.released(given) is peer.fields(given) is None
    assert peer.upcalls(How.HELD, None) is None
    peer.close()
