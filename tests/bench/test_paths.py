"""Each path is prepared, and each of its contestants runs. Nobody looks at a time."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

import pytest

from mesibo_abi.bench.paths import TRIALS, batch
from mesibo_abi.bench.sampling import Contestant
from mesibo_abi.bench.trial import Trial
from mesibo_abi.bench.workshop import Workshop
from tests.tools import needs

pytestmark = needs("cc", "c++")

HERE = [trial for trial in TRIALS if trial.absent() is None]


@pytest.mark.parametrize("trial", HERE, ids=lambda trial: trial.name)
def test_all_contestants_run(trial: Trial, shop: Workshop) -> None:
    with trial.prepare(shop) as contestants:
        for each in contestants:
            each.run(3)
            if each.elapsed is not None:
                assert each.elapsed() >= 0
            if each.reset is not None:
                each.reset()
        names = [each.name for each in contestants]
        assert len(set(names)) == len(names)
        assert {each.net_of for each in contestants} - {None} <= set(names)
        assert all(reach.of in names for reach in trial.reaches)
        compared = {reach.against for reach in trial.reaches} - {None}
        optional = {type(peer).name for peer in shop.peers if type(peer).requires}
        assert compared <= {*names, *optional}


def test_names_are_words_and_differ() -> None:
    names = [trial.name for trial in TRIALS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,16}", name) for name in names)


def test_batches_want_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    batches = [trial for trial in TRIALS if trial.name.startswith("batch-")]
    assert len(batches) == 5
    monkeypatch.setattr(batch, "find_spec", lambda _: None)
    absent = "pyarrow is not installed; pip install 'mesibo_abi[bench]'"
    assert {trial.absent() for trial in batches} == {absent}
    monkeypatch.setattr(batch, "find_spec", lambda name: name)
    assert {trial.absent() for trial in batches} == {None}


class Buffer:
    def __init__(self, data: bytes) -> None:
        self.memory = ctypes.create_string_buffer(data, max(1, len(data)))
        self.address = ctypes.addressof(self.memory)


class Column:
    """As an Arrow column of bytes."""

    def __init__(self, values: list[bytes]) -> None:
        self.values = values
        ends = [sum(map(len, values[:n])) for n in range(len(values) + 1)]
        offsets = b"".join(end.to_bytes(4, "little") for end in ends)
        self._buffers = (None, Buffer(offsets), Buffer(b"".join(values)))

    def buffers(self) -> tuple[Buffer | None, ...]:
        return self._buffers

    def to_pylist(self) -> list[bytes]:
        return self.values

    def __len__(self) -> int:
        return len(self.values)


class Batch:
    def __init__(self, *columns: list[bytes]) -> None:
        self.columns = [Column(values) for values in columns]
        self.num_rows = len(columns[0])

    def column(self, index: int) -> Column:
        return self.columns[index]


@pytest.mark.parametrize("copying", [False, True])
def test_the_loop_in_c_over_columns(shop: Workshop, copying: bool) -> None:
    values = [b"!", b"", b"x!", b"!" * 5000, b"\0", b"!x"]
    loop = batch.raw_batch(shop, Batch(values), copying=copying)
    assert loop() == [1, 0, 0, 1, 0, 1]
    loop.rounds(3 * len(values))


def test_the_loop_in_c_with_checks(shop: Workshop) -> None:
    values = [b"!", b"", b"x!", b"!" * 5000, b"\0", b"!x"]
    columns = [values, [b"bob"] * 6, [b"", b"a", b"alice" * 100, b"b", b"c", b"d"]]
    loop = batch.checked_batch(shop, Batch(*columns))
    assert loop() == [1, 0, 0, 1, 0, 1]
    loop.rounds(3 * len(values))


def test_the_server_ends_with_its_input(shop: Workshop) -> None:
    (http,) = (trial for trial in TRIALS if trial.name == "http")
    before = children()
    with http.prepare(shop) as contestants:
        assert isinstance(contestants[0], Contestant)
        assert len(children()) == len(before) + 1
    assert children() == before


def children() -> set[str]:
    found = Path("/proc/self/task").glob("*/children")
    return {child for path in found for child in path.read_text().split()}
