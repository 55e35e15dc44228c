"""Domains of mailboxes: which are looked up when, what is kept, and what got worse."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from apps.channels import probe, sending_domains
from apps.channels.dns_help.providers import BY_KEY
from apps.channels.models import EmailAccount, Mailbox, SendingDomain
from apps.channels.receive import Arrival, receive
from apps.channels.tasks import look_up_domain, look_up_domains
from tests.channels.dns_zones import HERE, KEY, MX, dkim, dmarc, spf, txt
from tests.people import make_account, make_mailbox, switch_channel_on
from tests.servers.dns import NameServer, name_server

pytestmark = pytest.mark.django_db

GOOD = spf("v=spf1 mx -all") | dmarc("v=DMARC1; p=reject")
GOOD |= {HERE: MX | txt("v=spf1 mx -all")} | {f"s1._domainkey.{HERE}": txt(f"v=DKIM1; p={KEY}")}


@pytest.fixture(scope="module")
def line() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture(autouse=True)
def server(line: NameServer, settings: Any) -> NameServer:
    settings.DNS_SERVERS = [line.address]
    line.forget()
    line.zones.update(GOOD)
    return line


@pytest.fixture
def row() -> SendingDomain:
    make_mailbox(f"support@{HERE}")
    sending_domains.keep_rows()
    SendingDomain.objects.update(selectors=["s1"])
    return SendingDomain.objects.get()


def looked_up(row: SendingDomain) -> SendingDomain:
    row.refresh_from_db()
    sending_domains.look_up(row)
    row.refresh_from_db()
    return row


def codes(row: SendingDomain) -> list[str]:
    how = sending_domains.sendings([row])[row.pk]
    return [code for one in sending_domains.verdicts_of(row, how) for code in one.codes]


# ---- rows ---------------------------------------------------------------------------------------


def test_there_is_a_row_for_each_domain_and_no_other() -> None:
    account = make_account()
    for address in ("a@shop.net", "b@SHOP.net", "c@bücher.net", "d@gone.net"):
        make_mailbox(address, account=account)
    sending_domains.keep_rows()
    Mailbox.objects.filter(address="d@gone.net").delete()
    sending_domains.keep_rows()
    sending_domains.keep_rows()
    names = list(SendingDomain.objects.values_list("name", flat=True))
    assert names == ["shop.net", "xn--bcher-kva.net"]
    assert [str(one) for one in SendingDomain.objects.all()] == ["shop.net", "bücher.net"]


def test_how_mail_leaves_is_read_from_the_accounts(row: SendingDomain) -> None:
    named = {"send_host": "smtp.office365.com"}
    by_api = {"send_kind": "anymail", "provider": "postmark"}
    own, none = {"send_host": "Mail.Shop.net"}, {"send_kind": "none"}
    off = named | {"enabled": False, "send_host": "smtp.gmail.com"}
    for number, fields in enumerate((named, by_api, own, none, off, named)):
        make_mailbox(f"x{number}@{HERE}", account=make_account(**fields))
    how = sending_domains.sendings([row])[row.pk]
    assert how.providers == (BY_KEY["microsoft"], BY_KEY["postmark"])
    assert how.hosts == ("mail.shop.net",)  # and not 127.0.0.1, which nobody could look up


# ---- looking up ---------------------------------------------------------------------------------


def test_what_was_answered_is_kept_and_read_without_asking(
    row: SendingDomain, server: NameServer
) -> None:
    looked_up(row)
    asked = len(server.asked)
    assert codes(row) == ["spf-ok", "dkim-ok", "dmarc-reject", "mx-ok"]
    assert row.stands == {"spf": True, "dkim": True, "dmarc": True, "mx": True}
    assert row.found["servers"] == ["127.0.0.1"]
    assert len(server.asked) == asked > 0


def test_another_selector_is_not_known_until_it_is_looked_up(row: SendingDomain) -> None:
    looked_up(row).selectors = ["s2"]
    assert "unasked" in codes(row)


def test_a_name_for_tests_is_not_looked_up(server: NameServer) -> None:
    make_mailbox("support@carteria.test")
    sending_domains.keep_rows()
    row = looked_up(SendingDomain.objects.get())
    assert (server.asked, row.looked_at, codes(row)) == ([], None, [])
    assert sending_domains.due() == []


def test_each_is_looked_up_once_a_day(row: SendingDomain) -> None:
    assert sending_domains.due() == [row.pk]
    sending_domains.look_up_if_due(row.pk)
    assert sending_domains.due() == []
    _ages(hours=23)
    assert sending_domains.due() == []
    _ages(hours=2)
    assert sending_domains.due() == [row.pk]


def test_of_two_tasks_one_looks_up(row: SendingDomain, server: NameServer) -> None:
    sending_domains.look_up_if_due(row.pk)
    asked = len(server.asked)
    sending_domains.look_up_if_due(row.pk)
    assert len(server.asked) == asked


def test_the_clock_finds_a_new_domain_and_looks_it_up(
    monkeypatch: pytest.MonkeyPatch, server: NameServer
) -> None:
    monkeypatch.setattr("apps.channels.tasks.wake", lambda task, *arguments: task(*arguments))
    make_mailbox(f"support@{HERE}")
    look_up_domains()
    row = SendingDomain.objects.get()
    assert row.looked_at is not None
    asked = len(server.asked)
    look_up_domains()
    look_up_domain(row.pk)
    assert len(server.asked) == asked


def test_a_row_that_went_away_meanwhile_is_left(row: SendingDomain) -> None:
    SendingDomain.objects.all().delete()
    sending_domains.look_up(row)
    look_up_domain(row.pk)
    assert not SendingDomain.objects.exists()


def _ages(**span: float) -> None:
    SendingDomain.objects.update(asked_at=F("asked_at") - timedelta(**span))


# ---- what got worse -----------------------------------------------------------------------------

VANISHED = {
    "spf": HERE,
    "dkim": f"s1._domainkey.{HERE}",
    "dmarc": f"_dmarc.{HERE}",
}


@pytest.mark.parametrize("kind", VANISHED)
def test_a_record_that_vanished_is_missed_until_it_is_back(
    row: SendingDomain, server: NameServer, kind: str
) -> None:
    looked_up(row)
    server.zones[VANISHED[kind]] = MX
    missed = looked_up(row).worse
    assert list(missed) == [kind]
    assert looked_up(row).worse == missed  # since then, and not since now
    assert sending_domains.due() == []
    _ages(minutes=61)
    assert sending_domains.due() == [row.pk]
    server.zones.update(GOOD)
    assert looked_up(row).worse == {}


def test_with_the_domain_everything_is_missed(row: SendingDomain, server: NameServer) -> None:
    looked_up(row)
    server.zones.clear()
    assert set(looked_up(row).worse) == {"spf", "dkim", "dmarc", "mx"}
    assert [
        kind for kind, _since in sending_domains.worse_since(row)
    ] == "spf dkim dmarc mx".split()


@pytest.mark.parametrize("how", ["failing", "refused"])
def test_a_server_that_cannot_answer_is_no_loss(
    row: SendingDomain, server: NameServer, how: str
) -> None:
    before = dict(looked_up(row).stands)
    getattr(server, how).update(server.zones)
    assert looked_up(row).worse == {}
    assert row.stands == before


def test_what_never_stood_is_not_missed(row: SendingDomain, server: NameServer) -> None:
    server.zones[HERE] = MX
    looked_up(row)
    assert (row.stands["spf"], looked_up(row).worse) == (False, {})


def test_what_is_meant_so_is_not_missed_again(row: SendingDomain, server: NameServer) -> None:
    looked_up(row)
    server.zones[f"_dmarc.{HERE}"] = MX
    looked_up(row)
    sending_domains.accept(row)
    assert looked_up(row).worse == {}


# ---- selectors that our mail was seen with ------------------------------------------------------

MAIL = """\
DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s={selector};
\tc=relaxed/relaxed; h=from; bh=x; b=y
From: Support <{sender}>
To: {sender}
Subject: {subject}

