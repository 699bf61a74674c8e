"""What an isolated module may take: it is refused more, or ended, and the report says so."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mesibo_abi import (
    BadResult,
    Host,
    InputError,
    LoadError,
    Message,
    ModuleCrashed,
    ModuleHung,
    ModuleLimits,
    Restart,
    Result,
    Verdict,
)
from tests.cli.command import environment
from tests.conftest import Built
from tests.isolation.left import children_of
from tests.tools import needs

pytestmark = needs("cc", "c++", "addr2line")

MEMORY = 32 << 20
NO_MEMORY = "refused memory: its limit is 33554432 bytes"
NO_FILE = "refused a descriptor: its limit is 5 open files"
NO_NETWORK = "refused the network: its limit is network=False"
REFUSED = {
    "memory": (ModuleLimits(memory=MEMORY), NO_MEMORY),
    "files": (ModuleLimits(open_files=5), NO_FILE),
    "network": (ModuleLimits(network=False), NO_NETWORK),
}
own_malloc = pytest.mark.unsanitized(
    reason="the sanitizer's malloc takes more, and ends the process where it gets none"
)
ALL = ModuleLimits(memory=MEMORY, cpu_time=1, open_files=5, network=False)


def lines(verdict: Verdict) -> list[str]:
    return [line.text for line in verdict.logs]


@pytest.fixture(scope="module")
def greedy(built: Built) -> Path:
    return built("greedy", "-g", "-O1")


# -- what is refused


@pytest.mark.parametrize("what", [pytest.param("memory", marks=own_malloc), "files", "network"])
def test_a_module_that_bears_it(host: Host, greedy: Path, what: str) -> None:
    """It fails by itself, and the host says why."""
    limits, words = REFUSED[what]
    module = host.load("greedy", greedy, isolated=True, limits=limits)
    for _ in range(2):
        verdict = host.process(Message(what))
        assert isinstance(verdict.error, BadResult)
        assert lines(verdict)[1:] == [f"failed, and had been {words}"]
    assert module.crashes == ()


@pytest.mark.parametrize("what", REFUSED)
def test_a_module_that_does_not(host: Host, greedy: Path, what: str) -> None:
    limits, words = REFUSED[what]
    module = host.load("greedy", greedy, isolated=True, limits=limits)
    for _ in range(2):  # also of the one that is started again
        verdict = host.process(Message(f"{what}!"))
        assert verdict.result is Result.FAIL
        assert isinstance(verdict.error, ModuleCrashed)
        assert verdict.error.meaning.endswith(f"; it had been {words}")
        assert verdict.error.limit == {"files": "open_files"}.get(what, what)
        assert any(frame.file == greedy for frame in verdict.error.frames)
    assert len(module.crashes) == 2
    assert host.process(Message("nothing")).result is Result.PASS


@own_malloc
def test_how_much_it_gets(host: Host, greedy: Path) -> None:
    """All that was allowed, but for what the heap needs to keep its books."""
    host.load("greedy", greedy, isolated=True, limits=ALL)
    (taken, _) = lines(host.process(Message("memory")))
    kibibytes = int(taken.split()[1])
    assert (MEMORY >> 10) - 1024 < kibibytes <= MEMORY >> 10
    assert lines(host.process(Message("files")))[0] == "took 5 files"
    assert lines(host.process(Message("network")))[0] == "no socket"


def test_no_limit_but_those_asked_for(host: Host, greedy: Path, server: str) -> None:
    port = server.rpartition(":")[2].strip("/")
    host.load("greedy", greedy, isolated=True, limits=ModuleLimits(memory=MEMORY))
    assert lines(host.process(Message(f"network {port}"))) == ["connected"]
    assert lines(host.process(Message("files")))[0] != "took 5 files"


def test_it_cannot_take_them_back(host: Host, greedy: Path) -> None:
    host.load("greedy", greedy, isolated=True, limits=ALL)
    assert lines(host.process(Message("back"))) == [
        "raised 0",
        "local sockets: 0",
        "others: Network is down",
        "io_uring: Operation not permitted",
        *(["of another machine: refused"] if platform.machine() == "x86_64" else []),
    ]


@own_malloc
def test_an_exception_of_cpp(host: Host, built: Built) -> None:
    """Small pieces, to the last byte."""
    library = built("hoarder", "-g")
    host.load("hoarder", library, isolated=True, limits=ModuleLimits(memory=MEMORY))
    error = host.process(Message("x")).error
    assert isinstance(error, ModuleCrashed)
    assert error.meaning == (
        f"an exception of C++ that nobody caught: std::bad_alloc; it had been {NO_MEMORY}"
    )


def test_a_message_that_is_larger(host: Host, greedy: Path) -> None:
    """Its copy of it is memory of the module's."""
    host.load("greedy", greedy, isolated=True, limits=ModuleLimits(memory=8 << 20))
    verdict = host.process(Message(b" " * (16 << 20)))
    assert verdict.result is Result.FAIL
    assert lines(verdict) == ["not called: no memory for a message of 16777216 bytes"]
    assert host.process(Message(b" " * (4 << 20))).result is Result.PASS


