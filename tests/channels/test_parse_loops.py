"""Mail that machines wrote is known for what it is, and people's mail is not taken for it."""

import pytest

from apps.channels.parse import parse
from apps.channels.parsed import Bounce
from tests.channels.odd_mails import NAMES, read

OURS = "ours@support.example.com"
BOUNCES = {
    "bounce-rfc3464-hard": Bounce("hard", ("gone@example.com",), "5.1.1", 550, (), OURS),
    "bounce-rfc3464-delayed": Bounce("soft", (), "4.4.1", 451, ("slow@example.com",), OURS),
    "bounce-qmail": Bounce("hard", ("gone@example.com",), "5.1.1", 550, (), OURS),
    "bounce-exchange": Bounce("hard", ("gone@corp.example.com",), "5.1.10", 550, (), OURS),
    "bounce-gmail": Bounce("hard", ("gone@example.com",), "5.1.1", 550, (), OURS),
}


@pytest.mark.parametrize("name", NAMES)
def test_bounces_and_only_bounces_are_bounces(name: str) -> None:
    mail = read(name)
    assert mail.bounce == BOUNCES.get(name)
    assert mail.is_bounce == (name in BOUNCES)


@pytest.mark.parametrize("name", ["bounce-success-is-receipt", "receipt-read-rfc8098"])
def test_a_receipt_names_the_mail_that_arrived(name: str) -> None:
    mail = read(name)
    assert mail.is_receipt
    assert mail.receipt_of == OURS


def test_a_complaint_says_of_which_kind_it_is() -> None:
    assert read("complaint-rfc5965").feedback_type == "abuse"


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner-email=x",
        "Auto-Submitted: Auto-Notified (by a job)",
        "X-Autoreply: yes",
        "X-Autorespond: away",
        "Precedence: auto_reply",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Auto-Response-Suppress: All",
        "X-POST-MessageClass: 9; Autoresponder",
        "Return-Path: <>\nSubject: Automatic reply: Your order",
    ],
)
def test_automatic_mail_says_so(field: str) -> None:
    assert _mail(field).is_auto_reply


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: no",
        "X-Autoreply: no",
        "Subject: Out of office next week",
        "Subject: Automatic reply wanted",
        "Subject: Automatic reply: not working in your product",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: DR, RN",
    ],
)
def test_people_write_about_automatic_mail_too(field: str) -> None:
    assert not _mail(field).is_auto_reply


@pytest.mark.parametrize(
    "field",
    [
        "List-Id: <a.example.com>",
        "List-Unsubscribe: <https://example.com>",
        "Mailing-List: contact x",
        "Precedence: bulk",
        "Precedence: LIST",
        "Precedence: junk",
    ],
)
def test_lists_and_bulk_are_known(field: str) -> None:
    assert _mail(field).is_list


def test_a_customer_who_asks_about_a_bounce_is_no_bounce() -> None:
    mail = parse(
        b"Return-Path: <ann@example.com>\nFrom: Ann <ann@example.com>\n"
        b"Subject: Undeliverable: what does this mean?\n\n"
        b"This is the qmail-send program said: 550 5.1.1 no such user\n"
    )
    assert not mail.is_bounce


def test_a_vacation_answer_without_sender_is_no_bounce() -> None:
    mail = _mail("Return-Path: <>\nSubject: Automatic reply: hello\nAuto-Submitted: auto-replied")
    assert mail.is_auto_reply
    assert mail.null_return_path
    assert not mail.is_bounce


def _mail(field: str):  # type: ignore[no-untyped-def]
    return parse(f"From: a@example.com\n{field}\nTo: b@example.com\n\nHello\n".encode())
