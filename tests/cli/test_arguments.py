"""What the arguments of `run` mean."""

from __future__ import annotations

from pathlib import Path

import pytest

import mesibo_abi
from mesibo_abi.cli.arguments import SOURCE_SUFFIXES, Plan, read_arguments


def plan(
    configuration: str | None = None, modules: tuple[str, ...] = (), messages: str | None = None
) -> Plan:
    return Plan(
        None if configuration is None else Path(configuration),
        tuple(map(Path, modules)),
        None if messages is None else Path(messages),
    )


@pytest.mark.parametrize(
    ("arguments", "messages", "expected"),
    [
        (["mesibo.conf"], None, plan("mesibo.conf")),
        (["mesibo.conf", "m.jsonl"], None, plan("mesibo.conf", messages="m.jsonl")),
        (["m.jsonl", "mesibo.conf"], None, plan("mesibo.conf", messages="m.jsonl")),
        (["mesibo.conf", "m.txt"], None, plan("mesibo.conf", messages="m.txt")),
        (["mesibo.conf", "-"], None, plan("mesibo.conf")),
        (["mesibo.conf"], "m.txt", plan("mesibo.conf", messages="m.txt")),
        (["mesibo.conf"], "-", plan("mesibo.conf")),
        (["a.so", "b.py", "c.c", "d.cpp"], None, plan(modules=("a.so", "b.py", "c.c", "d.cpp"))),
        (["a.so", "m.ndjson"], None, plan(modules=("a.so",), messages="m.ndjson")),
        (["a.so"], "m.py", plan(modules=("a.so",), messages="m.py")),
    ],
)
def test_the_meaning(arguments: list[str], messages: str | None, expected: Plan) -> None:
    assert read_arguments(arguments, messages) == expected


@pytest.mark.parametrize(
    ("arguments", "messages", "words"),
    [
        (
            [],
            None,
            "run: nothing to run\n"
            "  expected a configuration or modules, found neither\n"
            "  hint: such as: mesibo-abi run mesibo.conf messages.jsonl, or mesibo-abi run "
            "filter.so",
        ),
        (
            ["m.jsonl"],
            None,
            "run: nothing to run\n"
            "  expected a configuration or modules, found only messages: m.jsonl\n"
            "  hint: such as: mesibo-abi run mesibo.conf messages.jsonl, or mesibo-abi run "
            "filter.so",
        ),
        (
            ["a.so", "m.txt"],
            None,
            "run: both a configuration and modules\n"
            "  expected one of them, found m.txt and a.so\n"
            "  hint: name the modules in the configuration; a file of messages that does not end "
            "in .jsonl goes behind --input",
        ),
        (
            ["mesibo.conf", "a.jsonl", "b.jsonl"],
            None,
            "run: messages from several places\n"
            "  expected one, found a.jsonl, b.jsonl\n"
            "  hint: run them one after the other, or join them: cat a.jsonl b.jsonl | mesibo-abi "
            "run",
        ),
        (
            ["mesibo.conf", "a.jsonl"],
            "-",
            "run: messages from several places\n"
            "  expected one, found -, a.jsonl\n"
            "  hint: run them one after the other, or join them: cat a.jsonl b.jsonl | mesibo-abi "
            "run",
        ),
    ],
)
def test_what_cannot_be_meant(arguments: list[str], messages: str | None, words: str) -> None:
    with pytest.raises(mesibo_abi.InputError) as caught:
        read_arguments(arguments, messages)
    assert str(caught.value) == words


def test_sources_are_what_build_takes(tmp_path: Path) -> None:
    with pytest.raises(mesibo_abi.InputError) as caught:
        mesibo_abi.build(tmp_path / "a.txt")
    named = caught.value.detail.partition("one of ")[2].partition(",")[0]
    assert sorted(named.split()) == sorted(SOURCE_SUFFIXES)
