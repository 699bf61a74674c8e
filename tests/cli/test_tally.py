"""What a run comes to, in words."""

from __future__ import annotations

import pytest

from mesibo_abi.cli.tally import Tally


@pytest.mark.parametrize(
    ("tally", "words", "flawless"),
    [
        (
            Tally(),
            "0 messages: 0 passed, 0 consumed, 0 failed; 0 sent; 0 other events; 0 messages a "
            "second",
            True,
        ),
        (
            Tally(messages=3000, passed=2998, consumed=2, sent=1, events=1, busy=0.5),
            "3,000 messages: 2,998 passed, 2 consumed, 0 failed; 1 sent; 1 other event; 6,000 "
            "messages a second",
            True,
        ),
        (
            Tally(messages=1, failed=1, errors=1, bad_lines=2, open_requests=1, dropped=3, busy=1),
            "1 message: 0 passed, 0 consumed, 1 failed; 0 sent; 0 other events; 2 bad lines "
            "skipped; 1 request without an answer; 3 dropped for the host's limits; 1 messages a "
            "second",
            False,
        ),
    ],
)
def test_the_words(tally: Tally, words: str, flawless: bool) -> None:
    assert (str(tally), tally.flawless) == (words, flawless)


@pytest.mark.parametrize("flaw", ["errors", "bad_lines", "open_requests", "dropped"])
def test_every_flaw_counts(flaw: str) -> None:
    assert not Tally(**{flaw: 1}).flawless
