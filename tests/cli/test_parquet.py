"""`run` with Parquet: what goes in and comes out is what JSON lines would say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command import COMMAND, execute, invoke, records, write
from tests.conftest import Built

COLUMNS: dict[str, Any] = {
    "message": ["0", "1", "-1", None, "7"],
    "to": ["bob", "bob", None, "bob", "ünï"],
    "from": ["alice", "", "alice", None, "carol"],
    "id": [1, 2, 3, 4, 2**64 - 1],
}
LINES: list[dict[str, object]] = [
    {"message": "0", "to": "bob", "from": "alice", "id": 1},
    {"message": "1", "to": "bob", "from": "", "id": 2},
    {"message": "-1", "to": None, "from": "alice", "id": 3},
    {"message": "", "to": "bob", "from": None, "id": 4},
    {"message": "7", "to": "ünï", "from": "carol", "id": 2**64 - 1},
]


def parquet(path: Path, columns: dict[str, Any] = COLUMNS, row_group_size: int = 2) -> Path:
    table = pa.table(
        {
            name: pa.array(values, pa.uint64()) if name == "id" else pa.array(values)
            for name, values in columns.items()
        }
    )
    pq.write_table(table, path, row_group_size=row_group_size)
    return path


@pytest.mark.parametrize("rows", [0, 1, 5, 40_000])
def test_rows_are_as_lines(built: Built, tmp_path: Path, rows: int) -> None:
    repeats = max(rows // 5, 1)
    columns = {name: (values * repeats)[:rows] for name, values in COLUMNS.items()}
    source = parquet(tmp_path / "m.parquet", columns, row_group_size=7000)
    lines = write(tmp_path / "m.jsonl", *(LINES * repeats)[:rows])
    outputs, ends = [], []
    for messages in (source, lines):
        output = tmp_path / f"{messages.suffix}.jsonl"
        done = invoke("run", "-o", output, built("result"), built("echo"), messages)
        assert done.exit_code == 0
        outputs.append(output.read_bytes())
        ends.append(done.stderr.rpartition(";")[0])
    assert outputs[0] == outputs[1]
    assert ends[0] == ends[1]
    assert len(records(outputs[0])) == rows


def in_bytes(record: dict[str, Any]) -> dict[str, Any]:
    """A JSON record as a row: its addresses and payloads in bytes."""
    row = {
        name: value.encode() if name in ("message", "from", "to") and value is not None else value
        for name, value in record.items()
    }
    if "sent" in row:
        row["sent"] = [in_bytes(message) for message in row["sent"]]
    if "returned" in row:
        row["returned"] = list(row["returned"].items())
    return row


def without_nothing(row: dict[str, Any]) -> dict[str, Any]:
    """As JSON records leave out zeros."""
    row = {name: value for name, value in row.items() if value not in (None, 0)}
    if "sent" in row:
        row["sent"] = [without_nothing(message) for message in row["sent"]]
    return row


def by_time(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a thread of the module's sends comes when it is gathered: behind all else, here."""
    return sorted(records, key=lambda record: record["event"] == "sent")


@pytest.mark.parametrize("how", ["the name", "--format"])
def test_verdicts_sent_messages_and_logs_as_rows(built: Built, tmp_path: Path, how: str) -> None:
    events = [
        *LINES,
        {"event": "status", "status": 2, "to": "bob", "module": "echo"},
        {"event": "call"},
    ]
    messages = write(tmp_path / "m.jsonl", *events)
    chain: list[str | Path] = ["--logs", built("result"), built("waiter"), built("echo"), messages]
    plain = records(execute("run", *chain).stdout)
    output = tmp_path / ("out.parquet" if how == "the name" else "out")
    arguments: list[str | Path] = ["-o", output]
    if how == "--format":
        arguments += ["--format", "parquet"]
    assert invoke("run", *arguments, *chain).exit_code == 0
    table = pq.read_table(output)
    rows = table.to_pylist()
    for row, record in zip(by_time(rows), by_time(plain), strict=True):
        if record["event"] == "log":
            row["time"] = record["time"] = row["thread"] = record["thread"] = 1
        assert without_nothing(row) == without_nothing(in_bytes(record))


