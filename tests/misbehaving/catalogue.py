"""What modules do that they should not, each with the source that does it. What comes of it is
observed (observing.py), and stands in docs/misbehaviours.md."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import mesibo_abi
from mesibo_abi import BuildWarning, ModuleCrashed, ModuleHung, Revision

MODULES = Path(__file__).parents[1] / "modules"


@dataclass(frozen=True)
class Misbehaviour:
    """One of them.

    `source` lies in tests/modules, and its first comment says what it does. `ends` is the exception
    that an isolated one has to come to; None: it goes on, and what is said is on the page alone.
    `payload` is the message that it is given. `later`: it happens some time after that. `hangs`: it
    is waited for no longer than is needed. `shows`: what is changed of the host's process where the
    module is isolated, as isolation is not about that.
    """

    source: str
    ends: type[Exception] | None = None
    payload: bytes = b"%n%s%n%s%n%s%n%s"
    later: bool = False
    to: str | None = "bob"
    size: int = 0
    shows: tuple[str, ...] = ()
    extra_args: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """In the tests, and of the library."""
        return Path(self.source).stem

    @property
    def hangs(self) -> bool:
        """Whether somebody has to end it."""
        return self.ends is ModuleHung

    @property
    def path(self) -> Path:
        """Of the source."""
        (found,) = MODULES.glob(f"{self.source}.c*")
        return found

    @property
    def says(self) -> str:
        """What it does, in its own words."""
        found = re.match(r"/\* (.*?) \*/", self.path.read_text(), flags=re.DOTALL)
        assert found is not None, f"{self.path} does not begin with what it does"
        return re.sub(r"\s*\n \* ", " ", found[1])

    def build(self, folder: Path) -> Path:
        """Its library."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", BuildWarning)  # of what is wrong with it
            return mesibo_abi.build(
                self.path,
                output=folder / f"mesibo_mod_{self.name}.so",
                revision=Revision.DOC2019,
                extra_args=self.extra_args,
            )


def _all(*names: str, ends: type[Exception] | None = None) -> tuple[Misbehaviour, ...]:
    return tuple(Misbehaviour(f"misbehaving/{name}", ends) for name in names)


_IN = "misbehaving/"

GROUPS: dict[str, tuple[Misbehaviour, ...]] = {
    "Memory": (
        *_all(
            *("null_read", "null_write", "null_call", "wild_write", "wild_jump", "literal_write"),
            *("stack_overflow", "stack_smash", "read_far"),
            ends=ModuleCrashed,
        ),
        *_all("read_nul"),
        *_all("read_behind", "write_behind", ends=ModuleCrashed),
        *_all("write_const", "keeps_message", "keeps_params"),
        Misbehaviour(f"{_IN}null_to", ModuleCrashed, to=None),
        Misbehaviour(f"{_IN}long_stack", ModuleCrashed, size=16 << 20),
        *_all("double_free", ends=ModuleCrashed),
        *_all("use_after_free", "heap_by_one"),
        *_all("heap_far", "free_static", "truncated_map", "unaligned", ends=ModuleCrashed),
        *_all("leak_memory"),
        *_all("allocate", "scribble_all", ends=ModuleCrashed),
    ),
    "The end of the process": (
        *_all(
            *("divide", "illegal", "abort", "assert", "exit0", "exit1", "underscore_exit"),
            *("quick_exit", "exit_group", "daemon", "execve", "throws", "throws_number"),
            *("thread_throws", "longjmp", "thread_exit", "kill_self", "terminate_self"),
            *("kill_group", "ignored_fault", "thread_crashes"),
            ends=ModuleCrashed,
        ),
        Misbehaviour(f"{_IN}alarm", ModuleCrashed, later=True),
    ),
    "Time": _all(
        "loop", "deadlock", "sleeps", "stop_self", "send_loop", "log_loop", ends=ModuleHung
    ),
    "Init and cleanup": (
        *_all("init_crashes", "constructor_crashes", ends=ModuleCrashed),
        *_all("init_hangs", "constructor_hangs", ends=ModuleHung),
        *_all("init_refuses", "bad_slot", "any_struct", "stray_export"),
        *_all("cleanup_crashes", "frees_struct", "destructor_crashes", ends=ModuleCrashed),
        *_all("cleanup_hangs", ends=ModuleHung),
        *_all("late_thread"),
    ),
    "What belongs to the process": (
        *_all("close_all", "close_std"),
        Misbehaviour(f"{_IN}garbage_out", shows=("standard output",)),
        *_all("leak_files", "threads", "fork_stays", "fork_returns", "ignore_signals"),
        *_all("block_signals", "rlimit", "chdir", "umask", "environment", "locale"),
        Misbehaviour(f"{_IN}rounding", extra_args=("-lm",)),
    ),
    "The contract": (
        *_all("struct_behind", "struct_signature", "struct_function", "wrong_code"),
        *_all("len_too_long"),
        *_all("format", ends=ModuleCrashed),
    ),
    "Isolation itself": (
        *_all("scribble_shared", ends=ModuleCrashed),
        *_all("kill_parent"),
    ),
}
ALL: tuple[Misbehaviour, ...] = tuple(each for group in GROUPS.values() for each in group)
