"""What `inspect` makes of a library: which revision it is, and what is wrong with it."""

from __future__ import annotations

import platform
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from mesibo_abi.elf import (
    HOST_SYMBOLS,
    Inspection,
    Problem,
    ProblemCode,
    ToldBy,
    entry_point_name,
    inspect,
    module_name,
)
from tests.libraries import ENTRY, MODULES, NO_TAG, Compile, compiler_in, imports, note, struct_of
from tests.tools import needs

pytestmark = needs("cc", "c++")


@pytest.fixture
def compile_c(tmp_path: Path) -> Compile:
    return compiler_in(tmp_path)


def only_problem(inspection: Inspection) -> Problem:
    (problem,) = inspection.problems
    return problem


def told(inspection: Inspection) -> tuple[str | None, ToldBy, tuple[str, ...]]:
    return inspection.revision, inspection.told_by, inspection.candidates


# ---- What it is


def test_a_module_without_problems(compile_c: Compile) -> None:
    path = compile_c((MODULES / "minimal.c").read_text(), file="mesibo_mod_minimal.so")
    machine = {"x86_64": "x86-64"}.get(platform.machine(), platform.machine())
    found = inspect(str(path))
    assert (found.path, found.name, found.machine) == (path, "minimal", machine)
    assert told(found) == ("doc2019", ToldBy.TAG, ("doc2019",))
    assert found.entry_point == "mesibo_module_minimal_init"
    assert "mesibo_module_minimal_init" in found.exported
    assert "mesibo_module_minimal_init" not in found.undefined
    assert found.problems == ()
    assert not found.starts_threads


@pytest.mark.parametrize(
    ("text", "cc", "expected"),
    [
        (imports("pthread_create"), "cc", True),
        (imports("thrd_create"), "cc", True),
        (imports("clone"), "cc", True),
        (imports("pthread_mutex_lock", "mesibo_util_create_thread"), "cc", False),
        ("#include <thread>\nvoid f() { std::thread([] {}).detach(); }\n", "c++", True),
        ("#include <string>\nstd::string f() { return std::string(9, 'x'); }\n", "c++", False),
    ],
)
def test_whether_it_starts_threads(compile_c: Compile, text: str, cc: str, expected: bool) -> None:
    assert inspect(compile_c(text, cc=cc)).starts_threads is expected


def test_what_is_no_path() -> None:
    wrong: Any = 5
    with pytest.raises(TypeError) as caught:
        inspect(wrong)
    assert str(caught.value) == (
        "the library is of the wrong type: expected str or a path, got 5; pass the path of a file"
    )


@pytest.mark.parametrize("name", ["filter", "a_b", "_", "2nd"])
def test_names_of_files_and_entry_points(name: str) -> None:
    assert module_name(Path(f"/any/mesibo_mod_{name}.so")) == name
    assert entry_point_name(name) == f"mesibo_module_{name}_init"


# ---- Which revision


def test_a_tag_survives_strip(compile_c: Compile) -> None:
    path = compile_c((MODULES / "minimal.c").read_text(), "-s", file="mesibo_mod_minimal.so")
    assert told(inspect(path)) == ("doc2019", ToldBy.TAG, ("doc2019",))


def test_the_tag_comes_before_all_else(compile_c: Compile) -> None:
    path = compile_c(note("sdk2019") + imports("mesibo_util_http"))
    assert told(inspect(path)) == ("sdk2019", ToldBy.TAG, ("sdk2019",))


def test_other_notes_are_no_tags(compile_c: Compile) -> None:
    path = compile_c(note("sdk2019", type_=2) + note("sdk2020", owner="others") + ENTRY)
    assert inspect(path).told_by is ToldBy.GUESS


def test_a_tag_of_the_future(compile_c: Compile) -> None:
    path = compile_c(note("sdk2031") + ENTRY)
    found = inspect(path)
    assert told(found) == ("sdk2031", ToldBy.TAG, ("sdk2031",))
    assert only_problem(found) == Problem(
        ProblemCode.UNKNOWN_REVISION,
        f"{path}: compiled against a revision that is not known here",
        "expected one of doc2019, sdk2019, sdk2020, found sdk2031",
        "update this package, or compile it against a revision that is known",
    )


def test_tags_that_disagree(compile_c: Compile) -> None:
    path = compile_c(note("sdk2020") + note("sdk2019") + ENTRY)
    found = inspect(path)
    assert told(found) == (None, ToldBy.UNDECIDED, ("sdk2019", "sdk2020"))
    assert only_problem(found) == Problem(
        ProblemCode.MIXED_REVISIONS,
        f"{path}: compiled against several revisions",
        "expected one header for all its sources, found sdk2019, sdk2020",
        "compile all of them with the same include directory",
    )


