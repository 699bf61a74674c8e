"""Ctrl-C as a question."""

from __future__ import annotations

import signal

import pytest

from mesibo_abi.cli.interrupt import Interrupt


def test_the_first_is_a_question_the_second_an_exception() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as interrupt:
        assert not interrupt.asked
        signal.raise_signal(signal.SIGINT)
        assert interrupt.asked
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
