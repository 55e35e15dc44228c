"""Reports of mail servers, old and odd ones too: for whom, how bad, why, and about which mail."""

import json

import pytest

from apps.channels.parse import parse
from apps.channels.parsed import Bounce, Fate, ParsedEmail
from apps.channels.parsing.bounces import codes
from tests.channels.bounce_lookalikes import LOOKALIKES
from tests.channels.bounce_mails import GONE, OURS, ROWS, Row
from tests.channels.odd_mails import read

BY_NAME = {row.name: row for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_report_is_read_right(row: Row) -> None:
    mail = parse(row.raw())
    original = OURS if OURS in row.raw().decode() else ""
    expected = Bounce(row.kind, row.to, row.status, row.code, row.delayed, original)  # type: ignore[arg-type]
    assert mail.bounce == expected


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_recipient_has_one_fate_that_can_be_shown(row: Row) -> None:
    fates = parse(row.raw()).fates
    blamed = [fate.recipient for fate in fates if fate.kind != "delivered"]
    assert blamed == [*row.to, *row.delayed]
    assert all(len(fate.words) <= 500 and fate.words.isprintable() for fate in fates)


@pytest.mark.parametrize("name", LOOKALIKES)
def test_not_every_mail_that_speaks_of_failure_is_a_bounce(name: str) -> None:
    mail = parse(LOOKALIKES[name].encode())
    assert not mail.is_bounce
    assert mail.fates == ()


def test_each_recipient_keeps_its_own_reason() -> None:
    first, second = parse(BY_NAME["qmail-two-recipients"].raw()).fates
    assert (first.kind, first.status, first.smtp_code) == ("hard", "5.1.1", 550)
    assert (second.kind, second.status, second.smtp_code) == ("soft", "4.2.2", None)
    assert "no such user" in first.words
    assert "over the quota" in second.words


def test_delivered_ones_are_told_from_failed_ones() -> None:
    fates = parse(BY_NAME["postfix-one-failed-one-delivered"].raw()).fates
    assert [(one.recipient, one.kind) for one in fates] == [
        ("fine@example.org", "delivered"),
        (GONE, "hard"),
    ]


def test_the_mail_that_came_back_and_what_it_answered_are_named_in_this_order() -> None:
    assert parse(BY_NAME["postfix"].raw()).original_ids == (OURS, "theirs@example.org")
    assert parse(BY_NAME["qmail"].raw()).original_ids == (OURS, "theirs@example.org")


@pytest.mark.parametrize(
    "copy",
    [
        "> Message-ID: <ours@support.example.com>\n> Subject: Re: A question\n",
        "    Message-Id:\n\t<ours@support.example.com>\n",
        "Received: from x\nMESSAGE-ID: <ours@support.example.com>\n",
    ],
)
def test_the_copy_may_be_quoted_indented_or_folded(copy: str) -> None:
    mail = _letter(f"{_FAILED}--- Below this line is a copy of the message.\n\n{copy}")
    assert mail.original_ids == (OURS,)


def test_a_report_without_a_copy_is_tied_by_what_it_answers() -> None:
    mail = _letter(_FAILED, "References: <theirs@x.test> <ours@support.example.com>\n")
    assert mail.original_ids == (OURS, "theirs@x.test")


def test_a_complaint_of_outlook_com_has_no_report() -> None:
    mail = parse(
        b"From: staff@hotmail.test\nSubject: complaint about message from 192.0.2.1\n"
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"
        b"Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ann@example.org\n"
        b"Message-ID: <ours@support.example.com>\n\nWords.\n--b--\n"
    )
    assert mail.feedback_type == "abuse"
    assert mail.fates == (Fate("ann@example.org", "complaint", words="abuse"),)


def test_receipts_and_complaints_have_fates_too() -> None:
    assert read("bounce-success-is-receipt").fates == (
        Fate("there@example.com", "delivered", "2.0.0"),
    )
    read_by = read("receipt-read-rfc8098").fates[0]
    assert (read_by.recipient, read_by.kind) == ("ann@example.com", "read")
    assert read("complaint-rfc5965").fates == (Fate("", "complaint", words="abuse"),)
    assert read("complaint-rfc5965").original_ids == (OURS,)


@pytest.mark.parametrize(
    ("status", "code", "words", "kind"),
    [
        ("5.1.1", 550, "user unknown", "hard"),
        ("5.1.1", 550, "user over quota (#5.1.1)", "soft"),
        ("5.2.1", 550, "account has been disabled", "hard"),
        ("5.2.2", 552, "", "soft"),
        ("5.3.4", 552, "", "soft"),
        ("5.6.0", 554, "", "soft"),
        ("5.7.1", 550, "relaying denied", "hard"),
        ("5.7.1", 550, "RESOLVER.RST.NotAuthorized; not authorized", "soft"),
        ("5.4.1", 550, "Recipient address rejected: Access denied", "hard"),
        ("5.7.1", 554, "blocked using bl.example", "soft"),
        ("5.7.26", 550, "unauthenticated email, DMARC policy", "soft"),
        ("5.4.7", None, "delivery time expired", "soft"),
        ("4.1.1", 450, "user unknown", "soft"),
        ("", 451, "", "soft"),
        ("", None, "connection timed out", "soft"),
        ("", None, "", "hard"),
    ],
)
def test_how_bad_it_is(status: str, code: int | None, words: str, kind: str) -> None:
    assert codes.kind_of(status, code, words) == kind


@pytest.mark.parametrize(
    ("written", "found", "code", "best"),
    [
        ("5.0.0", "5.1.1", 550, "5.1.1"),
        ("5.0.0", "5.0.0", 550, "5.0.0"),
        ("5.2.2", "5.0.0", 550, "5.2.2"),
        ("", "5.7.1", None, "5.7.1"),
        ("5.4.4", "5.1.2", None, "5.4.4"),
        ("4.4.7", "4.2.2", 450, "4.2.2"),
        ("5.1.1", "4.2.2", 450, "4.2.2"),
        ("5.1.2", "", 550, "5.1.2"),
    ],
)
def test_the_more_telling_status_counts(
    written: str, found: str, code: int | None, best: str
) -> None:
    assert codes.better_status(written, found, code) == best


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        ("550-5.1.1 no\n550 5.1.1 such user", "5.1.1", 550),
        ("host 5.1.2.3 said: 550 no", "", 550),
        ("Sendmail 8.14.4 at 192.0.2.4 with port 587", "", None),
        ("Internet Mail Service (5.5.2653.19)", "", None),
        ("larger than 500 kB, 551 messages", "", None),
        ("(#5.1.1)", "5.1.1", None),
        ("It failed with 5.2.2.", "5.2.2", None),
        ("delivered to user450@example.org", "", None),
    ],
)
def test_numbers_are_not_mistaken_for_codes(text: str, status: str, code: int | None) -> None:
    assert codes.status_in(text) == status
    assert codes.code_in(text) == code


