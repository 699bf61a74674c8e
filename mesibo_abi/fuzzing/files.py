"""A finding as a file, and as a test that fails as long as it is there.

The file is lines of JSON: a header, which says of what module it is and how that is built, and
then the events, each as `mesibo-abi run` reads them, and between these what only a fuzzer has:
replies of the network, and reloads.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ..errors import InputError
from ..events import Event
from ..records import RecordFault, event_record, read_event, text_or_bytes
from ..text import utf8
from ..types import Revision
from .arguments import from_folder, relative_to
from .case import Case, Reload, Reply, Step
from .finding import Crash, Finding
from .subject import Sanitizer, Subject


class Header(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The first line. Paths are relative to the folder of the file; `paths` are the numbers of the
    arguments that have one in them. An older file has none: its arguments are as they were given.
    """

    finding: str
    kind: str
    where: str
    library: str | None = None
    sources: list[str] = []
    revision: Revision | None = None
    entry_point: str | None = None
    sanitizer: Sanitizer
    arguments: list[str] = []
    paths: list[int] = []
    thread_safe: bool = False
    config: dict[str, str] = {}
    config_base64: dict[str, bytes] = {}  # values that are not UTF-8


class _Kind(msgspec.Struct):
    event: str = "message"


_Short: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=1 << 16)]
"""What the fuzz program has two bytes for."""


class _ReplyLine(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    event: Literal["reply"]
    status: _Short = 200
    content_type: str | None = None
    data: str | UnsetType = UNSET
    data_base64: bytes | UnsetType = UNSET
    piece: _Short = 0
    fails: bool = False


_LONGEST = 90  # characters of a name, but for its number
_RELOAD = b'{"event":"reload"}'


# -- out


def write(finding: Finding, subject: Subject, folder: Path) -> tuple[Path, Path]:
    """Writes the finding, and the test of it, into a folder, which is made; returns the paths of
    the two. Raises InputError where that cannot be."""
    name = _name(finding.crash)
    path = folder / f"{name}.jsonl"
    test = folder / f"test_{name.replace('-', '_')}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_lines(finding, subject, folder))
        test.write_text(_test(finding, path), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder}: a finding cannot be written there",
            detail=f"expected a folder to write into, found: {error.strerror}",
            hint="give another to --output",
        ) from error
    return path, test


def _name(crash: Crash) -> str:
    """Of a file and of a function, and that of no other finding."""
    words = re.findall(r"[A-Za-z0-9]+", utf8(f"{crash.kind} in {crash.where.split(' at ')[0]}"))
    number = hashlib.sha256(utf8(crash.signature).encode()).hexdigest()[:6]
    return f"{'-'.join(words)[:_LONGEST].rstrip('-').lower()}-{number}"


def _lines(finding: Finding, subject: Subject, folder: Path) -> bytes:
    def relative(path: Path) -> str:
        return os.path.relpath(path, folder)

    crash = finding.crash
    config, config_base64 = _items(finding.case.config)
    arguments, paths = relative_to(folder, subject.arguments)
    header = Header(
        finding=utf8(crash.signature),
        kind=utf8(crash.kind),
        where=utf8(crash.where),
        library=None if subject.library is None else relative(subject.library),
        sources=[relative(source) for source in subject.sources],
        revision=subject.revision,
        entry_point=subject.entry_point,
        sanitizer=subject.sanitizer,
        arguments=arguments,
        paths=paths,
        thread_safe=subject.thread_safe,
        config=config,
        config_base64=config_base64,
    )
    lines = [msgspec.json.encode(header), *map(_line, finding.case.steps)]
    return b"".join(line + b"\n" for line in lines)


def _items(config: dict[str, str]) -> tuple[dict[str, str], dict[str, bytes]]:
    texts, others = dict[str, str](), dict[str, bytes]()
    for name, value in config.items():
        text, data = text_or_bytes(value.encode("utf-8", "surrogateescape"))
        if text is not UNSET:
            texts[utf8(name)] = text
        if data is not UNSET:
            others[utf8(name)] = data
    return texts, others


def _line(step: Step) -> bytes:
    match step:
        case Reload():
            return _RELOAD
        case Reply():
            data, data_base64 = text_or_bytes(step.data)
            return msgspec.json.encode(
                _ReplyLine(
                    event="reply",
                    status=step.status,
                    content_type=None if step.content_type is None else utf8(step.content_type),
                    data=data,
                    data_base64=data_base64,
                    piece=step.piece,
                    fails=step.fails,
                )
            )
        case Event():
            return msgspec.json.encode(event_record(step))


def _test(finding: Finding, path: Path) -> str:
    title = finding.crash.signature
    report = finding.crash.report.replace("\\", "\\\\").replace('"""', "'''")
    function = path.stem.replace("-", "_")
    return (
        f'"""{utf8(title)}\n\n{utf8(report).strip()}\n"""\n\n'
        "from pathlib import Path\n\n"
        "from mesibo_abi.fuzzing.reproducing import check\n\n\n"
        f"def test_{function}() -> None:\n"
        f'    check(Path(__file__).with_name("{path.name}"))\n'
    )


# -- in


def read(path: Path) -> tuple[Subject, Finding]:
    """What a file says. Raises InputError."""
    try:
        first, *others = path.read_bytes().splitlines()
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except ValueError:
        raise _unreadable(path, "an empty file") from None
    try:
        header = msgspec.json.decode(first, type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unreadable(path, f"in line 1: {error}") from error
    steps = tuple(_steps(path, others))
    folder = path.parent

    def found(relative: str) -> Path:
        return Path(os.path.normpath(folder / relative))

    subject = Subject(
        library=None if header.library is None else found(header.library),
        sources=tuple(map(found, header.sources)),
        revision=header.revision,
        entry_point=header.entry_point,
        arguments=tuple(from_folder(folder, header.arguments, header.paths)),
        sanitizer=header.sanitizer,
        thread_safe=header.thread_safe,
    )
    if subject.library is None and not subject.sources:
        raise _unreadable(path, "neither a library nor sources in its first line")
    if subject.library is None and subject.sanitizer is Sanitizer.NONE:
        raise _unreadable(path, "sources in its first line, and no sanitizer for them")
    config = header.config | {
        name: value.decode("utf-8", "surrogateescape")
        for name, value in header.config_base64.items()
    }
    return subject, Finding(Crash(header.kind, header.where), Case(steps, config))


def _steps(path: Path, lines: list[bytes]) -> Iterator[Step]:
    for number, line in enumerate(lines, 2):
        try:
            if line.strip():
                yield _step(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecordFault) as error:
            raise _unreadable(path, f"in line {number}: {error}") from error


def _step(line: bytes) -> Step:
    if line == _RELOAD:
        return Reload()
    kind = msgspec.json.decode(line, type=_Kind).event
    if kind == "reload":
        return Reload()
    if kind != "reply":
        return read_event(line)
    reply = msgspec.json.decode(line, type=_ReplyLine)
    text = "" if reply.data is UNSET else reply.data
    data = text.encode() if reply.data_base64 is UNSET else reply.data_base64
    return Reply(data, reply.status, reply.content_type, reply.piece, reply.fails)


def _unreadable(path: Path, found: str) -> InputError:
    return InputError(
        f"{path}: not a finding",
        detail=f"expected lines of JSON as `mesibo-abi fuzz` writes them, found: {found}",
        hint="give a file that it wrote, such as one of findings/",
    )
