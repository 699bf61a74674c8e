"""Whatever ends a module's process is an exception, and nothing more."""

from __future__ import annotations

import pickle
import platform
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mesibo_abi import Host, LoadError, LogRecord, Message, ModuleCrashed, ModuleHung, Result
from tests.conftest import Built
from tests.tools import needs

pytestmark = needs("cc", "c++", "addr2line")

SOURCE = Path(__file__).parent.parent / "modules" / "ends.c"


def line_of(text: str) -> int:
    """The line of the source that begins with this."""
    lines = SOURCE.read_text().splitlines()
    (number,) = [i for i, line in enumerate(lines, 1) if line.strip().startswith(text)]
    return number


WRITE_NULL = "__attribute__((noinline)) static void write_null"
FAULTS = {
    "null": (signal.SIGSEGV, "a write to a NULL pointer", WRITE_NULL),
    "field": (
        signal.SIGSEGV,
        "a read from a NULL pointer, 16 bytes behind it",
        "__attribute__((noinline)) static void read_field",
    ),
    "nowhere": (
        signal.SIGSEGV,
        "a write to 0x7000dead0000, where there is no memory",
        'if (strcmp(how, "nowhere")',
    ),
    "jump": (signal.SIGSEGV, "a jump to 0x123450, where there is no code", "target();"),
    "call null": (signal.SIGSEGV, "a call through a NULL function pointer", "target();"),
    "divide": (signal.SIGFPE, "a whole number divided by zero", 'if (strcmp(how, "divide")'),
    "trap": (
        signal.SIGILL,
        "an instruction that the processor does not know: a trap of the compiler's "
        "(__builtin_trap, a function without a return), or a jump into data",
        'if (strcmp(how, "trap")',
    ),
    "behind": (
        signal.SIGSEGV,
        "a read 3 bytes behind the message, which has 6 bytes",
        'if (strcmp(how, "behind")',
    ),
    "abort": (
        signal.SIGABRT,
        "a call of abort: an assertion that failed, or a heap that libc found damaged",
        'if (strcmp(how, "abort")',
    ),
    "thread": (signal.SIGSEGV, "a write to a NULL pointer", WRITE_NULL),
}


def crash(host: Host, how: str) -> ModuleCrashed:
    """What comes of this message."""
    verdict = host.process(Message(how, from_="alice", to="bob", id=7))
    assert verdict.result is Result.FAIL
    assert isinstance(verdict.error, ModuleCrashed)
    return verdict.error


@pytest.mark.parametrize("how", FAULTS)
def test_a_fault(host: Host, built: Built, how: str) -> None:
    number, meaning, line = FAULTS[how]
    module = host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    error = crash(host, how)
    assert (error.signal, error.meaning) == (number, meaning)
    frame = next(frame for frame in error.frames if frame.file == module.path)
    assert (frame.source, frame.line) == (SOURCE, line_of(line))
    assert error.message is not None
    assert (error.message.payload, error.message.id) == (how.encode(), 7)
    lines = (how, "on my own") if how == "thread" else (how,)
    assert error.logs == lines
    assert [call.arguments["text"] for call in error.host_calls] == list(lines)
    assert {(call.function, call.result) for call in error.host_calls} == {("mod->log", 0)}
    assert (error.module, error.callback) == ("ends", "on_message")
    assert module.crashes == (error,)
    assert host.process(Message("fine")).result is Result.PASS


@pytest.mark.unsanitized(reason="the strlen of the sanitizer is one frame more")
@pytest.mark.parametrize("deadline", [30.0, 1.0], ids=["in time", "when its time is over"])
def test_a_report_that_takes_long(host: Host, built: Built, deadline: float) -> None:
    """As where the machine is busy. It is not cut in the middle, and a fault stays one."""
    library = built("held", "-g", "-O1")
    module = host.load("held", library, isolated=True, deadline=deadline)
    error = crash(host, "")
    assert type(error) is ModuleCrashed
    assert (error.signal, error.meaning) == (signal.SIGSEGV, "a read from a NULL pointer")
    assert error.signature.startswith("SIGSEGV length held.c:")
    assert error.frames[0].file != module.path
    assert [frame.function for frame in error.frames[1:]] == ["length", "on_message"]


@pytest.mark.unsanitized(reason="its larger frames leave addresses of calls that are over")
def test_a_full_stack(host: Host, built: Built) -> None:
    host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    error = crash(host, "recursion")
    assert error.signal is signal.SIGSEGV
    assert error.meaning == (
        "a stack that is full: recursion without an end, or a large array in a function"
    )
    names = [frame.function for frame in error.frames]
    assert names == ["recurse"] * 49 + ["end", "on_message"]
    assert error.frames_left_out > 100
    assert str(error).count("recurse") < 5


