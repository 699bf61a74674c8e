"""The examples: each compiles without a word and does what its first lines say."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi import Host, HttpRequest, HttpResponse, Message, Result, Verdict
from tests.tools import needs

EXAMPLES = Path(__file__).parents[1] / "examples"
SOURCES = ("filter.c", "chatbot.c", "translator.cpp")
NOBODY = "http://127.0.0.1:1/translate"  # a port where nothing listens

pytestmark = needs("cc", "c++")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the examples, with the libraries beside the sources."""
    folder = tmp_path_factory.mktemp("examples") / "built"
    shutil.copytree(EXAMPLES, folder, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for source in SOURCES:
        mesibo_abi.build(folder / source, output=folder, extra_args=["-Wextra", "-Wpedantic"])
    return folder


def library(folder: Path, name: str) -> Path:
    return folder / f"mesibo_mod_{name}.so"


def texts(messages: list[Message]) -> list[str]:
    return [message.payload.decode() for message in messages]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("standard", ["c11", "c17"])
def test_compiles_silently(source: str, standard: str, tmp_path: Path) -> None:
    if source.endswith(".cpp"):
        standard = {"c11": "c++11", "c17": "c++20"}[standard]
    flags = [f"-std={standard}", "-Wextra", "-Wpedantic", "-Werror", "-D_DEFAULT_SOURCE"]
    mesibo_abi.build(EXAMPLES / source, output=tmp_path, extra_args=flags)


@pytest.mark.parametrize("name", ["filter", "chatbot", "translator"])
def test_is_found_sound_by_inspect(name: str, built: Path) -> None:
    found = mesibo_abi.inspect(library(built, name))
    assert found.problems == ()
    assert found.entry_point == f"mesibo_module_{name}_init"


@pytest.mark.parametrize("name", ["filter", "chatbot", "translator"])
@pytest.mark.parametrize("crossed", ["len", "signature"])
def test_refuses_another_revision(name: str, crossed: str, built: Path, tmp_path: Path) -> None:
    """Calls init as a host of another revision would."""
    program = tmp_path / "other.c"
    program.write_text(
        "#include <dlfcn.h>\n#include <stddef.h>\n"
        '#include "module.h"\n'
        "int main(int argc, char **argv) {\n"
        "    void *library = dlopen(argv[argc - 2], RTLD_NOW);\n"
        "    int (*init)(mesibo_module_t *, mesibo_uint_t);\n"
        "    *(void **)&init = dlsym(library, argv[argc - 1]);\n"
        "    mesibo_module_t mod = {.version = 1, .signature = SIGNATURE};\n"
        "    int code = init(&mod, LEN);\n"
        "    return code == MESIBO_RESULT_FAIL && mod.on_message == NULL ? 0 : 1;\n"
        "}\n"
    )
    wrong = {"len": ("192", "MESIBO_MODULE_SIGNATURE"), "signature": ("sizeof mod", "1")}[crossed]
    defines = [f"-DLEN={wrong[0]}", f"-DSIGNATURE={wrong[1]}"]
    include = ["-I", mesibo_abi.get_include()]
    subprocess.run(
        ["cc", *defines, *include, program, "-o", tmp_path / "other", "-ldl"], check=True
    )
    entry = f"mesibo_module_{name}_init"
    subprocess.run([tmp_path / "other", library(built, name), entry], check=True)


class TestFilter:
    @pytest.fixture
    def host(self, built: Path) -> Iterator[Host]:
        with Host() as host:
            host.load("filter", library(built, "filter"), config={"log": "1"})
            yield host

    @pytest.mark.parametrize(
        "text",
        ["spam", "SPAM!", "no spam, please", "a lottery\0", "\0casino", b"\xff spam \xff"],
    )
    def test_drops_unwanted_words(self, host: Host, text: str | bytes) -> None:
        verdict = host.process(Message(text, to="bob", from_="mallory", id=7))
        assert (verdict.result, verdict.by) == (Result.CONSUMED, host.modules[0])
        assert verdict.logs[0].text.startswith("dropped message 7 from mallory to bob: it says")

    @pytest.mark.parametrize(
        "text", ["", "hello", "spa", "spammer", "éspam", "casin", "lotteryé", "s\0pam"]
    )
    def test_lets_others_pass(self, host: Host, text: str) -> None:
        verdict = host.process(Message(text, to="bob", from_="alice", id=8))
        assert verdict.result is Result.PASS
        assert [record.text for record in verdict.logs] == ["nothing wrong with message 8"]

    def test_needs_no_addresses(self, host: Host) -> None:
        verdict = host.process(Message("spam", to=None, from_=None, groupid=4))
        assert verdict.logs[0].text.endswith('from (none) to (none): it says "spam"')


class TestChatbot:
    @pytest.fixture
    def host(self, built: Path) -> Iterator[Host]:
        with Host() as host:
            host.load("chatbot", library(built, "chatbot"), config={"log": "1"})
            yield host

    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("oh HELLO there", "Hello! Ask me for help, or tell me a joke."),
            ("help", "I know the words hello, help and joke."),
            ("one joke", "A module walks into a chain. CONSUMED."),
            ("", "I did not get that. Ask me for help."),
            ("hel", "I did not get that. Ask me for help."),
        ],
    )
    def test_answers(self, host: Host, text: str, answer: str) -> None:
        asked = Message(text, to="chatbot", from_="alice", id=9, aid=2, expiry=60)
        verdict = host.process(asked)
        assert verdict.result is Result.CONSUMED
        assert verdict.sent == [
            Message(
                answer, to="alice", from_="chatbot", refid=9, aid=2, expiry=60, module="chatbot"
            )
        ]

    @pytest.mark.parametrize("to", ["bob", "chatbot2", "chat", "", None])
    def test_leaves_messages_to_others_alone(self, host: Host, to: str | None) -> None:
        verdict = host.process(Message("hello", to=to, from_="alice", groupid=1))
        assert (verdict.result, verdict.sent) == (Result.PASS, [])

    def test_answers_nobody_when_nobody_asked(self, host: Host) -> None:
        verdict = host.process(Message("hello", to="chatbot", from_=None))
        assert (verdict.result, verdict.sent) == (Result.CONSUMED, [])

    def test_hears_what_became_of_an_answer(self, host: Host) -> None:
        (answer,) = host.process(Message("hello", to="chatbot", from_="alice", id=9)).sent
        verdict = host.status(answer, 2)
        assert [record.text for record in verdict.logs] == ["the answer to message 9 has status 2"]

    def test_fails_when_the_answer_cannot_be_sent(self, built: Path) -> None:
        with Host(send=lambda module, message: -1) as host:
            host.load("chatbot", library(built, "chatbot"))
            verdict = host.process(Message("hello", to="chatbot", from_="alice"))
            assert verdict.result is Result.FAIL


