"""A source of another revision, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mesibo_abi import BuildError, BuildWarning, build
from mesibo_abi.header_names import hint_at_revision
from tests.tools import needs

CHOOSE = "choose it with revision=, --revision on the command line"


@pytest.mark.parametrize(
    ("words", "revision", "hint"),
    [
        (
            "x.c:3:1: error: unknown type name \u2018mesibo_user_t\u2019",
            "doc2019",
            "built for doc2019, whose header has no mesibo_user_t; that of sdk2019 or sdk2020 has: "
            + CHOOSE,
        ),
        (
            "'mesibo_user_t' and 'mesibo_socket_t'",
            "doc2019",
            "built for doc2019, whose header has no mesibo_socket_t, mesibo_user_t; that of "
            "sdk2020 has: " + CHOOSE,
        ),
        (
            "'ctx' 'on_login' 'mesibo_user_t' 'mesibo_log' 'on_cleanup'",
            "doc2019",
            "built for doc2019, whose header has no mesibo_log, mesibo_user_t, ctx and 2 more; "
            "that of sdk2019 or sdk2020 has: " + CHOOSE,
        ),
        (
            "error: 'mesibo_module_t' has no member named 'send_message'",
            "sdk2020",
            "built for sdk2020, whose header has no send_message; that of doc2019 has: " + CHOOSE,
        ),
        ("unknown type name 'mesibo_user_t'", "sdk2019", ""),
        ("'there_is_no_such_thing' undeclared", "doc2019", ""),
        ("mesibo_user_t, which is not quoted", "doc2019", ""),
        ("", "doc2019", ""),
    ],
)
def test_names_of_other_revisions(words: str, revision: str, hint: str) -> None:
    assert hint_at_revision(words, revision) == hint


@needs("cc")
def test_a_source_of_the_sdk_built_for_the_default(tmp_path: Path) -> None:
    source = tmp_path / "m.c"
    source.write_text('#include "module.h"\nstatic mesibo_user_t user;\n')
    with pytest.raises(BuildError) as caught:
        build(source, output=tmp_path)
    assert caught.value.what == f"{source}: does not compile"
    assert str(caught.value).splitlines()[-1] == (
        "  hint: built for doc2019, whose header has no mesibo_user_t; that of sdk2019 or sdk2020 "
        "has: " + CHOOSE
    )
    with pytest.warns(BuildWarning):  # it has no entry point
        build(source, output=tmp_path, revision="sdk2019")
