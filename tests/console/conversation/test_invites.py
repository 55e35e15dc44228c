"""An appointment in a mail: a small card in the reader's language, read only when it is clean."""

import json

import pytest
from django.utils import timezone, translation

from apps.attachments.models import Attachment, Verdict
from apps.channels.models import InboundEmail
from apps.channels.parsing.invites import read_invite
from apps.channels.receive import receive_one
from apps.console.conversation.invites import invite_json
from apps.console.conversation.messages import lines_of, message_of
from apps.core.models import User
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from tests.channels.odd_mails import raw
from tests.people import House

EVENT = "BEGIN:VCALENDAR\n{method}BEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"

# Lines of an event, and one row of its card.
ROWS = {
    "DTSTART:20250310T083000Z\nDTEND:20250310T093000Z": "March 10, 2025, 8:30 a.m. – 9:30 a.m.",
    "DTSTART;TZID=Europe/Madrid:20250310T093000": "March 10, 2025, 8:30 a.m.",
    "DTSTART;TZID=W. Europe Standard Time:20250310T093000": (
        "March 10, 2025, 9:30 a.m. (W. Europe Standard Time)"
    ),
    "DTSTART:20250310T093000": "March 10, 2025, 9:30 a.m.",
    "DTSTART;VALUE=DATE:20250310\nDTEND;VALUE=DATE:20250311": "March 10, 2025",
    "DTSTART;VALUE=DATE:20250310\nDURATION:P2D": "March 10, 2025 – March 11, 2025",
    "DTSTART:20250310T230000Z\nDURATION:PT3H": ("March 10, 2025, 11 p.m. – March 11, 2025, 2 a.m."),
    "RRULE:FREQ=WEEKLY": "every week",
    "RRULE:FREQ=MONTHLY;INTERVAL=3;UNTIL=20261231T000000Z": ("every 3 months, until Dec. 31, 2026"),
    "RRULE:FREQ=DAILY;COUNT=4": "every day, 4 times",
    "LOCATION:Room\\, 2\\nfloor": "Room, 2 floor",
    'ORGANIZER;CN="Miller; Ann":mailto:ann@x.test': "Miller; Ann <ann@x.test>",
    "ATTENDEE:mailto:a@x.test\nATTENDEE:mailto:b@x.test": "2 people",
    "BEGIN:VALARM\nLOCATION:hidden\nEND:VALARM\nLOCATION:seen": "seen",
}


def card(lines: str, method: str = "") -> dict[str, object]:
    written = EVENT.format(lines=lines, method=f"METHOD:{method}\n" if method else "")
    invite = read_invite(written.encode())
    assert invite is not None
    with translation.override("en"), timezone.override("UTC"):
        return dict(invite_json(invite))


@pytest.mark.parametrize("lines", ROWS)
def test_what_people_ask_first_is_a_row(lines: str) -> None:
    assert [row["value"] for row in card(lines)["rows"]] == [ROWS[lines]]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "lines", "title"),
    [
        ("REQUEST", "SUMMARY:x", "Invitation"),
        ("CANCEL", "SUMMARY:x", "Cancelled appointment"),
        ("REQUEST", "STATUS:CANCELLED", "Cancelled appointment"),
        ("REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:b@x.test", "Answer to an invitation"),
        ("", "SUMMARY:x", "Appointment"),
    ],
)
def test_the_title_says_what_is_wanted(method: str, lines: str, title: str) -> None:
    assert card(lines, method)["title"] == title


def test_an_answer_names_who_comes() -> None:
    rows = card("ATTENDEE;CN=Bob;PARTSTAT=TENTATIVE:mailto:b@x.test", "REPLY")["rows"]
    assert rows == [{"label": "Who answers", "value": "Bob <b@x.test> may come"}]


def read_by(user: User) -> dict[str, object]:
    return message_of(user, lines_of(user).get())["body"]  # type: ignore[no-any-return]


def taken_in(house: House, name: str, verdict: str) -> Message:
    receive_one(raw(name), mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    Attachment.objects.update(verdict=verdict)
    return Message.objects.get()


def test_the_card_stands_above_the_words_of_the_mail(house: House) -> None:
    taken_in(house, "calendar-request-beside-text", Verdict.CLEAN)
    body = read_by(house.alice.user)
    assert body["invite"]["summary"] == "Delivery, part two: who signs?"  # type: ignore[index]
    assert "Please come." in json.dumps(body["parts"])


@pytest.mark.parametrize("verdict", [Verdict.WAITING, Verdict.INFECTED, Verdict.REFUSED])
def test_no_card_is_read_from_a_file_that_is_not_clean(house: House, verdict: str) -> None:
    taken_in(house, "calendar-request-beside-text", verdict)
    assert "invite" not in read_by(house.alice.user)


def test_an_invite_without_words_is_words_enough(house: House) -> None:
    message = taken_in(house, "calendar-alone-cancelled", Verdict.CLEAN)
    assert message.text.startswith("Cancelled: Día de puertas abiertas\nWhen: 2025-03-10")


def test_that_a_mail_is_signed_stands_with_what_is_known_of_its_sender(house: House) -> None:
    taken_in(house, "smime-signed-in-one-piece", Verdict.CLEAN)
    line = message_of(house.alice.user, lines_of(house.alice.user).get())
    said = "Signed with S/MIME; the signature was not checked."
    assert said in line["trust"]["sentences"] and line["trust"]["level"] == "neutral"
