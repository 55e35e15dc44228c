"""accounts/ and ledger/: how the channel is, without its secrets."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.channels.models import EmailAccount, InboundEmail
from tests.calls import Caller, problem
from tests.people import House, make_account, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def test_an_account_says_how_it_is_and_keeps_its_secrets(house: House) -> None:
    account = make_account("main", receive_user="login", receive_password="hidden1",
                           send_password="hidden2", folders=["INBOX"])  # fmt: skip
    EmailAccount.objects.filter(pk=account.pk).update(
        status="failing", status_code="password", status_sentence="The password is wrong."
    )
    answer = Caller(house.admin).get(f"accounts/{account.pk}/")
    body = answer.json()
    assert (body["state"], body["code"]) == ("failing", "password")
    assert body["sentence"] == "The password is wrong."
    assert body["receive"]["folders"] == ["INBOX"]
    for secret in ("hidden1", "hidden2", "password1", "login"):
        assert secret not in answer.content.decode()


def test_the_list_names_the_mailboxes(house: House) -> None:
    [account] = Caller(house.irene).get("accounts/").json()["results"]
    assert account["mailboxes"] == ["support@carteria.test"]


def test_it_says_what_it_foretells(house: House) -> None:
    account = make_account("main", receive_tls="implicit")
    row = EmailAccount.objects.filter(pk=account.pk)
    caller = Caller(house.robot)
    body = caller.get(f"accounts/{account.pk}/").json()
    told = ("lag_seconds", "last_uids", "certificate_until", "quota", "canary")
    assert [body[name] for name in told] == [None, {}, None, None, None]

    now = timezone.now()
    account.cursors.create(folder="INBOX", uidvalidity=1, first_uid=1, last_uid=812)
    row.update(
        last_fetched_at=now - timedelta(seconds=90),
        receive_certificate_until=now + timedelta(days=9),
        quota_used=70,
        quota_limit=100,
        canary=True,
        canary_asked_at=now,
    )
    body = caller.get(f"accounts/{account.pk}/").json()
    assert 90 <= body["lag_seconds"] < 150
    assert (body["last_uids"], body["quota"]) == ({"INBOX": 812}, {"used": 70, "limit": 100})
    assert body["canary"]["asked_at"] and body["canary"]["proved_at"] is None
    assert body["certificate_until"] > now.isoformat()


def test_the_ledger_has_every_mail_with_its_outcome(house: House) -> None:
    first = InboundEmail.objects.create(
        mailbox=house.mailbox, account=house.mailbox.account, source="api", sha256="0",
        status="stored",
    )  # fmt: skip
    InboundEmail.objects.create(
        source="fetch", sha256="0", status="duplicate", duplicate_of=first, folder="INBOX",
        uid=4, uidvalidity=9,
    )  # fmt: skip
    robot = Caller(house.robot)
    copy, stored = robot.get("ledger/").json()["results"]
    assert (copy["outcome"], copy["duplicate_of"]) == ("duplicate", str(first.pk))
    assert (copy["uid"], copy["mailbox"]) == (4, None)
    assert (stored["outcome"], stored["mailbox"]) == ("stored", "support@carteria.test")
    assert robot.get(f"ledger/{first.pk}/").json() == stored


def test_the_ledger_filters(house: House) -> None:
    InboundEmail.objects.create(mailbox=house.mailbox, source="api", sha256="0", status="stored")
    InboundEmail.objects.create(source="api", sha256="1", status="quarantined")
    robot = Caller(house.robot)
    assert len(robot.get("ledger/", outcome="stored").json()["results"]) == 1
    assert len(robot.get("ledger/", mailbox="support@carteria.test").json()["results"]) == 1
    assert len(robot.get("ledger/", account="none").json()["results"]) == 0
    assert problem(robot.get("ledger/", outcome="odd")) == (400, "invalid")


def test_the_ledger_tells_of_old_mail_and_of_what_has_gone(house: House) -> None:
    then = timezone.now()
    InboundEmail.objects.create(
        account=house.mailbox.account, source="fetch", folder="INBOX", uid=1, uidvalidity=9,
        status="before-start", server_date=then, gone_at=then,
    )  # fmt: skip
    InboundEmail.objects.create(source="api", sha256="1", status="stored")
    [old] = Caller(house.robot).get("ledger/", outcome="before-start").json()["results"]
    assert (old["uid"], old["server_date"], old["gone_at"]) == (1, *[old["server_date"]] * 2)
    assert old["server_date"] is not None
