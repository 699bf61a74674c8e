"""Where the files for builds lie: the headers, the CMake package, the pkg-config files.

All of them are inside the package (in a checkout `include` is a link to the top-level one), so the
paths hold for a wheel, an editable install and a checkout alike.
"""

from __future__ import annotations

from pathlib import Path

from .errors import InputError
from .types import Revision

_PACKAGE = Path(__file__).resolve().parent


def get_include(revision: str | Revision = Revision.DOC2019) -> str:
    """The absolute path of the directory that holds `module.h` of that revision: `cc -I` wants it.

    Raises InputError for a revision that has no header here.
    """
    try:
        known = Revision(revision)
    except ValueError:
        raise InputError(
            f"get_include: there is no header of revision {str(revision)!r}",
            detail=f"expected one of: {', '.join(Revision)}",
            hint=f"leave the revision out for {Revision.DOC2019}",
        ) from None
    return str(_PACKAGE / "include" / known)


def get_cmake_dir() -> str:
    """The absolute path of the CMake package: what `mesibo_abi_DIR` is set to."""
    return str(_PACKAGE / "share" / "cmake" / "mesibo_abi")


def get_pkgconfig_dir() -> str:
    """The absolute path of the directory of the pkg-config files: an entry of `PKG_CONFIG_PATH`.

    `mesibo_abi` is the header of doc2019; `mesibo_abi-sdk2019` and `mesibo_abi-sdk2020` are those
    of the SDK.
    """
    return str(_PACKAGE / "share" / "pkgconfig")
