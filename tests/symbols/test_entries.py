"""The entries of debugging information, passed over as pyelftools reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi.symbols.entries import functions_with_code
from mesibo_abi.symbols.tables import opened
from tests.headers.compiling import compilers
from tests.libraries import compiler_in

SOURCE = """\
#include <stdexcept>
#include <string>
namespace shop {
struct Cart {
    std::string name;
    int add(int count) {
        struct Local {
            static int more(int by) { return by + 1; }
        };
        return Local::more(count) + (int)name.size();
    }
};
namespace {
int sold(Cart &cart) { return cart.add(2); }
}
}
int sell(const char *name) {
    shop::Cart cart{name};
    if (cart.name.empty())
        throw std::runtime_error("nameless " + cart.name);
    return shop::sold(cart);
}
"""


@pytest.mark.parametrize("version", ["-gdwarf-4", "-gdwarf-5"])
@pytest.mark.parametrize("optimised", ["-O0", "-O2"])
@compilers("g++", "clang++")
def test_the_same_as_read_one_by_one(
    tmp_path: Path, compiler: str, optimised: str, version: str
) -> None:
    library = compiler_in(tmp_path)(SOURCE, version, optimised, cc=compiler)
    with opened(library) as elf:
        for unit in elf.get_dwarf_info(follow_links=False).iter_CUs():
            wanted = [
                entry.offset
                for entry in unit.iter_DIEs()
                if entry.tag == "DW_TAG_subprogram"
                and {"DW_AT_low_pc", "DW_AT_ranges"} & set(entry.attributes)
            ]
            found = [entry.offset for entry in functions_with_code(unit) if entry is not None]
            assert found == wanted
            assert found
