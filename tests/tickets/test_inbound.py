"""The story of a mail that comes in: stored once, placed, assigned, told; or held with a reason."""

from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.test.utils import CaptureQueriesContext

from apps.attachments.models import Attachment
from apps.channels.models import ChannelSettings, InboundEmail, Mailbox
from apps.channels.receive import Arrival, receive, receive_one
from apps.core.models import Blob
from apps.crm.models import CrmConnection, TicketUpdate
from apps.queues.loads import open_sessions
from apps.queues.models import AgentLoad, Queue
from apps.storage.models import StorageSettings
from apps.tickets import assignment, inbound, reading, sessions, storing, tasks
from apps.tickets.held.quarantine import release
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session, SessionEvent, Thread
from apps.tickets.threading.words import because_of
from apps.tickets.tokens import new_message_id
from tests.people import (
    crm_connection,
    make_account,
    make_agent,
    make_mailbox,
    make_queue,
    make_user,
)

pytestmark = pytest.mark.django_db

AUTOMATIC = Queue.Routing.AUTOMATIC


@pytest.fixture(autouse=True)
def channel(db) -> None:
    settings = ChannelSettings.load()
    settings.enabled, settings.external_url = True, "http://console.test"
    settings.save()


@pytest.fixture
def queue() -> Queue:
    return make_queue("Support")


@pytest.fixture
def mailbox(queue) -> Mailbox:
    return make_mailbox("support@x.test", queue=queue)


def a_mail(subject: str = "Parcel", **headers: str) -> bytes:
    fields = {"From": "Carla <carla@outside.test>", "To": "support@x.test", "Subject": subject}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"{head}\r\nWhere is it? {subject}\r\n".encode()


def arrives(mailbox: Mailbox, raw: bytes) -> InboundEmail:
    return receive_one(raw, mailbox=mailbox, source=InboundEmail.Source.API)[0]


def outcome_of(row: InboundEmail) -> tuple[str, str]:
    row.refresh_from_db()
    return row.status, row.code


@pytest.mark.contract("1.1.a", "1.3.a")
def test_a_new_mail_becomes_thread_session_message_and_updates(mailbox) -> None:
    row = arrives(mailbox, a_mail(Message_ID="<one@outside.test>"))
    assert take_in() == 1
    message = Message.objects.get()
    assert outcome_of(row) == ("stored", "")
    assert (message.subject, message.from_email) == ("Parcel", "carla@outside.test")
    assert message.message_id == "one@outside.test"
    assert message.session.status == Session.Status.UNOPENED
    assert message.session.message_count == 1
    assert set(TicketUpdate.objects.values_list("kind", flat=True)) == {"standard", "link"}


def test_the_least_loaded_member_gets_it_and_the_reason_is_kept(mailbox, queue) -> None:
    alice, bob = make_agent("alice", queues=[queue]), make_agent("bob", queues=[queue])
    Queue.objects.update(routing=AUTOMATIC)
    for number in range(5):
        arrives(mailbox, a_mail(f"Mail {number}"))
    take_in()
    loads = sorted(AgentLoad.objects.values_list("open_sessions", flat=True))
    assert loads == [2, 3]
    assert {session.agent for session in Session.objects.all()} == {alice, bob}
    event = SessionEvent.objects.filter(kind="assigned").first()
    assert event is not None
    assert event.facts["eligible"] == 2
    assert "fewest open sessions" in event.why
    standard = TicketUpdate.objects.filter(kind="standard").first()
    assert standard is not None
    assert "Assigned agent: Alice" in standard.text or "Assigned agent: Bob" in standard.text


def test_nobody_gets_more_than_the_capacity_and_room_that_is_made_is_used(mailbox, queue) -> None:
    alice = make_agent("alice", queues=[queue])
    Queue.objects.update(routing=AUTOMATIC, capacity=2)
    for number in range(3):
        arrives(mailbox, a_mail(f"Mail {number}"))
    take_in()
    waiting = Session.objects.get(agent=None)
    assert "nobody in the queue has room" in waiting.why
    done = Session.objects.filter(agent=alice).order_by("id").first()
    assert done is not None
    sessions.set_status(done, Session.Status.RESOLVED, by=alice.user)
    from apps.tickets.assignment import assign_waiting

    queue.refresh_from_db()
    assert [session.pk for session in assign_waiting(queue)] == [waiting.pk]