@contextmanager
def translation_server() -> Iterator[str]:
    """The example's own server, in a process of its own; gives its URL."""
    command = [sys.executable, str(EXAMPLES / "translation_server.py"), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    with translation_server() as url:
        yield url


def ask(host: Host, text: str | bytes, **fields: object) -> tuple[Verdict, list[Message]]:
    """A message to the translator, and everything that it sent for it."""
    given: dict[str, object] = {"to": "carlos", "from_": "alice", "id": 5, **fields}
    verdict = host.process(Message(text).replace(**given))
    assert host.wait_idle(60)
    return verdict, [*verdict.sent, *host.sent]


class TestTranslator:
    @pytest.fixture
    def host(self, built: Path, service: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
        monkeypatch.setenv("TRANSLATOR_URL", service)
        with Host() as host:
            host.load("translator", library(built, "translator"))
            yield host

    @pytest.mark.parametrize(
        ("command", "translation"),
        [
            ("/translate es hello friend", "hola amigo"),
            ("/translate de Hello Bob", "hallo Bob"),
            ("/translate fr naïve & 100 % = good", "naïve & 100 % = bon"),
        ],
    )
    def test_sends_the_translation(self, host: Host, command: str, translation: str) -> None:
        verdict, sent = ask(host, command, aid=3, type=4, expiry=5)
        assert verdict.result is Result.CONSUMED
        assert sent == [
            Message(
                translation,
                to="carlos",
                from_="alice",
                refid=5,
                aid=3,
                type=4,
                expiry=5,
                module="translator",
            )
        ]

    def test_translates_for_groups(self, host: Host) -> None:
        (sent,) = ask(host, "/translate es hello", to=None, from_=None, groupid=40)[1]
        assert (sent.to, sent.from_, sent.groupid, sent.payload) == (None, None, 40, b"hola")

    @pytest.mark.parametrize(
        "text",
        ["/translate", "/translate ", "/translate es", "/translate es ", "/translate ES hello",
         "/translate ../x hello", "/translate es a\0b", b"/translate es\0hello"],
    )  # fmt: skip
    def test_explains_itself(self, host: Host, text: str | bytes) -> None:
        verdict, sent = ask(host, text)
        if text == "/translate":  # not yet the command
            assert (verdict.result, sent) == (Result.PASS, [])
            return
        assert verdict.result is Result.CONSUMED
        assert texts(sent) == ["Say: /translate LANGUAGE TEXT"]
        assert (sent[0].to, sent[0].from_) == ("alice", "translator")

    def test_lets_others_pass(self, host: Host) -> None:
        assert ask(host, "say /translate es hello")[0].result is Result.PASS

    def test_tells_of_an_unknown_language(self, host: Host) -> None:
        sent = ask(host, "/translate xx hello")[1]
        assert texts(sent) == ["Your message was not sent: it could not be translated."]
        assert sent[0].to == "alice"

    def test_tells_of_a_service_that_is_down(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRANSLATOR_URL", NOBODY)
        sent = ask(host, "/translate es hello")[1]
        assert texts(sent) == ["Your message was not sent: the translation service is down."]
        assert "message 5: the service cannot be reached" in [line.text for line in host.logs]

    def test_tells_nobody_when_there_is_nobody(
        self, host: Host, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRANSLATOR_URL", NOBODY)
        assert ask(host, "/translate es hello", from_=None)[1] == []

    def test_tells_of_a_refused_request(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TRANSLATOR_URL", "x" * (2 << 20))  # longer than a host takes
        sent = ask(host, "/translate es hello")[1]
        assert texts(sent) == ["Your message was not sent: the translation service is down."]

    def test_stops_at_an_answer_without_end(self, built: Path) -> None:
        def endless(request: HttpRequest) -> HttpResponse:
            return HttpResponse(body=b"ok\n" + bytes(1 << 20))

        with Host(http=endless) as host:
            host.load("translator", library(built, "translator"))
            sent = ask(host, "/translate es hello")[1]
        assert texts(sent) == ["Your message was not sent: its translation is too long."]

    def test_tells_of_requests_that_closing_ends(
        self, built: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TRANSLATOR_URL", "http://192.0.2.1/")  # never answers
        host = Host()
        host.load("translator", library(built, "translator"))
        host.process(Message("/translate es hello", to="carlos", from_="alice"))
        host.close()
        assert texts(list(host.sent)) == [
            "Your message was not sent: the translation service is down."
        ]


def test_greeter_greets_once() -> None:
    with Host() as host:
        host.load("greeter", EXAMPLES / "greeter.py", config={"greeting": "Hi {name}", "log": "1"})
        first = host.process(Message("a", to="bob", from_="alice", id=3, aid=4))
        assert (first.result, texts(first.sent)) == (Result.PASS, ["Hi alice"])
        assert (first.sent[0].to, first.sent[0].refid, first.sent[0].aid) == ("alice", 3, 4)
        assert [record.text for record in first.logs] == ["greeted alice"]
        assert host.process(Message("b", to="bob", from_="alice")).sent == []
        assert host.process(Message("b", to="bob", from_=None)).sent == []
        assert texts(host.process(Message("b", to="a", from_="bob")).sent) == ["Hi bob"]
        assert [record.text for record in host.call().logs] == ["somebody calls"]


def test_the_configuration_chains_them(
    built: Path, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRANSLATOR_URL", service)
    with Host.from_config(built / "mesibo.conf") as host:
        assert [module.name for module in host.modules] == [
            "filter",
            "greeter",
            "translator",
            "chatbot",
        ]
        dropped = host.process(Message("casino", to="bob", from_="mallory"))
        assert (dropped.by, dropped.sent) == (host.modules[0], [])
        greeted = host.process(Message("hello", to="chatbot", from_="alice"))
        assert [message.module for message in greeted.sent] == ["greeter", "chatbot"]
        sent = ask(host, "/translate es hello")[1]
        assert texts(sent) == ["hola"]
