"""Which files a run by markers needs to read: reading all takes as long as thousands of tests."""

import re
from functools import cache
from itertools import product
from pathlib import Path

from _pytest.mark.expression import Expression

# Whole places whose tests have servers and databases of their own.
ALONE = ("tests/config/", "tests/faults/", "tests/test_journey.py")
BROWSER = "mark.browser"  # is written in each file that has one
# Their time goes into mail servers, scanners, stores and what a browser is given of a mail. Each
# statement of the product's that they ask of a database is asked by others, too, so these run on
# the embedded default only. What races, counts, claims, sorts or searches has no place in here.
SAID_BY_OTHERS = (
    "tests/attachments/test_scan_trouble.py",
    "tests/channels/oauth/test_mail_servers.py",
    "tests/channels/test_diagnose.py",
    "tests/channels/test_fetch_odd.py",
    "tests/console/conversation/test_mail_frame.py",
    "tests/console/conversation/test_remote_images.py",
    "tests/console/conversation/test_viewer.py",
    "tests/console/writing/test_draft_files.py",
    "tests/storage/test_diagnose.py",
)


def is_alone(place: str) -> bool:
    """PLACE: a node or a path, from the root of the repository."""
    return place.startswith(ALONE)


def is_said_by_others(place: str) -> bool:
    return place.startswith(SAID_BY_OTHERS)


def may_hold(chosen: str, file: Path, place: str) -> bool:
    """Whether a test in FILE could be CHOSEN by its markers; if in doubt, yes."""
    if not {"alone", "browser", "database"} & _asked(chosen):
        return True
    known: dict[str, bool] = {}
    browser = says_browser(file)
    if not browser:
        known["browser"] = False
    if is_said_by_others(place):
        known["database"] = False
    if is_alone(place):
        known["alone"] = True
    elif not browser:
        known["alone"] = False
    return _can_be_true(chosen, tuple(sorted(known.items())))


@cache
def says_browser(file: Path) -> bool:
    return BROWSER in file.read_text()


def _asked(chosen: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", chosen)) - {"and", "or", "not"}


@cache
def _can_be_true(chosen: str, known: tuple[tuple[str, bool], ...]) -> bool:
    """With some answer to each name that is not KNOWN."""
    expression = Expression.compile(chosen)
    free = sorted(_asked(chosen) - dict(known).keys())
    for answers in product((True, False), repeat=len(free)):
        told = dict(zip(free, answers, strict=True)) | dict(known)
        if expression.evaluate(lambda name, /, told=told, **_more: told[name]):
            return True
    return False
