"""The ways that are compared: this package first, then from the lowest upwards."""

from __future__ import annotations

from importlib.util import find_spec

from .base import Peer
from .bound import Nanobind, Pybind11
from .cffi_abi import CffiAbi
from .cffi_api import CffiApi
from .extension import CheckedExtension, Extension
from .ours import Ours
from .raw import Raw
from .with_ctypes import Ctypes

PEERS: tuple[type[Peer], ...] = (
    Ours,
    Raw,
    Extension,
    CheckedExtension,
    Nanobind,
    Pybind11,
    CffiApi,
    CffiAbi,
    Ctypes,
)

INSTALL = "pip install 'mesibo_abi[bench]'"


def missing() -> dict[str, str]:
    """The peers whose package is not installed, and a sentence about each."""
    return {
        peer.name: f"{peer.name} is left out: {peer.requires} is not installed; {INSTALL}"
        for peer in PEERS
        if peer.requires is not None and find_spec(peer.requires) is None
    }