@pytest.mark.parametrize(("words", "revision"), [(12, "doc2019"), (22, "sdk2019"), (24, "sdk2020")])
@pytest.mark.parametrize(
    "flags",
    [
        ("-g",),
        ("-g3", "-gdwarf-4"),
        ("-g", "-gdwarf-2", "-gstrict-dwarf"),
        ("-g", "-gz=zlib"),
        ("-g", "-flto"),
    ],
    ids=" ".join,
)
def test_debugging_information_tells_the_size(
    compile_c: Compile, words: int, revision: str, flags: tuple[str, ...]
) -> None:
    found = inspect(compile_c(struct_of(words), *flags))
    assert told(found) == (revision, ToldBy.DWARF, (revision,))


def test_debugging_information_of_a_struct_without_a_tag(compile_c: Compile) -> None:
    text = struct_of(22).replace("struct mesibo_module_s", "struct")
    assert told(inspect(compile_c(text, "-g"))) == ("sdk2019", ToldBy.DWARF, ("sdk2019",))


def test_debugging_information_behind_a_declaration_and_much_else(compile_c: Compile) -> None:
    text = "#include <regex>\nstruct mesibo_module_s;\nstd::regex r;\n" + struct_of(24)
    found = inspect(compile_c(text, "-g", cc="c++"))
    assert found.revision == "sdk2020"
    assert found.told_by is ToldBy.DWARF


def test_debugging_information_of_our_own_header(compile_c: Compile) -> None:
    path = compile_c((MODULES / "minimal.c").read_text(), "-g", NO_TAG)
    assert told(inspect(path)) == ("doc2019", ToldBy.DWARF, ("doc2019",))


@pytest.mark.parametrize(
    "text",
    [
        struct_of(23),
        "typedef struct mesibo_module_s mesibo_module_t;\nmesibo_module_t *module;\n" + ENTRY,
        ENTRY,
    ],
    ids=["a size of no revision", "only declared", "not at all"],
)
def test_debugging_information_that_does_not_say(compile_c: Compile, text: str) -> None:
    text += "extern void mesibo_vlog(void);\nvoid log_it(void) { mesibo_vlog(); }\n"
    assert told(inspect(compile_c(text, "-g"))) == ("sdk2020", ToldBy.SYMBOLS, ("sdk2020",))


