"""The examples of sdk2020: each compiles without a word and does what its first lines say."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Host, HttpRequest, HttpResponse, LoadError, Message, Result, User
from tests.cli.command import invoke, records
from tests.services.test_fastcgi_php import Php, needs_php_fpm, php
from tests.tools import needs

__all__ = ["php"]  # a fixture

EXAMPLES = Path(__file__).parents[1] / "examples" / "sdk2020"
SOURCES = ("filter.c", "chatbot.c", "bridge.c", "reminder.cpp")

pytestmark = [needs("cc", "c++"), pytest.mark.timeout(60)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples, with the libraries beside the sources."""
    folder = tmp_path_factory.mktemp("examples") / "built"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("*.so"))
    for source in SOURCES:
        mesibo_abi.build(folder / source, output=folder, revision="sdk2020")
    return folder


def library(folder: Path, name: str) -> Path:
    return folder / f"mesibo_mod_{name}.so"


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("standard", ["c11", "c17"])
def test_compiles_silently(source: str, standard: str, tmp_path: Path) -> None:
    if source.endswith(".cpp"):
        standard = {"c11": "c++11", "c17": "c++20"}[standard]
    flags = [f"-std={standard}", "-Wextra", "-Wpedantic", "-Werror", "-D_DEFAULT_SOURCE"]
    mesibo_abi.build(EXAMPLES / source, output=tmp_path, extra_args=flags, revision="sdk2020")


@pytest.mark.parametrize("source", SOURCES)
def test_is_found_sound_by_inspect(source: str, built: Path) -> None:
    name = Path(source).stem
    found = mesibo_abi.inspect(library(built, name))
    assert found.problems == ()
    assert (found.entry_point, found.revision) == (f"mesibo_module_{name}_init", "sdk2020")


# ---- filter --------------------------------------------------------------------------------------


def test_the_filter_drops_and_hides(host: Host, built: Path) -> None:
    config = {"blocked": "casino, lottery", "hidden": "darn,heck", "log": "1"}
    module = host.load("filter", library(built, "filter"), config=config)
    dropped = host.process(Message("my CaSiNo", from_="mallory", to="bob"))
    assert (dropped.result, dropped.by) == (Result.CONSUMED, module)
    assert [record.text for record in dropped.logs] == ["dropped a message of mallory: casino"]
    hidden = host.process(Message("Darn, what the heck: darn", to="bob"))
    assert hidden.result is Result.PASS
    assert hidden.message is not None
    assert hidden.message.payload == b"****, what the ****: ****"
    module.close()
    assert [record.text for record in host.logs] == ["dropped 1 messages"]


def test_two_filters_of_one_library(host: Host, built: Path) -> None:
    for word in ("spam", "eggs"):
        host.load("filter", library(built, "filter"), config={"blocked": word})
    by = [host.process(Message(text, to="bob")).by for text in ("spam", "eggs", "ham", "")]
    assert [module and module.name for module in by] == ["filter", "filter#2", None, None]


# ---- chatbot -------------------------------------------------------------------------------------


def chat(built: Path, response: HttpResponse, text: str = "hi") -> tuple[Message, HttpRequest]:
    """The chatbot's answer, and what the service was asked."""
    asked: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return response

    config = {"address": "bot", "endpoint": "http://nowhere/ask", "answer": "reply"}
    with Host(http=answer) as host:
        host.load("chatbot", library(built, "chatbot"), config=config)
        verdict = host.process(Message(text, from_="alice", to="bot", id=7, aid=3))
        assert verdict.result is Result.CONSUMED
        assert host.wait_idle(60)
        (sent,) = host.sent
    return sent, asked[0]


def test_the_chatbot_answers_from_json(built: Path) -> None:
    text = 'say "hi"\\\n\x01 ä'
    body = json.dumps({"id": 1, "deep": {"reply": "Grüße, \u263a \n"}}).encode()
    sent, asked = chat(built, HttpResponse(body=body), text)
    assert sent.payload.decode() == "Grüße, \u263a \n"
    assert (sent.to, sent.from_, sent.refid, sent.aid) == ("alice", "bot", 7, 3)
    assert (asked.method, asked.header("content-type")) == ("POST", "application/json")
    assert json.loads(asked.body) == {"text": text}


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse(500, body=b'{"reply": "no"}'),
        HttpResponse(body=b'{"other": 1}'),
        HttpResponse(body=b""),
        HttpResponse(body=b"x" * ((1 << 20) + 1)),
    ],
    ids=["status", "key", "nothing", "too large"],
)
def test_the_chatbot_is_sorry(built: Path, response: HttpResponse) -> None:
    sent, _ = chat(built, response)
    assert sent.payload == b"Sorry, I cannot answer right now."