def test_two_batches_lock_their_queues_in_one_order(
    mailbox, queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = make_queue("Sales")
    sales = make_mailbox("sales@x.test", queue=second, account=mailbox.account)
    asked: list[int] = []
    monkeypatch.setattr(assignment, "decide", lambda one: asked.append(one.pk) or [])
    arrives(sales, a_mail("First"))
    arrives(mailbox, a_mail("Second"))
    assert take_in() == 2
    assert asked == [queue.pk, second.pk]


@pytest.mark.parametrize(("uidvalidity", "duplicates"), [(1, 0), (2, 3)])
def test_a_folder_that_is_read_again_creates_nothing(mailbox, uidvalidity, duplicates) -> None:
    arrivals = [Arrival(a_mail(f"Mail {number}"), number) for number in range(1, 4)]
    whence = {"source": "fetch", "account": mailbox.account, "folder": "INBOX"}
    kinds = (Blob, Thread, Session, SessionEvent, Message, TicketUpdate)
    receive(arrivals, **whence, uidvalidity=1)
    assert take_in() == 3
    before = [kind.objects.count() for kind in kinds]
    assert len(receive(arrivals, **whence, uidvalidity=uidvalidity)) == duplicates
    assert take_in() == 0
    assert [kind.objects.count() for kind in kinds] == before


def test_the_same_bytes_are_one_mail(mailbox) -> None:
    first = arrives(mailbox, a_mail())
    take_in()
    again = InboundEmail.objects.create(
        source="fetch", account=mailbox.account, mailbox=mailbox, raw=first.raw, sha256=first.sha256
    )
    take_in()
    assert outcome_of(again)[0] == "duplicate"
    again.refresh_from_db()
    assert again.duplicate_of == first
    assert Message.objects.count() == 1


def test_a_reused_message_id_never_drops_a_different_mail(mailbox) -> None:
    for text in ("first", "second"):
        arrives(mailbox, a_mail(text, Message_ID="<same@outside.test>"))
    take_in()
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "raw",
    [
        a_mail(),
        a_mail(Message_ID="<" + "x" * 4000 + "@outside.test>"),
        b"Subject: only this\r\n\r\n",
        b"From: a@b.test\r\nSubject: \x00\xff bad bytes \xf0\x9f\r\n\r\n\x00\xff\xfe text",
        a_mail(From="no address at all"),
        a_mail(Date="not a date", Content_Type="text/plain; charset=no-such"),
    ],
)
def test_odd_mails_are_stored(mailbox, raw: bytes) -> None:
    row = arrives(mailbox, raw)
    take_in()
    assert outcome_of(row)[0] == "stored"


def test_a_reply_joins_and_an_answer_of_the_same_batch_too(mailbox) -> None:
    arrives(mailbox, a_mail(Message_ID="<one@outside.test>"))
    arrives(
        mailbox, a_mail("Re: Parcel", Message_ID="<two@o.test>", References="<one@outside.test>")
    )
    take_in()
    arrives(mailbox, a_mail("Re: Parcel", In_Reply_To="<two@o.test>"))
    take_in()
    assert Thread.objects.count() == 1
    session = Session.objects.get()
    assert session.message_count == session.messages.count() == 3
    kinds = list(TicketUpdate.objects.values_list("kind", flat=True))
    assert kinds.count("standard") == 1
    assert kinds.count("link") == 3


def test_a_stranger_with_our_token_joins_but_becomes_no_participant(mailbox) -> None:
    arrives(mailbox, a_mail())
    take_in()
    token = new_message_id(Thread.objects.get(), "x.test")
    arrives(mailbox, a_mail("Re: Parcel", From="eve@evil.test", In_Reply_To=f"<{token}>"))
    take_in()
    assert Thread.objects.count() == 1
    assert not Thread.objects.get().participants.filter(address="eve@evil.test").exists()
    newest = Message.objects.order_by("-id").first()
    assert newest is not None
    assert "unverified" in because_of(newest)


def test_a_customers_mail_reopens_a_resolved_session_in_the_same_hands(mailbox, queue) -> None:
    alice = make_agent("alice", queues=[queue])
    arrives(mailbox, a_mail(Message_ID="<one@outside.test>"))
    take_in()
    session = sessions.take(Session.objects.get(), alice)
    sessions.set_status(session, Session.Status.RESOLVED, by=alice.user)
    arrives(mailbox, a_mail("Re: Parcel", In_Reply_To="<one@outside.test>"))
    take_in()
    again = Session.objects.get()
    assert (again.status, again.agent) == (Session.Status.REOPENED, alice)
    assert AgentLoad.objects.get().open_sessions == 1