def test_debugging_information_that_was_split_off(
    compile_c: Compile, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # the part that is split off falls where the compiler runs
    path = compile_c(struct_of(12), "-g", "-gsplit-dwarf")
    assert inspect(path).told_by is ToldBy.GUESS


def test_debugging_information_that_was_emptied_costs_no_memory(compile_c: Compile) -> None:
    path = compile_c(struct_of(12), "-g")
    data = bytearray(path.read_bytes())
    (headers,) = struct.unpack_from("<Q", data, 40)
    sections = ELFFile(BytesIO(data))
    header = headers + 64 * (sections.get_section_index(".debug_str") or 0)
    struct.pack_into("<I", data, header + 4, 8)  # SHT_NOBITS
    struct.pack_into("<Q", data, header + 32, 1 << 50)  # its size
    path.write_bytes(data)
    assert inspect(path).told_by is ToldBy.GUESS


@pytest.mark.parametrize(
    ("revision", "symbol"),
    [("sdk2019", "mesibo_http")]
    + [("sdk2020", name) for name in sorted(HOST_SYMBOLS["sdk2020"] - HOST_SYMBOLS["sdk2019"])],
)
def test_symbols_tell(compile_c: Compile, revision: str, symbol: str) -> None:
    found = inspect(compile_c(imports(symbol, "mesibo_log")))
    assert told(found) == (revision, ToldBy.SYMBOLS, (revision,))
    assert found.problems == ()


@pytest.mark.parametrize(
    "symbols",
    [("mesibo_log",), ("mesibo_log", "mesibo_util_getconfig"), ("mesibo_http", "mesibo_vlog")],
)
def test_symbols_that_do_not_decide(compile_c: Compile, symbols: tuple[str, ...]) -> None:
    found = inspect(compile_c(imports(*symbols)))
    assert told(found) == (None, ToldBy.UNDECIDED, ("sdk2019", "sdk2020"))


def test_symbols_with_cpp_names(compile_c: Compile) -> None:
    text = "extern long mesibo_http(struct mod *, const char *);\n" + (
        'extern "C" int mesibo_module_m_init() { return mesibo_http(nullptr, "") != 0; }\n'
    )
    found = inspect(compile_c("struct mod;\n" + text, cc="c++"))
    assert "_Z11mesibo_httpP3modPKc" in found.undefined
    assert told(found) == ("sdk2019", ToldBy.SYMBOLS, ("sdk2019",))
    assert found.problems == ()


def test_nothing_to_go_by_is_a_guess(compile_c: Compile) -> None:
    found = inspect(compile_c(ENTRY))
    assert told(found) == ("doc2019", ToldBy.GUESS, ("doc2019", "sdk2019", "sdk2020"))


# ---- What is wrong with it


DOC2019 = '#include "module.h"\n'


@pytest.mark.parametrize(
    ("text", "found", "header"),
    [
        (DOC2019 + imports("mesibo_log"), "mesibo_log", "sdk2019 or sdk2020"),
        (
            DOC2019 + imports("mesibo_http", "mesibo_log"),
            "mesibo_http, mesibo_log",
            "sdk2019",
        ),
        (
            DOC2019 + imports("mesibo_http", "mesibo_vlog"),
            "mesibo_http, mesibo_vlog",
            "one revision",
        ),
    ],
)
def test_a_documented_module_that_imports_what_only_the_sdk_has(
    compile_c: Compile, text: str, found: str, header: str
) -> None:
    path = compile_c(text)
    assert inspect(path).revision == "doc2019"
    assert only_problem(inspect(path)) == Problem(
        ProblemCode.FOREIGN_HOST_SYMBOL,
        f"{path}: imports what a host of its revision has not",
        f"expected functions of doc2019, which are in the module struct, found {found}",
        "call it through the module struct (mod->log and the like), or compile it against the "
        f"header of {header}",
    )


def test_a_module_that_imports_what_the_other_sdk_has(compile_c: Compile) -> None:
    path = compile_c(note("sdk2019") + imports("mesibo_log", "mesibo_util_usec"))
    assert only_problem(inspect(path)) == Problem(
        ProblemCode.FOREIGN_HOST_SYMBOL,
        f"{path}: imports what a host of its revision has not",
        "expected functions of sdk2019, found mesibo_util_usec",
        "compile it against the header of sdk2020",
    )


@pytest.mark.parametrize("revision", ["sdk2019", "sdk2020"])
def test_a_module_of_the_sdk_that_imports_what_it_has(compile_c: Compile, revision: str) -> None:
    text = note(revision) + imports(*HOST_SYMBOLS[revision])
    assert inspect(compile_c(text)).problems == ()


def test_no_entry_point(compile_c: Compile) -> None:
    path = compile_c("int one(void) { return 1; }\nint two(void) { return 2; }\n")
    found = inspect(path)
    assert found.entry_point is None
    assert only_problem(found) == Problem(
        ProblemCode.NO_ENTRY_POINT,
        f"{path}: no entry point",
        f"expected mesibo_module_m_init, found none among {len(found.exported)} exported symbols",
        "define it: MESIBO_EXPORT int mesibo_module_m_init(...), not static",
    )


@pytest.mark.parametrize(
    "text",
    [
        "__attribute__((used)) static " + ENTRY,
        '__attribute__((visibility("hidden"))) ' + ENTRY,
    ],
)
def test_an_entry_point_that_is_not_exported(compile_c: Compile, text: str) -> None:
    problem = only_problem(inspect(compile_c(text)))
    assert problem.code is ProblemCode.NO_ENTRY_POINT
    assert problem.detail == (
        "expected mesibo_module_m_init, found mesibo_module_m_init, which is not exported"
    )


def test_a_mangled_entry_point(compile_c: Compile) -> None:
    text = (MODULES / "mangled.cpp").read_text()
    path = compile_c(text, file="mesibo_mod_mangled.so", cc="c++")
    found = inspect(path)
    assert found.entry_point is None
    assert str(only_problem(found)) == (
        f"{path}: the entry point has a C++ name\n"
        "  expected mesibo_module_mangled_init, "
        "found _Z26mesibo_module_mangled_initP15mesibo_module_sm\n"
        "  hint: put MESIBO_EXPORT before its definition: that gives it C linkage"
    )
    assert only_problem(found).code is ProblemCode.MANGLED_ENTRY_POINT


def test_a_mangled_entry_point_of_another_name(compile_c: Compile) -> None:
    text = (MODULES / "mangled.cpp").read_text()
    path = compile_c(text, file="mesibo_mod_other.so", cc="c++")
    mangled, name = inspect(path).problems
    assert mangled.code is ProblemCode.MANGLED_ENTRY_POINT
    assert str(name) == (
        f"{path}: the entry point's name does not match the file's\n"
        "  expected mesibo_module_other_init, found mesibo_module_mangled_init\n"
        "  hint: rename the function or the file, or load it with entry_point="
    )


def test_an_entry_point_of_another_name(compile_c: Compile) -> None:
    path = compile_c(ENTRY, file="mesibo_mod_filter.so")
    found = inspect(path)
    assert found.entry_point == "mesibo_module_m_init"
    assert only_problem(found) == Problem(
        ProblemCode.ENTRY_POINT_NAME,
        f"{path}: the entry point's name does not match the file's",
        "expected mesibo_module_filter_init, found mesibo_module_m_init",
        "rename the function or the file, or load it with entry_point=",
    )


TWO = ENTRY + "int mesibo_module_n_init(void) { return 0; }\n"


def test_of_several_entry_points_the_files_name_chooses(compile_c: Compile) -> None:
    found = inspect(compile_c(TWO, file="mesibo_mod_n.so"))
    assert found.entry_point == "mesibo_module_n_init"
    assert found.problems == ()


def test_of_several_entry_points_none_is_the_files(compile_c: Compile) -> None:
    found = inspect(compile_c(TWO, file="mesibo_mod_o.so"))
    assert found.entry_point is None
    assert only_problem(found).detail == (
        "expected mesibo_module_o_init, found mesibo_module_m_init, mesibo_module_n_init"
    )


@pytest.mark.parametrize(
    "file", ["m.so", "mesibo_mod_m.so.1", "mesibo_mod_.so", "mesibo_mod_a-b.so", "mod_m.so"]
)
def test_a_file_name_of_another_form(compile_c: Compile, file: str) -> None:
    path = compile_c(ENTRY, file=file)
    found = inspect(path)
    assert (found.name, found.entry_point) == (None, "mesibo_module_m_init")
    assert only_problem(found) == Problem(
        ProblemCode.FILE_NAME,
        f"{path}: not named as a module's file",
        f"expected mesibo_mod_<name>.so (letters, digits, _), found {file}",
        "rename it to mesibo_mod_m.so, or load it with entry_point=",
    )


def test_a_file_name_that_does_not_choose(compile_c: Compile) -> None:
    path = compile_c(TWO, file="m.so")
    found = inspect(path)
    assert found.entry_point is None
    assert [problem.code for problem in found.problems] == [
        ProblemCode.FILE_NAME,
        ProblemCode.ENTRY_POINT_NAME,
    ]
    assert "mesibo_mod_<name>.so, or" in found.problems[0].hint
    assert found.problems[1] == Problem(
        ProblemCode.ENTRY_POINT_NAME,
        f"{path}: several entry points, and the file's name does not choose",
        "expected one, or a file name mesibo_mod_<name>.so, "
        "found mesibo_module_m_init, mesibo_module_n_init",
        "name the file after the one that is meant, or load it with entry_point=",
    )


def test_imports_that_no_host_has(compile_c: Compile) -> None:
    path = compile_c(imports("mesibo_log", "mesibo_logg", "mesibo_util_htpp", "puts"))
    assert only_problem(inspect(path)) == Problem(
        ProblemCode.UNKNOWN_HOST_SYMBOL,
        f"{path}: imports what no host has",
        "expected functions of doc2019, sdk2019, sdk2020, found mesibo_logg, mesibo_util_htpp",
        "correct the name, or link the file that defines it",
    )


def test_another_machine(compile_c: Compile) -> None:
    path = compile_c(ENTRY)
    running = inspect(path).machine
    data = bytearray(path.read_bytes())
    struct.pack_into("<H", data, 18, 22)
    path.write_bytes(data)
    found = inspect(path)
    assert found.machine == "s390x"
    assert only_problem(found) == Problem(
        ProblemCode.WRONG_MACHINE,
        f"{path}: compiled for another machine",
        f"expected {running}, 64-bit, little-endian, found s390x, 64-bit, little-endian",
        "compile it with a compiler for this machine",
    )


def test_another_class_and_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "mesibo_mod_m.so"
    ident = b"\x7fELF" + bytes([1, 2, 1]) + bytes(9)
    path.write_bytes(
        ident + struct.pack(">HHIIIIIHHHHHH", 3, 999, 1, 0, 0, 0, 0, 52, 32, 0, 40, 0, 0)
    )
    found = inspect(path)
    assert found.machine == "machine 999"
    assert found.problems[0].code is ProblemCode.WRONG_MACHINE
    assert found.problems[0].detail.endswith("found machine 999, 32-bit, big-endian")


@pytest.mark.parametrize(
    ("flags", "kind"),
    [
        (("-c",), "an object file"),
        (("-pie", "-DMAIN"), "an executable"),
        (("-pie", "-no-pie", "-DMAIN"), "an executable"),
    ],
)
def test_what_is_no_shared_library(compile_c: Compile, flags: tuple[str, ...], kind: str) -> None:
    path = compile_c("#ifdef MAIN\nint main(void) { return 0; }\n#endif\n" + ENTRY, *flags)
    assert only_problem(inspect(path)) == Problem(
        ProblemCode.NOT_SHARED,
        f"{path}: not a shared library",
        f"expected a shared library, found {kind}",
        "link it with -shared and compile with -fPIC, or use `mesibo-abi build`",
    )
