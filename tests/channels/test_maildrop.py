"""Fetching by POP3: each name once in the ledger, nothing old, and deletions after the commit."""

from typing import Any

import pytest

from apps.channels import diagnose
from apps.channels.fetch import due_accounts, fetch
from apps.channels.maildrop import MaildropReader, arrival
from apps.channels.models import ChannelSettings, EmailAccount, FolderCursor, InboundEmail
from apps.core.secrets import seal
from tests.channels.mailboxes import account_at, fetched_again, mails, switch_on
from tests.people import make_account
from tests.servers.dovecot import ODD_PASSWORD
from tests.servers.fake_imap import Answer
from tests.servers.fake_pop3 import maildrop, running_fake_pop3
from tests.servers.pop3d import Pop3d

pytestmark = [pytest.mark.django_db]

POP3 = {"receive_kind": "pop3", "after": "keep"}
LONG_AGO = b"Received: from a by mx.test; Mon, 5 Jan 2015 10:00:00 +0000\r\n"
LATER = b"Received: from a by mx.test; Mon, 5 Jan 2099 10:00:00 +0000\r\n"


class Killed(BaseException):
    """As SIGKILL would: nobody catches it."""


@pytest.fixture(autouse=True)
def channel(db: None) -> ChannelSettings:
    return switch_on()


def drop_of(pop3d: Pop3d, user: str, **fields: Any) -> EmailAccount:
    return account_at(pop3d.imap, user, receive_port=pop3d.port, **(POP3 | fields))


def drop_at(port: int, **fields: Any) -> EmailAccount:
    facts = POP3 | {"start": "all", "receive_user": "ann", "receive_password": seal("pw")}
    return make_account(receive_port=port, **(facts | fields))


def named(*numbers: int, head: bytes = b"") -> dict[str, bytes]:
    return {f"name{n}": head + b"Subject: mail %d\r\n\r\nBody %d\r\n" % (n, n) for n in numbers}


def outcomes(account: EmailAccount) -> list[tuple[str, str, bool]]:
    rows = InboundEmail.objects.filter(account=account).order_by("pk")
    return [(row.uidl, row.status, row.gone_at is not None) for row in rows]


def settled(account: EmailAccount) -> EmailAccount:
    account.refresh_from_db()
    return account


# ---- a real server --------------------------------------------------------------------


def test_every_mail_becomes_one_row_and_stays_where_it_is(pop3d: Pop3d) -> None:
    user = pop3d.imap.new_user()
    pop3d.imap.deliver(user, *mails(120))
    account = drop_of(pop3d, user)
    assert due_accounts() == [account.pk]
    assert fetch(account) == 120
    pop3d.imap.deliver(user, *mails(2, 500))
    assert fetched_again(account) == 2
    assert fetched_again(account) == 0
    rows = InboundEmail.objects.filter(account=account, uid=None, gone_at=None)
    assert rows.values("uidl").distinct().count() == rows.count() == 122
    assert (settled(account).status, account.status_sentence) == ("ok", "")


def test_mail_is_deleted_once_it_is_stored(pop3d: Pop3d) -> None:
    user = pop3d.imap.new_user()
    pop3d.imap.deliver(user, *mails(5))
    account = drop_of(pop3d, user, after="delete")
    assert fetch(account) == 5
    assert diagnose.test_receive(account).sentence.startswith("Signed in. Mails in the mailbox: 0")
    assert InboundEmail.objects.exclude(gone_at=None).count() == 5
    pop3d.imap.deliver(user, *mails(1, 50))
    assert fetched_again(account) == 1
    assert FolderCursor.objects.get().to_delete == {}


def test_old_mail_is_noted_and_not_read(pop3d: Pop3d) -> None:
    user = pop3d.imap.new_user()
    pop3d.imap.deliver(user, *mails(30))
    account = drop_of(pop3d, user, start="now", after="delete")
    assert fetch(account) == 0
    pop3d.imap.deliver(user, *mails(3, 100))
    assert fetched_again(account) == 3
    rows = InboundEmail.objects.filter(status="before-start")
    assert (rows.count(), rows.filter(raw=None, gone_at=None).count()) == (30, 30)
    assert "mailbox: 30" in diagnose.test_receive(account).sentence


def test_tls_and_a_password_in_any_alphabet_work(pop3d: Pop3d) -> None:
    user = pop3d.imap.new_user(odd=True)
    pop3d.imap.deliver(user, *mails(1))
    for tls, port in (("starttls", pop3d.port), ("implicit", pop3d.tls_port)):
        fields = {"receive_tls": tls, "receive_port": port, "receive_host": "localhost"}
        account = account_at(
            pop3d.imap,
            user,
            password=ODD_PASSWORD,
            receive_ca_file=pop3d.imap.ca_file,
            **(POP3 | fields),
        )
        assert fetch(account) == 1
        assert settled(account).receive_certificate_until is not None


def test_a_wrong_password_is_named(pop3d: Pop3d) -> None:
    account = drop_of(pop3d, pop3d.imap.new_user(), password="wrong")
    assert fetch(account) == 0
    assert settled(account).status_code == diagnose.test_receive(account).code == "password"