def waiting(queue: Queue) -> int:
    return open_sessions([queue.pk]).waiting[queue.pk]


def test_who_waits_is_counted_from_the_first_mail_on(mailbox, queue) -> None:
    alice = make_agent("alice", queues=[queue])
    arrives(mailbox, a_mail("One", Message_ID="<one@outside.test>"))
    arrives(mailbox, a_mail("Two"))
    take_in()
    assert waiting(queue) == 2
    Queue.objects.update(routing=AUTOMATIC)
    queue.refresh_from_db()
    assignment.assign_waiting(queue)
    assert waiting(queue) == 0
    session = sessions.set_status(Session.objects.first(), "paused", by=alice.user)
    Session.objects.filter(pk=session.pk).update(agent=None)
    Queue.objects.update(routing="manual")
    arrives(mailbox, a_mail("Re: One", In_Reply_To="<one@outside.test>"))
    take_in()
    assert waiting(queue) == Session.objects.waiting().count() == 1


def test_a_session_knows_its_newest_mail(mailbox) -> None:
    for headers in ({"Message_ID": "<one@outside.test>"}, {"In_Reply_To": "<one@outside.test>"}):
        arrives(mailbox, a_mail(**headers))
        take_in()
        newest = Message.objects.order_by("-id").values_list("pk", flat=True).first()
        assert Session.objects.get().newest_in == newest


@pytest.mark.contract("1.3.b")
def test_what_is_no_mail_is_held_with_a_reason_and_tells_no_crm(mailbox) -> None:
    row = arrives(mailbox, b"\x00\x01\x02 nothing that a mail has")
    good = arrives(mailbox, a_mail())
    take_in()
    row.refresh_from_db()
    assert outcome_of(row)[0] == "quarantined"
    assert row.reason
    assert outcome_of(good)[0] == "stored"
    assert Thread.objects.count() == 1


def test_a_released_mail_that_cannot_be_read_becomes_a_session_all_the_same(mailbox) -> None:
    row = arrives(mailbox, b"\x00\x01\x02 nothing that a mail has")
    take_in()
    release(row, by=make_user("admin"))
    take_in()
    assert outcome_of(row)[0] == "stored"
    assert Message.objects.get().subject == "A mail that cannot be read"


REPORT = (
    b"From: %s\r\nTo: support@x.test\r\nSubject: %s\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/report; report-type=%s; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n"
    b"--b\r\nContent-Type: message/%s\r\n\r\n%s\r\n"
    b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n\r\n--b--\r\n"
)


def bounce(message_id: str) -> bytes:
    status = b"Reporting-MTA: dns; mx\r\n\r\nFinal-Recipient: rfc822; carla@outside.test\r\n"
    status += b"Action: failed\r\nStatus: 5.1.1\r\n"
    sender = b"MAILER-DAEMON@mx.test"
    kinds = (b"delivery-status", b"delivery-status")
    return REPORT % (sender, b"Undelivered", *kinds, status, message_id.encode())


def receipt(message_id: str) -> bytes:
    notice = b"Final-Recipient: rfc822; carla@outside.test\r\nOriginal-Message-ID: <%s>\r\n"
    notice += b"Disposition: manual-action/MDN-sent-manually; displayed\r\n"
    kinds = (b"disposition-notification", b"disposition-notification")
    shown = notice % message_id.encode()
    return REPORT % (b"carla@outside.test", b"Read", *kinds, shown, message_id.encode())


@pytest.mark.contract("1.3.b")
@pytest.mark.parametrize(("report", "status"), [(bounce, "reopened"), (receipt, "resolved")])
def test_a_report_on_a_sent_mail_opens_no_ticket(mailbox, queue, report, status: str) -> None:
    alice = make_agent("alice", queues=[queue])
    arrives(mailbox, a_mail())
    take_in()
    session = sessions.take(Session.objects.get(), alice)
    sessions.set_status(session, Session.Status.RESOLVED, by=alice.user)
    arrives(mailbox, report(new_message_id(session.thread, "x.test")))
    take_in()
    assert Thread.objects.count() == 1
    assert Session.objects.get().status == status
    assert list(TicketUpdate.objects.values_list("kind", flat=True)).count("standard") == 1