def test_in_a_batch(host: Host, greedy: Path) -> None:
    module = host.load("greedy", greedy, isolated=True, limits=ALL)
    texts = ["", "memory!", "", "files!", "network!", ""]
    result = host.process_batch([Message(text) for text in texts])
    assert list(result.results) == [0, -1, 0, -1, -1, 0]
    assert [error.meaning.partition("; it had been ")[2] for error in module.crashes] == [
        NO_MEMORY,
        NO_FILE,
        NO_NETWORK,
    ]


# -- what ends it


def test_time_of_the_processor(host: Host, greedy: Path) -> None:
    limits = ModuleLimits(cpu_time=1)
    host.load("greedy", greedy, isolated=True, limits=limits, deadline=None)
    for _ in range(2):  # each life has its own
        error = host.process(Message("time")).error
        assert isinstance(error, ModuleCrashed)
        assert (error.signal, error.limit) == (signal.SIGXCPU, "cpu_time")
        assert str(error).splitlines()[:4] == [
            "module 'greedy' ended its process in on_message: SIGXCPU",
            "  expected it to return, found that it had used up its limit, 1 s of the processor",
            "  hint: see the frames below for what it was doing, or raise cpu_time of its limits",
            f"  #0 {error.frames[0]}",
        ]
        assert error.frames[0].function == "spin"


def test_time_of_a_thread_of_its_own(host: Host, greedy: Path) -> None:
    module = host.load("greedy", greedy, isolated=True, limits=ModuleLimits(cpu_time=1))
    assert host.process(Message("time aside")).result is Result.PASS
    while not module.crashes:
        list(host.logs)
    (error,) = module.crashes
    assert error.what == (
        "module 'greedy' ended its process between two calls, on a thread of its own: SIGXCPU"
    )
    assert error.meaning == "that it had used up its limit, 1 s of the processor"


def test_time_of_one_that_does_not_heed_the_signal(host: Host, greedy: Path) -> None:
    limits = ModuleLimits(cpu_time=1)
    host.load("greedy", greedy, isolated=True, limits=limits, deadline=None)
    error = host.process(Message("time, deaf")).error
    assert isinstance(error, ModuleCrashed)
    assert (error.signal, error.frames) == (signal.SIGKILL, ())
    assert error.meaning == "that it had used up its limit, 1 s of the processor"


def test_a_signal_that_somebody_sent(host: Host, greedy: Path) -> None:
    others = children_of(os.getpid())
    module = host.load("greedy", greedy, isolated=True, limits=ModuleLimits(cpu_time=60))
    _, worker = (child for child in children_of(os.getpid()) if child not in others)
    os.kill(worker, signal.SIGXCPU)
    while not module.crashes:
        list(host.logs)
    (error,) = module.crashes
    assert (error.signal, error.limit) == (signal.SIGXCPU, None)
    assert error.meaning == "SIGXCPU from another process: nothing faulted"


