"""Who writes and sends in the console; the draft is Alice's: (verb, url name, query or body)."""

from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.urls import reverse

from apps.channels.parsed import Address
from apps.console.urls_desk import WRITING
from apps.tickets import draft_files, drafts
from apps.tickets.drafts_begin import begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.letters import Upload
from apps.tickets.models import Session
from tests.rights.world import World, cell, state, undone, walked

# What a database does differently is asked elsewhere: rights are asked of one.
pytestmark = [pytest.mark.django_db, pytest.mark.only_on("sqlite")]


#                                            admin irene otto nora alice charlie auditor robot blind nobody eve
WRITING_DOORS = {
    ("get", "desk-drafts", ""):                "n n n n y n n n n 1 n",
    ("post", "desk-drafts", "kind=reply&session={session}"): "+ + 4 4 - 4 c c c 1 4",
    ("post", "desk-drafts", "kind=forward&message={message}"): "+ + 4 4 + 4 c c c 1 4",
    ("post", "desk-drafts", "kind=new&queue={queue}"): "+ + b b + b b b b 1 b",
    ("get", "desk-draft", ""):                 "y y 4 4 y 4 y y y 1 4",
    ("put", "desk-draft", "version=1"):        "4 4 4 4 + 4 4 4 4 1 4",
    ("delete", "desk-draft", ""):              "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-draft-take", ""):           "+ + 4 4 - 4 c c c 1 4",
    ("post", "desk-draft-send", "version=1"):  "4 4 4 4 + 4 4 4 4 1 4",
    ("get", "desk-draft-files", ""):           "+ + 4 4 + 4 + + + 1 4",
    ("post", "desk-draft-files", ""):          "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-draft-unstage", ""):        "4 4 4 4 + 4 4 4 4 1 4",
    ("post", "desk-undo", ""):                 "c c 4 4 + 4 c c c 1 4",
    ("get", "desk-canned", ""):                "y y n n y n y y y 1 n",
    ("get", "desk-canned", "?session={session}"): "y y 4 4 y 4 y y y 1 4",
    ("get", "desk-signature", ""):             "n n n n y n n n n 1 n",
    ("put", "desk-signature", "html=Me"):      "+ + + + + + + + + 1 +",
}  # fmt: skip


_WRITING_MARKS = {
    "desk-drafts": '"id": "{draft}"',
    "desk-draft": '"id": "{draft}"',
    "desk-canned": "Sorry, late",
    "desk-signature": "Alice of Support",
}
_ABOUT_NO_DRAFT = {"desk-drafts", "desk-canned", "desk-signature"}


def _drafts_of(world: World) -> dict[str, Any]:
    """Alice's draft with a file, and for Undo one that was sent a moment ago."""
    alice = world.house.alice.user
    session = Session.objects.get(public_id=world.words["session"])
    session.thread.mailboxes.add(world.house.mailbox)
    draft, _new = begin_reply(session, by=alice, opening="<p>Hello</p>")
    row = draft_files.add(draft, Upload("a.txt", "text/plain", b"a"), by=alice)
    return world.words | {"draft": draft.key, "row": row.pk}


def _sent_by(world: World, words: dict[str, Any]) -> int:
    alice = world.house.alice.user
    draft = drafts.find(words["draft"], by=alice)
    ann = Address("customer@outside.test")
    return send(draft, drafts.Content(to=(ann,), html="<p>Hi</p>"), Wish(), by=alice).pk


@pytest.mark.parametrize("row", WRITING_DOORS, ids=lambda row: " ".join(row))
def test_writing(world: World, row: tuple[str, str, str]) -> None:
    verb, name, more = row
    words = _drafts_of(world)
    arguments = [] if name in _ABOUT_NO_DRAFT else [words["draft"]]
    if name == "desk-undo":
        arguments = [_sent_by(world, words)]
    if name == "desk-draft-unstage":
        arguments.append(words["row"])
    address, said = reverse(name, args=arguments), more.format(**words)
    answers = {}
    before = state()
    for person, browser in world.browsers.items():
        with undone():
            if verb == "get":
                mark = _WRITING_MARKS.get(name, "").format(**words)
                answers[person] = cell(browser.get(address + said), mark)
                continue
            call = getattr(browser, verb)
            answer = call(address, dict(parse_qsl(said)), content_type="application/json")
            answers[person] = cell(answer, before=before)
    walked(answers, WRITING_DOORS[row])


def test_every_address_of_writing_is_in_the_table() -> None:
    assert {pattern.name for pattern in WRITING} == {name for _verb, name, _more in WRITING_DOORS}
