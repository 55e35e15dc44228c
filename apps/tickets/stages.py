"""At which step of its way a mail failed: the innermost step marks the error, whoever holds the
mail back reads the mark."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Stage = Literal["fetch", "read", "place", "files", "store", "assign", "crm", "answer"]

_MARK = "_stage_of_intake"


@contextmanager
def stage(name: Stage) -> Iterator[None]:
    """What is raised inside failed at NAME, unless a step further in said so already."""
    try:
        yield
    except Exception as error:
        if not hasattr(error, _MARK):
            setattr(error, _MARK, name)
        raise


def stage_of(error: BaseException) -> Stage:
    """Unmarked: in between the steps, in the one transaction."""
    found: Stage = getattr(error, _MARK, "store")
    return found
