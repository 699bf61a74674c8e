"""`python -m mesibo_abi.cli`: the same as `mesibo-abi`."""

from . import main

main(prog_name="mesibo-abi")
