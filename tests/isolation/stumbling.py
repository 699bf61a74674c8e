"""A module that asks for what it is told to, and stumbles where it is told to
(tests/modules/sdk2020/stumble.c)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mesibo_abi
from mesibo_abi import Host, Message

HTTP, FASTCGI, SOCKET = range(3)


def load(host: Host, library: Path, **options: Any) -> mesibo_abi.LoadedModule:
    return host.load("stumble", library, **{"isolated": True, **options})


def ask(host: Host, target: str, kind: int = HTTP, where: str = "", how: str = "") -> list[str]:
    message = Message(target, type=kind, from_=where, to=how)
    return [line.text for line in host.process(message).logs]


def lines(host: Host) -> list[str]:
    return [line.text for line in host.logs]


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def until_line(host: Host, line: str) -> None:
    until(lambda: line in lines(host))