def test_a_thousand_children(host: Host, greedy: Path, tmp_path: Path) -> None:
    """No limit counts them, as the kernel's is of a user: they end with the module, whatever their
    group is, and however many there are."""
    library = tmp_path / "mesibo_mod_greedy.so"  # nobody else's
    library.write_bytes(greedy.read_bytes())
    host.load("greedy", library, isolated=True, deadline=3)
    before = children_of(os.getpid())
    error = host.process(Message("forks")).error
    assert isinstance(error, ModuleHung)
    assert len(children_of(os.getpid())) == len(before)
    assert processes_of(library) <= set(children_of(os.getpid()))
    assert host.process(Message("nothing")).result is Result.PASS


def processes_of(library: Path) -> set[int]:
    """That have it mapped, whoever's child they are."""

    def maps(process: Path) -> str:
        try:
            return (process / "maps").read_text()
        except OSError:  # it ended meanwhile
            return ""

    return {
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if str(library) in maps(process)
    }


def test_more_restarts_than_allowed(host: Host, greedy: Path) -> None:
    host.load("greedy", greedy, isolated=True, limits=ALL, restart=Restart(1, 3600))
    errors = [host.process(Message("memory!")).error for _ in range(3)]
    assert [type(error).__name__ for error in errors] == [
        "ModuleCrashed",
        "ModuleCrashed",
        "ModuleDown",
    ]


# -- the load


@own_malloc
def test_an_init_that_is_refused_it(host: Host, built: Built) -> None:
    library = built("greedy", '-DINIT="memory"')
    with pytest.raises(LoadError) as caught:
        host.load("greedy", library, isolated=True, limits=ModuleLimits(memory=MEMORY))
    assert str(caught.value).splitlines()[:3] == [
        f"cannot load module 'greedy' from {library}",
        "  expected mesibo_module_greedy_init to return 0, it returned -1, and had been "
        + NO_MEMORY,
        "  hint: raise that limit, or have the module bear it",
    ]


def test_an_init_that_does_not_bear_it(host: Host, built: Built) -> None:
    library = built("greedy", '-DINIT="network!"')
    with pytest.raises(LoadError) as caught:
        host.load("greedy", library, isolated=True, limits=ModuleLimits(network=False))
    assert isinstance(caught.value.__cause__, ModuleCrashed)
    assert caught.value.__cause__.meaning.endswith(f"; it had been {NO_NETWORK}")


def test_constructors_are_code_of_the_module(host: Host, built: Built) -> None:
    library = built("greedy", "-DCONSTRUCTOR")
    host.load("greedy", library, isolated=True, limits=ModuleLimits(network=False))
    assert lines(host.process(Message("constructor"))) == ["no socket"]


@own_malloc
def test_its_own_data_counts(host: Host, built: Built) -> None:
    library = built("greedy", "-DDATA=(24<<20)")
    host.load("greedy", library, isolated=True, limits=ModuleLimits(memory=MEMORY))
    taken = int(lines(host.process(Message("memory")))[0].split()[1])
    assert 7 << 10 < taken <= 8 << 10


def test_no_requests_without_the_network(host: Host, built: Built) -> None:
    """The host's http is meant as well."""
    host.load("fetch", built("fetch"), isolated=True, limits=ModuleLimits(network=False))
    verdict = host.process(Message("http://127.0.0.1:9/"))
    assert any(
        line.endswith("it is loaded with the limit network=False") for line in lines(verdict)
    )


