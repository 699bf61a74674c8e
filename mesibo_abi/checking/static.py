"""What can be seen without loading the module: nothing of its code runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..elf import Problem, ProblemCode, is_of_a_host
from ..elf_facts import dynamic_symbols, is_undefined
from ..elf_layout import Struct, read_structs
from ..elf_needs import all_needs, unresolved
from ..evidence import Layout
from .results import Finding
from .subject import Check, Run, Skip, Subject

_EXECUTABLE = 1  # PF_X
_MOST_EXPORTS = 10  # with a finding each
_INTERNAL = frozenset({"_init", "_fini", "_edata", "_end", "__bss_start"})  # of the linker


def _problems(*codes: ProblemCode) -> Run:
    """The check that finds these problems of `inspect`."""

    def run(subject: Subject) -> Iterator[Finding]:
        for problem in subject.inspection.problems:
            if problem.code in codes:
                yield _finding(subject, problem)

    return run


def _finding(subject: Subject, problem: Problem) -> Finding:
    return Finding(
        problem.text.removeprefix(f"{subject.path}: "), problem.detail, problem.hint, None
    )


def _entry_point(subject: Subject) -> Iterator[Finding]:
    """An entry point that is given by name need not be found by the name of the file."""
    if subject.entry_point_is_given:
        yield from _given_entry_point(subject)
        return
    for problem in subject.inspection.problems:
        if problem.code is ProblemCode.FILE_NAME:
            yield Finding(
                "a server does not find it: not named as a module's file",
                problem.detail,
                problem.hint,
                subject.where_init(),
                warning=bool(subject.entry_point),
            )
        elif problem.code in (ProblemCode.NO_ENTRY_POINT, ProblemCode.ENTRY_POINT_NAME):
            found = subject.inspection.entry_points
            where = subject.where(found[0]) if found else None
            yield Finding(
                problem.text.removeprefix(f"{subject.path}: "), problem.detail, problem.hint, where
            )


def _given_entry_point(subject: Subject) -> Iterator[Finding]:
    if subject.entry_point not in subject.inspection.exported:
        others = ", ".join(subject.inspection.entry_points)
        yield Finding(
            "it does not have the entry point that was named",
            f"expected {subject.entry_point}, found {others or 'none'}",
            "name the one it has, or define that with C linkage and MESIBO_EXPORT",
        )


def _linkage(subject: Subject) -> Iterator[Finding]:
    for problem in subject.inspection.problems:
        if problem.code is ProblemCode.MANGLED_ENTRY_POINT:
            mangled = problem.detail.rpartition("found ")[2].split(", ")[0]
            yield Finding(
                problem.text.removeprefix(f"{subject.path}: "),
                problem.detail,
                problem.hint,
                subject.where(mangled),
            )


def _exports(subject: Subject) -> Iterator[Finding]:
    """Each with its place, but for most of a library that exports all it has: to find a place takes
    a while."""
    names = [
        name
        for name in _strong_exports(subject.path)
        if name not in _INTERNAL and name != subject.entry_point
    ]
    names.sort(key=_is_of_others)  # stable
    for name in names[:_MOST_EXPORTS]:
        yield _exported(subject, name)
    more = names[_MOST_EXPORTS:]
    if more:
        yield Finding(
            f"it exports {len(more)} more",
            f"expected {subject.entry_point} alone, found {_few(more)} as well",
            "compile with -fvisibility=hidden, and link a static library with "
            "-Wl,--exclude-libs,ALL (MESIBO_EXPORT keeps the entry point visible)",
            warning=_is_of_others(more[0]),
        )


def _is_of_others(name: str) -> bool:
    """It is no name that belongs to the host and to entry points."""
    return not name.startswith("mesibo_")


def _exported(subject: Subject, name: str) -> Finding:
    where = subject.where(name)
    if not _is_of_others(name):
        return Finding(
            f"it exports {name}",
            f"expected only {subject.entry_point} of the names that belong to the host and to "
            f"entry points, found {name}",
            "give it another name, or make it static",
            where,
        )
    return Finding(
        f"it exports {name}",
        f"expected {subject.entry_point} alone, found {name}: in a server that makes the symbols "
        "of its modules global, another module of that name gets this one",
        "make it static, or compile with -fvisibility=hidden (MESIBO_EXPORT keeps the entry point "
        "visible)",
        where,
        warning=True,
    )


def _strong_exports(path: Path) -> list[str]:
    """Without the weak ones, of which C++ makes many by itself."""
    from elftools.elf.elffile import ELFFile

    with path.open("rb") as file:
        return sorted(
            symbol.name
            for symbol in dynamic_symbols(ELFFile(file))
            if symbol.name
            and not is_undefined(symbol)
            and symbol["st_info"]["bind"] == "STB_GLOBAL"
            and symbol["st_other"]["visibility"] in ("STV_DEFAULT", "STV_PROTECTED")
        )


def _needed(subject: Subject) -> Iterator[Finding]:
    missing = False
    for need in all_needs(subject.path):
        if need.file is None:
            missing = True
            by = "" if need.by == subject.path else f", for {need.by}"
            yield Finding(
                f"it needs {need.name}, which is nowhere",
                f"expected {need.name} where the dynamic linker looks{by}, found none",
                "install it where the module runs, say where it is with -Wl,-rpath, or link it "
                "statically",
            )
    names = [] if missing else [s for s in unresolved(subject.path) if not is_of_a_host(s)]
    if names:
        yield Finding(
            f"it does not name the library that defines {_few(names)}",
            "expected each function that it calls in a library that it needs, in libc or in its "
            f"host, found none of them that has {_few(names)}: it loads only where something else "
            "has loaded that library before",
            "link it with the library, such as -lm: compilers say which are missing with "
            "-Wl,--no-undefined, but for those of the host",
        )


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _stack(subject: Subject) -> Iterator[Finding]:
    from elftools.elf.elffile import ELFFile

    with subject.path.open("rb") as file:
        flags = [segment["p_flags"] for segment in ELFFile(file).iter_segments("PT_GNU_STACK")]
    if flags and not flags[0] & _EXECUTABLE:
        return
    yield Finding(
        "it wants a stack that can be executed",
        "expected a stack without execute permission, found "
        + ("one with it" if flags else "nothing that says so, which means one with it"),
        "link it with -Wl,-z,noexecstack; what asks for it is a nested function whose address is "
        'taken, or assembly without .section .note.GNU-stack,"",@progbits',
    )


def _layout(subject: Subject) -> Iterator[Finding]:
    expected = subject.layouts
    found = read_structs(subject.path, [layout.name for layout in expected])
    if not found:
        raise Skip("its debugging information tells of no struct of the header: compile it with -g")
    for layout in expected:
        if layout.name in found:
            yield from _differences(subject.revision, layout, found[layout.name])


def _differences(revision: str, layout: Layout, found: Struct) -> Iterator[Finding]:
    wrong = []
    if found.size != layout.size:
        wrong.append(f"{found.size} bytes in place of {layout.size}")
    members = {member.name: member for member in found.members}
    for word in layout.words:
        member = members.get(word.name)
        if member is None:
            wrong.append(f"no {word.name}, which is at byte {word.offset}")
        elif member.offset != word.offset:
            wrong.append(f"{word.name} at byte {member.offset} in place of {word.offset}")
        elif member.size not in (8, None):
            wrong.append(f"{word.name} of {member.size} bytes in place of 8")
    if wrong:
        yield Finding(
            f"its {layout.name} is not that of {revision}",
            f"expected the layout of include/{revision}/module.h, found {'; '.join(wrong)}",
            "include the header as it is, without #pragma pack or macros that change its types",
        )


CHECKS = (
    Check(
        "static.loadable",
        "it is a shared library: what else there is cannot be loaded",
        _problems(ProblemCode.NOT_SHARED),
    ),
    Check(
        "static.machine",
        "it was compiled for this machine: code of another cannot run here",
        _problems(ProblemCode.WRONG_MACHINE),
        needs=("static.loadable",),
    ),
    Check(
        "static.linkage",
        "its entry point has C linkage: under a C++ name no host finds it",
        _linkage,
        needs=("static.loadable",),
    ),
    Check(
        "static.entry-point",
        "it has an entry point, of the name of its file: that is how a host finds it",
        _entry_point,
        needs=("static.loadable", "static.linkage"),
    ),
    Check(
        "static.host-symbols",
        "it imports only host functions that its revision has: another keeps it from being loaded",
        _problems(ProblemCode.UNKNOWN_HOST_SYMBOL, ProblemCode.FOREIGN_HOST_SYMBOL),
        needs=("static.loadable",),
    ),
    Check(
        "static.revision",
        "all of it was compiled against one header that is known: each has its own layouts",
        _problems(ProblemCode.MIXED_REVISIONS, ProblemCode.UNKNOWN_REVISION),
        needs=("static.loadable",),
    ),
    Check(
        "static.exports",
        "it exports its entry point alone: other names can meet those of the host or of a module",
        _exports,
        needs=("static.loadable", "static.linkage", "static.entry-point"),
    ),
    Check(
        "static.needed",
        "the libraries that it needs are there, and have all it calls: else it cannot be loaded",
        _needed,
        needs=("static.loadable",),
    ),
    Check(
        "static.stack",
        "it wants no executable stack: hardened systems do not load what does",
        _stack,
        needs=("static.loadable",),
    ),
    Check(
        "static.layout",
        "its structs have the layout of its revision: else it reads and writes the wrong fields",
        _layout,
        needs=("static.loadable", "static.machine", "static.revision"),
    ),
)
LOADABLE = (
    "static.loadable",
    "static.machine",
    "static.linkage",
    "static.entry-point",
    "static.host-symbols",
    "static.revision",
    "static.needed",
    "static.stack",
)
"""Without these it is not loaded, or not as what it is."""
