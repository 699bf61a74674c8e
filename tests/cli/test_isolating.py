"""The options of `run` for modules in processes of their own."""

from __future__ import annotations

import inspect
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesibo_abi import Host, ModuleLimits, Restart
from mesibo_abi.cli.isolating import Isolating, isolation_options
from tests.cli.command import invoke, records, write
from tests.conftest import Built
from tests.tools import needs


def told(*arguments: str) -> Isolating:
    """What a command with these options gets."""
    found: list[Isolating] = []

    @click.command
    @isolation_options
    def command(isolating: Isolating) -> None:
        found.append(isolating)

    command(list(arguments), standalone_mode=False)
    return found[0]


def test_what_the_command_gets() -> None:
    assert told() == Isolating()
    assert told("--isolated") == Isolating(True, limits=ModuleLimits())
    everything = ("--restart", "3/60", "--memory", "512M", "--cpu-time", "2", "--open-files", "9")
    deadlines = ("--deadline", "0.5", "--init-deadline", "20")
    assert told("--isolated", *deadlines, *everything, "--no-network") == Isolating(
        True, 0.5, 20.0, Restart(3, 60.0), ModuleLimits(512 << 20, 2, 9, False)
    )
    assert told("--gdb", "--init-deadline", "0.5") == Isolating(
        True, init_deadline=0.5, limits=ModuleLimits(), gdb=True
    )


def test_the_defaults_are_those_of_the_host() -> None:
    for function in (Host.load, Host.from_config):
        parameters = inspect.signature(function).parameters
        for name in ("deadline", "init_deadline", "restart"):
            assert getattr(Isolating(), name) == parameters[name].default


@given(st.integers(min_value=1 << 10, max_value=1 << 20), st.sampled_from("KMGTkmgt"))
def test_sizes(number: int, unit: str) -> None:
    in_bytes = number * 1024 ** ("KMGT".index(unit.upper()) + 1)
    for text in (f"{number}{unit}", str(in_bytes)):
        assert told("--isolated", "--memory", text).limits == ModuleLimits(memory=in_bytes)


@pytest.mark.parametrize("text", ["", "M", "-1", "1.5G", "12Q", "12 M", "12MB", "٣"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        told("--isolated", "--memory", text)
    assert caught.value.message == (
        f"{text!r} is not a size: expected bytes, or such as 512M or 2G"
    )


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("never", "never"),
        ("always", "always"),
        ("3/60", Restart(3, 60.0)),
        ("1/0.5", Restart(1, 0.5)),
    ],
)
def test_policies(text: str, policy: object) -> None:
    assert told("--isolated", "--restart", text).restart == policy


@pytest.mark.parametrize("text", ["", "sometimes", "3", "3/", "/60", "-3/60", "3/60/1"])
def test_policies_that_are_none(text: str) -> None:
    with pytest.raises(click.BadParameter) as caught:
        told("--isolated", "--restart", text)
    assert caught.value.message == (
        f"{text!r} is not a policy: expected never, always, or such as 3/60 for three times a "
        "minute"
    )


@needs("cc")
@pytest.mark.parametrize(
    "option",
    [
        ("--deadline", "1"),
        ("--init-deadline", "1"),
        ("--restart", "never"),
        ("--memory", "64M"),
        ("--cpu-time", "1"),
        ("--open-files", "5"),
        ("--no-network",),
    ],
)
def test_options_that_need_isolation(built: Built, option: tuple[str, ...]) -> None:
    done = invoke("run", built("echo"), *option)
    assert done.exit_code == 2
    assert done.stderr == (
        f"run: {option[0]} without --isolated\n"
        f"  expected --isolated with it, found only {option[0]}, which is for modules in processes "
        "of their own\n"
        f"  hint: add --isolated, or leave out {option[0]}\n"
    )


