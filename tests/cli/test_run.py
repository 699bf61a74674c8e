"""`mesibo-abi run`: messages in, verdicts out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import execute, invoke, records, script, summary, write
from tests.conftest import Built
from tests.http_server import http_server
from tests.tools import needs

pytestmark = needs("cc")

EMPTY_SUMMARY = "0 messages: 0 passed, 0 consumed, 0 failed; 0 sent; 0 other events; "


def test_a_verdict_for_each_line(built: Built, tmp_path: Path) -> None:
    messages = write(
        tmp_path / "m.jsonl",
        {"from": "alice", "to": "bob", "id": 1, "message": "0"},
        {"from": "alice", "to": "bob", "id": 2, "message": "1"},
        {"from": "alice", "to": "bob", "id": 3, "message": "2"},
        {"event": "call"},
        {"event": "call_status"},
        {"event": "status", "status": 3, "id": 1},
    )
    done = invoke("run", built("result"), messages)
    found = [(r["line"], r["of"], r["result"], r["by"]) for r in records(done.stdout)]
    assert found == [
        (1, "message", "PASS", None),
        (2, "message", "CONSUMED", "result"),
        (3, "message", "FAIL", "result"),
        (4, "call", "PASS", None),
        (5, "call_status", "PASS", None),
        (6, "status", "PASS", None),
    ]
    assert done.exit_code == 0
    assert summary(done.stderr) == (
        "3 messages: 1 passed, 1 consumed, 1 failed; 0 sent; 3 other events"
    )


def test_logins_and_configurations(built: Built, tmp_path: Path) -> None:
    (tmp_path / "heard.py").write_text(
        """from mesibo_abi import Module, Result

class Heard(Module):
    def on_login(self, user):
        self.log(f"{user.address} {user.online} {user.flags}")

    def on_config(self, type, data):
        self.log(f"{type} {data}")
        return Result.CONSUMED
"""
    )
    messages = write(
        tmp_path / "m.jsonl",
        {"event": "login", "address": "alice", "online": False, "flags": 3},
        {"event": "config", "type": 7, "data": "ä"},
        {"event": "config", "data_base64": "/w=="},
    )
    done = invoke("run", "--logs", tmp_path / "heard.py", messages)
    found = records(done.stdout)
    assert [record["text"] for record in found if record["event"] == "log"] == [
        "alice False 3",
        "7 b'\\xc3\\xa4'",
        "0 b'\\xff'",
    ]
    verdicts = [record for record in found if record["event"] == "verdict"]
    assert [(record["of"], record["returned"]) for record in verdicts] == [
        ("login", {"heard": 0}),
        ("config", {"heard": 1}),
        ("config", {"heard": 1}),
    ]
    assert "3 other events" in done.stderr


def test_a_configuration_built_first(tmp_path: Path) -> None:
    modules = Path(__file__).parents[1] / "modules"
    (tmp_path / "echo.c").write_bytes((modules / "echo.c").read_bytes())
    script(tmp_path / "last.py", "self.log('seen')", "return Result.CONSUMED")
    (tmp_path / "mesibo.conf").write_text("module echo\nmodule last\n")
    write(tmp_path / "m.jsonl", {"to": "bob", "message": "hi"})
    done = invoke("run", "--build", tmp_path / "mesibo.conf", tmp_path / "m.jsonl")
    (verdict,) = records(done.stdout)
    assert (verdict["result"], verdict["by"]) == ("CONSUMED", "last")
    assert verdict["sent"] == [{"from": "", "to": "bob", "module": "echo", "message": "hi"}]
    built, counts = done.stderr.splitlines()
    assert built == f"built {tmp_path}/mesibo_mod_echo.so"
    assert counts.startswith("1 message: 0 passed, 1 consumed, 0 failed; 1 sent; 0 other events; ")
    again = invoke("run", "--build", tmp_path / "mesibo.conf", tmp_path / "m.jsonl")
    assert "built" not in again.stderr


def test_messages_from_standard_input(built: Built) -> None:
    for arguments in ([], ["-"], ["--input", "-"]):
        done = execute(
            "run", "--quiet", built("minimal"), *arguments, stdin=b'{"id":1}\n\n{"id":2}'
        )
        assert [record["line"] for record in records(done.stdout)] == [1, 3]
        assert (done.returncode, done.stderr) == (0, b"")


def test_what_each_module_did(built: Built, tmp_path: Path) -> None:
    """On standard error, behind the summary, also where that is not wanted."""
    messages = write(tmp_path / "m.jsonl", {"message": "1"})
    done = invoke("run", "--quiet", "--stats", built("result"), built("minimal"), messages)
    header, _, first, second = done.stderr.splitlines()
    assert header.split()[1:7] == ["passed", "consumed", "failed", "events", "sent", "logged"]
    assert first.split()[:7] == ["result", "0", "1", "0", "0", "0", "0"]
    assert first.split()[-1] in ("ns", "µs", "ms", "s")
    assert second.split()[:7] == ["minimal", *"000000"]


def test_it_waits_for_open_requests(built: Built, tmp_path: Path) -> None:
    with http_server() as url:
        message = {"to": None, "id": 7, "message": f"{url}/slow/3/100"}
        messages = write(tmp_path / "m.jsonl", message)
        done = invoke("run", "--strict", built("fetch"), messages)
    verdict, *sent = records(done.stdout)
    assert (verdict["event"], verdict["result"]) == ("verdict", "CONSUMED")
    assert {record["event"] for record in sent} == {"sent"}
    assert "".join(record["message"] for record in sent) == "chunk 0\nchunk 1\nchunk 2\n"
    assert done.exit_code == 0
    assert summary(done.stderr) == (
        f"1 message: 0 passed, 1 consumed, 0 failed; {len(sent)} sent; 0 other events"
    )


def test_but_not_longer_than_it_is_told(built: Built, tmp_path: Path) -> None:
    with http_server() as url:
        message = {"to": None, "message": f"{url}/stall-headers"}
        messages = write(tmp_path / "m.jsonl", message, message)
        done = invoke("run", "--strict", "--timeout", "0.2", built("fetch"), messages)
    assert done.exit_code == 1
    assert summary(done.stderr) == (
        "2 messages: 0 passed, 2 consumed, 0 failed; 2 sent; 0 other events; "
        "2 requests without an answer"
    )


def test_logs_stand_where_they_belong(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {}, {})
    done = invoke("run", "--logs", built("counter"), built("farewell"), messages)
    found = [(r["event"], r.get("line"), r.get("text")) for r in records(done.stdout)]
    assert found[:4] == [
        ("log", 1, "1 in all, 1 here"),
        ("verdict", 1, None),
        ("log", 2, "2 in all, 2 here"),
        ("verdict", 2, None),
    ]
    # What comes in closing is not lost.
    assert ("log", None, "cleanup") in found[4:]
    assert ("sent", None, None) in found[4:]
    silent = invoke("run", built("counter"), messages)
    assert [record["event"] for record in records(silent.stdout)] == ["verdict", "verdict"]


BAD = """\
{messages}:2:2: the field `id` is of the wrong type
  expected int, found str
  hint: write a whole number, without quotes