x
"""


def came_back(account: EmailAccount, **facts: str) -> None:
    facts = {"domain": HERE, "selector": "x7", "sender": f"support@{HERE}"} | facts
    facts.setdefault("subject", probe.subject_of(probe.new_token()))
    receive([Arrival(MAIL.format(**facts).encode())], source="fetch", account=account)


@pytest.fixture
def account(row: SendingDomain) -> EmailAccount:
    switch_channel_on()
    SendingDomain.objects.update(selectors=[])
    return EmailAccount.objects.get()


def test_the_selector_is_read_from_a_test_mail_that_came_back(
    row: SendingDomain, account: EmailAccount, server: NameServer
) -> None:
    server.zones.update(dkim(f"v=DKIM1; p={KEY}", "x7") | GOOD)
    came_back(account)
    looked_up(row)
    assert row.found["seen"] == [[HERE, "x7"]]
    assert "dkim-ok" in codes(row)


@pytest.mark.parametrize(
    "facts",
    [
        {"subject": "Carteria test mail " + "0" * 40},  # not of ours
        {"subject": "Hello"},
        {"sender": "other@elsewhere.net"},
        {"selector": "../../x"},
        {"selector": "a b"},
        {"domain": "shop net"},
    ],
)
def test_what_others_write_names_no_selector(
    row: SendingDomain, account: EmailAccount, facts: dict[str, str]
) -> None:
    came_back(account, **facts)
    assert sending_domains.seen_selectors(row) == []


def test_only_the_newest_are_read(row: SendingDomain, account: EmailAccount) -> None:
    for number in range(sending_domains.LATEST + 2):
        came_back(account, selector=f"s{number}")
    assert [name for _at, name in sending_domains.seen_selectors(row)] == "s6 s5 s4 s3 s2".split()


def test_how_old_an_answer_is_can_be_seen(row: SendingDomain) -> None:
    before = timezone.now()
    assert row.looked_at is None
    moment = looked_up(row).looked_at
    assert moment is not None and moment >= before
