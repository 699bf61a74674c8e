"""Every word of every struct that a module is given, as it lies in the module's memory; its name is
looked up in the published tables."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Result, Revision, StructChanged, User

from ..conftest import Built
from ..fields import ALL_FIELDS, USERS, WORDS
from ..headers.published import PUBLISHED
from .conftest import REVISIONS, VENDOR, C, Sdk

both = pytest.mark.parametrize("revision", REVISIONS)
every = pytest.mark.parametrize("revision", Revision)
any_of = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

SIGNATURE = 0xAA55773388FF1100
POINTERS = {"to", "from", "address"}


def bytes_of(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")


def pieces(sent: Iterable[Message]) -> dict[str, bytes]:
    """What a module of structs.c told of."""
    found = {message.to or "": message.payload for message in sent}
    assert len(found) > 0
    return found


def words_of(revision: Revision, tag: str, piece: bytes) -> dict[str, int]:
    """The fields of a struct, by name; of a pointer, whether it points anywhere."""
    size, fields = PUBLISHED[revision].structs[tag]
    assert len(piece) == size == 8 * len(fields)
    words = {name: struct.unpack_from("@Q", piece, at)[0] for at, name, _ in fields}
    return {name: int(word != 0) if name in POINTERS else word for name, word in words.items()}


def params_of(revision: Revision, message: Message) -> dict[str, int]:
    """What they have to be: a word that this does not know is 0."""
    _, fields = PUBLISHED[revision].structs["mesibo_message_params_s"]
    known = {name: getattr(message, name, 0) for _, name, _ in fields}
    return known | {"to": message.to is not None, "from": message.from_ is not None}


def texts_of(message: Message) -> dict[str, bytes]:
    texts = {"to": message.to, "from": message.from_}
    return {name: bytes_of(text) for name, text in texts.items() if text is not None}


@pytest.fixture
def library(revision: Revision, sdk: Sdk, built: Built) -> Path:
    return built("structs") if revision is Revision.DOC2019 else sdk(revision, "structs")


def load(host: Host, library: Path) -> None:
    if not host.modules:
        host.load("structs", library)
        list(host.sent)


# ---- The module's own ----------------------------------------------------------------------------


@both
@pytest.mark.parametrize("command", [C, VENDOR], ids=["c", "vendor"])
def test_the_struct_of_a_module(
    host: Host, sdk: Sdk, revision: Revision, command: tuple[str, ...]
) -> None:
    """What the host sets before init; and what the module has written stays as it is, in all of its
    callbacks, what is reserved and what nobody knows included."""
    library = sdk(revision, "structs", command=command)
    module = host.load("kept", library, config={"a": "1", "b": "2"})
    told = pieces(host.sent)
    given = words_of(revision, "mesibo_module_s", told["given"])
    set_by_host = {name: given.pop(name) for name in ("name", "config", "invoke")}
    assert all(set_by_host.values())
    assert given == dict.fromkeys(given, 0) | {"version": 1, "signature": SIGNATURE}
    left = words_of(revision, "mesibo_module_s", told["left"])
    assert left.items() >= set_by_host.items()
    own = {"flags": 0xF0, "ctx": 0xF1} | {f"reserved_{n}": 0xE0 + n for n in range(8)}
    if revision is Revision.SDK2020:
        own["custom_fns"] = 0xF2
    changed = {name for name, word in given.items() if left[name] != word}
    assert changed == {*own, "description", *(name for name in left if name.startswith("on_"))}
    assert left.items() >= own.items()
    assert module.flags == 0xF0
    message = Message("text", to="bob")
    events = [host.process(message), host.status(message, 2), host.call(), host.call_status()]
    events.append(host.login(User("ann")))
    if revision is Revision.SDK2020:
        events.append(host.config(1, b"data"))
    module.close()
    seen = [pieces(verdict.sent)["module"] for verdict in events]
    assert [*seen, pieces(host.sent)["module"]] == [told["left"]] * (len(events) + 1)


@both
@pytest.mark.parametrize("name", ["version", "signature", "invoke"])
def test_a_word_that_is_the_hosts(host: Host, sdk: Sdk, revision: Revision, name: str) -> None:
    """Whoever overwrites it has failed, and is told which word it was, and where."""
    _, fields = PUBLISHED[revision].structs["mesibo_module_s"]
    (at,) = [at for at, field, _ in fields if field == name]
    host.load("overwrite", sdk(revision, "overwrite"))
    assert host.process(Message("nothing")).error is None
    verdict = host.process(Message(name))
    assert verdict.result is Result.FAIL
    assert isinstance(verdict.error, StructChanged)
    said = str(verdict.error)
    assert said.startswith("module 'overwrite' overwrote its struct in on_message\n  expected 0x")
    assert f" at byte {at} ({name}), found 0x1111111111111111\n" in said


@both
def test_the_count_of_items(host: Host, sdk: Sdk, revision: Revision) -> None:
    """An int in 2019, a word in 2020."""
    host.load("structs", sdk(revision, "structs"), config={"a": "1", "b": "2", "c": "3"})
    assert pieces(host.sent)["items"] == struct.pack("@Q", 3)


# ---- Of an event ---------------------------------------------------------------------------------


@every
@any_of
@given(message=ALL_FIELDS)
def test_a_message(host: Host, library: Path, revision: Revision, message: Message) -> None:
    load(host, library)
    told = pieces(host.process(message).sent)
    params = words_of(revision, "mesibo_message_params_s", told.pop("params"))
    assert params == params_of(revision, message)
    told.pop("module", None)
    assert told == {"message": message.payload, **texts_of(message)}


@every
@any_of
@given(message=ALL_FIELDS, status=WORDS)
def test_a_status(
    host: Host, library: Path, revision: Revision, message: Message, status: int
) -> None:
    """An argument in 2019; in 2020 a word of the params, whatever the message's own was."""
    load(host, library)
    told = pieces(host.status(message, status).sent)
    params = words_of(revision, "mesibo_message_params_s", told.pop("params"))
    told.pop("module", None)
    if revision is Revision.SDK2020:
        assert params == params_of(revision, message.replace(status=status))
        assert told == texts_of(message)
    else:
        assert params == params_of(revision, message)
        assert told == {"status": struct.pack("@Q", status), **texts_of(message)}


@both
@any_of
@given(user=USERS)
def test_a_login(host: Host, library: Path, revision: Revision, user: User) -> None:
    load(host, library)
    told = pieces(host.login(user).sent)
    words = words_of(revision, "mesibo_user_s", told.pop("user"))
    address = user.address
    assert words == dict.fromkeys(words, 0) | {
        "flags": user.flags,
        "online": user.online,
        "address": address is not None,
    }
    del told["module"]
    assert told == ({} if address is None else {"address": bytes_of(address)})


@pytest.mark.parametrize("revision", [Revision.SDK2020])
@any_of
@given(type=WORDS, data=st.none() | st.binary(max_size=5000))
def test_a_config_event(
    host: Host, library: Path, revision: Revision, type: int, data: bytes | None
) -> None:
    """Of the data a module sees where it begins, and a NUL behind it."""
    load(host, library)
    told = pieces(host.config(type, data).sent)
    del told["module"]
    expected = {} if data is None else {"config": data.partition(b"\0")[0]}
    assert told == {"type": struct.pack("@Q", type), **expected}
