"""What is taken from a mailbox, and by whom."""

from __future__ import annotations

import threading

from mesibo_abi import Mailbox


def test_two_threads_take_in() -> None:
    """The second one waits for what the first one is taking in; and who is told may iterate."""
    begun, go_on = threading.Event(), threading.Event()
    core = [[1, 2], [3]]
    told: list[tuple[int, ...]] = []

    def refill() -> list[int]:
        if not core:
            return []
        items = core.pop(0)
        if items == [1, 2]:
            begun.set()
            assert go_on.wait(60)
        return items

    def tell(items: list[int]) -> None:
        told.append(tuple(items))
        len(mailbox)

    mailbox = Mailbox(refill, told=tell)
    first = threading.Thread(target=mailbox.gather)
    first.start()
    assert begun.wait(60)
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    assert list(mailbox) == [1, 2, 3]
    first.join()
    timer.join()
    assert sorted(told) == [(1, 2), (3,)]


def test_settled_is_what_others_have_told() -> None:
    """And not what is told by who asks, which may be a part of telling."""
    begun, go_on = threading.Event(), threading.Event()
    core = [["by another"], ["by this one"]]
    told: list[str] = []

    def tell(items: list[str]) -> None:
        if items == ["by another"]:
            begun.set()
            assert go_on.wait(60)
        else:
            mailbox.settle()
        told.extend(items)

    mailbox = Mailbox(lambda: core.pop(0) if core else [], told=tell)
    other = threading.Thread(target=mailbox.gather)
    other.start()
    assert begun.wait(60)
    timer = threading.Timer(0.1, go_on.set)
    timer.start()
    mailbox.settle()
    assert sorted(told) == ["by another", "by this one"]
    other.join()
    timer.join()


def test_the_oldest_go() -> None:
    mailbox: Mailbox[int] = Mailbox(list, most=3)
    mailbox.put(range(5))
    assert (list(mailbox), mailbox.lost) == ([2, 3, 4], 2)


def test_iterating_ends_while_more_arrives() -> None:
    core = iter(range(100))
    mailbox: Mailbox[int] = Mailbox(lambda: [next(core)])
    # list() of the mailbox itself asks for its length first, which takes in.
    assert list(iter(mailbox)) == [0]
    assert list(iter(mailbox)) == [1]
