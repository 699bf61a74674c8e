"""What a module's process writes into the memory that it shares with its host is bytes of a
stranger: whatever they are, the host neither ends nor hangs, says what it found in its own words,
and goes on."""

from __future__ import annotations

import json

import pytest

from tests.conftest import Built
from tests.running import run
from tests.tools import needs

pytestmark = [needs("cc"), pytest.mark.slow]

SEEDS = 10
WHERE = (
    *("head", "front", "crash", "mail", "end", "requests", "outside"),
    *("bell", "bells", "listener", "answer", "thread", "threads"),
)

# Prints what is not as it should be. In a process of its own: a host that ends would end the tests.
PROGRAM = """
import json, logging, sys
from mesibo_abi import Error, Host, LoadError, Message, Result

logging.disable(logging.CRITICAL)
library, where, seeds, way = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
found = []

def look(seed, what, error):
    # In our words, which can be said.
    if error is not None and not isinstance(error, Error):
        found.append((seed, what, repr(error)))
    if error is not None:
        str(error), error.__cause__ and str(error.__cause__)

def one(host, text):
    return [host.process(Message(text, to="bob"))]

def many(host, text):
    batch = host.process_batch([Message(t, to="bob") for t in ["fine", "fine", text, "fine"] * 3])
    list(batch.sent), list(batch.logs)
    return [batch.verdict(row) for row in range(len(batch))]

def meet(seed):
    host = Host()
    module = host.load("stranger", library, isolated=True, deadline=0.2, init_deadline=10.0)
    for verdict in (one if way == "one" else many)(host, f"{where} {seed}"):
        look(seed, "verdict", verdict.error)
        str(verdict.sent), str(verdict.logs)
    for _ in range(20):
        verdict = host.process(Message("fine", to="bob"))
        look(seed, "fine", verdict.error)
        str(verdict.sent), str(verdict.logs), str(module.flags), str(module.version)
        if verdict.result is Result.PASS and verdict.error is None:
            break
    else:
        found.append((seed, "never fine again", repr(verdict)))
    for error in module.crashes:
        look(seed, "crash", error)
    list(host.sent), list(host.logs)
    try:
        host.close()
    except Exception as error:
        look(seed, "close", error)

for seed in range(1, seeds + 1):
    meet(seed)
print(json.dumps(found))
"""


@pytest.mark.parametrize("way", ["one", "many"])
@pytest.mark.parametrize("where", WHERE)
def test_bytes_of_a_stranger(built: Built, where: str, way: str) -> None:
    library = built("foreign_bytes")
    ended = run(PROGRAM, library, where, SEEDS, way, timeout=120)
    assert ended.status == 0, ended.output
    assert json.loads(ended.output.splitlines()[-1]) == [], ended.output


@pytest.mark.parametrize("where", ["head", "front", "thread", "threads", "bell", "end"])
def test_bytes_of_a_stranger_in_its_init(built: Built, where: str) -> None:
    program = """
import logging, sys
from mesibo_abi import Error, Host, LoadError, Message
logging.disable(logging.CRITICAL)
for library in sys.argv[1:]:
    with Host() as host:
        try:
            host.load("stranger", library, isolated=True, deadline=0.2, init_deadline=0.5)
        except LoadError as error:
            str(error), str(error.__cause__)
        verdict = host.process(Message("fine", to="bob"))
        assert verdict.error is None or isinstance(verdict.error, Error), verdict
        try:
            host.close()
        except Error as error:
            str(error)
print("done")
"""
    libraries = [built("foreign_bytes", f'-DINIT="{where} {seed}"') for seed in range(1, 9)]
    ended = run(program, *libraries, timeout=120)
    assert (ended.status, ended.output.splitlines()[-1]) == (0, "done"), ended.output