def test_an_account_goes_from_imap_to_pop3_and_back_without_a_mail_twice(pop3d: Pop3d) -> None:
    user = pop3d.imap.new_user()
    pop3d.imap.deliver(user, *[LONG_AGO + raw for raw in mails(10)])
    account = account_at(pop3d.imap, user, start="now")
    fetch(account)
    new = [LATER + raw for raw in mails(6, 100)]
    pop3d.imap.deliver(user, *new[:2])
    assert fetched_again(account) == 2
    EmailAccount.objects.update(receive_port=pop3d.port, **POP3)
    pop3d.imap.deliver(user, *new[2:4])
    fetched_again(account)
    EmailAccount.objects.update(receive_port=pop3d.imap.port, receive_kind="imap")
    pop3d.imap.deliver(user, *new[4:])
    fetched_again(account)
    came = InboundEmail.objects.exclude(status__in=["before-start", "duplicate"])
    assert came.count() == came.values("sha256").distinct().count() == 6


# ---- crashes and odd servers ----------------------------------------------------------


def test_a_crash_between_commit_and_deletion_doubles_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = named(1, 2, 3)
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port, after="delete")
        for step in ("_delete", "_leave"):
            monkeypatch.setattr(MaildropReader, step, _killed)
            with pytest.raises(Killed):
                fetch(account)
            monkeypatch.undo()
            assert len(there) == 3
        assert fetched_again(account) == 0
    assert there == {}
    assert InboundEmail.objects.filter(status="received").exclude(gone_at=None).count() == 3


def _killed(*_arguments: object) -> None:
    raise Killed


def test_a_line_that_is_lost_before_the_farewell_deletes_the_next_time() -> None:
    there = named(1, 2)
    with running_fake_pop3(_breaking(maildrop(there), b"QUIT")) as port:
        account = drop_at(port, after="delete")
        assert fetch(account) == 2
    assert len(there) == 2
    assert "deleted the next time" in settled(account).status_sentence
    assert account.failures == 0
    asked: list[str] = []
    with running_fake_pop3(maildrop(there, asked=asked)) as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 0
    assert there == {}
    assert not [one for one in asked if one.startswith("RETR")]
    assert settled(account).status == "ok"


def test_the_name_of_a_deleted_mail_may_be_given_to_another() -> None:
    """Servers that count from one again; also where nobody heard that the first was deleted."""
    there = {"1": b"Subject: first\r\n\r\n"}
    drop = maildrop(there)

    def deaf(verb: bytes, rest: bytes) -> bytes | None:
        said = drop(verb, rest)
        return b"" if verb == b"QUIT" else said

    with running_fake_pop3(deaf) as port:
        account = drop_at(port, after="delete")
        assert fetch(account) == 1
        assert there == {}
        there["1"] = b"Subject: the second one\r\n\r\n"
        assert fetched_again(account) == 1
    with running_fake_pop3(drop) as port:
        EmailAccount.objects.update(receive_port=port)
        there["1"] = b"Subject: and a third\r\n\r\n"
        assert fetched_again(account) == 1
        there["1"] = b"Subject: and a fourth\r\n\r\n"
        assert fetched_again(account) == 1
    assert InboundEmail.objects.filter(status="received").count() == 4


def test_a_server_that_deletes_nothing_is_not_asked_for_the_same_mail_for_ever() -> None:
    asked: list[str] = []
    there = named(1, 2)
    drop = maildrop(there, asked=asked)

    def keeps(verb: bytes, rest: bytes) -> bytes | None:
        return b"+OK\r\n" if verb == b"QUIT" else drop(verb, rest)

    with running_fake_pop3(keeps) as port:
        account = drop_at(port, after="delete")
        assert [fetch(account), *(fetched_again(account) for _ in range(3))] == [2, 0, 0, 0]
    assert InboundEmail.objects.count() == 2
    assert len([one for one in asked if one.startswith("RETR")]) == 4  # once more, to compare
    assert {gone for _name, _status, gone in outcomes(account)} == {False}


@pytest.mark.parametrize("start", ["all", "now"])
def test_a_server_that_renames_all_its_mails_doubles_nothing_and_brings_in_nothing_old(
    start: str,
) -> None:
    there = named(1, 2, 3, head=LONG_AGO)
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port, start=start)
        fetch(account)
        there |= named(4, 5, head=LATER)
        fetched_again(account)
        renamed = {f"new-{name}": raw for name, raw in there.items()}
        there.clear()
        there |= renamed | {"new-6": LATER + b"Subject: six\r\n\r\n"}
        fetched_again(account)
        assert fetched_again(account) == 0
    rows = InboundEmail.objects.exclude(status__in=["duplicate", "before-start"])
    assert rows.count() == (6 if start == "all" else 3)
    assert len({*rows.values_list("sha256", flat=True)}) == rows.count()


def test_mail_that_may_be_old_is_brought_in_and_answered_by_nothing() -> None:
    there = named(1, 2)
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port, start="now")
        fetch(account)
        there.clear()
        there |= {"other": b"Subject: undated\r\n\r\n"}
        assert fetched_again(account) == 1
    assert InboundEmail.objects.get(uidl="other").answers_nobody


