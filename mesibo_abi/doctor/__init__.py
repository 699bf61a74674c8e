"""What this package uses of the system: is it there, does it work, and how is it installed.

for tool in examine():
    print(tool.name, tool.state, tool.install)
"""

from collections.abc import Iterator

from .tools import Area, State, Tool

__all__ = ["Area", "State", "Tool", "examine"]


def examine() -> Iterator[Tool]:
    """Looks for one after the other; compilers, sanitizers, libFuzzer and valgrind have to do their
    work on a small program, which takes some seconds together. Raises nothing for what is not
    there. Any thread."""
    from . import compiling, packages, programs

    yield from compiling.examined()
    yield from programs.examined()
    yield from packages.examined()
