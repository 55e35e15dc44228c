"""The same questions to every CRM: what a connector says is there, private, whole, in order, once."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from apps.core import blobs
from apps.crm.connectors.base import (
    Added,
    BulkConnector,
    Connector,
    CrmError,
    Entry,
    File,
    Most,
    NewTicket,
    TicketRef,
)
from apps.crm.connectors.once import add_entries, open_tickets
from apps.crm.models import CrmConnection
from tests.connectors.sides import (
    CASES,
    CHECK,
    DELETE,
    FIELDS,
    FIND,
    LOCK,
    MERGE,
    WEB,
    CrmSide,
    Said,
    asked_of,
)

pytestmark = [pytest.mark.connectors, pytest.mark.django_db]

STANDARD = (
    "Sent by: ana@x.test\nReceived by: help@x.test\nSession ID: E0123456789AB\nQueue: Support"
)
TEXTS = {
    "english": 'Hello,\n\n  two spaces, <b>no markup</b> & "quotes" — it\'s fine.\n\tA tab\nBye',
    "spanish": "¡Hola! ¿Qué tal, Íñigo? El pingüino pidió 3 € más.\nEnviado por: ana@x.test",
    "emoji": "👩‍👩‍👧‍👦 family, 🇪🇸 flag, 👍🏽 thumb, 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "right to left": "שלום, העולם\nمرحبا بالعالم 123\n混ぜた text עם",
    "address": "See http://console.test/e/17/, or (https://x.test/a?b=1&c='2') today.",
    "nothing much": "0",
    "entities": "&lt;br&gt; &amp;amp; &#0; <!-- --> ]]> %s %(x)s {LINK} '; DROP",
}
AS_PAGE = ("rt", "zendesk")  # comments are HTML there, which has no tabs
LONGEST = {"zendesk": 30_000}  # it counts the bytes of the page
_numbers = count(1)


def fresh() -> str:
    """A marker that nobody has used: the CRM of the tests remembers the others."""
    return f"T{next(_numbers):05}CONTRACT"


def opened(side: CrmSide, marker: str = "", **more: Any) -> TicketRef:
    wanted = NewTicket(marker or fresh(), **{"subject": "Parcel", **more})
    ticket = tried(side, wanted)
    assert isinstance(ticket, TicketRef), ticket
    return ticket


def tried(side: CrmSide, wanted: NewTicket, **changed: str) -> TicketRef | CrmError:
    connector = side.connector(replace(side.access, **changed))
    return open_tickets(connector, [wanted])[0]


def told(side: CrmSide, entries: Sequence[Entry]) -> Added:
    return add_entries(side.connector(side.access), [entries])[0]


def tell(side: CrmSide, *entries: Entry) -> list[Said]:
    added = told(side, entries)
    assert (added.done, added.error) == (len(entries), None)
    return side.said(entries[0].ticket)


def asking_one_by_one(side: CrmSide) -> Connector:
    connector = side.connector(side.access)
    assert not isinstance(connector, BulkConnector)
    return connector


def comment(ticket: TicketRef, text: str = "Hello", **more: Any) -> Entry:
    return Entry(ticket, f"{fresh()}:link:1", more.pop("kind", "copy"), text, **more)


def file(ticket: TicketRef, name: str, content: bytes, **more: Any) -> Entry:
    blob = blobs.store(content)
    kept = File(blob.pk, len(content), lambda: content)
    return Entry(ticket, f"{fresh()}:file:1", "file", name, kept, **more)


# ---- what is said ---------------------------------------------------------------------------


@asked_of()
@pytest.mark.contract("1.3.i", "1.3.j")
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_comment_is_private_and_says_what_we_said(side: CrmSide, text: str) -> None:
    shown = text.replace("\t", "    ") if side.kind in AS_PAGE else text
    assert tell(side, comment(opened(side), text)) == [Said(shown, private=True)]


@asked_of()
def test_the_lines_of_the_standard_comment_stay_lines(side: CrmSide) -> None:
    assert tell(side, comment(opened(side), STANDARD, kind="standard"))[0].text == STANDARD


@asked_of()
def test_the_longest_comment_comes_back_whole(side: CrmSide) -> None:
    most = getattr(side.connector(side.access), "most", Most()).comment
    text = ("wörter & <mehr> " * 5_000)[: min(most, LONGEST.get(side.kind, 60_000))].rstrip()
    assert tell(side, comment(opened(side), text))[0].text == text


@asked_of()
def test_a_control_character_stops_nothing(side: CrmSide) -> None:
    said = tell(side, comment(opened(side), "a\x0bb\x1b[31mc\ufffe\r\nd"))
    assert said[0].text.startswith("a") and said[0].text.endswith("d")


@asked_of()
def test_entries_stand_in_order(side: CrmSide) -> None:
    ticket = opened(side)
    texts = [f"Message {number}" for number in range(12)]
    assert [one.text for one in tell(side, *(comment(ticket, text) for text in texts))] == texts


@asked_of()
@pytest.mark.parametrize(
    ("name", "content"),
    {
        "every byte.bin2": bytes(range(256)) * 300,
        "latin.txt": "niño\r\n\r\n".encode("latin-1"),
        "página “1” 日本 😀.html": b"<script>alert(1)</script>\n",
        "photo.PNG": b"\x89PNG\r\n\x1a\n\x00\x00",
        "email-E0123456789AB-1.pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "mail.eml": b"From: a@x.test\r\nSubject: x\r\n\r\nbody\r\n",
        "empty.csv": b"",
        "0": b"0",
    }.items(),
)
def test_a_file_comes_back_byte_for_byte(side: CrmSide, name: str, content: bytes) -> None:
    said = tell(side, file(opened(side), name, content))
    ((found, stored),) = said[0].files
    assert (found.rstrip("_"), stored, said[0].private) == (name, content, True)


@asked_of(CHECK)
def test_a_file_over_the_limit_is_left_out_with_a_reason(side: CrmSide) -> None:
    ticket, connector = opened(side), asking_one_by_one(side)
    large = File(1, connector.most.file + 1, lambda: b"")
    error = told(side, [Entry(ticket, "m", "file", "large.iso", large)]).error
    assert error is not None
    assert (error.code, error.permanent, "large.iso" in error.sentence) == ("too-big", True, True)


# ---- never twice ----------------------------------------------------------------------------


@asked_of()
def test_a_ticket_is_found_again_by_its_marker(side: CrmSide) -> None:
    marker = fresh()
    ticket, other = opened(side, marker), opened(side)
    assert tried(side, NewTicket(marker, "Parcel", doubtful=True)) == ticket
    assert ticket.id != other.id
    assert ticket.url.startswith("http") and ticket.id in ticket.url


@asked_of()
def test_a_ticket_that_was_never_made_is_made(side: CrmSide) -> None:
    assert side.said(opened(side, doubtful=True)) == []


@asked_of()
@pytest.mark.parametrize("other", ["T9CONTRACT.2", "T9CONTRAC", "T9CONTRACTS"])
def test_a_marker_that_begins_alike_is_another(side: CrmSide, other: str) -> None:
    front = fresh()
    first = opened(side, f"{front}T9CONTRACT")
    assert opened(side, f"{front}{other}", doubtful=True).id != first.id


@asked_of()
def test_an_entry_in_doubt_is_there_once(side: CrmSide) -> None:
    ticket = opened(side)
    one, two = comment(ticket, "One"), file(ticket, "a.pdf", b"%PDF")
    tell(side, one, two)
    again = tell(side, replace(one, doubtful=True), replace(two, doubtful=True))
    assert len(again) == 2


@asked_of()
def test_an_entry_in_doubt_that_is_not_there_is_written(side: CrmSide) -> None:
    ticket = opened(side)
    tell(side, replace(comment(ticket, "One"), marker="T7:link:11"))
    assert len(tell(side, replace(comment(ticket, "Two"), marker="T7:link:1", doubtful=True))) == 2


@asked_of(FIND)
def test_many_entries_hide_none(side: CrmSide) -> None:
    ticket = opened(side)
    entries = [comment(ticket, f"Message {number}") for number in range(105)]  # over a page
    assert told(side, entries).done == 105
    connector = asking_one_by_one(side)
    assert connector.find_comment(entries[0])
    assert not connector.find_comment(comment(ticket))


# ---- what is refused, and why ---------------------------------------------------------------


@asked_of()
def test_a_long_subject_is_cut(side: CrmSide) -> None:
    ticket = opened(side, subject="Ñ日😀 " * 500)
    subject = side.subject(ticket)
    assert subject.startswith("Ñ日😀 Ñ日😀")
    assert "\ufffd" not in subject


@asked_of()
@pytest.mark.parametrize("subject", ["", "   ", "a\x0bb\nBcc: x@x.test", "'; -- \\ %", "😀" * 20])
def test_an_odd_subject_opens_a_ticket(side: CrmSide, subject: str) -> None:
    ticket = opened(side, subject=subject)
    assert "\n" not in side.subject(ticket) or side.kind == "builtin"


@asked_of(WEB)
def test_a_wrong_token_is_named(side: CrmSide) -> None:
    error = tried(side, NewTicket(fresh(), "Parcel"), token="1-29-0123456789abcdef")
    assert isinstance(error, CrmError)
    assert (error.code, "token" in error.sentence) == ("auth", True)


@asked_of(WEB)
def test_a_crm_that_does_not_answer_is_named(side: CrmSide) -> None:
    error = tried(side, NewTicket(fresh(), "Parcel"), url="http://127.0.0.1:9")
    assert isinstance(error, CrmError)
    assert (error.code, error.permanent, "127.0.0.1" in error.sentence) == (
        "unreachable",
        False,
        True,
    )


@asked_of(WEB)
@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::1]", "2130706433", "metadata.google.internal"]
)
def test_a_host_of_our_own_network_is_refused(side: CrmSide, host: str, settings: Any) -> None:
    settings.PRIVATE_HOSTS = []
    error = tried(side, NewTicket(fresh(), "Parcel"), url=f"http://{host}")
    assert isinstance(error, CrmError)
    assert (error.is_of_connection, "CARTERIA_PRIVATE_HOSTS" in error.sentence) == (True, True)


@asked_of(CHECK)
def test_the_check_says_who_we_are_and_where_tickets_go(side: CrmSide) -> None:
    connector = asking_one_by_one(side)
    said = connector.check()
    assert said.endswith(".") and "\n" not in said


@asked_of(CHECK)
def test_the_check_writes_nothing(side: CrmSide) -> None:
    ticket = opened(side)
    connector = asking_one_by_one(side)
    connector.check()
    assert side.said(ticket) == []


# ---- tickets that are no longer there -------------------------------------------------------


def error_of(side: CrmSide, entry: Entry) -> CrmError:
    added = told(side, [entry])
    assert added.done == 0 and added.error is not None
    return added.error


@asked_of(DELETE)
@pytest.mark.parametrize("doubtful", [False, True])
def test_a_deleted_ticket_is_gone(side: CrmSide, doubtful: bool) -> None:
    ticket = opened(side)
    side.delete(ticket)
    error = error_of(side, comment(ticket, doubtful=doubtful))
    assert (error.code, error.permanent, ticket.id in error.sentence) == ("gone", True, True)


@asked_of(DELETE)
def test_a_ticket_that_was_never_there_is_gone(side: CrmSide) -> None:
    ticket = replace(opened(side), id="99999999")
    assert error_of(side, comment(ticket)).code == "gone"


@asked_of(MERGE)
@pytest.mark.parametrize("doubtful", [False, True])
def test_a_merged_ticket_names_the_other(side: CrmSide, doubtful: bool) -> None:
    ticket, into = opened(side), opened(side)
    side.merge(ticket, into)
    error = error_of(side, comment(ticket, doubtful=doubtful))
    assert (error.code, error.merged_into) == ("merged", into)
    assert into.id in error.sentence


@asked_of(LOCK)
def test_a_ticket_that_takes_nothing_more_is_locked(side: CrmSide) -> None:
    ticket = opened(side)
    side.lock(ticket)
    error = error_of(side, comment(ticket))
    assert (error.code, error.permanent, ticket.id in error.sentence) == ("locked", True, True)


# ---- fields of the ticket -------------------------------------------------------------------


@asked_of(FIELDS)
def test_a_ticket_field_is_filled(side: CrmSide) -> None:
    name, value = side.known_field
    ticket = opened(side, fields={name: value})
    assert side.field(ticket, name) == value


@asked_of(FIELDS)
def test_an_unknown_field_is_refused_by_name(side: CrmSide) -> None:
    error = tried(side, NewTicket(fresh(), "Parcel", fields={"Kontrakt": "C-1"}))
    assert isinstance(error, CrmError)
    assert (error.code, error.permanent, "Kontrakt" in error.sentence) == ("refused", True, True)


def test_every_kind_is_asked() -> None:
    assert CASES.keys() == set(CrmConnection.Kind.values)
