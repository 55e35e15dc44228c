"""What POP3 cannot do is refused by a sentence that names the field and the cure."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from apps.channels.models import EmailAccount
from apps.channels.rules import account_doubts
from apps.core.rules import told

GOOD = {"name": "drop", "receive_kind": "pop3", "receive_host": "pop.x.test", "send_kind": "none"}
GOOD |= {"receive_port": 995, "receive_user": "ann", "receive_password": "x", "after": "keep"}


def refusals(**fields: Any) -> list[tuple[str, str]]:
    try:
        EmailAccount(**(GOOD | fields)).clean()
    except ValidationError as error:
        return told(error)
    return []


@pytest.mark.parametrize(
    ("fields", "field", "word"),
    [
        ({"after": "seen"}, "after", "leave as it is"),
        ({"after": "move", "after_folder": "Done"}, "after", "delete on the server"),
        ({"start": "unseen"}, "start", "only mail that arrives"),
        ({"start": "date", "start_date": "2026-01-01"}, "start", "neither dates"),
        ({"folders": ["INBOX", "Sales"]}, "folders", "Leave “Folders” empty"),
        ({"watch_junk": True}, "watch_junk", "Switch this off"),
        ({"junk_folder": "a\nb"}, "junk_folder", "is no name of a folder"),
    ],
)
def test_what_pop3_cannot_is_refused(fields: dict[str, Any], field: str, word: str) -> None:
    [(named, sentence)] = refusals(**fields)
    assert named == field
    assert word in sentence


@pytest.mark.parametrize(
    "fields", [{}, {"after": "delete", "start": "all"}, {"folders": ["inbox"], "idle": True}]
)
def test_what_pop3_can_is_taken(fields: dict[str, Any]) -> None:
    assert refusals(**fields) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, []),
        ({"receive_port": 110, "receive_tls": "starttls"}, []),
        ({"receive_port": 993}, ["port 993 is one of IMAP; with this choice 995 is usual."]),
        ({"receive_port": 465}, ["port 465 is one for sending; 995 is usual here."]),
        ({"receive_port": 110}, ["port 110 does not go with this encryption; with it, 995"]),
        ({"after": "delete"}, ["Mail is deleted on its server once it is stored"]),
    ],
)
def test_odd_ports_are_doubted(fields: dict[str, Any], said: list[str]) -> None:
    doubts = list(account_doubts(EmailAccount(**(GOOD | fields))))
    assert len(doubts) == len(said)
    assert all(word in doubt for word, doubt in zip(said, doubts, strict=True))