def test_the_chatbot_closes_with_a_question_open(host: Host, built: Path, server: str) -> None:
    config = {"endpoint": f"{server}/stall-headers"}
    module = host.load("chatbot", library(built, "chatbot"), config=config)
    host.process(Message("hi", from_="alice", to="assistant"))
    assert host.process(Message("hi", from_="alice", to="bob")).result is Result.PASS
    module.close()
    assert [sent.payload for sent in host.sent] == [b"Sorry, I cannot answer right now."]


# ---- bridge --------------------------------------------------------------------------------------


@needs_php_fpm
def test_the_bridge_answers_what_the_script_prints(host: Host, built: Path, php: Php) -> None:
    config = {"address": "script", "host": php.path, "root": str(php.root), "script": "echo.php"}
    host.load("bridge", library(built, "bridge"), config=config)
    assert host.process(Message("hello", from_="a=b", to="script", id=7)).result is Result.CONSUMED
    assert host.process(Message("hello", from_="alice", to="bob")).result is Result.PASS
    assert host.wait_idle(60)
    (sent,) = host.sent
    seen = json.loads(sent.payload)
    assert (sent.to, sent.from_, sent.refid) == ("a=b", "script", 7)
    assert (seen["size"], seen["server"]["QUERY_STRING"]) == (5, "a=b")


def test_the_bridge_without_a_script_to_reach(host: Host, built: Path, dead_port: int) -> None:
    config = {
        "address": "s",
        "host": "127.0.0.1",
        "port": str(dead_port),
        "script": "x",
        "log": "1",
    }
    host.load("bridge", library(built, "bridge"), config=config)
    host.process(Message("hello", from_="alice", to="s"))
    assert host.wait_idle(60)
    assert [record.text for record in host.logs][1:] == ["no answer for alice"]
    login = host.login(User("alice", online=False))
    assert [record.text for record in login.logs] == ["alice is offline"]


def test_the_bridge_without_a_configuration(host: Host, built: Path) -> None:
    with pytest.raises(LoadError) as raised:
        host.load("bridge", library(built, "bridge"))
    (line,) = raised.value.logs
    assert line.text == "address, host and script must be configured"


# ---- reminder ------------------------------------------------------------------------------------


def test_the_reminder_says_it_again_in_time(host: Host, built: Path) -> None:
    host.load("reminder", library(built, "reminder"), config={"seconds": "0.2"})
    begin = time.monotonic()
    for text in ("one", "two"):
        verdict = host.process(Message(text, from_="alice", to="reminder", id=len(text)))
        assert verdict.result is Result.CONSUMED
    sent: list[Message] = []
    while len(sent) < 2 and time.monotonic() < begin + 5:
        sent += host.sent
        time.sleep(0.01)
    assert time.monotonic() - begin >= 0.2
    assert [message.payload for message in sent] == [b"one", b"two"]
    assert {(message.to, message.from_, message.module) for message in sent} == {
        ("alice", "reminder", "reminder")
    }


def test_the_reminder_ends_its_thread(host: Host, built: Path) -> None:
    module = host.load("reminder", library(built, "reminder"), config={"log": "1"})
    host.process(Message("later", from_="alice", to="reminder"))
    begin = time.monotonic()
    module.close()
    assert time.monotonic() - begin < 2
    assert [record.text for record in host.logs] == ["1 reminders are lost"]


# ---- Together ------------------------------------------------------------------------------------


def test_the_chain(built: Path) -> None:
    """Also without the service: it degrades to an apology."""
    options = ["--build", "--revision", "sdk2020", "--logs"]
    done = invoke("run", *options, built / "mesibo.conf", built / "messages.jsonl")
    assert done.exit_code == 0
    found = records(done.stdout)
    verdicts = [(r["result"], r["by"]) for r in found if r["event"] == "verdict"]
    assert verdicts == [
        ("PASS", None),
        ("CONSUMED", "filter"),
        ("CONSUMED", "reminder"),
        ("CONSUMED", "chatbot"),
        ("PASS", None),
    ]
    assert found[0]["message"] == "where is the **** key?"
    sent = {record["from"]: record["message"] for record in found if record["event"] == "sent"}
    assert sent["assistant"] == "Sorry, I cannot answer right now."