@pytest.mark.parametrize("size", [9 << 20, (16 << 20) - 4096])
@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
def test_an_array_larger_than_the_stack(
    host: Host, built: Built, size: int, optimised: str
) -> None:
    """It moves the stack pointer far below the stack, with one instruction."""
    host.load("array", built("array", "-g", optimised), isolated=True)
    error = host.process(Message(b"x" * size, to="bob")).error
    assert isinstance(error, ModuleCrashed)
    assert error.meaning == (
        "a stack that is full: recursion without an end, or a large array in a function"
    )
    assert error.signature.startswith("SIGSEGV on_message array.c:")


def test_a_stack_that_was_written_over(host: Host, built: Built) -> None:
    host.load("ends", built("ends", "-g", "-O0", "-fno-stack-protector"), isolated=True)
    error = crash(host, "smash")
    assert error.signal is signal.SIGSEGV
    assert [frame.function for frame in error.frames[:1]] == ["smash"]


def test_registers(host: Host, built: Built) -> None:
    host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    error = crash(host, "jump")
    assert error.registers[{"x86_64": "rip", "aarch64": "pc"}[platform.machine()]] == 0x123450
    assert crash(host, "exit").registers == {}


@pytest.mark.unsanitized(reason="the sanitizer's free sees it, not that of libc")
def test_a_heap_that_libc_found_damaged(host: Host, built: Built) -> None:
    module = host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    error = crash(host, "double free")
    assert error.signal is signal.SIGABRT
    assert "a heap that libc found damaged" in error.meaning
    assert error.frames[-1].file == module.path


@pytest.mark.parametrize(("how", "code"), [("exit", 3), ("_exit", 4)])
def test_an_exit(host: Host, built: Built, how: str, code: int) -> None:
    host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    error = crash(host, how)
    assert (error.signal, error.address) == (None, None)
    assert error.meaning == f"a call of exit with code {code}"
    assert [frame.function for frame in error.frames] == [how, "end", "on_message"]
    assert [frame.inlined for frame in error.frames] == [False, True, False]
    line = line_of(f'if (strcmp(how, "{how}")')
    assert error.signature == f"exit end ends.c:{line}"


def test_an_exit_by_a_system_call(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True)
    error = crash(host, "system call")
    assert error.meaning == "that it ended itself, by a system call, with code 5"
    assert (error.frames, error.signal, error.logs) == ((), None, ("system call",))


@pytest.mark.parametrize(
    ("how", "number", "meaning"),
    [
        ("kill", signal.SIGKILL, "from outside: the kernel, when memory is short, or somebody"),
        (
            "no handler",
            signal.SIGSEGV,
            ", and no more: the module had changed what is done at that signal",
        ),
    ],
)
def test_a_signal_that_nothing_catches(
    host: Host, built: Built, how: str, number: signal.Signals, meaning: str
) -> None:
    host.load("ends", built("ends"), isolated=True)
    error = crash(host, how)
    assert error.signal is number
    assert meaning in error.meaning


@pytest.mark.parametrize(
    ("how", "number", "meaning"),
    [
        ("terminate", signal.SIGTERM, "SIGTERM, sent by itself"),
        ("timer", signal.SIGALRM, "SIGALRM, sent by a timer that it had set"),
    ],
)
def test_a_signal_that_it_sends_itself(
    host: Host, built: Built, how: str, number: signal.Signals, meaning: str
) -> None:
    """The frames say where."""
    host.load("ends", built("ends", "-g"), isolated=True)
    error = crash(host, how)
    assert (error.signal, error.meaning, error.address) == (number, meaning, None)
    assert "end" in [frame.function for frame in error.frames]


@pytest.mark.parametrize(("what", "type_"), [("", "std::runtime_error"), ("own", "shop::sold_out")])
def test_an_exception_that_nobody_catches(
    host: Host, built: Built, capfd: pytest.CaptureFixture[str], what: str, type_: str
) -> None:
    module = host.load("throws", built("throws", "-g"), isolated=True)
    error = crash(host, what)
    assert error.signal is signal.SIGABRT
    assert error.meaning == f"an exception of C++ that nobody caught: {type_}"
    frame = next(frame for frame in error.frames if frame.file == module.path)
    assert frame.source is not None
    assert frame.source.name == "throws.cpp"
    assert f"terminate called after throwing an instance of '{type_}'" in capfd.readouterr().err


