"""The extern host functions that need no network; `mesibo_util_json_extract` in both of its
signatures at once."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesibo_abi import Host, Message, Result, Revision
from mesibo_abi.bridge import host as bridge
from mesibo_abi.elf import HOST_SYMBOLS
from mesibo_abi.types import MessageFields

from ..tools import needs
from .conftest import REVISIONS, Sdk

MANGLED_2019 = {
    "_Z14mesibo_messageP15mesibo_module_sP23mesibo_message_params_sPKcm",
    "_Z10mesibo_logP15mesibo_module_smPKcz",
    "_Z11mesibo_httpP15mesibo_module_sPKcS2_PFlPvllS2_lES3_P21_module_http_option_t",
    "_Z21mesibo_util_getconfigP15mesibo_module_sPKc",
    "_Z24mesibo_util_json_extractPcPKcPS_",
    "_Z25mesibo_util_create_threadPFPvS_ES_mPKc",
}


@needs("nm")
def test_the_names_that_modules_see() -> None:
    """All that the SDK declares, what C++ modules of 2019 import, and nothing else of ours."""
    command = ["nm", "-D", "--defined-only", str(Path(bridge.__file__))]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1] for line in printed.splitlines()}
    visible = {name for name in names if not name.startswith("PyInit_")}
    declared = HOST_SYMBOLS[Revision.SDK2019] | HOST_SYMBOLS[Revision.SDK2020]
    assert visible == declared | MANGLED_2019


def test_both_json_signatures_side_by_side(host: Host, sdk: Sdk) -> None:
    for revision in REVISIONS:
        host.load(revision.value, sdk(revision, "json"))
    text = json.dumps({"text": "a\n", "deep": [{"text": 1.5}, {"text": {"text": None}}]})
    for module in host.modules * 2:
        assert module.on_message(Message(text, to="bob")) is Result.CONSUMED
        assert [sent.payload for sent in host.sent] == [b"a\n", b"1.5", b'{"text": null}']


@pytest.mark.parametrize(
    ("revision", "fields", "said"),
    [
        (Revision.SDK2019, {}, "found, next 11"),
        (Revision.SDK2019, {"flags": 1}, "not found, next 0"),
        (Revision.SDK2020, {"id": 12}, "found, next 11"),
        (Revision.SDK2020, {"id": 7}, "not found, next 0"),
        (Revision.SDK2020, {"id": 0}, "not found, next 0"),
        (Revision.SDK2020, {"id": 2**64 - 1}, "not found, next 0"),
        (Revision.SDK2020, {"id": 2**63}, "not found, next 0"),
        (Revision.SDK2020, {"id": 12, "flags": 1}, "not found, next 0"),
    ],
)
def test_where_a_search_goes_on(
    host: Host, sdk: Sdk, revision: Revision, fields: MessageFields, said: str
) -> None:
    """At its start, whyever nothing is found: a length below 0 and no text at all included."""
    host.load("json_next", sdk(revision, "json_next"))
    (record,) = host.process(Message('{"text": 1 }', **fields)).logs
    assert record.text == said


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
)


@pytest.mark.parametrize("revision", REVISIONS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(VALUES, max_size=8), ascii_only=st.booleans())
def test_json_as_python_writes_it(
    host: Host, sdk: Sdk, revision: Revision, values: list[object], ascii_only: bool
) -> None:
    if not host.modules:
        host.load("json", sdk(revision, "json"))
    text = json.dumps([{"text": value} for value in values], ensure_ascii=ascii_only)
    sent = host.process(Message(text, to="bob")).sent
    expected = [value if isinstance(value, str) else json.dumps(value) for value in values]
    assert [message.payload.decode() for message in sent] == expected


def test_vlog_and_usec(host: Host, sdk: Sdk) -> None:
    host.load("services", sdk(Revision.SDK2020, "services"))
    logs = host.process(Message()).logs
    assert [record.text for record in logs] == ["vlog 1.25 -7", "1", "kept", "0"]
    assert {record.module for record in logs} == {"services"}


def test_the_hosts_handlers_get_what_sdk_modules_do(sdk: Sdk) -> None:
    """Their value goes back to the module: here as the result of on_message."""
    got: list[tuple[str, Message]] = []

    def send(module: object, message: Message) -> int:
        got.append((str(module), message))
        return 1

    with Host(send=send) as host:
        for revision in REVISIONS:
            host.load(revision.value, sdk(revision, "echo"))
        verdict = host.process(Message("text", to="bob", uflags=3))
        assert (verdict.result, verdict.sent) == (Result.CONSUMED, [])
        assert got == [
            (
                "<LoadedModule 'sdk2019' (sdk2019)>",
                Message("text", to="bob", uflags=3, module="sdk2019"),
            )
        ]
