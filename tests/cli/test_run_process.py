"""`mesibo-abi run` as a process: pipes, signals, terminals."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.cli.command import COMMAND, environment, execute, records, script, summary, write
from tests.conftest import Built
from tests.http_server import http_server
from tests.tools import needs

pytestmark = needs("cc")


def test_a_verdict_comes_before_the_next_message(built: Built) -> None:
    with subprocess.Popen(
        [*COMMAND, "run", "--quiet", built("minimal")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in range(3):
            process.stdin.write(b'{"id": %d}\n' % number)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["line"] == number + 1
        process.stdin.close()
        assert process.wait(30) == 0


def test_an_answer_comes_while_input_is_open(built: Built) -> None:
    with (
        http_server() as url,
        subprocess.Popen(
            [*COMMAND, "run", "--quiet", built("fetch")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(),
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b'{"to": null, "id": 7, "message": "%s/status/200"}\n' % url.encode())
        process.stdin.flush()
        found = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert [(record["event"], record["id"]) for record in found] == [
            ("verdict", 7),
            ("sent", 7),
        ]
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_reader_that_leaves(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", *[{"id": number} for number in range(20_000)])
    with subprocess.Popen(
        [*COMMAND, "run", built("minimal"), messages],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["line"] == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(30) == 141


def test_ctrl_c_ends_it_between_two_messages(tmp_path: Path) -> None:
    """Also in the middle of a module in Python, which would take it for a failure of its own."""
    module = script(tmp_path / "slow.py", "time.sleep(0.02)", "return Result.PASS")
    messages = write(tmp_path / "m.jsonl", *[{"id": number} for number in range(5_000)])
    with subprocess.Popen(
        [*COMMAND, "run", module, messages],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        found = records(first + process.stdout.read())
        assert process.wait(30) == 130
        assert {record["result"] for record in found} == {"PASS"}
        count = len(found)
        assert 0 < count < 5_000
        assert summary(process.stderr.read()).startswith(f"{count} message")


def test_ctrl_c_ends_the_waiting(built: Built) -> None:
    with (
        http_server() as url,
        subprocess.Popen(
            [*COMMAND, "run", built("fetch")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b'{"to": null, "message": "%s/stall-headers"}\n' % url.encode())
        process.stdin.close()
        process.stdout.readline()
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert time.monotonic() - begun < 10
        assert summary(process.stderr.read()).endswith("; 1 request without an answer")


def test_a_table_on_a_terminal(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"from": "alice", "to": "bob", "message": "hi"})
    ours, theirs = os.openpty()
    try:
        subprocess.run(
            [*COMMAND, "run", "-q", built("minimal"), messages],
            stdout=theirs,
            check=True,
            env={**environment(), "COLUMNS": "80", "TERM": "dumb"},
        )
        lines = all_of(ours).splitlines()
    finally:
        os.close(ours)
        os.close(theirs)
    assert [line.split() for line in lines] == [
        ["line", "result", "by", "from", "to", "message"],
        ["1", "PASS", "alice", "bob", "hi"],
    ]


def all_of(terminal: int) -> str:
    """What was written to it so far: it is read in pieces."""
    os.set_blocking(terminal, False)
    read = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(terminal, 100_000):
            read += piece
    return read.decode()


def test_progress_on_a_terminal(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", *[{"message": "700"}] * 3, {"message": "0" * 300_000})
    ours, theirs = os.openpty()
    try:
        subprocess.run(
            [*COMMAND, "run", built("sleeper"), messages, "-o", tmp_path / "out.jsonl"],
            stderr=theirs,
            check=True,
            env={**environment(), "COLUMNS": "80", "TERM": "xterm"},
        )
        shown = all_of(ours)
    finally:
        os.close(ours)
        os.close(theirs)
    assert "messages: " in shown
    assert "4 messages: 4 passed, 0 consumed, 0 failed; " in shown.splitlines()[-1]


def test_it_says_that_it_reads_the_terminal(built: Built) -> None:
    ours, theirs = os.openpty()
    try:
        os.write(ours, b'{"id": 1}\n\x04')
        done = subprocess.run(
            [*COMMAND, "run", built("minimal")],
            stdin=theirs,
            capture_output=True,
            check=True,
            env=environment(),
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.stderr.splitlines()[0] == (
        b"reading messages from the terminal, one JSON object a line; Ctrl-D ends"
    )
    assert [record["id"] for record in records(done.stdout)] == [1]


def test_standard_input_that_is_closed(built: Built) -> None:
    command = " ".join([*COMMAND, "run", str(built("minimal")), "<&-"])
    done = subprocess.run(
        ["sh", "-c", command], capture_output=True, check=False, env=environment()
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == (
        b"<stdin>: the messages cannot be read\n"
        b"  expected a file of JSON lines, found: standard input is closed\n"
        b"  hint: give the path of a file, or - for standard input\n"
    )


def test_no_room_on_standard_output(built: Built, tmp_path: Path) -> None:
    messages = write(tmp_path / "m.jsonl", {"id": 1})
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "run", built("minimal"), messages],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=environment(),
        )
    assert done.returncode == 2
    assert done.stderr == (
        b"<stdout>: the verdicts cannot be written\n"
        b"  expected room for them, found: No space left on device\n"
        b"  hint: the last line may be cut short; make room, and run it again\n"
    )


def test_a_module_that_exits_does_not_end_the_run(tmp_path: Path) -> None:
    body = ["if message.id == 1:", "    raise SystemExit(0)", "return Result.PASS"]
    module = script(tmp_path / "leaver.py", *body)
    messages = write(tmp_path / "m.jsonl", {"id": 1}, {"id": 2})
    done = execute("run", "--quiet", "--strict", module, messages)
    assert (done.returncode, done.stderr) == (1, b"")
    first, second = records(done.stdout)
    assert (first["result"], first["by"]) == ("FAIL", "leaver")
    assert first["error"].startswith("module 'leaver' raised SystemExit in on_message\n")
    assert second["result"] == "PASS"


def test_a_script_that_exits_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "leaver.py"
    path.write_text("import sys\nsys.exit(0)\n")
    done = execute("run", path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(f"cannot load module 'leaver' from {path}\n".encode())