@pytest.mark.parametrize("how", ["loop", "sleep"])
def test_a_hang(host: Host, built: Built, how: str) -> None:
    module = host.load("ends", built("ends", "-g", "-O1"), isolated=True, deadline=1.0)
    error = crash(host, how)
    assert isinstance(error, ModuleHung)
    assert error.meaning == "that it had not returned when its time was over"
    frame = next(frame for frame in error.frames if frame.file == module.path)
    assert frame.line == line_of(f'if (strcmp(how, "{how}")')
    assert host.process(Message("fine")).result is Result.PASS


@pytest.mark.parametrize("deadline", [3600.0, None])
def test_a_hang_that_somebody_hurries(host: Host, built: Built, deadline: float | None) -> None:
    module = host.load("ends", built("ends", "-g", "-O1"), isolated=True, deadline=deadline)
    timer = threading.Timer(0.2, host.hurry)
    timer.start()
    error = crash(host, "loop")
    timer.join()
    assert isinstance(error, ModuleHung)
    assert str(error).startswith(
        "module 'ends' hung in on_message\n"
        "  expected it to return, found that it had not returned when somebody called host.hurry, "
        "as Ctrl-C does\n"
        "  hint: callbacks must not block: see the frames below\n"
    )
    assert module.crashes == (error,)


def test_an_init_of_a_host_that_is_hurried(host: Host, built: Built) -> None:
    host.hurry()
    with pytest.raises(LoadError) as caught:
        host.load("hang_init", built("hang_init"), isolated=True, init_deadline=3600.0)
    error = caught.value.__cause__
    assert isinstance(error, ModuleHung)
    assert "found that it had not returned when somebody called host.hurry" in str(error)
    assert "hint: an init must not block: see the frames below\n" in str(error)


def test_a_thread_of_calls_that_ends(host: Host, built: Built) -> None:
    """The last thread of a process takes that with it."""
    host.load("ends", built("ends"), isolated=True)
    error = crash(host, "end thread")
    assert error.meaning == "that it ended itself, by a system call, with code 0"
    assert host.process(Message("fine")).result is Result.PASS


def test_a_hang_that_cannot_say_where(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True, deadline=1.0)
    error = crash(host, "deaf")
    assert isinstance(error, ModuleHung)
    assert error.frames == ()
    assert host.process(Message("fine")).result is Result.PASS


def test_shared_memory_that_it_wrote_over(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True, deadline=2.0)
    error = crash(host, "scribble")
    assert error.meaning == "that it wrote over what it shares with the host"
    assert host.process(Message("fine")).result is Result.PASS


def test_a_thread_of_its_own_between_two_calls(host: Host, built: Built) -> None:
    module = host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    host.process(Message("later"))
    while not module.crashes:
        list(host.logs)
    (error,) = module.crashes
    assert error.what == (
        "module 'ends' ended its process between two calls, on a thread of its own: SIGSEGV"
    )
    assert [frame.function for frame in error.frames] == ["write_null", "run_thread"]
    assert host.process(Message("fine")).result is Result.PASS


# -- what others would not survive


