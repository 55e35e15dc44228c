"""What goes along with a mailbox that is moved, what stays behind, and what is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.models import EmailAccount, FolderCursor, InboundEmail, Mailbox, MailboxMove
from apps.core.errors import Problem
from apps.core.leases import held
from apps.queues.models import MailboxRoute
from apps.tickets.models import DeliveryAttempt, Draft, Message, SentCopy, Session
from apps.tickets.moving.move import known_until, move
from apps.tickets.moving.settling import settle_due, waits_for
from apps.tickets.moving.words import how_it_is
from apps.tickets.sending import delivery, doubts, sent_copies
from tests.people import House, make_account, make_house, make_mailbox, make_message, make_session
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def new(house: House) -> EmailAccount:
    return make_account("New")


def answer(house: House, **fields: object) -> Message:
    session = make_session(house.support, status=Session.Status.ACTIVE, mailbox=house.mailbox)
    people = {"to": [{"email": "customer@outside.test", "name": ""}]}
    fields = {"status": "queued", **people} | fields
    return make_message(session, direction="out", **fields)


def came(account: EmailAccount, days: float, **fields: object) -> InboundEmail:
    at = timezone.now() - timedelta(days=days)
    fields = {"source": "fetch", "status": "stored", "account": account} | fields
    return InboundEmail.objects.create(received_at=at, **fields)


# ---- what goes along ----------------------------------------------------------------------


def test_everything_of_the_mailbox_stays_but_its_account(house: House, new: EmailAccount) -> None:
    box = house.mailbox
    Mailbox.objects.update(
        aliases=["old@x.test"], reply_token="on", reply_token_nonce="n", from_name="Acme"
    )
    message = answer(house)
    Draft.objects.create(session=message.session, mailbox=box, author=house.alice.user)
    before = EmailAccount.objects.get(pk=box.account_id)
    done = move(Mailbox.objects.get(pk=box.pk), new, by=house.admin, seen={"known": 3})
    box.refresh_from_db()
    assert (box.account, box.aliases, box.from_name) == (new, ["old@x.test"], "Acme")
    assert (box.reply_token, box.reply_token_nonce, box.move_state) == ("off", "", "moving")
    assert MailboxRoute.objects.get(mailbox=box).queue == house.support
    assert list(message.thread.mailboxes.all()) == [box]
    assert (done.from_account, done.to_account) == (before, new)
    assert (done.from_name, done.to_name, done.by_name) == (before.name, "New", "Admin")
    assert done.counts == {"known": 3, "threads": 1, "queued": 1, "unknown": 0, "drafts": 1}


def test_queued_mail_leaves_by_the_new_account(
    house: House, new: EmailAccount, smtp_sink: SmtpSink
) -> None:
    EmailAccount.objects.filter(pk=new.pk).update(send_port=smtp_sink.port)
    message = answer(house, message_id="fixed@carteria.test")
    move(house.mailbox, new, by=None)
    assert delivery.deliver(message.pk)
    assert b"Message-ID: <fixed@carteria.test>" in smtp_sink.mails[0].raw
    assert DeliveryAttempt.objects.get().account == new


def test_what_is_in_doubt_is_not_sent_again_and_stays_with_its_account(
    house: House, new: EmailAccount
) -> None:
    before = house.mailbox.account
    EmailAccount.objects.filter(pk=new.pk).update(after_silence="resend")
    message = answer(house, status="sending")
    attempt = DeliveryAttempt.objects.create(
        message=message, number=1, stage="data", account=before, lease_until=timezone.now()
    )
    move(house.mailbox, new, by=None)
    delivery.due(10)  # finds that whoever sent it is gone, after the dot
    message.refresh_from_db()
    assert (message.status, message.tries.count()) == ("unknown", 1)
    assert not doubts.is_to_be_sent_again(message, attempt)
    assert SentCopy.objects.get().account == before
    assert sent_copies.accounts_due() == [before.pk]


def test_a_copy_that_was_asked_for_before_is_looked_for_where_it_was(
    house: House, new: EmailAccount
) -> None:
    before = house.mailbox.account
    SentCopy.objects.create(message=answer(house, status="unknown"))
    move(house.mailbox, new, by=None)
    assert sent_copies.accounts_due() == [before.pk]
    EmailAccount.objects.filter(pk=before.pk).delete()
    assert sent_copies.accounts_due() == [new.pk]


def test_the_proofs_of_both_accounts_begin_anew(house: House, new: EmailAccount) -> None:
    now = timezone.now()
    proved = {"canary": True, "canary_token": "t", "canary_proved_at": now, "canary_asked_at": now}
    EmailAccount.objects.update(**proved)
    move(house.mailbox, new, by=None)
    rows = EmailAccount.objects.order_by("pk").filter(pk__in=[house.mailbox.account_id, new.pk])
    assert {(row.canary_token, row.canary_proved_at) for row in rows} == {("", None)}
    assert [row.canary for row in rows] == [False, True]  # no mailbox is left at the first one


def test_the_new_account_looks_again_at_folders_that_were_quiet(
    house: House, new: EmailAccount
) -> None:
    came(house.mailbox.account, 3)
    FolderCursor.objects.create(
        account=new, folder="INBOX", uidvalidity=1, first_uid=9, last_uid=9, seen_uidnext=10
    )
    done = move(house.mailbox, new, by=None)
    new.refresh_from_db()
    assert new.moved_until == done.known_until
    assert FolderCursor.objects.get().seen_uidnext == 0


# ---- how far the account before had brought mail ----------------------------------------------


def test_a_day_before_the_newest_mail_that_was_fetched(house: House) -> None:
    account = house.mailbox.account
    assert known_until(account) is None
    newest = came(account, 3)
    came(account, 5)
    came(account, 0, answers_nobody=True)  # old mail that was brought in
    came(account, 0, status="before-start")
    assert known_until(account) == newest.received_at - timedelta(days=1)


def test_but_not_before_its_start(house: House) -> None:
    start = timezone.now() - timedelta(hours=2)
    account = house.mailbox.account
    FolderCursor.objects.create(
        account=account, folder="INBOX", uidvalidity=1, first_uid=1, last_uid=1, old_until=start
    )
    came(account, 0)
    assert known_until(account) == start


# ---- when it is settled ---------------------------------------------------------------------


def test_it_is_settled_when_both_were_read_and_all_is_taken_in(
    house: House, new: EmailAccount
) -> None:
    old = house.mailbox.account
    done = move(house.mailbox, new, by=None)
    assert waits_for(MailboxMove.objects.get()) == "new"
    fetched(new)
    assert waits_for(MailboxMove.objects.get()) == "old"
    fetched(old)
    row = came(new, 0, status="received")
    assert waits_for(MailboxMove.objects.get()) == "taking-in"
    assert settle_due() == 0
    InboundEmail.objects.filter(pk=row.pk).update(status="stored")
    assert settle_due() == 1
    done.refresh_from_db()
    house.mailbox.refresh_from_db()
    assert (done.settled_how, house.mailbox.move_state) == ("read", "moved")


@pytest.mark.parametrize("how", [{"enabled": False}, {"failures": 3}])
def test_an_account_before_that_cannot_be_read_holds_nothing_up(
    house: House, new: EmailAccount, how: dict[str, object]
) -> None:
    move(house.mailbox, new, by=None)
    EmailAccount.objects.exclude(pk=new.pk).update(**how)
    fetched(new)
    assert settle_due() == 1
    assert how_it_is(MailboxMove.objects.get()) == (
        "Settled: the account before could not be read any more."
    )


def fetched(account: EmailAccount) -> None:
    EmailAccount.objects.filter(pk=account.pk).update(last_fetched_at=timezone.now())


# ---- what is refused ------------------------------------------------------------------------


def refused(house: House, target: EmailAccount) -> tuple[str, str]:
    with pytest.raises(Problem) as error:
        move(house.mailbox, target, by=None)
    assert not MailboxMove.objects.exists()
    return error.value.code, error.value.sentence


def test_each_refusal_is_one_sentence(house: House, new: EmailAccount) -> None:
    box = house.mailbox
    assert refused(house, box.account) == (
        "same-account",
        f"account: {box.address} belongs to {box.account} already; choose another one.",
    )
    assert refused(house, make_account("Sender", receive_kind="none"))[0] == "does-not-receive"
    assert refused(house, make_account("Off", enabled=False)) == (
        "switched-off",
        "account: Off is not in use; put it into use first.",
    )
    with held(f"fetch:{new.pk}", seconds=30):
        assert refused(house, new) == (
            "fetch-runs",
            "account: Mail of New is being fetched just now; try again in a moment.",
        )
    make_mailbox("second@x.test", account=new, aliases=[box.address])
    assert refused(house, new) == (
        "address-taken",
        f"account: second@x.test bears an address of {box.address} too; take it away there.",
    )


def test_a_mailbox_that_only_sends_may_go_to_an_account_that_only_sends(house: House) -> None:
    EmailAccount.objects.update(receive_kind="none")
    assert move(Mailbox.objects.get(), make_account("Out", receive_kind="none"), by=None).pk