def test_bytes_that_are_no_text(built: Built, tmp_path: Path) -> None:
    columns = {"message": [b"\xff\0"], "to": [b"b\xe9"]}
    output = tmp_path / "out.parquet"
    source = parquet(tmp_path / "m.parquet", columns)
    assert invoke("run", "-o", output, built("echo"), source).exit_code == 0
    (row,) = pq.read_table(output).to_pylist()
    assert (row["message"], row["to"], row["from"]) == (b"\xff\0", b"b\xe9", None)
    (sent,) = row["sent"]
    assert (sent["message"], sent["module"]) == (b"\xff\0", "echo")


def test_to_a_pipe(built: Built, tmp_path: Path) -> None:
    source = parquet(tmp_path / "m.parquet")
    done = execute("run", "--format", "parquet", built("minimal"), source)
    assert pq.read_table(pa.BufferReader(done.stdout)).num_rows == 5


def test_what_came_before_a_bad_line_can_be_read(built: Built, tmp_path: Path) -> None:
    messages = tmp_path / "m.jsonl"
    messages.write_text('{"id": 1}\n{"id": }\n')
    output = tmp_path / "out.parquet"
    assert invoke("run", "-o", output, built("minimal"), messages).exit_code == 2
    assert pq.read_table(output).num_rows == 1


def test_an_interrupt_between_rows(built: Built, tmp_path: Path) -> None:
    """What is done is in the file; modules that take their time are not given thousands of rows."""
    source = parquet(tmp_path / "m.parquet", {"message": ["50"] * 2000})
    output = tmp_path / "out.parquet"
    command: list[str | Path] = [*COMMAND, "run", "-q", "-o", output, built("sleeper"), source]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not output.exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(2)
        process.send_signal(2)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, b"")
    assert 1 <= pq.read_table(output).num_rows < 1000