@pytest.mark.parametrize("is_read_before", [True, False])
def test_mail_that_came_while_a_mailbox_moved_is_taken_and_copies_are_left(
    is_read_before: bool,
) -> None:
    there = named(1, 2, head=LONG_AGO) | named(3, head=LATER)
    asked: list[str] = []
    with running_fake_pop3(maildrop(there, asked=asked)) as port:
        account = drop_at(port, start="now")
        if is_read_before:
            assert fetch(account) == 0
        EmailAccount.objects.update(moved_until="2026-01-01T00:00:00Z")
        assert fetched_again(account) == 1
        there |= named(4, head=LONG_AGO) | named(5, head=LATER)
        assert fetched_again(account) == 1
        asked.clear()
        assert fetched_again(account) == 0
    assert not [one for one in asked if one.startswith(("TOP", "RETR"))]  # once for each
    came = InboundEmail.objects.filter(status="received").order_by("uidl")
    assert list(came.values_list("uidl", flat=True)) == ["name3", "name5"]
    assert InboundEmail.objects.filter(status="before-start").count() == 3


@pytest.mark.parametrize(
    ("said", "code"),
    [(b"", "protocol"), (None, "timeout"), (b"\xff garbage\r\n", "protocol")],
)
def test_a_mail_at_which_the_line_breaks_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, said: bytes | None, code: str
) -> None:
    monkeypatch.setattr("apps.channels.transports.pop3_wire.READ_SECONDS", 0.2)
    there = named(*range(1, 6))
    drop = maildrop(there)

    def breaks(verb: bytes, rest: bytes) -> bytes | None:
        return said if (verb, rest) == (b"RETR", b"3") else drop(verb, rest)

    with running_fake_pop3(breaks) as port:
        account = drop_at(port)
        assert fetch(account) == 2
        assert settled(account).status_code == code
        assert fetched_again(account) == 2
    assert list(FolderCursor.objects.get().held_back) == ["name3"]
    assert "name3" in settled(account).status_sentence
    assert account.failures == 0
    FolderCursor.objects.update(held_back={"name3": [1, 0]})
    with running_fake_pop3(drop) as port:
        EmailAccount.objects.update(receive_port=port)
        assert fetched_again(account) == 1
    assert FolderCursor.objects.get().held_back == {}


def test_a_mailbox_that_is_open_elsewhere_slows_us_down_and_blames_no_password() -> None:
    drop = maildrop(named(1))

    def locked(verb: bytes, rest: bytes) -> bytes | None:
        return b"-ERR [IN-USE] locked\r\n" if verb == b"PASS" else drop(verb, rest)

    with running_fake_pop3(locked) as port:
        account = drop_at(port)
        assert fetch(account) == 0
    assert (settled(account).status, account.status_code) == ("throttled", "throttled")


def test_two_mails_of_one_name_are_both_here() -> None:
    same = b"+OK\r\n1 hash\r\n2 hash\r\n3 hash\r\n.\r\n"
    there = {"a": b"Subject: x\r\n\r\n", "b": b"Subject: x\r\n\r\n", "c": b"Subject: y\r\n\r\n"}
    drop = maildrop(there)
    with running_fake_pop3(
        lambda verb, rest: same if verb == b"UIDL" else drop(verb, rest)
    ) as port:
        account = drop_at(port)
        assert fetch(account) == 3
        assert fetched_again(account) == 0
    assert [name for name, _status, _gone in outcomes(account)] == ["hash", "hash 2", "hash 3"]


def test_a_mail_too_large_to_be_fetched_is_held_once_and_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("apps.channels.transports.pop3.LARGEST_FETCHED", 100)
    there = {"big": b"x" * 500 + b"\r\n", "small": b"Subject: s\r\n\r\n"}
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port, after="delete")
        assert fetch(account) == 2
        assert fetched_again(account) == 0
    assert list(there) == ["big"]
    assert InboundEmail.objects.get(uidl="big").code == "too-big"


def test_what_is_gone_from_the_server_is_noted() -> None:
    there = named(1, 2)
    with running_fake_pop3(maildrop(there)) as port:
        account = drop_at(port)
        fetch(account)
        del there["name1"]
        fetched_again(account)
    assert outcomes(account) == [("name1", "received", True), ("name2", "received", False)]


def _breaking(drop: Answer, at: bytes) -> Answer:
    return lambda verb, rest: b"" if verb == at else drop(verb, rest)


@pytest.mark.parametrize(
    ("head", "year"),
    [
        (LONG_AGO + LATER, 2015),
        (
            b"Subject: x\r\nReceived: by a\r\n\t(b; c)\r\n id 7;\r\n 5 Jan 2020 10:00 +0000\r\n",
            2020,
        ),
        (b"Date: Mon, 5 Jan 2015 10:00:00 +0000\r\n", None),
        (b"Received: by a; nobody knows when\r\n", None),
        (b"", None),
    ],
)
def test_when_the_last_server_took_a_mail(head: bytes, year: int | None) -> None:
    found = arrival(head)
    assert (found.year if found else None) == year
