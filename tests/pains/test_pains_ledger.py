"""PAINS 1, 10 and 12: nothing is forgotten, nothing old floods in, nothing deleted comes back."""

from datetime import timedelta
from email import policy
from email.message import EmailMessage

import pytest
from django.utils import timezone

from apps.channels import imports, ledger_check
from apps.channels.fetch import fetch
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from apps.core.models import User
from apps.queues.models import MailboxRoute
from apps.tickets.deleting import delete_thread
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Thread
from tests.channels.mailboxes import account_at, fetched_again, inbox_of, mails, switch_on
from tests.people import make_queue, make_user
from tests.servers.dovecot import Dovecot

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

ANSWER = {"subject": "We have your mail", "text": "Somebody answers soon."}
OLD = 1_000  # by hand 20,000: 177 statements and 2.3 s of CPU; the rest is Dovecot's time


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


@pytest.fixture
def admin(db) -> User:
    return make_user("ada", roles=["administrator"])


def whole(account: EmailAccount) -> bool:
    return not any(one.is_alarm or one.sentence for one in ledger_check.check(account) or [])


def flags(dovecot: Dovecot, user: str) -> tuple[int, int]:
    """How many mails the server has, and how many of them are unread."""
    with inbox_of(dovecot, user) as inbox:
        return inbox.select("INBOX", writable=False).exists, len(inbox.unseen())


def test_pain_1_what_came_during_an_outage_of_days_is_all_there(dovecot: Dovecot) -> None:
    user = dovecot.new_user()
    account = account_at(dovecot, user, start="now")
    fetch(account)
    EmailAccount.objects.update(last_fetched_at=timezone.now() - timedelta(days=5))
    dovecot.deliver(user, *mails(1200))
    assert fetched_again(account) == 1200
    rows = InboundEmail.objects.order_by("pk")
    uids = list(rows.values_list("uid", flat=True))
    assert uids == sorted(uids)  # the oldest first
    assert rows.values("sha256").distinct().count() == len(uids) == 1200
    assert whole(account)


def test_pain_10_connecting_a_mailbox_neither_floods_nor_changes_it(
    dovecot: Dovecot, admin: User
) -> None:
    user = dovecot.new_user()
    account = account_at(dovecot, user, start=EmailAccount().start)
    route(account, auto_response=ANSWER)
    dovecot.deliver(user, *mails(OLD - 500), seen=True)
    dovecot.deliver(user, *(letter(account, number) for number in range(500)))
    assert fetch(account) == take_in() == 0
    assert flags(dovecot, user) == (OLD, 500)
    assert InboundEmail.objects.filter(status="before-start").count() == OLD
    assert whole(account)
    older = InboundEmail.objects.filter(uid__lte=OLD - 20)
    older.update(server_date=timezone.now() - timedelta(days=99))
    imports.ask(account, timezone.localdate(), by=admin)
    imports.bring_in()
    assert (take_in(), answers()) == (20, 0)
    assert flags(dovecot, user) == (OLD, 500)
    dovecot.deliver(user, letter(account, 999, sender="dora@outside.test"))
    assert (fetched_again(account), take_in(), answers()) == (1, 1, 1)  # a new mail gets one


def answers() -> int:
    return Message.objects.filter(direction="out").count()


def route(account: EmailAccount, **fields: object) -> None:
    queue = make_queue("Support", **fields)
    MailboxRoute.objects.create(mailbox=account.mailboxes.get(), queue=queue)


def test_pain_12_a_deleted_conversation_stays_deleted(dovecot: Dovecot, admin: User) -> None:
    user = dovecot.new_user()
    account = account_at(dovecot, user, after="keep")
    route(account)
    first, answer = letter(account, 1), letter(account, 2, to=1)
    dovecot.deliver(user, first, answer)
    assert fetch(account) == take_in() == 2
    delete_thread(Thread.objects.get(), by=admin)
    for _time in range(10):
        fetched_again(account)
        take_in()
    dovecot.renumber(user)
    fetched_again(account)
    dovecot.deliver(user, first)  # and once more, as a new mail
    fetched_again(account)
    take_in()
    assert not Thread.objects.exists()
    assert not InboundEmail.objects.filter(raw__isnull=False).exists()
    assert whole(account)


def letter(
    account: EmailAccount, number: int, to: int = 0, sender: str = "carla@outside.test"
) -> bytes:
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = sender, account.mailboxes.get().address
    mail["Subject"], mail["Message-ID"] = "Parcel", f"<m{number}@outside.test>"
    if to:
        mail["In-Reply-To"] = f"<m{to}@outside.test>"
    mail.set_content(f"Letter {number}")
    return mail.as_bytes()
