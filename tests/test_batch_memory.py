"""How much memory a batch takes beside what goes in and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from tests.conftest import SOURCES
from tests.running import SILENT, run

ROWS = 400_000
SIZE = 256


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that passes messages, and one that rewrites each."""
    folder = tmp_path_factory.mktemp("memory")
    sources = {"minimal": "doc2019", "rewrite": "sdk2020"}
    return {
        name: mesibo_abi.build(
            SOURCES / (revision if revision != "doc2019" else ".") / f"{name}.c",
            output=folder / f"mesibo_mod_{name}.so",
            revision=revision,
        )
        for name, revision in sources.items()
    }


@pytest.mark.parametrize("name", ["minimal", "rewrite"])
def test_no_more_than_a_fifth_more(modules: dict[str, Path], name: str) -> None:
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
    table = pa.table({"message": column})
    with Host() as host:
        host.load("module", sys.argv[1])
        pa.table(host.process_batch(table.slice(0, 10)))  # whatever is imported for it
        before = status("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
        result = pa.table(host.process_batch(table))
        peak = table.nbytes + status("VmHWM") - before
        both = table.nbytes + result.nbytes
    if peak > 1.2 * both:
        sys.exit(f"peak {peak}, input and output {both}: {peak / both:.2f}")
    """
    assert run(program, modules[name], ROWS, SIZE) == SILENT
