"""How things are installed: a command where the system is one that is known, else words."""

from __future__ import annotations

from pathlib import Path

OS_RELEASE = Path("/etc/os-release")


def packages(debian: str, fedora: str) -> str:
    """How to install packages of the system, by their names in the two families; several are
    separated by blanks."""
    if is_debian():
        return f"apt-get install {debian}"
    return (
        f"install {fedora.replace(' ', ', ')} by the package manager of the system, there perhaps "
        f"under another name (Fedora: dnf install {fedora}; Debian: apt-get install {debian})"
    )


def extra(name: str) -> str:
    """How to install an extra of this package."""
    return f"pip install 'mesibo_abi[{name}]'"


def is_debian() -> bool:
    """Whether the system is Debian, or one that is made of it, as Ubuntu is."""
    try:
        lines = OS_RELEASE.read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    pairs = dict(line.split("=", 1) for line in lines if "=" in line)
    words = f"{pairs.get('ID', '')} {pairs.get('ID_LIKE', '')}"
    return "debian" in words.replace('"', " ").replace("'", " ").split()