"""


def test_a_bad_line_stops_it(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": "2"}, {"id": 3})
    done = invoke("run", built("minimal"), messages)
    assert [record["id"] for record in records(done.stdout)] == [1]
    assert done.exit_code == 2
    counts, error = done.stderr.split("\n", 1)
    assert summary(counts) == "1 message: 1 passed, 0 consumed, 0 failed; 0 sent; 0 other events"
    assert error == BAD.format(messages=messages)


@pytest.mark.parametrize(("options", "status"), [([], 0), (["--strict"], 1)])
def test_it_can_keep_going(options: list[str], status: int, built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": "2"}, {"id": 3})
    done = invoke("run", "--keep-going", *options, built("minimal"), messages)
    assert [record["id"] for record in records(done.stdout)] == [1, 3]
    assert done.exit_code == status
    assert done.stderr.startswith(BAD.format(messages=messages))
    assert summary(done.stderr) == (
        "2 messages: 2 passed, 0 consumed, 0 failed; 0 sent; 0 other events; 1 bad line skipped"
    )


@pytest.mark.parametrize(
    ("options", "result", "status"),
    [
        ([], "FAIL", 0),
        (["--strict"], "FAIL", 1),
        (["--on-failure", "pass"], "PASS", 0),
        (["--on-failure", "pass", "--strict"], "PASS", 1),
    ],
)
def test_a_failure(options: list[str], result: str, status: int, tmp_path: Path) -> None:
    module = script(tmp_path / "broken.py", "raise KeyError('word')")
    done = invoke("run", *options, module, write(tmp_path / "m.jsonl", {}))
    (verdict,) = records(done.stdout)
    assert (verdict["result"], verdict["error"]) == (result, "KeyError: 'word'")
    assert done.exit_code == status


def test_a_module_that_fails_when_it_is_closed(tmp_path: Path) -> None:
    module = script(tmp_path / "sore.py", "return Result.PASS", "def f(): pass")
    module.write_text(
        module.read_text() + "    def cleanup(self) -> None:\n        raise ValueError('sore')\n"
    )
    done = invoke("run", "--strict", module, write(tmp_path / "m.jsonl", {}))
    assert done.exit_code == 1
    assert done.stderr.splitlines()[0] == "warning: closing the modules: ValueError: sore"
    assert len(records(done.stdout)) == 1


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "mesibo.conf").write_text("# the chain\nmodule none\n")
    done = invoke("run", tmp_path / "mesibo.conf", write(tmp_path / "m.jsonl", {}))
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("the module 'none' was not found\n")
    assert done.stderr.endswith(f"\nasked for in {tmp_path}/mesibo.conf, line 2\n")


def test_items_that_a_module_cannot_get(built: Built, tmp_path: Path) -> None:
    (tmp_path / "mesibo.conf").write_text("module minimal {\n    words = spam\n}\n")
    (tmp_path / "mesibo_mod_minimal.so").write_bytes(built("minimal").read_bytes())
    done = invoke("run", "--quiet", tmp_path / "mesibo.conf", write(tmp_path / "m.jsonl", {}))
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: module 'minimal' does not get its items words: ")
    assert done.stderr.count("\n") == 1


def test_the_output_in_a_file(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"id": 1})
    output = tmp_path / "verdicts.jsonl"
    done = invoke("run", built("minimal"), messages, "--output", output)
    assert (done.exit_code, done.stdout) == (0, "")
    assert [record["id"] for record in records(output.read_text())] == [1]


def test_a_dash_is_standard_output(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    messages = write(tmp_path / "m.jsonl", {"message": "x"})
    done = invoke("run", "-o", "-", built("result"), messages)
    assert len(records(done.stdout)) == 1
    assert not (tmp_path / "-").exists()


def test_messages_of_any_size(built: Built, tmp_path: Path) -> None:
    text = "ä" * (1 << 20)
    messages = write(tmp_path / "m.jsonl", {"to": "bob", "message": text}, {"message": ""})
    first, second = records(invoke("run", built("echo"), messages).stdout)
    assert first["message"] == first["sent"][0]["message"] == text
    assert second["message"] == ""


def test_nothing_to_do(built: Built) -> None:
    done = execute("run", built("minimal"))
    assert (done.returncode, done.stdout) == (0, b"")
    assert done.stderr.decode() == EMPTY_SUMMARY + "0 messages a second\n"


def test_isolated(built: Built, tmp_path: Path) -> None:
    """A module that ends its process, and one that hangs, are verdicts; Python runs here."""
    (tmp_path / "heard.py").write_text(
        "from mesibo_abi import Module, Result\n\n"
        "class Heard(Module):\n"
        "    def on_message(self, message):\n"
        "        return Result.CONSUMED\n"
    )
    messages = write(
        tmp_path / "m.jsonl",
        *({"to": "bob", "message": how} for how in ("fine", "null", "loop", "exit", "fine")),
    )
    options = ("--isolated", "--deadline", "1")
    done = invoke("run", *options, built("ends", "-g"), tmp_path / "heard.py", messages)
    verdicts = records(done.stdout)
    assert [(record["result"], record["by"]) for record in verdicts] == [
        ("CONSUMED", "heard"),
        ("FAIL", "ends"),
        ("FAIL", "ends"),
        ("FAIL", "ends"),
        ("CONSUMED", "heard"),
    ]
    errors = [(record["error"] or "").splitlines()[:2] for record in verdicts]
    assert errors == [
        [],
        [
            "module 'ends' ended its process in on_message: SIGSEGV",
            "  expected it to return, found a write to a NULL pointer",
        ],
        [
            "module 'ends' hung in on_message",
            "  expected it to return, found that it had not returned when its time was over",
        ],
        [
            "module 'ends' ended its process in on_message",
            "  expected it to return, found a call of exit with code 3",
        ],
        [],
    ]
    assert done.exit_code == 0


def test_an_end_outside_of_all_events(built: Built, tmp_path: Path) -> None:
    """In a callback of a request: no verdict has it, the summary and --strict do."""
    messages = write(
        tmp_path / "m.jsonl", {"message": "http://127.0.0.1:9/", "from": "null", "id": 1}
    )
    done = invoke("run", "--isolated", "--strict", built("stumble"), messages)
    assert [record["result"] for record in records(done.stdout)] == ["CONSUMED"]
    assert "; 1 end of a module outside of all events; " in done.stderr
    assert done.exit_code == 1


def test_a_configuration_isolated(built: Built, tmp_path: Path) -> None:
    library = built("ends")
    (tmp_path / library.name).write_bytes(library.read_bytes())
    (tmp_path / "mesibo.conf").write_text("module ends {\n}\n")
    messages = write(tmp_path / "m.jsonl", {"message": "null"}, {"message": "fine"})
    done = invoke("run", "--isolated", tmp_path / "mesibo.conf", messages)
    assert [record["result"] for record in records(done.stdout)] == ["FAIL", "PASS"]


@needs("addr2line")
def test_an_init_that_crashes_isolated(built: Built, tmp_path: Path) -> None:
    """What it did stands above what came of it."""
    messages = write(tmp_path / "m.jsonl", {"message": "fine"})
    done = invoke("run", "--isolated", built("crash_init", "-g"), messages)
    assert done.exit_code == 2
    above, below = done.stderr.split("cannot load module 'crash_init'")
    assert above.startswith("module 'crash_init' ended its process in init: SIGSEGV\n")
    assert "#0 mesibo_module_crash_init_init at crash_init.c:" in above
    assert "its process ended\n  hint: see the exception above\n" in below