def test_a_mailbox_without_a_queue_holds_its_mail_until_it_is_released(mailbox, queue) -> None:
    queue.enabled = False
    queue.save()
    row = arrives(mailbox, a_mail())
    take_in()
    assert outcome_of(row) == ("quarantined", "no-queue")
    assert (row.sender, row.subject) == ("carla@outside.test", "Parcel")
    queue.enabled = True
    queue.save()
    release(row, by=make_user("admin"))
    take_in()
    assert outcome_of(row)[0] == "stored"
    assert Session.objects.get().queue == queue


def test_one_value_that_the_database_refuses_holds_one_mail(mailbox, monkeypatch) -> None:
    rows = [arrives(mailbox, a_mail(f"Mail {number}")) for number in range(7)]
    real = inbound.store

    def picky(mails: list[Any]) -> list[int]:
        if any(mail.parsed.subject == "Mail 3" for mail in mails):
            raise DataError("this value")
        return real(mails)

    monkeypatch.setattr(inbound, "store", picky)
    take_in()
    outcomes = [outcome_of(row)[0] for row in rows]
    assert outcomes.count("stored") == 6
    assert outcome_of(rows[3]) == ("quarantined", "not-storable")


def test_the_same_bytes_by_two_accounts_at_once_are_one_mail(mailbox, monkeypatch) -> None:
    first = arrives(mailbox, a_mail())
    take_in()
    whence = {"source": "api", "account": make_account(), "mailbox": mailbox}
    again = InboundEmail.objects.create(**whence, raw=first.raw, sha256=first.sha256)
    before = storing._stored_before
    monkeypatch.setattr(storing, "_stored_before", lambda _mails: {})  # not committed yet
    assert take_in() == 0
    monkeypatch.setattr(storing, "_stored_before", before)
    take_in()
    assert outcome_of(again) == ("duplicate", "")


def test_an_account_that_fails_keeps_no_other_waiting(mailbox, queue, monkeypatch) -> None:
    other = make_mailbox("sales@x.test", queue=queue, account=make_account())
    rows = [arrives(mailbox, a_mail("First")), arrives(other, a_mail("Second"))]
    real = inbound.store

    def busy(mails: list[Any]) -> list[int]:
        if mails[0].row.account_id == mailbox.account_id:
            raise OperationalError("deadlock detected")
        return real(mails)

    monkeypatch.setattr(inbound, "store", busy)
    with pytest.raises(OperationalError):
        take_in()
    assert [outcome_of(row)[0] for row in rows] == ["received", "stored"]


def test_a_database_that_is_away_while_mail_is_read_uses_up_no_tries(mailbox, monkeypatch) -> None:
    row = arrives(mailbox, a_mail())
    real = reading.understood

    def away(*_facts: Any) -> reading.ReadMail:
        raise OperationalError("gone")

    monkeypatch.setattr(reading, "understood", away)
    for _time in range(4):
        with pytest.raises(OperationalError):
            take_in()
    monkeypatch.setattr(reading, "understood", real)
    take_in()
    assert outcome_of(row)[0] == "stored"


def test_a_database_that_is_away_costs_nothing_but_time(mailbox, monkeypatch) -> None:
    row = arrives(mailbox, a_mail())
    real = inbound.store

    def away(_mails: list[Any]) -> list[int]:
        raise OperationalError("gone")

    monkeypatch.setattr(inbound, "store", away)
    with pytest.raises(OperationalError):
        take_in()
    assert outcome_of(row)[0] == "received"
    assert row.tries == 0  # it was not the mail's fault
    monkeypatch.setattr(inbound, "store", real)
    take_in()
    assert outcome_of(row)[0] == "stored"


def test_a_mail_that_kills_its_worker_three_times_is_held(mailbox) -> None:
    row = arrives(mailbox, a_mail())
    InboundEmail.objects.update(tries=3)
    other = arrives(mailbox, a_mail("Good"))
    take_in()
    assert outcome_of(row) == ("quarantined", "three-tries")
    assert outcome_of(other)[0] == "stored"


def test_a_turn_ends_and_what_is_left_is_woken_again(mailbox, monkeypatch) -> None:
    """Four accounts with thousands of mails kept four threads, and the sign of life waited."""
    woken: list[object] = []
    monkeypatch.setattr(tasks, "wake", woken.append)
    monkeypatch.setattr(tasks, "TURN", 0)
    monkeypatch.setattr(inbound, "BATCH", 2)
    for number in range(3):
        arrives(mailbox, a_mail(f"Parcel {number}"))
    tasks.take_in()
    assert (Message.objects.count(), woken) == (2, [tasks.take_in])
    tasks.take_in()
    assert (Message.objects.count(), woken) == (3, [tasks.take_in])


