"""Forwarded mails: who wrote the mail inside, in many languages and programs (PAINS 26)."""

from email.message import EmailMessage

import pytest

from apps.channels.parse import parse
from apps.channels.parsed import Address
from apps.channels.parsing.forwards import forwarded_from
from tests.channels.forward_cases import LANGUAGES, ODD, WRITER, Language, answer, cases

CASES = dict(cases())


@pytest.mark.parametrize("name", CASES)
def test_the_first_writer_is_found(name: str) -> None:
    found = parse(CASES[name])
    assert found.forwarded_from == Address(WRITER[1], WRITER[0])
    assert found.forwarded_by == ("text" if name.endswith(("text", "apple")) else "html")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.name)
def test_an_answer_names_nobody(language: Language) -> None:
    assert parse(bytes(answer(language))).forwarded_from is None


@pytest.mark.parametrize("name", ODD)
def test_an_odd_one(name: str) -> None:
    subject, text, expected = ODD[name]
    found = forwarded_from(subject, text, None, ())
    assert (found and (found.address.name, found.address.email)) == expected


def test_twenty_languages_at_least() -> None:
    assert len({language.name for language in LANGUAGES}) >= 20


def attached(subject: str) -> bytes:
    inner = EmailMessage()
    inner["From"] = "=?utf-8?q?Ana_Mar=C3=ADa_Ruiz?= <ana.ruiz@customer.example>"
    inner["Subject"] = "Pedido 7"
    inner.set_content("Hello, where is it?")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "helper@agents.example", subject
    outer.set_content("See the attached mail.")
    outer.add_attachment(inner)
    return bytes(outer)


def test_a_mail_that_is_attached_is_read() -> None:
    found = parse(attached("WG: Pedido 7"))
    assert found.forwarded_from == Address(WRITER[1], WRITER[0])
    assert found.forwarded_by == "attachment"


def test_a_mail_that_is_only_attached_is_no_forward() -> None:
    assert parse(attached("Evidence")).forwarded_from is None


@pytest.mark.parametrize(
    "text",
    [
        "From: " * 1_000_000,
        "From: a\n" * 700_000,
        "From: " + "a" * 5_000_000,
        "> " * 2_500_000,
        "-" * 5_000_000,
        "From: " + "a.@" * 1_500_000,
        "From: x\nSent: y\nTo: " + "<mailto:" * 600_000,
    ],
    ids=range(7),
)
def test_megabytes_of_what_looks_like_it_end(text: str) -> None:
    """Each expression takes one step for a letter: anything else would not come back."""
    found = forwarded_from("Fwd: x", text, text, ())
    assert found is None or len(found.address.email) <= 320