def test_a_reader_that_leaves(built: Built, tmp_path: Path) -> None:
    source = parquet(tmp_path / "m.parquet", {"message": ["hello"] * 100_000})
    command: list[str | Path] = [*COMMAND, "run", "-q", "--format", "parquet"]
    with subprocess.Popen(
        [*command, built("minimal"), source], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(4) == b"PAR1"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_a_full_disk(built: Built, tmp_path: Path) -> None:
    source = parquet(tmp_path / "m.parquet", {"message": ["hello"] * 100_000})
    arguments = ["-q", "--format", "parquet", "-o", "/dev/full"]
    done = invoke("run", *arguments, built("minimal"), source)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[:2] == [
        "/dev/full: the verdicts cannot be written",
        "  expected room for them, found: No space left on device",
    ]


def wait_until_asleep(process: subprocess.Popen[bytes]) -> None:
    """For a second, all of it: then it does not start any more (proc_pid_stat(5))."""
    seconds, end = 0.0, time.monotonic() + 60
    while seconds < 1:
        assert time.monotonic() < end
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        seconds = seconds + 0.05 if state == "S" else 0.0
        time.sleep(0.05)


def test_a_run_that_hangs_leaves_what_is_done(built: Built, tmp_path: Path) -> None:
    """The second Ctrl-C ends it, and the file has its end all the same."""
    texts = [""] * 100 + ["hang"]
    messages = write(tmp_path / "m.jsonl", *({"message": text} for text in texts))
    output = tmp_path / "out.parquet"
    command: list[str | Path] = [*COMMAND, "run", "-q", "-o", output, built("stuck"), messages]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_until_asleep(process)
        for _ in range(2):
            process.send_signal(2)
            time.sleep(0.7)
        assert process.wait(60) == 130
    assert pq.read_table(output).num_rows == 100


# ---- What is refused -----------------------------------------------------------------------------


def test_a_file_that_is_none(built: Built, tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    path.write_text('{"message": "hello"}\n')
    done = invoke("run", built("minimal"), path)
    assert done.exit_code == 2
    first, found, hint = done.stderr.splitlines()[:3]
    assert first == f"{path}: the messages cannot be read"
    assert found.startswith("  expected a Parquet file, found: ")
    assert hint == "  hint: give the path of a Parquet file; files of JSON lines end in .jsonl"


def test_a_file_that_is_not_there(built: Built, tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    done = invoke("run", built("minimal"), path)
    assert done.stderr.splitlines()[1] == (
        "  expected a Parquet file, found: No such file or directory"
    )


def test_a_pipe(built: Built, tmp_path: Path) -> None:
    path = tmp_path / "m.parquet"
    os.mkfifo(path)
    done = invoke("run", built("minimal"), path)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[1] == (
        "  expected a Parquet file, found: a pipe, whose end cannot be read first"
    )


def test_a_column_of_another_name(built: Built, tmp_path: Path) -> None:
    path = parquet(tmp_path / "m.parquet", {"message": ["a"], "num": [1]})
    done = invoke("run", "-q", built("minimal"), path)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0] == f"{path}: the batch's column `num` cannot be used"


def test_a_column_that_cannot_be_used(built: Built, tmp_path: Path) -> None:
    path = parquet(tmp_path / "m.parquet", {"message": ["a", "b"], "flags": ["x", "y"]})
    done = invoke("run", "-q", built("minimal"), path)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0] == f"{path}: the batch's column `flags` cannot be used"


def test_without_pyarrow(built: Built, tmp_path: Path) -> None:
    path = parquet(tmp_path / "m.parquet")
    program = f"""
import sys
sys.modules["pyarrow"] = None
from mesibo_abi.cli import main
main(["run", {str(built("minimal"))!r}, {str(path)!r}])
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"{path}: Parquet is read and written by pyarrow\n"
        "  expected the package pyarrow, found none\n"
        "  hint: install it: pip install 'mesibo_abi[parquet]'\n"
    )


def test_the_format_of_the_json_is_untouched(built: Built, tmp_path: Path) -> None:
    source = parquet(tmp_path / "m.parquet")
    done = execute("run", built("minimal"), source)
    first = json.loads(done.stdout.splitlines()[0])
    assert list(first)[:3] == ["event", "from", "to"]


NEGATIVE = {"message": ["0", "1", "x", "0"], "flags": [0, 0, -1, 0]}


def test_a_row_that_cannot_be_used(built: Built, tmp_path: Path) -> None:
    """What stands before it is done, as with lines."""
    path = parquet(tmp_path / "m.parquet", NEGATIVE)
    output = tmp_path / "o.jsonl"
    done = invoke("run", "-q", "-o", output, built("result"), path)
    assert done.exit_code == 2
    assert done.stderr == (
        f"{path}: the batch's column `flags` cannot be used\n"
        "  expected 0 to 2**64 - 1, row 3 is -1\n"
        "  hint: the header's params are unsigned 64-bit words\n"
    )
    assert [record["line"] for record in records(output.read_text())] == [1, 2]


def test_a_row_that_is_skipped(built: Built, tmp_path: Path) -> None:
    path = parquet(tmp_path / "m.parquet", NEGATIVE)
    output = tmp_path / "o.jsonl"
    done = invoke("run", "--keep-going", "--strict", "-o", output, built("minimal"), path)
    assert done.exit_code == 1
    assert [record["line"] for record in records(output.read_text())] == [1, 2, 4]
    assert "  expected 0 to 2**64 - 1, row 3 is -1" in done.stderr.splitlines()
    assert "1 bad line skipped" in done.stderr


def test_rows_are_those_of_the_file(built: Built, tmp_path: Path) -> None:
    """Not those of the piece that they were read in."""
    flags = [0] * 1000
    flags[299] = flags[998] = -1
    path = parquet(tmp_path / "m.parquet", {"flags": flags})
    done = invoke("run", "--keep-going", "-o", tmp_path / "o.jsonl", built("minimal"), path)
    told = [line for line in done.stderr.splitlines() if "is -1" in line]
    assert told == [f"  expected 0 to 2**64 - 1, row {row} is -1" for row in (300, 999)]


@pytest.mark.parametrize("rows", [0, 2])
def test_a_column_that_is_none_of_a_message(built: Built, tmp_path: Path, rows: int) -> None:
    path = parquet(tmp_path / "m.parquet", {"text": pa.array(["a"] * rows, pa.string())})
    done = invoke("run", "-q", "-o", tmp_path / "o.jsonl", built("minimal"), path)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[0] == f"{path}: the batch's column `text` cannot be used"


def test_an_output_without_pyarrow_is_left_alone(built: Built, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    output.write_text("precious")
    program = f"""
import sys
sys.modules["pyarrow"] = None
from mesibo_abi.cli import main
main(["run", {str(built("minimal"))!r}, "-o", {str(output)!r}])
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(f"{output}: Parquet is read and written by pyarrow\n")
    assert output.read_text() == "precious"