def test_whoever_had_its_turn_longest_ago_comes_first(mailbox, queue, monkeypatch) -> None:
    monkeypatch.setattr(inbound, "BATCH", 2)
    other = make_mailbox("sales@x.test", queue=queue, account=make_account())
    for number in range(6):
        arrives(mailbox, a_mail(f"First {number}"))
    take_in(2)
    arrives(other, a_mail("Second"))
    for _turn in range(3):
        take_in(seconds=0)
    stored = Message.objects.order_by("pk").values_list("inbound__account", flat=True)
    one, two = mailbox.account_id, other.account_id
    assert list(stored) == [one, one, two, one, one, one, one]


def test_nothing_is_taken_in_while_the_channel_is_off(mailbox) -> None:
    row = arrives(mailbox, a_mail())
    ChannelSettings.objects.update(enabled=False)
    assert take_in() == 0
    assert outcome_of(row)[0] == "received"


@pytest.mark.contract("1.5.a")
def test_a_file_waits_and_the_message_is_there_at_once(mailbox) -> None:
    arrives(
        mailbox,
        b"From: a@b.test\r\nTo: support@x.test\r\nSubject: File\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
        b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4\r\n--b--\r\n",
    )
    take_in()
    file = Attachment.objects.get()
    assert (file.name, file.verdict) == ("a.pdf", "waiting")
    message = Message.objects.get()
    assert message.text.strip() == "Hello"
    assert message.files.get().attachment == file


def test_fifty_mails_cost_about_as_many_statements_as_one(
    mailbox, queue, django_assert_max_num_queries
) -> None:
    make_agent("alice", queues=[queue])
    Queue.objects.update(routing=AUTOMATIC, capacity=1000)
    crm_connection(), StorageSettings.load()  # an installation that has begun
    arrives(mailbox, a_mail("First", Message_ID="<first@o.test>"))
    assert take_in() == 1
    for number in range(50):
        arrives(mailbox, a_mail(f"Mail {number}", Message_ID=f"<{number}@o.test>"))
    with django_assert_max_num_queries(59):
        assert take_in() == 50
    assert Session.objects.filter(agent=None).count() == 0
    assert connection.vendor in ("sqlite", "postgresql")


# ---- mail of the CRM itself ---------------------------------------------------------------------


def of_the_crm(*addresses: str) -> None:
    connection = crm_connection()
    connection.sender_addresses = list(addresses)
    connection.save()


@pytest.mark.contract("1.3.i")
@pytest.mark.parametrize(
    "headers",
    [
        {"From": "CRM <CRM@Vendor.test>"},
        {"From": "Ana via CRM <ana@outside.test>", "Sender": "crm@vendor.test"},
        {"Return_Path": "<crm@vendor.test>"},
    ],
)
def test_mail_of_the_crm_is_ignored_and_kept(mailbox, queue, headers) -> None:
    of_the_crm("crm@vendor.test")
    row = arrives(mailbox, a_mail(**headers))
    assert take_in() == 1
    row.refresh_from_db()
    assert (row.status, row.code) == ("rejected", "from-crm")
    assert "built-in tickets" in row.reason
    assert row.raw is not None
    assert not Message.objects.exists()


@pytest.mark.contract("1.3.i")
def test_mail_of_a_crm_of_former_times_joins_nothing(mailbox, queue) -> None:
    CrmConnection.objects.create(kind="rt", url="https://rt.test", sender_addresses=["rt@rt.test"])
    crm_connection()
    arrives(mailbox, a_mail(Message_ID="<first@o.test>"))
    arrives(mailbox, a_mail(From="rt@rt.test", In_Reply_To="<first@o.test>"))
    take_in()
    assert Message.objects.count() == 1


@pytest.mark.contract("1.3.i")
def test_whose_name_only_looks_like_the_crms_is_a_customer(mailbox, queue) -> None:
    of_the_crm("crm@vendor.test")
    arrives(mailbox, a_mail(From='"crm@vendor.test" <carla@outside.test>'))
    take_in()
    assert Session.objects.count() == 1


@pytest.mark.parametrize("mails", [1, 20])
def test_the_crms_addresses_are_read_once_for_a_batch(mailbox, queue, mails) -> None:
    crm_connection()
    for number in range(mails):
        arrives(mailbox, a_mail(f"Mail {number}"))
    with CaptureQueriesContext(connection) as queries:
        take_in()
    asked = [one for one in queries if 'FROM "crm_crmconnection"' in one["sql"]]
    assert len(asked) == 1
