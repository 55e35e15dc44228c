"""Held mail: why it is held, what people do with it, and what its sender is told."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import apps
from apps.channels.models import (
    ChannelSettings,
    EmailAccount,
    InboundEmail,
    QuarantineAction,
    QuarantinedEmail,
)
from apps.channels.parse import glance
from apps.core.errors import Conflict, Guarded, Problem
from apps.crm.models import CrmConnection
from apps.tickets.held import notice as sender_notice
from apps.tickets.held import quarantine
from apps.tickets.held.guard import WHY_NOT, Known, why_silent
from apps.tickets.held.preview import preview_of
from apps.tickets.held.reasons import REASONS, STAGES
from apps.tickets.models import Message
from tests.calls import Caller, problem
from tests.people import House, crm_connection, make_house
from tests.servers.smtp_sink import SmtpSink
from tests.tickets.held_mails import (
    CARLA,
    arrives,
    fetched,
    held,
    message_of,
    never_fetched,
    now,
    raw_mail,
    rounds,
)

pytestmark = pytest.mark.django_db

LIST = "admin:email_channels_quarantinedemail_changelist"
PAGE = "admin:email_channels_quarantinedemail_change"


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def admin(house: House) -> Client:
    client = Client()
    client.force_login(house.admin)
    return client


def act(client: Client, action: str, *rows: InboundEmail, **more: str) -> Any:
    keys = [row.pk for row in rows]
    form = {"action": action, "_selected_action": keys, "index": 0} | more
    return client.post(reverse(LIST), form, follow=True)


# ---- why ----------------------------------------------------------------------------------------


def test_every_code_that_holds_a_mail_has_its_step_words_and_cure() -> None:
    """Read from the source, so that nobody adds one without a line in the table."""
    source = "".join(one.read_text() for one in Path(*apps.__path__).rglob("*.py"))
    raised = re.findall(r'\b(?:Held|Unreadable)\(\s*"([a-z-]+)"', source)
    rejected = {"from-crm", "reply-address-proved"}
    assert len(raised) > 8
    assert set(raised) - rejected <= REASONS.keys()
    assert {f"failed-{stage}" for stage in STAGES if stage != "fetch"} <= REASONS.keys()
    assert all(str(one.word) and str(one.cure) and one.stage in STAGES for one in REASONS.values())


# Beside those of PAINS 2 (tests/pains/test_pains_quarantine.py).
BROKEN = {
    "read": ("apps.tickets.reading.parse", RuntimeError),
    "assign": ("apps.tickets.storing.assignment.decide", RuntimeError),
    "crm": ("apps.tickets.storing.comments.plan_for", KeyError),
    "answer": ("apps.tickets.storing.auto_response.answer", RuntimeError),
}
WITH_FILE = {"MIME_Version": "1.0", "Content_Type": "image/png; name=a.png"}


@pytest.mark.parametrize("stage", BROKEN)
def test_what_fails_at_any_step_is_held_there_after_three_tries(
    house: House, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, error = BROKEN[stage]
    row = arrives(house, raw_mail("Words of a customer", **WITH_FILE))

    def fails(*args: object, **kwargs: object) -> object:
        raise error("Words of a customer")

    with monkeypatch.context() as broken:
        broken.setattr(where, fails)
        rounds(2)
        assert now(row) == ("received", "")
        assert error.__name__ in row.reason
        rounds(1)
    assert now(row) == ("quarantined", f"failed-{stage}")
    assert error.__name__ in row.reason and str(STAGES[stage]) in row.reason
    assert "customer" not in row.reason
    if stage != "read":
        assert (row.sender, row.mailbox) == (CARLA, house.mailbox)
    quarantine.release(row, by=house.admin)
    rounds(1)
    assert now(row) == ("stored", "")
    assert message_of(row).session.queue == house.support


def test_files_that_cannot_be_written_hold_their_mail_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = arrives(house, raw_mail("Bad", **WITH_FILE)), arrives(house, raw_mail("Good"))

    def refuses(contents: list[bytes]) -> list[object]:
        if contents:
            raise PermissionError("no")
        return []

    monkeypatch.setattr("apps.tickets.reading.blobs.write", refuses)
    rounds(3)
    assert now(bad) == ("quarantined", "failed-files")
    assert now(good) == ("stored", "")


def test_one_that_fails_keeps_neither_its_batch_nor_another_account_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.tickets import reading

    real = reading.parse

    def picky(raw: bytes) -> object:
        if b"Bad" in raw:
            raise RecursionError
        return real(raw)

    monkeypatch.setattr(reading, "parse", picky)
    mails = [raw_mail("Bad"), *(raw_mail(f"Good {number}") for number in range(5))]
    bad, *good = fetched(house.mailbox.account, *mails)
    elsewhere = EmailAccount.objects.create(name="Later", receive_host="127.0.0.1")
    house.mailbox.__class__.objects.create(address="b@carteria.test", account=elsewhere)
    late = fetched(elsewhere, raw_mail("Good there"))[0]
    rounds(1)
    assert {now(row)[0] for row in good} == {"stored"}
    assert now(late) == ("quarantined", "no-queue")  # it had its turn
    assert now(bad) == ("received", "")


def test_a_mail_that_cannot_be_read_is_known_by_its_headers(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.channels.parse.SECONDS", 0.01)
    monkeypatch.setattr("apps.channels.parse.is_heavy", lambda _raw: True)
    row = arrives(house, raw_mail("Heavy"))
    rounds(1)
    assert now(row) == ("quarantined", "too-heavy")
    assert (row.sender, row.subject) == (CARLA, "Heavy")


# ---- release, delete ----------------------------------------------------------------------------


def test_each_action_leaves_a_row_of_who_and_when(house: House) -> None:
    first, second = held(house), held(house, raw_mail("Two"))
    quarantine.release(first, by=house.admin)
    quarantine.delete(second, by=house.admin)
    done = QuarantineAction.objects.order_by("id").values_list("inbound", "kind", "by", "by_name")
    name = house.admin.display_name
    assert list(done) == [
        (first.pk, "released", house.admin.pk, name),
        (second.pk, "deleted", house.admin.pk, name),
    ]


def test_a_deleted_mail_stays_in_the_ledger_with_its_bytes(house: House) -> None:
    row = held(house)
    quarantine.delete(row, by=house.admin)
    rounds(1)
    kept = InboundEmail.objects.get(pk=row.pk)
    assert (kept.status, kept.code) == ("rejected", "deleted-by-hand")
    assert house.admin.display_name in kept.reason
    assert kept.raw is not None and kept.settled_at is not None
    assert not Message.objects.exists()
    with pytest.raises(Conflict, match="not in quarantine"):
        quarantine.release(row, by=house.admin)
    assert QuarantineAction.objects.count() == 1


def test_a_mail_that_was_never_fetched_is_not_released(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = never_fetched(house, monkeypatch)
    with pytest.raises(Guarded, match="on the mail server"):
        quarantine.release(row, by=house.admin)
    assert now(row) == ("quarantined", "too-big")


def test_a_released_mail_is_taken_in_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[object] = []
    row = held(house)
    monkeypatch.setattr(
        "apps.tickets.tasks.wake", lambda task, *_more, **_after: heard.append(task)
    )
    with django_capture_on_commit_callbacks(execute=True):
        quarantine.release(row, by=house.admin)
    assert [task.name for task in heard] == ["apps.tickets.tasks.take_in"]  # type: ignore[attr-defined]


def test_the_journey_tells_what_people_did(house: House, admin: Client) -> None:
    row = held(house)
    quarantine.delete(row, by=house.admin)
    page = admin.get(reverse("admin:email-journey", args=[row.pk])).content.decode()
    assert 'data-step="quarantine"' in page and house.admin.display_name in page
    assert "Source kept at least until" in page


# ---- a look at it -------------------------------------------------------------------------------

HTML = (
    b"From: x@outside.test\r\nSubject: Look\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<script>alert(1)</script><p onclick=x>Dear <b>all</b></p><img src=http://t.test/p.png>\r\n"
    b"--b\r\nContent-Type: application/pdf; name=bill.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nSECRETBYTES=\r\n--b--\r\n"
)


def test_the_preview_has_words_and_names_and_neither_html_nor_bytes() -> None:
    seen = preview_of(HTML)
    assert seen.text == "Dear all"
    assert [(one.name, one.content_type) for one in seen.files] == [("bill.pdf", "application/pdf")]
    assert seen.can_be_read and "SECRETBYTES" not in f"{seen}"


def test_a_preview_that_kills_its_reader_still_has_the_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from apps.core.child import ChildFailed
    from apps.tickets.held import preview as held_preview

    def limited(work: Any, raw: bytes, **limits: float) -> object:
        if work is held_preview.look:
            raise ChildFailed("memory", "")
        return work(raw)

    monkeypatch.setattr(held_preview, "run_limited", limited)
    seen = preview_of(HTML)
    assert (seen.text, seen.can_be_read, seen.sender) == ("", False, "x@outside.test")
    assert "Subject: Look" in seen.source


def test_the_page_of_a_mail_shows_why_and_what_can_be_done(house: House, admin: Client) -> None:
    row = held(house, HTML, code="odd-structure")
    page = admin.get(reverse(PAGE, args=[row.pk])).content.decode()
    for words in ("Dear all", "bill.pdf", "Odd structure", str(STAGES["read"]), "Release"):
        assert words in page
    assert reverse("admin:email-journey", args=[row.pk]) in page
    assert "SECRETBYTES" not in page and "<script>alert" not in page and "onclick=x>" not in page


def test_an_auditor_looks_and_has_no_buttons(house: House) -> None:
    row, client = held(house), Client()
    client.force_login(house.auditor)
    page = client.get(reverse(PAGE, args=[row.pk])).content.decode()
    assert "Where is it?" in page and 'data-test="release"' not in page
    act(client, "delete_them", row, post="yes")
    assert now(row)[0] == "quarantined"


# ---- the list -----------------------------------------------------------------------------------


def test_the_list_filters_by_step_reason_and_mailbox_and_finds_by_words(
    house: House, admin: Client
) -> None:
    odd = held(house, code="odd-structure", subject="Odd one")
    lost = held(house, raw_mail("Lost"), code="no-queue", subject="Lost one", sender="z@far.test")
    fetched(house.mailbox.account, raw_mail("Never mind"))

    def shown(query: str) -> set[int]:
        listed = admin.get(f"{reverse(LIST)}?{query}").context["cl"].result_list
        return {row.pk for row in listed}

    assert shown("") == {odd.pk, lost.pk}
    assert shown("stage=read") == {odd.pk} == shown("code=odd-structure")
    assert shown("stage=place") == {lost.pk} == shown("q=far.test") == shown("q=lost+one")
    assert shown(f"mailbox__id__exact={house.mailbox.pk}") == {odd.pk, lost.pk}


def test_the_list_names_mailbox_reason_size_and_sender(house: House, admin: Client) -> None:
    held(house, code="no-queue")
    held(house, raw_mail("Huge"), code="too-big", mailbox=None)
    page = admin.get(reverse(LIST)).content.decode()
    assert page.count("support@carteria.test") >= 2
    for words in (CARLA, "no queue", "too big", "bytes", "It is held."):
        assert words in page


def test_a_thousand_held_mails_cost_no_more_questions_than_three(
    house: House, admin: Client
) -> None:
    def cost(number: int) -> int:
        rows = QuarantinedEmail.objects.values_list("pk", flat=True)
        account, box = house.mailbox.account, house.mailbox
        InboundEmail.objects.bulk_create(
            InboundEmail(
                source="fetch", account=account, status="quarantined", code="no-queue",
                mailbox=box if at % 2 else None, sender=CARLA, uid=at, uidvalidity=1, folder="A",
            )
            for at in range(len(rows), number)
        )  # fmt: skip
        cache.clear()
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert admin.get(reverse(LIST)).status_code == 200
        return len(asked)

    admin.get(reverse(LIST))  # settings rows
    assert cost(3) == cost(1000)


def test_what_is_held_elsewhere_is_told_beside_it(house: House, admin: Client) -> None:
    assert 'data-test="held-elsewhere"' not in admin.get(reverse(LIST)).content.decode()
    arrives(house)
    ChannelSettings.objects.update(enabled=False)
    page = admin.get(reverse(LIST)).content.decode()
    assert "1 mail waits" in page and "The channel is off" in page


def test_many_are_released_after_a_question_and_each_for_itself(
    house: House, admin: Client
) -> None:
    rows = [held(house, raw_mail(f"Mail {number}")) for number in range(4)]
    asked = act(admin, "release_them", *rows)
    assert {now(row)[0] for row in rows} == {"quarantined"}
    keys = asked.context["ids"]
    quarantine.delete(rows[0], by=house.admin)
    act(admin, "release_them", rows[1], post="yes", ids=keys)
    assert [now(row)[0] for row in rows] == ["rejected", *["received"] * 3]
    rounds(1)
    assert Message.objects.count() == 3


def test_deleting_asks_first_and_names_how_long_the_source_is_kept(
    house: House, admin: Client
) -> None:
    row = held(house)
    page = act(admin, "delete_them", row).content.decode()
    assert "30 days" in page and now(row)[0] == "quarantined"
    said = act(admin, "delete_them", row, post="yes", ids=str(row.pk)).content.decode()
    assert "1 mail was deleted" in said and now(row) == ("rejected", "deleted-by-hand")


# ---- tell sender --------------------------------------------------------------------------------


@pytest.fixture
def line(house: House, smtp_sink: SmtpSink) -> SmtpSink:
    EmailAccount.objects.update(send_host="127.0.0.1", send_port=smtp_sink.port)
    return smtp_sink


def told(row: InboundEmail) -> QuarantineAction:
    return QuarantineAction.objects.get(inbound=row, kind="told")


def test_the_sender_is_told_without_a_word_of_his_mail(house: House, line: SmtpSink) -> None:
    raw = raw_mail("Zebra", "Giraffe", Message_ID="<elephant@outside.test>")
    row = held(house, raw.replace(b"Carla", b"Rhino"))
    sender_notice.tell(row, sender_notice.usual_text(row), by=house.admin)
    sender_notice.deliver_due()
    [mail] = line.mails
    seen = message_from_bytes(mail.raw)
    assert (seen["To"], seen["Auto-Submitted"]) == (CARLA, "auto-replied")
    assert "support@carteria.test" in seen["From"]
    for word in (b"zebra", b"giraffe", b"elephant", b"rhino"):
        assert word not in mail.raw.lower()
    row.refresh_from_db()
    assert row.status == "quarantined"
    assert (told(row).outcome, told(row).by, told(row).recipient) == ("sent", house.admin, CARLA)


def test_the_mail_speaks_the_language_of_the_house_and_names_the_day(house: House) -> None:
    row = held(house, received_at=datetime(2026, 11, 3, 12, tzinfo=UTC))
    sender_notice.tell(row, "Hello, of {date}.", by=house.admin)
    assert "Nov. 3, 2026" in told(row).text and "Nov. 3, 2026" in told(row).subject
    ChannelSettings.objects.update(language="es")
    assert "3 de noviembre de 2026" in sender_notice.usual_text(row)


KNOWN = Known(ours={"support@carteria.test"}, crm={"crm@tickets.test"})
REFUSED = {
    "no-sender": {"From": ""},
    "several-senders": {"From": "a@outside.test, b@outside.test"},
    "auto-submitted": {"Auto_Submitted": "auto-replied"},
    "list": {"List_Id": "<l.outside.test>"},
    "empty-return-path": {"Return_Path": "<>"},
    "machine": {"From": "no-reply@outside.test"},
    "ours": {"From": "Support@carteria.test"},
    "crm": {"From": "crm@tickets.test"},
}


@pytest.mark.parametrize("code", REFUSED)
def test_nobody_is_told_who_may_be_a_machine_a_list_or_ourselves(code: str) -> None:
    assert why_silent(glance(raw_mail(**REFUSED[code])), KNOWN) == code
    assert why_silent(glance(raw_mail()), KNOWN) == "" and str(WHY_NOT[code])


def test_nobody_is_told_whose_name_may_be_borrowed(house: House) -> None:
    """As the server finds that the account believes; our own people and the CRM are known."""
    crm_connection()
    CrmConnection.objects.update(sender_addresses=["crm@tickets.test"])
    EmailAccount.objects.update(trusted_servers=["mx.ours.test"])
    failed = "mx.ours.test; dmarc=fail header.from=outside.test"
    cases = {
        "forged": [{"Authentication_Results": failed}, {"From": house.alice.user.email}],
        "ours": [{"From": "support@carteria.test"}],
        "crm": [{"From": "crm@tickets.test"}],
    }
    for code, mails in cases.items():
        for headers in mails:
            row = held(house, raw_mail(**headers))
            assert sender_notice.why_not(row) == str(WHY_NOT[code])
            with pytest.raises(Guarded) as refused:
                sender_notice.tell(row, "Hello", by=house.admin)
            assert refused.value.code == code
    assert not QuarantineAction.objects.exists()
    elsewhere = failed.replace("mx.ours.test", "mx.stranger.test")
    assert sender_notice.why_not(held(house, raw_mail(Authentication_Results=elsewhere))) == ""


def test_one_sender_is_told_once_a_day_whatever_he_sent(house: House, line: SmtpSink) -> None:
    first, second = held(house), held(house, raw_mail("Again", From=CARLA.upper()))
    sender_notice.tell(first, "Hello", by=house.admin)
    with pytest.raises(Guarded) as refused:
        sender_notice.tell(second, "Hello", by=house.admin)
    assert refused.value.code == "told-today"
    QuarantineAction.objects.update(at=timezone.now() - timedelta(hours=25))
    sender_notice.tell(second, "Hello", by=house.admin)
    assert QuarantineAction.objects.filter(kind="told").count() == 2


def test_nothing_leaves_while_the_channel_is_off_or_without_words(house: House) -> None:
    row = held(house)
    with pytest.raises(Problem, match="text"):
        sender_notice.tell(row, " \n", by=house.admin)
    ChannelSettings.objects.update(enabled=False)
    with pytest.raises(Guarded, match="switched off"):
        sender_notice.tell(row, "Hello", by=house.admin)


def test_what_a_killed_worker_left_is_unknown_and_never_sent_again(
    house: House, line: SmtpSink
) -> None:
    row = held(house)
    sender_notice.tell(row, "Hello", by=house.admin)
    past = timezone.now() - timedelta(seconds=1)
    QuarantineAction.objects.update(outcome="sending", next_try_at=past)
    sender_notice.deliver_due()
    assert told(row).outcome == "unknown" and not line.mails


def test_a_server_that_is_away_is_asked_again_with_the_same_message_id(house: House) -> None:
    row = held(house)
    sender_notice.tell(row, "Hello", by=house.admin)
    before = told(row).message_id
    sender_notice.deliver_due()
    assert (told(row).outcome, told(row).tries) == ("queued", 1)
    sender_notice.deliver_due()
    assert told(row).tries == 1  # not before its time
    QuarantineAction.objects.update(next_try_at=None, tries=sender_notice.MOST_TRIES - 1)
    sender_notice.deliver_due()
    assert (told(row).outcome, told(row).message_id) == ("failed", before)
    assert told(row).sentence


def test_many_senders_are_told_and_the_others_named_with_the_reason(
    house: House, admin: Client
) -> None:
    twice, good = held(house, raw_mail("Twice")), held(house)
    listed = held(house, raw_mail("List", List_Id="<l.outside.test>"))
    asked = act(admin, "tell_senders", twice, good, listed)
    page = asked.content.decode()
    assert asked.context["count"] == 1
    assert str(WHY_NOT["list"]) in page and "told of another of these mails" in page
    keys = asked.context["ids"]
    act(admin, "tell_senders", good, post="yes", ids=keys, text="Sorry, of {date}")
    assert told(good).text.startswith("Sorry, of ") and "{date}" not in told(good).text
    assert not QuarantineAction.objects.filter(inbound=listed).exists()


# ---- REST ---------------------------------------------------------------------------------------


def test_programs_filter_look_and_act(house: House) -> None:
    odd, lost = held(house, HTML, code="odd-structure"), held(house, code="no-queue")
    admin = Caller(house.admin)
    [row] = admin.get("quarantine/", stage="place").json()["results"]
    assert (row["id"], row["stage"]) == (str(lost.pk), "place")
    assert len(admin.get("quarantine/", mailbox="SUPPORT@carteria.test").json()["results"]) == 2
    assert problem(admin.get("quarantine/", stage="nowhere"))[0] == 400
    seen = admin.get(f"quarantine/{odd.pk}/preview/").json()
    assert (seen["text"], seen["files"][0]["name"]) == ("Dear all", "bill.pdf")
    answer = admin.post(f"quarantine/{lost.pk}/tell/")
    assert (answer.status_code, answer.json()["told"]) == (202, "queued")
    assert problem(admin.post(f"quarantine/{lost.pk}/tell/")) == (422, "told-today")
    deleted = admin.post(f"quarantine/{lost.pk}/delete/").json()
    assert deleted == {"inbound": str(lost.pk), "outcome": "rejected"}
    assert problem(Caller(house.auditor).post(f"quarantine/{odd.pk}/delete/"))[0] == 403


def test_programs_act_on_several_and_hear_of_each(house: House) -> None:
    rows = [held(house, raw_mail(f"Mail {number}")) for number in range(2)]
    gone = [str(rows[0].pk + 999), "x"]
    ids = [str(row.pk) for row in rows] + gone
    said = Caller(house.admin).post("quarantine/release/", {"ids": ids}).json()["results"]
    assert [(one["id"], one["ok"], one["code"]) for one in said] == [
        *((str(row.pk), True, "") for row in rows),
        *((one, False, "not-found") for one in gone),
    ]
    assert {now(row)[0] for row in rows} == {"received"}
    again = Caller(house.admin).post("quarantine/delete/", {"ids": ids[:1]}).json()["results"]
    assert again[0]["code"] == "not-found"
