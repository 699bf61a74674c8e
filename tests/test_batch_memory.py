"""How much memory a batch takes beside what goes in and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Built
from tests.running import SILENT, run

ROWS = 400_000
SIZE = 256


@pytest.mark.parametrize("name", ["minimal", "rewrite", "echo"])
def test_no_more_than_a_fifth_more(built: Built, rewriting: Path, name: str) -> None:
    """The peak of the process (proc_pid_status(5), VmHWM), above what it had with the input."""
    program = """
    import sys
    import pyarrow as pa
    from pathlib import Path
    from mesibo_abi import Host

    rows, size = int(sys.argv[2]), int(sys.argv[3])

    def status(key):
        lines = Path("/proc/self/status").read_text().splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))

    ends = pa.py_buffer(memoryview(b"".join((size * row).to_bytes(8, "little")
                                            for row in range(rows + 1))))
    texts = pa.py_buffer(b"a" * (rows * size))
    column = pa.Array.from_buffers(pa.large_binary(), rows, [None, ends, texts])
    groups = pa.Array.from_buffers(pa.uint64(), rows, [None, pa.py_buffer(bytes([7] * 8) * rows)])
    table = pa.table({"message": column, "groupid": groups})

    def process(messages):
        result = host.process_batch(messages)
        return pa.table(result), pa.table(result.sent_table())

    with Host() as host:
        host.load("module", sys.argv[1])
        process(table.slice(0, 10))  # whatever is imported for it
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        result, sent = process(table)
        peak = table.nbytes + status("VmHWM") - before
        both = table.nbytes + result.nbytes + sent.nbytes
    if peak > 1.2 * both:
        sys.exit(f"peak {peak}, input and output {both}: {peak / both:.2f}")
    """
    assert run(program, rewriting if name == "rewrite" else built(name), ROWS, SIZE) == SILENT
