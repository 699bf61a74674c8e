"""Compiles a module from its C and C++ sources."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .checks import as_path, as_text
from .elf import inspect
from .errors import BuildError, InputError, LoadError
from .header_names import hint_at_revision
from .outputs import PREFIX, StrPath, library_path, names_folder, replacing
from .paths import get_include

_NAME = re.compile(r"\w+", re.ASCII)
_C_SUFFIXES = frozenset({".c"})
_CPP_SUFFIXES = frozenset({".cc", ".cpp", ".cxx", ".C", ".c++", ".cp"})
_LINK_INPUTS = (".o", ".a", ".so")
_LINK_OPTIONS = ("-l", "-L", "-Wl,")
_LINK_OPTIONS_OF_TWO = ("-l", "-L", "-Xlinker", "-z", "-u", "-T")


def c_compiler() -> list[str]:
    """The command that compiles C, with its arguments. Raises BuildError for a $CC that is none."""
    return _C.compiler()


def cpp_compiler() -> list[str]:
    """As `c_compiler`, for C++ and $CXX."""
    return _CPP.compiler()


def flags_of_environment(sources: Sequence[Path]) -> tuple[str, ...]:
    """What the environment adds to a build of these sources, for the extra arguments of one
    elsewhere. The standard of one language is not for the other. Raises BuildError and InputError
    as `build` does."""
    languages = [language for language in (_C, _CPP) if language in map(_language, sources)]
    words = [*_words("CPPFLAGS"), *(word for each in languages for word in each.flags())]
    if len(languages) > 1:
        words = [word for word in words if not word.startswith("-std=")]
    return (*words, *_words("LDFLAGS"))


class BuildWarning(UserWarning):
    """What the compiler warned of, or what `inspect` found in the library that was built."""


@dataclass(frozen=True, slots=True)
class _Language:
    """How one language is compiled: by which variables, else by which command."""

    name: str
    compiler_variable: str
    default_compiler: str
    flags_variable: str
    package: str
    command: tuple[str, ...] = ()

    def compiler(self) -> list[str]:
        return [*self.command] or _words(self.compiler_variable) or [self.default_compiler]

    def flags(self) -> list[str]:
        return _words(self.flags_variable)


_C = _Language("C", "CC", "cc", "CFLAGS", "gcc")
_CPP = _Language("C++", "CXX", "c++", "CXXFLAGS", "g++")


def build(
    sources: StrPath | Sequence[StrPath],
    *,
    name: str | None = None,
    revision: str = "doc2019",
    output: StrPath | None = None,
    debug: bool = False,
    extra_args: Sequence[str] = (),
    compilers: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Path:
    """Compiles and links a module; returns the path of its library.

    `sources`: one path or several, C (.c) and C++ (.cc .cpp .cxx .C .c++ .cp) mixed at will.
    `name`: the module's, for MESIBO_MODULE and the file; else that of the `output` file, else that
    of the first source, `mesibo_mod_` taken off. `output`: a file, or a directory that is to hold
    mesibo_mod_<name>.so; else that file in the current directory. `revision` chooses the header.
    `debug` compiles with -O0 in place of -O2. `extra_args` go behind everything else: what only
    the linker takes (-l, -L, -Wl, objects, archives) to the linker, all else to both.
    `compilers`: the commands for C and for C++, in place of $CC and $CXX.

    Runs $CC and $CXX (they may hold arguments), else cc and c++, and heeds $CPPFLAGS, $CFLAGS,
    $CXXFLAGS and $LDFLAGS, behind the flags that modules in the field are built with. What the
    compiler warns of, and every problem that `inspect` finds, is a BuildWarning: nothing that
    compiles is refused. The output is replaced in one step, or not touched at all; a link stays
    one, and what it leads to is replaced. Neither a source nor a device or a fifo ever is.

    Raises BuildError where the compiler fails or is missing (its own words are in `output` and end
    the message), InputError for sources, names and outputs that cannot be meant.
    """
    files = _check_sources(sources)
    arguments = _check_arguments(extra_args)
    if output is not None:
        as_path("build: the output", output)
    chosen = _check_name(_default_name(files[0], output) if name in (None, "") else name)
    target = library_path(chosen, output, files)
    flags = ["-O0" if debug else "-O2", "-g", "-fno-omit-frame-pointer", "-fPIC", "-Wall"]
    defines = [f"-DMESIBO_MODULE={chosen}", "-I", get_include(revision)]
    remarks: list[str] = []
    with tempfile.TemporaryDirectory(prefix="mesibo_build-") as folder:
        objects = [Path(folder, f"{n}-{source.stem}.o") for n, source in enumerate(files)]
        for source, made in zip(files, objects, strict=True):
            language = _with(_language(source), compilers)
            remarks.append(
                _compile(language, source, made, [*flags, *defines], arguments, revision)
            )
        language = _with(_CPP if _CPP in map(_language, files) else _C, compilers)
        with replacing(target) as made:
            remarks.append(_link(language, objects, made, target, flags, arguments))
    for remark in [*filter(None, remarks), *_findings(target)]:
        warnings.warn(remark, BuildWarning, stacklevel=2)
    return target


def _check_sources(sources: StrPath | Sequence[StrPath]) -> list[Path]:
    several: object = sources
    if isinstance(sources, str | bytes | os.PathLike) or not isinstance(sources, Iterable):
        several = [sources]
    assert isinstance(several, Iterable)
    files = [as_path("build: a source", source) for source in several]
    if not files:
        raise InputError(
            "build: no sources",
            detail="expected at least one C or C++ file, found none",
            hint="give the path of the module's source",
        )
    for file in files:
        _language(file)
        if not file.is_file():
            raise InputError(
                f"{file}: no such file",
                detail="expected a source file, found "
                + ("a directory" if file.is_dir() else "none"),
                hint="give the path of the module's source",
            )
    return files


def _language(source: Path) -> _Language:
    if source.suffix in _C_SUFFIXES:
        return _C
    if source.suffix in _CPP_SUFFIXES:
        return _CPP
    known = " ".join(sorted(_C_SUFFIXES | _CPP_SUFFIXES))
    raise InputError(
        f"{source}: not a C or C++ source",
        detail=f"expected a name that ends in one of {known}, found {source.name!r}",
        hint="rename it; objects and archives go into extra_args",
    )


def is_source(path: Path) -> bool:
    """Whether a file is one that `build` compiles, by its name."""
    return path.suffix in _C_SUFFIXES | _CPP_SUFFIXES


def _default_name(source: Path, output: StrPath | None) -> str:
    file = source if output is None or names_folder(output) else Path(output)
    return file.stem.removeprefix(PREFIX)


def _check_arguments(extra_args: Sequence[str]) -> list[str]:
    several = isinstance(extra_args, Iterable) and not isinstance(extra_args, str | bytes)
    arguments = list(extra_args) if several else []
    if not several or not all(isinstance(argument, str) for argument in arguments):
        raise TypeError(
            f"build: extra_args is of the wrong type: expected a list of str, got {extra_args!r}; "
            "pass each argument by itself, such as extra_args=['-lm']"
        )
    return arguments


def _check_name(name: str) -> str:
    if _NAME.fullmatch(as_text("build: the name", name)) is None:
        better = re.sub(r"[^A-Za-z0-9_]+", "_", name) or "filter"
        raise InputError(
            f"build: {name!r} cannot be the name of a module",
            detail=f"expected letters, digits and _ (it becomes part of the C identifier "
            f"mesibo_module_<name>_init), found {name!r}",
            hint=f"give another, such as name={better!r}; on the command line --name {better}, to "
            f"`fuzz` --entry-point mesibo_module_{better}_init",
        )
    return name


def _with(language: _Language, compilers: tuple[Sequence[str], Sequence[str]] | None) -> _Language:
    if compilers is None:
        return language
    return replace(language, command=tuple(compilers[language.name == _CPP.name]))


def _compile(
    language: _Language,
    source: Path,
    made: Path,
    flags: list[str],
    extra_args: Sequence[str],
    revision: str,
) -> str:
    command = [*language.compiler(), *flags, *_words("CPPFLAGS"), *language.flags()]
    command += [*_for_compiler(extra_args), "-c", _operand(source), "-o", _operand(made)]
    try:
        return _run(command, language, f"{source}: does not compile")
    except BuildError as error:
        error.hint = error.hint or hint_at_revision(error.output, revision)
        raise


def _link(
    language: _Language,
    objects: list[Path],
    made: Path,
    target: Path,
    flags: list[str],
    extra_args: Sequence[str],
) -> str:
    command = [*language.compiler(), "-shared", *flags, *language.flags(), *_words("LDFLAGS")]
    command += ["-o", _operand(made), *map(str, objects), *extra_args]
    remarks = _run(command, language, f"{target}: does not link")
    if not made.is_file():
        raise BuildError(
            f"{target}: the linker made no library",
            detail=f"expected {made.name}, found nothing after: {shlex.join(command)}",
            hint="take arguments such as -c and -o out of extra_args and of the environment",
            command=command,
            output=remarks,
        )
    return remarks


def _operand(path: Path) -> str:
    """The path as no compiler takes it for an option, or for a file of options."""
    text = str(path)
    return f"./{text}" if text.startswith(("-", "@")) else text


def _words(variable: str) -> list[str]:
    """The words in an environment variable, as the shell would split them."""
    value = os.environ.get(variable, "")
    try:
        return shlex.split(value)
    except ValueError as error:
        raise BuildError(
            f"${variable} cannot be split into words",
            detail=f"expected a command line, found {value!r}: {error}",
            hint="close the quotes in it",
        ) from error


def _for_compiler(extra_args: Sequence[str]) -> Iterator[str]:
    """The arguments without those that only the linker takes; compilers warn of unused ones."""
    arguments = iter(extra_args)
    for argument in arguments:
        if argument in _LINK_OPTIONS_OF_TWO:
            next(arguments, None)
        elif not argument.startswith(_LINK_OPTIONS) and not argument.endswith(_LINK_INPUTS):
            yield argument


def _run(command: list[str], language: _Language, failure: str) -> str:
    """Runs a compiler; returns what it printed."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            check=False,
        )
    except OSError as error:
        raise BuildError(
            f"no {language.name} compiler: {command[0]} cannot be run",
            detail=f"expected ${language.compiler_variable}, else {language.default_compiler}, "
            f"on the PATH, found: {error.strerror}",
            hint=f"install one (on Debian: apt-get install {language.package}), "
            f"or name yours in ${language.compiler_variable}",
            command=command,
        ) from error
    output = done.stdout.strip()
    if done.returncode != 0:
        raise BuildError(
            failure,
            detail=f"expected exit status 0, found {done.returncode} of: {shlex.join(command)}\n"
            f"mend what it says:\n{output or '(it said nothing)'}",
            command=command,
            output=output,
        )
    return output


def _findings(target: Path) -> list[str]:
    """What is wrong with the library that was built."""
    try:
        return [str(problem) for problem in inspect(target).problems]
    except LoadError as error:  # extra arguments may make the linker write anything
        return [str(error)]