@pytest.mark.parametrize(
    "filling",
    [
        "a@b.test ",
        "<",
        '"a"@',
        "Message-ID: ",
        "550 5.1.1 ",
        "(expanded from: <x@y.test>) ",
        "a" * 60 + ".",
        "\n\n",
        "Final-Recipient: rfc822; a@b.test\n",
    ],
)
def test_five_megabytes_are_read_at_once(filling: str) -> None:
    text = _FAILED + filling * (5_000_000 // len(filling))
    mail = _letter(text)
    assert mail.is_bounce
    assert len(mail.fates) <= 200


def test_a_report_of_a_thousand_recipients_is_cut() -> None:
    group = "\nFinal-Recipient: rfc822; a{0}@example.org\nAction: failed\nStatus: 5.0.0\n"
    report = "Reporting-MTA: dns; x.test\n" + "".join(map(group.format, range(1000)))
    row = Row("many", "MAILER-DAEMON@x.test", "failure notice", "gone", report=report)
    assert 150 < len(parse(row.raw()).fates) <= 200


_FAILED = (
    "Hi. This is the qmail-send program at mx.example.net.\n\n<gone@example.org>:\n550 5.1.1 no\n\n"
)


def _letter(text: str, headers: str = "") -> ParsedEmail:
    head = "Return-Path: <>\nFrom: MAILER-DAEMON@mx.example.net\nTo: support@example.com\n"
    return parse(f"{head}Subject: failure notice\n{headers}\n{text}".encode())


_NOTICE = (
    '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{'
    '"emailAddress":"gone@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; '
    '550 5.1.1 user unknown"}]},"mail":{"messageId":"0100-replaced","headers":[{"name":"Message-ID",'
    '"value":"<ours@support.example.com>"}]}}'
)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_notice_in_json_is_read_too(wrapped: bool) -> None:
    told = json.dumps({"Type": "Notification", "Message": _NOTICE}) if wrapped else _NOTICE
    mail = _notice(f"{told[:90]}!\n {told[90:]}\n\n--\nTo stop these mails ...\n")
    assert mail.bounce == Bounce("hard", (GONE,), "5.1.1", 550, (), OURS)
    assert mail.original_ids == (OURS, "0100-replaced")


def test_a_complaint_in_json_is_no_bounce() -> None:
    mail = _notice(
        '{"eventType":"Complaint","complaint":{"complaintFeedbackType":"abuse",'
        '"complainedRecipients":[{"emailAddress":"gone@example.org"}]},"mail":{}}'
    )
    assert mail.feedback_type == "abuse"
    assert mail.fates == (Fate(GONE, "complaint", words="abuse"),)


@pytest.mark.parametrize(
    "text",
    [
        '{"notificationType":"Bounce"}',
        '{"notificationType":"Bounce","bounce":[]}',
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[1,null,{"emailAddress":2}]}}',
        '{"eventType": ' + "[" * 100_000,
        '{"Message":"{\\"notificationType\\":1}"',
        "{eventType",
    ],
)
def test_broken_json_does_no_harm(text: str) -> None:
    assert all(fate.recipient == "" for fate in _notice(text).fates)


def _notice(text: str) -> ParsedEmail:
    return parse(f"From: AWS <no-reply@sns.test>\nSubject: AWS Notification\n\n{text}".encode())
