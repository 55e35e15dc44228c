"""Who gets what of the JSON of the console: (verb, url name, query or body)."""

from urllib.parse import parse_qsl

import pytest
from django.urls import reverse

from apps.console.urls_desk import LIST, READING, REGROUPING, VIEWING
from tests.rights.world import World, cell, state, undone, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
DESK = {
    ("get", "desk", ""):                       "y y n n y n y y y 1 n",
    ("get", "desk-sessions", "?status=any"):   "y y n n y n y y y 1 n",
    ("get", "desk-sessions", "?queue={queue}"):"y y 4 4 y 4 y y y 1 4",
    ("get", "desk-rows", "?ids={session}"):    "y y n n y n y y y 1 n",
    ("get", "desk-choices", "?session={session}"): "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-choices", "?queue={queue}"): "+ + 4 4 + 4 4 4 4 1 4",
    ("post", "desk-state", "state=Break"):     "4 4 4 4 + + 4 4 4 1 4",
    ("post", "desk-keys", "on="):              "+ + + + + + + + + 1 +",
    ("post", "desk-take", ""):                 "3 3 4 4 + 4 3 3 3 1 4",
    ("post", "desk-give-back", ""):            "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-status", "status=paused"):  "+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-transfer", "queue={other}"):"+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-assign", "agent={agent}"):  "+ + 4 4 c 4 c c c 1 4",
    ("post", "desk-make-customer", "message={message}"): "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-rebuild", ""):              "+ + 4 4 3 4 3 3 3 1 4",
    ("post", "desk-move", "session={session}"):"c c 4 4 c 4 c c c 1 4",
    ("post", "desk-merge", "into={session}"):  "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-keep-apart", ""):           "- - 4 4 - 4 c c c 1 4",
    ("post", "desk-regroup-undo", ""):         "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-release", "attachment={file}"): "c c 4 4 3 4 3 3 3 1 4",
    ("post", "desk-resolve", "message={message}&outcome=arrived"): "c c 4 4 c 4 c c c 1 4",
    ("post", "desk-seen", "message={message}"):"+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-unread", ""):               "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-session", ""):               "y y 4 4 y 4 y y y 1 4",
    ("get", "desk-customer", ""):              "+ + 4 4 + 4 + + + 1 4",
    ("get", "desk-message", ""):               "y y 4 4 y 4 y y y 1 4",
    ("post", "desk-here", "tab=a"):            "+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-gone", "tab=a"):            "- - 4 4 - 4 - - - 1 4",
    ("get", "desk-viewers", ""):               "+ + 4 4 + 4 + + + 1 4",
}  # fmt: skip


_DESK_MARKS = {
    "desk": '"name": "Support"',
    "desk-sessions": '"id": "{session}"',
    "desk-rows": '"id": "{session}"',
    "desk-session": '"id":"{session}"',
    "desk-message": '"id":"{message}"',
}
_DESK_WORDS = {
    "desk-message": "message",
    "desk-move": "message",
    "desk-regroup-undo": "regrouping",
}
_WITHOUT_SESSION = {"desk", "desk-sessions", "desk-rows", "desk-choices", "desk-state", "desk-keys"}


@pytest.mark.parametrize("row", DESK, ids=lambda row: " ".join(row))
def test_desk(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    word = _DESK_WORDS.get(name, "session")
    address = reverse(name, args=[] if name in _WITHOUT_SESSION else [world.words[word]])
    said = more.format(**world.words)
    body = {"on": False} if name == "desk-keys" else dict(parse_qsl(said))
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                mark = _DESK_MARKS.get(name, "").format(**world.words)
                answers[person] = cell(browser.get(address + said), mark)
            else:
                answer = browser.post(address, body, content_type="application/json")
                answers[person] = cell(answer, before=before)
    walked(answers, DESK[row])


def test_every_address_that_writes_no_draft_is_in_the_table() -> None:
    addresses = [*LIST, *REGROUPING, *READING, *VIEWING]
    assert {pattern.name for pattern in addresses} == {name for _verb, name, _more in DESK}
