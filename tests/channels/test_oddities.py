"""Odd structure is named; what is merely clumsy is not."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.attachments.policy import judge
from apps.channels.models import InboundEmail
from apps.channels.oddity_words import ODDITIES, why_held
from apps.channels.parse import parse, read
from apps.channels.receive import receive_one
from apps.tickets.held.quarantine import release
from apps.tickets.inbound import take_in
from tests.channels.mailboxes import switch_on
from tests.channels.odd_mails import NAMES, raw
from tests.channels.odd_structures import CLUMSY, FILE, MIXED, ODD, TEXT, TOP
from tests.people import make_mailbox, make_queue, make_user

HARMLESS = sorted(set(NAMES) - {"base64-two-blocks"})


@pytest.mark.parametrize("name", ODD)
def test_what_two_readers_read_differently_is_named(name: str) -> None:
    code, mail = ODD[name]
    assert code in parse(mail).oddities


@pytest.mark.parametrize("name", CLUMSY)
def test_what_is_only_clumsy_is_not_odd(name: str) -> None:
    assert parse(CLUMSY[name]).oddities == ()


@pytest.mark.parametrize("name", HARMLESS)
def test_the_odd_mails_that_people_send_are_not_held(name: str) -> None:
    assert parse(raw(name)).oddities == ()


def test_every_code_has_words() -> None:
    assert {code for code, _mail in ODD.values()} == set(ODDITIES)


def test_the_sentence_names_each_oddity() -> None:
    said = why_held(["reopened", "fragment"])
    assert "behind the end" in said
    assert "one piece" in said


def test_an_odd_mail_is_still_read() -> None:
    mail = parse(ODD["reopened after its end"][1])
    assert mail.text == "hello"
    assert mail.from_ is not None


def test_every_name_of_a_doubled_field_reaches_the_policy() -> None:
    _code, mail = ODD["two names by two dispositions"]
    assert set(parse(mail).files[0].names) == {"a.pdf", "a.bat"}


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"attachment filename=a.bat", "a.bat"),
        (b'attachment; filename="a.pdf".bat', 'a.pdf".bat'),
        (b'attachment; filename="a.b\\at"', "a.bat"),
        (b'attachment; filename=a.b"a"t', "a.bat"),
        (b"attachment, filename=a.bat", "a.bat"),
        (b"attachment; name=a.bat", "a.bat"),
        (b"attachment" + b"; x=y" * 200 + b"; filename=a.bat", "a.bat"),
    ],
)
def test_a_name_that_careless_readers_see_reaches_the_policy(disposition: bytes, name: str) -> None:
    mail = TOP + b"Content-Disposition: " + disposition + b"\r\n\r\nx"
    assert name in parse(mail).files[0].names


def test_a_mail_too_deep_for_anybody_is_read_as_text() -> None:
    levels = [
        b"Content-Type: multipart/mixed; boundary=c%d\r\n\r\n--c%d\r\n" % (n, n) for n in range(999)
    ]
    mail = parse(TOP + b"".join(levels) + b"Content-Type: text/plain\r\n\r\nat the bottom")
    assert mail.text == "at the bottom"
    assert mail.is_cut
    assert mail.oddities == ()
    assert not judge(mail.files[0].names, mail.files[0].content).allowed


def test_the_parts_beyond_the_cap_are_judged_too() -> None:
    bat = FILE.replace(b"a.dat", b"a.bat")
    mail = parse(TOP + MIXED + b"\r\n" + (b"--b\r\n" + TEXT) * 600 + b"--b\r\n" + bat + b"--b--")
    rest = mail.files[-1]
    assert mail.oddities == ()
    assert judge((rest.name, *rest.names), rest.content).reason == "type-denied"


def test_a_mail_deeper_than_anybody_looks_still_shows_its_last_words() -> None:
    levels = [
        b"Content-Type: multipart/mixed; boundary=c%d\r\n\r\n--c%d\r\n" % (n, n)
        for n in range(9999)
    ]
    mail = parse(TOP + b"".join(levels) + b"Content-Type: text/plain\r\n\r\nat the bottom\r\n--c--")
    assert mail.text is not None
    assert mail.text.strip() == "at the bottom"


def test_what_is_left_unread_is_not_called_as_its_first_part() -> None:
    mail = parse(TOP + MIXED + b"\r\n" + (b"--b\r\n" + FILE) * 600)
    assert mail.files[-1].name == "message-500.eml"


def test_every_file_within_the_text_is_found() -> None:
    block = b"begin 644 a%d.txt\n%%:&5L;&\\*\n`\nend\n"
    files = parse(TOP + b"\r\n" + block % 1 + block % 2).files
    assert [(file.name, file.content) for file in files] == [
        ("a1.txt", b"hello"),
        ("a2.txt", b"hello"),
    ]


def test_a_file_within_the_text_is_a_file() -> None:
    text = b"see below\n\nbegin 644 a.bat\n%:&5L;&\\*\n`\nend\n"
    (file,) = parse(TOP + b"\r\n" + text).files
    assert (file.name, file.content) == ("a.bat", b"hello")


PIECES = st.sampled_from(
    [
        *(TOP, MIXED, TEXT, FILE, b"--b\r\n", b"--b--\r\n", b"--b x\r\n", b"--\r\n"),
        *(b"\r\n", b"\r", b"\n", b"\0", b"=", b'"', b"name*0=", b"boundary=b;"),
        *(b"Content-Type: ", b"Content-Type: message/rfc822\r\n\r\n"),
        *(b"Content-Transfer-Encoding: base64\r\n", b"multipart/mixed; boundary="),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=4), max_size=25))
def test_the_oddities_of_any_mixture_are_the_same_each_time(pieces: list[bytes]) -> None:
    mixture = TOP + b"".join(pieces)
    first = read(mixture).oddities
    assert first == read(mixture).oddities
    assert set(first) <= set(ODDITIES)


@pytest.mark.django_db
def test_an_odd_mail_waits_for_a_person_who_may_release_it() -> None:
    switch_on()
    mailbox = make_mailbox(queue=make_queue())
    held, _new = receive_one(ODD["two encodings of a file"][1], mailbox=mailbox, source="api")
    take_in()
    held.refresh_from_db()
    assert (held.status, held.code) == ("quarantined", "odd-structure")
    assert "coded" in held.reason
    assert held.subject == "hello"
    release(held, by=make_user())
    take_in()
    assert _status(held) == InboundEmail.Status.STORED


def _status(row: InboundEmail) -> Any:
    return InboundEmail.objects.get(pk=row.pk).status