def test_a_kernel_that_has_no_filters(greedy: Path) -> None:
    """Said plainly, and nothing is loaded; with the other limits it is."""
    program = f"""
import ctypes, sys
from mesibo_abi import Host, LoadError, Message, ModuleLimits

class Step(ctypes.Structure):
    _fields_ = [("code", ctypes.c_ushort), ("yes", ctypes.c_ubyte), ("no", ctypes.c_ubyte),
                ("k", ctypes.c_uint)]

class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("steps", ctypes.POINTER(Step))]

SECCOMP = {{"x86_64": 317, "aarch64": 277}}[__import__("platform").machine()]
steps = (Step * 4)(Step(0x20, 0, 0, 0), Step(0x15, 0, 1, SECCOMP),
                   Step(0x06, 0, 0, 0x00050000 | 38), Step(0x06, 0, 0, 0x7FFF0000))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.syscall(SECCOMP, 1, 0, ctypes.byref(Program(4, steps))) == 0

library = {str(greedy)!r}
with Host() as host:
    try:
        host.load("greedy", library, isolated=True, limits=ModuleLimits(network=False))
    except LoadError as error:
        print(error)
    print(len(host.modules))
    host.load("greedy", library, isolated=True, limits=ModuleLimits(memory=1 << 25))
    print(host.process(Message("nothing")).result.name)
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], text=True, capture_output=True, env=environment()
    )
    assert done.stdout.splitlines() == [
        f"cannot load module 'greedy' from {greedy}",
        "  expected a worker process that keeps to its limits, the kernel does not set one of "
        "them: network: Function not implemented",
        "  hint: leave that limit out, or run where the kernel allows it",
        "0",
        "PASS",
    ], done.stderr


# -- what are none


@pytest.mark.parametrize(
    ("name", "value", "expected", "hint"),
    [
        ("memory", 4096, "bytes from 1048576 to 1152921504606846976", "67108864 for 64 MiB"),
        ("memory", "64M", "bytes from 1048576 to 1152921504606846976", "67108864 for 64 MiB"),
        ("cpu_time", 0, "whole seconds from 1 to 1000000000", "10"),
        ("cpu_time", 1.5, "whole seconds from 1 to 1000000000", "10"),
        ("cpu_time", True, "whole seconds from 1 to 1000000000", "10"),
        ("open_files", 0, "a number of files from 1 to 1048576", "16"),
        ("open_files", -1, "a number of files from 1 to 1048576", "16"),
    ],
)
def test_bounds_that_are_none(name: str, value: object, expected: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        ModuleLimits(**{name: value})  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"ModuleLimits cannot have {name}={value!r}\n"
        f"  expected {expected}, got {value!r}\n"
        f"  hint: pass {hint}, or None for no bound"
    )


@pytest.mark.parametrize("value", [None, 0, 1, "no"])
def test_a_network_that_is_neither(value: object) -> None:
    with pytest.raises(InputError, match=f"ModuleLimits cannot have network={value!r}"):
        ModuleLimits(network=value)  # type: ignore[arg-type]


def test_limits_of_another_kind(host: Host) -> None:
    from mesibo_abi import Limits

    with pytest.raises(InputError) as caught:
        host.load("m", "m.so", isolated=True, limits=Limits())  # type: ignore[arg-type]
    assert str(caught.value).splitlines()[1:] == [
        f"  expected a ModuleLimits or None, got {Limits()!r}",
        "  hint: such as ModuleLimits(memory=64 << 20, network=False); Limits is for a host",
    ]


def test_limits_without_isolation(host: Host) -> None:
    with pytest.raises(InputError) as caught:
        host.load("m", "m.so", limits=ALL)
    assert str(caught.value) == (
        "module 'm' cannot have limits without isolated\n"
        f"  expected isolated=True, got limits={ALL!r} for a module in this process, where they "
        "would be those of the host\n"
        "  hint: pass isolated=True, or leave out limits"
    )


def test_a_configuration(greedy: Path, tmp_path: Path) -> None:
    """All libraries of it are isolated, with the same options; modules in Python are not."""
    (tmp_path / "mesibo_mod_greedy.so").symlink_to(greedy)
    (tmp_path / "passing.py").write_text(
        "from mesibo_abi import Module\n\nclass Passing(Module):\n    pass\n"
    )
    path = tmp_path / "mesibo.conf"
    path.write_text("module passing {\n}\nmodule greedy {\n}\n")
    with Host.from_config(
        path, isolated=True, restart="never", init_deadline=5.0, module_limits=ALL
    ) as host:
        assert [module.isolated for module in host.modules] == [False, True]
        error = host.process(Message("memory!")).error
        assert isinstance(error, ModuleCrashed)
        assert error.meaning.endswith(NO_MEMORY)
        assert type(host.process(Message("nothing")).error).__name__ == "ModuleDown"
    with pytest.raises(InputError, match="module 'greedy' cannot have limits without isolated"):
        Host.from_config(path, module_limits=ALL)