SECONDS = "seconds above 0 and up to 1000000000"
MEMORY = "1M to 1048576T; leave it out for no bound"
TIMES = f"1 to 1048576 times in {SECONDS}, or never"


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--deadline", "0", SECONDS),
        ("--deadline", "nan", SECONDS),
        ("--deadline", "inf", SECONDS),
        ("--init-deadline", "-1", SECONDS),
        ("--init-deadline", "2e9", SECONDS),
        ("--memory", "0", MEMORY),
        ("--memory", "4096", MEMORY),
        ("--memory", "1048577T", MEMORY),
        ("--cpu-time", "0", "1 to 1000000000; leave it out for no bound"),
        ("--cpu-time", "1000000001", "1 to 1000000000; leave it out for no bound"),
        ("--open-files", "0", "1 to 1048576; leave it out for no bound"),
        ("--open-files", "1048577", "1 to 1048576; leave it out for no bound"),
        ("--restart", "0/60", TIMES),
        ("--restart", "1048577/60", TIMES),
        ("--restart", "1/0", TIMES),
        ("--restart", "1/1000000001", TIMES),
    ],
)
def test_bounds_that_are_none(option: str, value: str, expected: str) -> None:
    done = invoke("run", "--isolated", "nothing.so", option, value)
    said = f"{float(value):g}" if option.endswith("deadline") else value
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (
        2,
        f"Error: Invalid value for '{option}': {said!r} is out of bounds: expected {expected}",
    )


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--deadline", "1e9"), ("--init-deadline", "1e-3"), ("--memory", "1M")),
        *(("--memory", "1048576T"), ("--cpu-time", "1000000000"), ("--open-files", "1048576")),
        *(("--restart", "1/0.001"), ("--restart", "1048576/1000000000")),
    ],
)
def test_bounds_that_are_just_some(option: str, value: str) -> None:
    assert told("--isolated", option, value).isolated


@needs("cc")
@pytest.mark.parametrize("by_configuration", [False, True])
def test_an_init_that_takes_too_long(built: Built, tmp_path: Path, by_configuration: bool) -> None:
    library = built("hang_init")
    (tmp_path / "mesibo_mod_hang_init.so").symlink_to(library)
    (tmp_path / "mesibo.conf").write_text("module hang_init {\n}\n")
    chain = tmp_path / "mesibo.conf" if by_configuration else library
    messages = write(tmp_path / "m.jsonl", {"message": "hello"})
    done = invoke("run", "--isolated", "--init-deadline", "0.3", chain, messages)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[:3] == [
        "module 'hang_init' hung in init",
        "  expected it to return, found that it had not returned when its time was over",
        "  hint: an init must not block: see the frames below, or raise init_deadline "
        "(--init-deadline)",
    ]


@needs("cc")
@pytest.mark.parametrize("by_configuration", [False, True])
def test_limits_and_restarts(built: Built, tmp_path: Path, by_configuration: bool) -> None:
    messages = write(
        tmp_path / "m.jsonl",
        *({"message": text} for text in ("memory!", "network", "files", "memory!", "")),
    )
    library = built("greedy", "-g", "-O1")
    (tmp_path / "mesibo_mod_greedy.so").symlink_to(library)
    (tmp_path / "mesibo.conf").write_text("module greedy {\n}\n")
    chain = tmp_path / "mesibo.conf" if by_configuration else library
    limits = ("--memory", "32M", "--open-files", "5", "--no-network", "--cpu-time", "60")
    done = invoke("run", "--isolated", "--restart", "1/3600", *limits, "--logs", chain, messages)
    found = records(done.stdout)
    errors = [r["error"].splitlines() for r in found if r["event"] == "verdict" and r["error"]]
    assert errors[0][1].endswith("refused memory: its limit is 33554432 bytes")
    assert errors[3][:3] == errors[0][:3]
    assert errors[4][0] == "module 'greedy' is down"
    logged = [r["text"] for r in found if r["event"] == "log"]
    assert "failed, and had been refused the network: its limit is network=False" in logged
    assert "failed, and had been refused a descriptor: its limit is 5 open files" in logged