def test_the_hosts_input_is_not_the_modules(built: Built) -> None:
    program = """
import sys
from mesibo_abi import Host, Message
with Host() as host:
    host.load("takes_input", sys.argv[1], isolated=True)
    print([line.text for line in host.process(Message("x", to="bob")).logs], sys.stdin.read())
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, built("takes_input")],
        input=b"for the host",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == b"['0'] for the host\n"


def test_a_child_that_comes_back_from_the_callback(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True)
    for _ in range(20):
        assert host.process(Message("come back twice")).result is Result.PASS


def test_children_do_not_outlive_the_module(host: Host, built: Built) -> None:
    """The fixture looks."""
    host.load("ends", built("ends"), isolated=True)
    assert host.process(Message("child")).result is Result.PASS
    assert isinstance(crash(host, "null"), ModuleCrashed)
    assert host.process(Message("child")).result is Result.PASS


def test_descriptors_that_are_closed(host: Host, built: Built) -> None:
    host.load("ends", built("ends"), isolated=True)
    assert host.process(Message("descriptors")).result is Result.PASS
    assert host.process(Message("fine")).result is Result.PASS
    assert isinstance(crash(host, "null"), ModuleCrashed)
    assert host.process(Message("fine")).result is Result.PASS


# -- init and cleanup


def test_an_end_in_the_init(host: Host, built: Built) -> None:
    library = built("ends", "-g", '-DINIT="null"')
    with pytest.raises(LoadError) as caught:
        host.load("ends", library, isolated=True)
    assert str(caught.value).splitlines()[:3] == [
        f"cannot load module 'ends' from {library}",
        "  expected mesibo_module_ends_init to return 0, its process ended",
        "  hint: see the exception above",
    ]
    assert caught.value.logs[0].text == "null"
    cause = caught.value.__cause__
    assert isinstance(cause, ModuleCrashed)
    assert (cause.callback, cause.signal, cause.message) == ("init", signal.SIGSEGV, None)
    assert cause.frames[0].function == "write_null"
    assert host.modules == ()


def test_an_exception_in_the_init(host: Host, built: Built) -> None:
    with pytest.raises(LoadError) as caught:
        host.load("throws", built("throws", "-g", "-DINIT"), isolated=True)
    cause = caught.value.__cause__
    assert isinstance(cause, ModuleCrashed)
    assert cause.meaning == "an exception of C++ that nobody caught: shop::sold_out"


def test_a_hang_in_the_init(host: Host, built: Built) -> None:
    with pytest.raises(LoadError) as caught:
        host.load("hang_init", built("hang_init", "-g"), isolated=True, init_deadline=2.0)
    cause = caught.value.__cause__
    assert isinstance(cause, ModuleHung)
    assert cause.callback == "init"
    assert any(frame.function == "mesibo_module_hang_init_init" for frame in cause.frames)


@pytest.mark.parametrize("how", ["null", "exit"])
def test_an_end_in_the_cleanup(built: Built, how: str) -> None:
    host = Host()
    module = host.load("ends", built("ends", "-g", f'-DCLEANUP="{how}"'), isolated=True)
    with pytest.raises(ModuleCrashed) as caught:
        host.close()
    assert caught.value.callback == "cleanup"
    assert module.closed
    assert host.closed


def test_a_hang_in_the_cleanup(built: Built) -> None:
    host = Host()
    host.load("ends", built("ends", "-g", '-DCLEANUP="sleep"'), isolated=True, deadline=0.2)
    with pytest.raises(ModuleHung, match="hung in cleanup"):
        host.close()


# -- telling bugs apart


def test_signatures(host: Host, built: Built) -> None:
    host.load("ends", built("ends", "-g", "-O1"), isolated=True)
    signatures = {how: crash(host, how).signature for how in ("null", "field", "jump", "abort")}
    assert signatures["null"] == f"SIGSEGV write_null ends.c:{line_of(WRITE_NULL)}"
    assert len(set(signatures.values())) == 4
    assert crash(host, "null").signature == signatures["null"]


def test_without_debugging_information(host: Host, built: Built) -> None:
    module = host.load("ends", built("ends", "-g0", "-O1", "-s"), isolated=True)
    error = crash(host, "null")
    assert error.frames[0].file == module.path
    assert (error.frames[0].source, error.frames[0].line) == (None, None)
    assert error.signature.startswith("SIGSEGV ?? mesibo_mod_ends.so+0x")


def test_a_direct_call_raises(host: Host, built: Built) -> None:
    module = host.load("ends", built("ends", "-g"), isolated=True)
    with pytest.raises(ModuleCrashed) as caught:
        module.on_message(Message("null"))
    assert caught.value.signal is signal.SIGSEGV
    assert module.on_message(Message("fine")) is Result.PASS


def test_it_can_be_sent_to_another_process(host: Host, built: Built) -> None:
    """With its frames, which are named before."""
    module = host.load("ends", built("ends", "-g"), isolated=True)
    error = host.process(Message("null", to="bob", id=7)).error
    assert isinstance(error, ModuleCrashed)
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is ModuleCrashed
    assert str(copy) == str(error)
    assert (copy.signature, copy.message, copy.logs) == (error.signature, error.message, error.logs)
    assert copy.frames == error.frames
    assert module.crashes == (error,)


def test_ctrl_c_while_it_hangs(built: Built) -> None:
    """It comes when the module's time is over; what the module did is noted all the same."""
    timer = threading.Timer(0.1, signal.raise_signal, [signal.SIGINT])

    def log(record: LogRecord) -> None:
        if record.text == "loop":  # it is in there
            timer.start()

    with Host(log=log) as host:
        module = host.load("ends", built("ends"), isolated=True, deadline=2.0)
        with pytest.raises(KeyboardInterrupt):
            host.process(Message("loop"))
        timer.join()
        (crash,) = module.crashes
        assert isinstance(crash, ModuleHung)
        assert host.process(Message("fine")).error is None
