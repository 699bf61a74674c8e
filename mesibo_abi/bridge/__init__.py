"""The bridge between Python and the C core (`core/` mirrors csrc/host.h and its parts).

Its modules share one core, so they are linked into one shared object, `_bridge`; each is an
extension module of its own inside it, which the finder below makes importable.
"""

import sys
from collections.abc import Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

MODULES = (
    "values",
    "failures",
    "upcalls",
    "requests",
    "module",
    "isolation",
    "columns",
    "tables",
    "sent_table",
    "rows",
    "batch",
    "handlers",
    "host",
    "passes",
    "fault",
    "trial",
)


class _Finder:
    """Finds the modules of the bridge in its shared object."""

    @staticmethod
    def find_spec(
        name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        package, _, module = name.rpartition(".")
        if package != __name__ or module not in MODULES:
            return None
        file = _shared_object()
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, str(file)))


def _shared_object() -> Path:
    folder = Path(__file__).parent
    for suffix in EXTENSION_SUFFIXES:
        file = folder / f"_bridge{suffix}"
        if file.exists():
            return file
    raise ImportError(
        f"mesibo_abi was not built for this interpreter: expected {folder}/_bridge"
        f"{EXTENSION_SUFFIXES[0]}, there is none; install it with pip",
        name=__name__,
        path=str(folder),
    )


sys.meta_path.append(_Finder)
