"""Modules in processes of their own: a message, a batch, a crash and its report."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from ...bridge.module import LoadedModule
from ...bridge.values import Message
from ...errors import Error, ModuleCrashed
from ...host import Host
from ..reach import Kind, Reach
from ..sampling import Contestant, Plan
from ..trial import PART, Trial, agree
from ..workshop import Workshop

PIPE = "multiprocessing.Pipe"
HERE = "in this process"
FORK = f"{PART}os.fork of this process, and its end waited for"
_PAYLOAD = b"16 bytes of text"
_BATCH = 64
_SOUND, _CRASH = Message(_PAYLOAD), Message("!")


@contextmanager
def _one_core() -> Iterator[None]:
    """For this thread, and the processes that it starts meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _echo(pipe: Connection) -> None:
    """Sends back what comes; what is empty ends it."""
    while message := pipe.recv_bytes():
        pipe.send_bytes(message)


@contextmanager
def _echoing() -> Iterator[Connection]:
    """A pipe to another process."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_echo, args=(theirs,))
    process.start()
    try:
        yield ours
    finally:
        ours.send_bytes(b"")
        process.join()


@contextmanager
def _prepare_message(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with _one_core(), Host() as host, _echoing() as pipe:
        module = host.load("filter", shop.libraries.filter, isolated=True)
        message = Message(_PAYLOAD, to="bob", from_="alice", id=7)

        def ours(count: int) -> None:
            for _ in range(count):
                module.on_message(message)

        def piped(count: int) -> None:
            for _ in range(count):
                pipe.send_bytes(_PAYLOAD)
                pipe.recv_bytes()

        agree({"mesibo_abi": int(module.on_message(message)), "filter.c": 0}, _PAYLOAD)
        yield [Contestant("mesibo_abi", ours), Contestant(PIPE, piped)]


@contextmanager
def _prepare_batch(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with Host() as apart, Host() as here:
        apart.load("filter", shop.libraries.filter, isolated=True)
        here.load("filter", shop.libraries.filter)
        batch = [Message(_PAYLOAD, to="bob", from_="alice", id=n) for n in range(_BATCH)]
        hosts = {"mesibo_abi": apart, HERE: here}
        results = {name: list(host.process_batch(batch).results) for name, host in hosts.items()}
        agree(results, "a batch")

        def through(host: Host) -> Contestant:
            def run(messages: int) -> None:
                for _ in range(messages // _BATCH):
                    host.process_batch(batch)

            (name,) = (name for name, each in hosts.items() if each is host)
            return Contestant(name, run, count=16 * _BATCH)

        yield [through(apart), through(here)]


def _crash(module: LoadedModule) -> ModuleCrashed:
    """One, and the first message behind it."""
    try:
        module.on_message(_CRASH)
    except ModuleCrashed as crash:
        module.on_message(_SOUND)
        return crash
    raise Error("the benchmark's module did not crash", hint="was it compiled from crasher.c?")


@contextmanager
def _prepare_crash(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with Host() as host:
        module = host.load("crasher", shop.libraries.crasher, isolated=True)
        agree({"mesibo_abi": _crash(module).signal, "crasher.c": signal.SIGSEGV}, "a crash")

        def ours(count: int) -> None:
            for _ in range(count):
                _crash(module)

        def forked(count: int) -> None:
            for _ in range(count):
                child = os.fork()
                if child == 0:
                    os._exit(0)
                os.waitpid(child, 0)

        yield [Contestant("mesibo_abi", ours, count=1), Contestant(FORK, forked, count=1)]


@contextmanager
def _prepare_report(shop: Workshop) -> Iterator[Sequence[Contestant]]:
    with Host() as host, TemporaryDirectory() as folder:
        crashes: list[ModuleCrashed] = []

        def crash_anew() -> None:
            """Of a library that nobody has seen: what is known of one is kept."""
            library = Path(folder, f"mesibo_mod_{len(crashes)}.so")
            shutil.copy(shop.libraries.crasher, library)
            module = host.load(
                "crasher", library, isolated=True, entry_point="mesibo_module_crasher_init"
            )
            crashes.append(_crash(module))
            module.close()

        crash_anew()
        agree(
            {"mesibo_abi": crashes[0].frames[0].function, "crasher.c": "on_message"},
            "the first frame",
        )

        def ours(count: int) -> None:
            """The last crash was looked at already; the next is made untimed."""
            for crash in crashes[-count:]:
                str(crash)

        yield [
            Contestant("mesibo_abi", ours, reset=crash_anew, count=1),
        ]


_RARE = Plan(samples=40, gate=1.5, retries=1)
_QUICK = Plan(samples=5, gate=1.5, retries=0)

TRIALS = (
    Trial(
        "isolated",
        "`on_message` of an isolated module, on one core",
        "A message of 16 bytes there and the result back, with both processes on one core; the "
        "peer sends the same bytes to a process that sends them back.",
        _prepare_message,
        (Reach((0.35, 0.35), against=PIPE),),
    ),
    Trial(
        "isolated-batch",
        "batch of 64 to an isolated module",
        "`host.process_batch` of 64 messages of 16 bytes as a list; time for a message.",
        _prepare_batch,
        (Reach((1000, 1000), against=HERE, kind=Kind.MORE),),
    ),
    Trial(
        "crash",
        "a crash, and the module started again",
        "From a message that ends the module to the result of the next one.",
        _prepare_crash,
        (Reach((5e6, 5e6), kind=Kind.NANOSECONDS),),
        plan=_RARE,
        quick=_QUICK,
    ),
    Trial(
        "crash-report",
        "the report of a crash, with functions and lines",
        "The words of the exception, asked for the first time.",
        _prepare_report,
        (Reach((1e8, 1e8), kind=Kind.NANOSECONDS),),
        plan=_RARE,
        quick=_QUICK,
    ),
)
