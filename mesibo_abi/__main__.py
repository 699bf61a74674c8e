"""`python -m mesibo_abi`: tells a build where things are. The tool is `mesibo-abi`."""

from __future__ import annotations

import argparse
import shlex
import sys
from importlib.metadata import version

from .errors import InputError
from .paths import get_cmake_dir, get_include, get_pkgconfig_dir
from .types import Revision


def main() -> int:
    """Prints what was asked for on one line. Returns the exit code: 0, or 2 for bad arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m mesibo_abi", description="Where builds find the headers of mesibo_abi."
    )
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("--includes", action="store_true", help="print -I and the header directory")
    asked.add_argument("--cmakedir", action="store_true", help="print the CMake package directory")
    asked.add_argument("--pkgconfigdir", action="store_true", help="print the directory of the .pc")
    asked.add_argument("--version", action="store_true", help="print the version of this package")
    parser.add_argument(
        "--revision",
        default=str(Revision.DOC2019),
        help="whose header --includes means (default: %(default)s)",
    )
    options = parser.parse_args()
    try:
        include = get_include(options.revision)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.includes:
        print(shlex.quote(f"-I{include}"))
    elif options.cmakedir:
        print(get_cmake_dir())
    elif options.pkgconfigdir:
        print(get_pkgconfig_dir())
    else:
        print(version("mesibo_abi"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
