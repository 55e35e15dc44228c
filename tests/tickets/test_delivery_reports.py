"""Bounces and receipts: on the mail that they tell of, for whom, and what follows from them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.parse import parse
from apps.channels.parsed import Fate, ParsedEmail
from apps.channels.receive import receive_one
from apps.crm.models import CrmSettings, TicketUpdate
from apps.tickets import delivery_reports, dry_run
from apps.tickets.delivery_reports import standing, trouble
from apps.tickets.delivery_words import REASONS, event_of, reason_of, sentence_of, word_of
from apps.tickets.fates import asks_for_work
from apps.tickets.inbound import take_in
from apps.tickets.letters import recipients_of
from apps.tickets.models import DeliveryReport, Message, Session, Thread
from apps.tickets.tokens import hash_of, new_message_id
from tests.people import (
    House,
    make_house,
    make_mailbox,
    make_message,
    make_queue,
    make_session,
    switch_channel_on,
    token_of,
)

pytestmark = pytest.mark.django_db

Kind = DeliveryReport.Kind
SAMPLES = Path(__file__).parents[1] / "emails"
ANA, BOB, EVE = "ana@outside.test", "bob@outside.test", "eve@hidden.test"


@pytest.fixture
def mailbox() -> Mailbox:
    switch_channel_on()
    return make_mailbox("support@x.test", queue=make_queue("Support"))


def people(*addresses: str) -> list[dict[str, str]]:
    return [{"email": one, "name": ""} for one in addresses]


def we_wrote(mailbox: Mailbox, *to: str, thread: Thread | None = None, **fields: Any) -> Message:
    """A mail that has left, in a conversation that had been resolved with it."""
    session = make_session(mailbox.route.queue, thread=thread, mailbox=mailbox, customer=ANA)
    Session.objects.filter(pk=session.pk).update(status="resolved", finished_at=timezone.now())
    message_id = fields.pop("message_id", new_message_id(session.thread, "x.test"))
    fields |= {"to": people(*(to or (ANA,))), "message_id": message_id}
    return make_message(session, direction="out", message_id_hash=hash_of(message_id), **fields)


GROUP = "Final-Recipient: rfc822; {who}\r\nAction: {action}\r\nStatus: {status}\r\n"
WORDS = "Diagnostic-Code: smtp; 550 5.1.1 <{who}>: no such user\r\n"


def dsn(message_id: str, *groups: str, sender: str = "MAILER-DAEMON@mx.test", **more: str) -> bytes:
    extra = "".join(f"{name}: {value}\r\n" for name, value in more.items())
    return (
        f"From: {sender}\r\nTo: support@x.test\r\nSubject: Undelivered\r\n{extra}"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.test\r\n\r\n"
        + "\r\n".join(groups)
        + f"\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{message_id}>\r\n\r\n"
        "--b--\r\n"
    ).encode()


def failed(who: str = ANA, status: str = "5.1.1") -> str:
    return GROUP.format(who=who, action="failed", status=status) + WORDS.format(who=who)


def fate(action: str, status: str, who: str = ANA) -> str:
    return GROUP.format(who=who, action=action, status=status)


def arrives(mailbox: Mailbox, *raws: bytes) -> Message:
    for raw in raws:
        receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
    take_in()
    newest = Message.objects.order_by("-pk").first()
    assert newest is not None
    return newest


def told(message: Message) -> list[tuple[str, str, str]]:
    rows = message.reports.order_by("pk")
    return list(rows.values_list("recipient", "kind", "status"))


# ---- tied -----------------------------------------------------------------------------------


@pytest.mark.contract("1.3.b")
def test_a_bounce_is_a_row_on_the_mail_that_did_not_arrive(mailbox) -> None:
    sent = we_wrote(mailbox)
    bounce = arrives(mailbox, dsn(sent.message_id, failed()))
    assert told(sent) == [(ANA, "hard", "5.1.1")]
    assert bounce.thread == sent.thread
    assert list(bounce.told.values_list("message", flat=True)) == [sent.pk]
    sent.refresh_from_db()
    assert sent.status == "sent"


def test_a_bounce_finds_a_mail_by_an_id_that_bears_no_token(mailbox) -> None:
    sent = we_wrote(mailbox, message_id="old@x.test")
    sent.thread.participants.create(address="mailer-daemon@mx.test")
    arrives(mailbox, dsn("old@x.test", failed()))
    assert told(sent) == [(ANA, "hard", "5.1.1")]


def test_of_several_mails_the_named_one_is_told_of(mailbox) -> None:
    first = we_wrote(mailbox)
    second = we_wrote(mailbox, thread=first.thread)
    arrives(mailbox, dsn(first.message_id, failed()))
    assert (len(told(first)), told(second)) == (1, [])


def test_a_renamed_mail_is_the_newest_to_the_recipient(mailbox) -> None:
    """A relay gave it another Message-ID; the conversation is known by the ids it refers to."""
    first = we_wrote(mailbox, ANA)
    second = we_wrote(mailbox, ANA, thread=first.thread)
    third = we_wrote(mailbox, BOB, thread=first.thread)
    unknown = new_message_id(first.thread, "x.test")
    arrives(mailbox, dsn(unknown, failed(ANA)))
    assert [len(told(one)) for one in (first, second, third)] == [0, 1, 0]


@pytest.mark.parametrize(
    ("to", "named", "recipient"),
    [
        ((ANA, BOB), "ANA@Outside.Test", ANA),
        ((ANA,), "ana.private@elsewhere.test", ANA),  # forwarded
        ((ANA, "carl@other.test"), "a.ruiz@outside.test", ANA),  # the one of that domain
        ((ANA, BOB), "a.ruiz@outside.test", ""),
        ((ANA, BOB), "ana.private@elsewhere.test", ""),
    ],
)
def test_whom_a_report_means(mailbox, to: Sequence[str], named: str, recipient: str) -> None:
    sent = we_wrote(mailbox, *to)
    arrives(mailbox, dsn(sent.message_id, fate("failed", "5.1.1", named)))
    assert told(sent) == [(recipient, "hard", "5.1.1")]
    kept = sent.reports.get().sentence
    assert (named in kept) == (named.lower() != recipient)


def test_the_original_recipient_comes_before_the_final_one(mailbox) -> None:
    sent = we_wrote(mailbox, ANA, BOB)
    group = f"Original-Recipient: rfc822; {BOB}\r\n" + failed("b@elsewhere.test")
    arrives(mailbox, dsn(sent.message_id, group))
    assert [recipient for recipient, _kind, _status in told(sent)] == [BOB]


def test_each_recipient_has_its_own_row(mailbox) -> None:
    sent = we_wrote(mailbox, ANA, BOB)
    twice = (failed(ANA), failed(ANA), failed(BOB))
    arrives(mailbox, dsn(sent.message_id, *twice))
    assert [recipient for recipient, _kind, _status in told(sent)] == [ANA, BOB]


@pytest.mark.contract("1.3.b")
def test_the_same_report_by_another_way_changes_nothing_that_is_shown(mailbox) -> None:
    sent = we_wrote(mailbox)
    raw = dsn(sent.message_id, failed())
    arrives(mailbox, raw, b"Received: from mx.test\r\n" + raw, raw)
    assert len(told(sent)) == 2
    assert list(standing(sent.reports.all())) == [ANA]


def test_a_report_on_nothing_of_ours_opens_a_session_like_any_mail(mailbox) -> None:
    sent = we_wrote(mailbox)
    bounce = arrives(mailbox, dsn("never@seen.test", failed()))
    assert bounce.thread != sent.thread
    assert not DeliveryReport.objects.exists()
    assert bounce.session.status == "unopened"


def test_a_report_in_another_mailbox_changes_nothing(mailbox) -> None:
    sent = we_wrote(mailbox)
    elsewhere = make_mailbox("sales@x.test", queue=make_queue("Sales"), account=mailbox.account)
    arrives(elsewhere, dsn(sent.message_id, failed()))
    assert told(sent) == []


@pytest.mark.contract("1.3.b")
def test_every_sample_of_a_report_is_tied_and_opens_nothing(mailbox) -> None:
    expected = {}
    for raw, parsed in samples():
        sent = we_wrote(mailbox, *{one.recipient for one in parsed.fates if one.recipient})
        old, new = parsed.original_ids[0].encode(), sent.message_id.encode()
        receive_one(raw.replace(old, new), mailbox=mailbox, source=InboundEmail.Source.API)
        expected[sent.pk] = sorted({one.kind for one in parsed.fates})
    take_in()
    kinds = {pk: sorted(set(rows_of(pk).values_list("kind", flat=True))) for pk in expected}
    assert kinds == expected
    assert Thread.objects.count() == len(expected)
    assert not TicketUpdate.objects.exists()


def rows_of(pk: int) -> Any:
    return DeliveryReport.objects.filter(message=pk)


def samples() -> Iterator[tuple[bytes, ParsedEmail]]:
    """All that can be given the id of another mail."""
    for path in sorted(SAMPLES.glob("*.eml")):
        raw = path.read_bytes()
        parsed = parse(raw)
        if parsed.fates and parsed.original_ids and parsed.original_ids[0].encode() in raw:
            yield raw, parsed


def test_a_forged_bounce_makes_nobody_a_participant(mailbox) -> None:
    sent = we_wrote(mailbox)
    before = set(sent.thread.participants.values_list("address", flat=True))
    arrives(mailbox, dsn(sent.message_id, failed(), sender="eve@evil.test", Cc="mallory@evil.test"))
    assert set(sent.thread.participants.values_list("address", flat=True)) == before


def test_a_batch_of_reports_costs_no_more_queries(mailbox) -> None:
    def cost(number: int) -> int:
        sent = we_wrote(mailbox)
        for one in range(number):
            raw = dsn(sent.message_id, failed(), Date=f"{one}")
            receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)
        with CaptureQueriesContext(connection) as queries:
            take_in()
        assert sent.reports.count() == number
        return len(queries)

    cost(1)  # what is kept from then on
    assert cost(2) == cost(20)


# ---- what follows -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "status"),
    [
        ((failed(),), "reopened"),
        ((fate("failed", "4.2.2"),), "reopened"),
        ((fate("delayed", "4.4.1"),), "resolved"),
        ((fate("delivered", "2.0.0"),), "resolved"),
        ((fate("delayed", "4.4.1"), failed(BOB)), "reopened"),
    ],
)
def test_only_what_did_not_arrive_calls_somebody(mailbox, groups: Sequence[str], status) -> None:
    sent = we_wrote(mailbox, ANA, BOB)
    arrives(mailbox, dsn(sent.message_id, *groups))
    session = Session.objects.get()
    assert session.status == status
    if status == "reopened":
        assert session.why == "Reopened: a mail of ours did not arrive."


def test_a_late_notice_opens_no_new_session(mailbox) -> None:
    sent = we_wrote(mailbox)
    long_ago = timezone.now() - timedelta(days=90)
    Session.objects.update(status="closed", finished_at=long_ago)
    arrives(mailbox, dsn(sent.message_id, fate("delayed", "4.4.1")))
    assert Session.objects.get().status == "closed"


def test_a_new_session_of_a_bounce_is_about_whom_the_mail_did_not_reach(mailbox) -> None:
    sent = we_wrote(mailbox)
    long_ago = timezone.now() - timedelta(days=90)
    Session.objects.update(status="closed", finished_at=long_ago)
    session = arrives(mailbox, dsn(sent.message_id, failed())).session
    assert session != sent.session
    assert (session.customer, session.subject) == (ANA, sent.session.subject)
    assert [one.email for one in recipients_of(session).to] == [ANA]


@pytest.mark.parametrize(("action", "stops"), [("failed", True), ("delayed", False)])
def test_a_notice_of_delay_does_not_hold_up_an_answer(mailbox, action: str, stops: bool) -> None:
    sent = we_wrote(mailbox)
    report = arrives(mailbox, dsn(sent.message_id, fate(action, "4.4.1")))
    assert (report in Message.objects.calling()) is stops


@pytest.mark.parametrize(
    ("kinds", "work"),
    [
        ([], True),
        (["hard"], True),
        (["soft"], True),
        (["delayed"], False),
        (["delivered"], False),
        (["read"], False),
        (["complaint"], False),
        (["read", "hard"], True),
    ],
)
def test_which_reports_ask_for_work(kinds: Sequence[Any], work: bool) -> None:
    fates = tuple(Fate(ANA, kind) for kind in kinds)
    assert asks_for_work(ParsedEmail(fates=fates)) is work


@pytest.mark.contract("1.3.b")
def test_the_crm_hears_nothing_of_a_report(mailbox) -> None:
    CrmSettings.load()
    CrmSettings.objects.update(content_copy=True, thread_pdf="each")
    sent = we_wrote(mailbox)
    bounce = arrives(mailbox, dsn(sent.message_id, failed()))
    assert not TicketUpdate.objects.exists()
    assert not sent.thread.pdfs.exists()
    assert bounce not in Message.objects.commented()
    assert sent in Message.objects.commented()


@pytest.mark.parametrize("tied", [True, False])
def test_the_dry_run_knows_it_too(mailbox, tied: bool) -> None:
    sent = we_wrote(mailbox)
    raw = dsn(sent.message_id if tied else "never@seen.test", failed())
    trial = dry_run.try_out(raw, to=mailbox.address, with_database=True)
    assert trial.decisions is not None
    assert bool(trial.decisions.crm) is not tied
    assert not DeliveryReport.objects.exists()


# ---- what holds, and how it is said -------------------------------------------------------------


def report(kind: str, **fields: Any) -> DeliveryReport:
    return DeliveryReport(kind=kind, **{"recipient": ANA} | fields)


@pytest.mark.parametrize(
    ("kinds", "holds"),
    [
        (["delayed", "hard"], "hard"),
        (["hard", "delayed"], "hard"),
        (["delayed", "delivered"], "delivered"),
        (["read", "delivered"], "read"),
        (["soft", "hard"], "hard"),
        (["hard", "read"], "read"),
        (["read", "complaint"], "complaint"),
    ],
)
def test_the_strongest_report_holds(kinds: Sequence[str], holds: str) -> None:
    reports = [report(kind, pk=number) for number, kind in enumerate(kinds)]
    assert [one.kind for one in standing(reports).values()] == [holds]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "5.1.1"}, "there is no such mailbox (5.1.1)"),
        ({"status": "4.2.2"}, "the mailbox is full (4.2.2)"),
        ({"status": "5.2.99"}, "something is wrong with the mailbox (5.2.99)"),
        ({"status": "5.9.9", "smtp_code": 552}, "the mailbox is full (5.9.9)"),
        ({"smtp_code": 554}, "the server refused it (554)"),
        ({"smtp_code": 599}, "the server says only 599"),
        ({}, ""),
    ],
)
def test_codes_are_told_in_words(fields: dict[str, Any], reason: str) -> None:
    assert reason_of(report("hard", **fields)) == reason


def test_every_reason_is_a_code_and_fits_into_its_sentence() -> None:
    for code, words in REASONS.items():
        subject, detail = code.split(".")
        assert subject in "1234567"
        assert detail.isdigit()
        assert not str(words).endswith(".")


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("status", ["", "5.1.1"])
def test_every_report_has_a_word_and_a_sentence(kind: str, status: str) -> None:
    one = report(kind, status=status)
    assert word_of(one)
    assert (sentence_of(one) or word_of(one))[0].isupper()
    assert event_of(one, timezone.now()).endswith(".")


def test_the_history_names_the_mail_by_its_hour() -> None:
    at = timezone.now().replace(hour=10, minute=42)
    one = report("hard", status="5.1.1", at=at)
    said = f"{ANA} did not get the mail of 10:42: there is no such mailbox (5.1.1)."
    assert event_of(one, at) == said
    before = event_of(one, at - timedelta(days=1))
    assert ", 10:42" in before


# ---- addresses in trouble -----------------------------------------------------------------------


def hard(mailbox: Mailbox, number: int, *, who: str = ANA, days: int = 0) -> list[Message]:
    at = timezone.now() - timedelta(days=days)
    sent = [we_wrote(mailbox, who) for _one in range(number)]
    DeliveryReport.objects.bulk_create(
        DeliveryReport(message=one, recipient=who, kind="hard", at=at) for one in sent
    )
    return sent


def test_three_mails_in_a_row_are_trouble_and_two_are_not(mailbox) -> None:
    hard(mailbox, 3)
    hard(mailbox, 2, who=BOB)
    found = trouble(["Ana@Outside.test", BOB, ""])
    assert {address: one.hard_in_a_row for address, one in found.items()} == {ANA: 3}
    assert found[ANA].sentence == "The last 3 mails to this address did not arrive."


def test_two_reports_on_one_mail_are_one_mail(mailbox) -> None:
    sent = hard(mailbox, 2)
    DeliveryReport.objects.create(message=sent[0], recipient=ANA, kind="hard")
    assert trouble([ANA]) == {}


def test_trouble_of_last_month_is_over(mailbox) -> None:
    hard(mailbox, 3, days=31)
    assert trouble([ANA]) == {}


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_a_mail_that_arrives_clears_the_address(mailbox, kind: str) -> None:
    sent = hard(mailbox, 3, days=1)
    DeliveryReport.objects.create(message=sent[0], recipient=ANA, kind=kind)
    assert trouble([ANA]) == {}


def test_a_mail_from_the_address_clears_it(mailbox) -> None:
    hard(mailbox, 3, days=1)
    make_message(make_session(mailbox.route.queue, customer=ANA), from_email="Ana@outside.test")
    assert trouble([ANA]) == {}


def test_a_mail_in_somebody_elses_conversation_clears_it(mailbox) -> None:
    first, *_others = hard(mailbox, 3, who=BOB, days=1)
    assert list(trouble([BOB])) == [BOB]
    make_message(first.session, from_email=BOB)
    assert trouble([BOB]) == {}


def test_a_bounce_in_the_name_of_the_address_does_not_clear_it(mailbox) -> None:
    hard(mailbox, 2)
    sent = we_wrote(mailbox)
    arrives(mailbox, dsn(sent.message_id, failed(), sender=ANA))
    assert list(trouble([ANA])) == [ANA]


def test_trouble_is_one_query_for_any_number_of_addresses(
    mailbox, django_assert_num_queries: Any
) -> None:
    hard(mailbox, 3)
    with django_assert_num_queries(1):
        trouble([ANA, *(f"{number}@x.test" for number in range(50))])
    with django_assert_num_queries(0):
        trouble([""])


# ---- REST -----------------------------------------------------------------------------------


@pytest.fixture
def house() -> House:
    return make_house()


def messages(client: Any, house: House, session: Session) -> Any:
    url = f"/api/v1/messages/?session={session.public_id}"
    return client.get(url, headers=token_of(house.alice.user)).json()["results"]


def test_the_api_tells_what_became_of_a_mail(client, house: House) -> None:
    session = make_session(house.support)
    sent = make_message(session, direction="out", to=people(ANA))
    one = sent.reports.create(recipient=ANA, kind="hard", status="5.1.1", sentence="550 no")
    [answer] = messages(client, house, session)
    assert answer["status"] == "sent"
    [told_of] = answer["reports"]
    assert told_of.pop("at").startswith(one.at.isoformat()[:19])
    assert told_of == {
        "recipient": ANA,
        "kind": "hard",
        "status": "5.1.1",
        "sentence": "There is no such mailbox (5.1.1).",
    }


def test_the_api_does_not_tell_of_blind_copies(client, house: House) -> None:
    session = make_session(house.support)
    sent = make_message(session, direction="out", to=people(ANA), bcc=people(EVE))
    for who in (ANA, EVE):
        sent.reports.create(recipient=who, kind="read")
    [answer] = messages(client, house, session)
    assert [(one["recipient"], one["sentence"]) for one in answer["reports"]] == [(ANA, "Read.")]


def test_reports_of_a_page_are_one_query(client, house: House) -> None:
    session = make_session(house.support)

    messages(client, house, session)  # the token is remembered

    def cost(number: int) -> int:
        for _one in range(number):
            sent = make_message(session, direction="out", to=people(ANA))
            sent.reports.create(recipient=ANA, kind="read")
        with CaptureQueriesContext(connection) as queries:
            messages(client, house, session)
        return len(queries)

    assert cost(1) == cost(10)


def test_nothing_is_written_for_a_batch_without_reports(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert delivery_reports.ties_of([]) == {}
