"""One account's lines are few, and another's are its own."""

from contextlib import ExitStack

import pytest

from apps.tickets.sending import lines
from apps.tickets.sending.lines import AT_ONCE, one_of


def test_an_account_has_so_many_and_gets_them_back() -> None:
    with ExitStack() as stack:
        assert all(stack.enter_context(one_of(1)) for _line in range(AT_ONCE))
        assert not stack.enter_context(one_of(1))
        assert stack.enter_context(one_of(2))
    with one_of(1) as free:
        assert free
    assert not any(lines._used.values())


def test_one_that_fails_gives_its_line_back() -> None:
    with pytest.raises(OSError), one_of(1):
        raise OSError
    assert not any(lines._used.values())
