"""Where the verdicts are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi import Error, InputError
from mesibo_abi.cli.arguments import Plan
from mesibo_abi.cli.output import Gone, open_output

NOTHING = Plan(None, (), None)


@pytest.mark.parametrize("used", ["messages", "configuration", "modules"])
def test_what_the_run_reads_is_not_overwritten(used: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(path)
    plan = {
        "messages": Plan(None, (), path),
        "configuration": Plan(path, (), None),
        "modules": Plan(None, (tmp_path / "none", path), None),
    }[used]
    with pytest.raises(InputError) as caught, open_output(link, plan):
        pass
    assert str(caught.value) == (
        f"{link}: the output would overwrite what the run reads\n"
        f"  expected another file, found the same as {path}\n"
        "  hint: give another path to --output"
    )
    assert path.read_text() == "precious"


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught, open_output(tmp_path, NOTHING):
        pass
    assert str(caught.value) == (
        f"{tmp_path}: the output cannot be opened\n"
        "  expected a file that can be written, found: Is a directory\n"
        "  hint: give another path to --output"
    )


def test_no_room() -> None:
    with pytest.raises(Error) as caught, open_output(Path("/dev/full"), NOTHING) as stream:
        stream.write(b"verdict")  # which Python keeps, and cannot write when it closes the file
    assert str(caught.value) == (
        "/dev/full: the verdicts cannot be written\n"
        "  expected room for them, found: No space left on device\n"
        "  hint: the last line may be cut short; make room, and run it again"
    )


def test_nobody_reads(tmp_path: Path) -> None:
    with pytest.raises(Gone), open_output(tmp_path / "file", NOTHING):
        raise BrokenPipeError
