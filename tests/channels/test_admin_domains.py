"""The pages of sending domains: what they say, what they cost, and that they never wait."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels import sending_domains
from apps.channels.dns_help.answers import Answer
from apps.channels.dns_lookup import Questions
from apps.channels.models import ChannelSettings, SendingDomain
from apps.core.models import Role
from tests.channels.dns_zones import HERE, KEY, MX, txt
from tests.people import make_account, make_mailbox, make_user
from tests.servers.dns import NameServer, name_server

pytestmark = pytest.mark.django_db

LIST = "/admin/email_channels/sendingdomain/"


@pytest.fixture(scope="module")
def line() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture(autouse=True)
def server(line: NameServer, settings: Any) -> NameServer:
    settings.DNS_SERVERS = [line.address]
    line.forget()
    line.zones.update({HERE: MX | txt("v=spf1 ?all"), f"_dmarc.{HERE}": txt("v=DMARC1; p=reject")})
    return line


@pytest.fixture
def row() -> SendingDomain:
    make_mailbox(f"help@{HERE}", account=make_account(send_host="smtp.fastmail.com"))
    sending_domains.keep_rows()
    return SendingDomain.objects.get()


@pytest.fixture
def admin() -> Client:
    return somebody(Role.ADMINISTRATOR)


def somebody(role: str) -> Client:
    client = Client()
    client.force_login(make_user(f"some-{role}", roles=[role]))
    return client


def page(client: Client, row: SendingDomain) -> str:
    return str(client.get(f"{LIST}{row.pk}/change/").content.decode())


def do(client: Client, row: SendingDomain, verb: str) -> int:
    return int(client.post(f"{LIST}{row.pk}/do/{verb}/").status_code)


def test_a_page_never_asks_the_dns(admin: Client, row: SendingDomain, server: NameServer) -> None:
    assert "Not looked up yet" in page(admin, row)
    assert HERE in admin.get(LIST).content.decode()
    assert server.asked == []


def test_look_up_now_says_what_to_add(admin: Client, row: SendingDomain) -> None:
    assert do(admin, row, "look-up") == 302
    shown = page(admin, row)
    assert "Nothing is blocked by it" in shown
    assert "It ends with “?all”" in shown
    assert '<code dir="ltr">v=spf1 include:spf.messagingengine.com ~all</code>' in shown
    assert f'<code dir="ltr">fm1.{HERE}.dkim.fmhosted.com.</code>' in shown
    assert "The policy is reject" in shown
    assert "at the name server 127.0.0.1" in shown


def test_the_dns_is_asked_outside_of_any_transaction(
    admin: Client, row: SendingDomain, monkeypatch: pytest.MonkeyPatch
) -> None:
    depth, seen = len(connection.savepoint_ids), []

    def asked(self: Questions, name: str, kind: str) -> Answer:
        seen.append(len(connection.savepoint_ids))
        return Answer(name, kind, "late")

    monkeypatch.setattr(Questions, "_asked", asked)
    do(admin, row, "look-up")
    admin.post(f"{LIST}{row.pk}/change/", {"selectors": "s1"})
    assert seen and set(seen) == {depth}


def test_saved_selectors_are_looked_up_at_once(
    admin: Client, row: SendingDomain, server: NameServer
) -> None:
    server.zones[f"s1._domainkey.{HERE}"] = txt(f"v=DKIM1; p={KEY}")
    admin.post(f"{LIST}{row.pk}/change/", {"selectors": f"S1._domainkey.{HERE}\ns1"})
    row.refresh_from_db()
    assert row.selectors == ["s1"]
    assert "The key s1 works; it has 2048 bits." in page(admin, row)


@pytest.mark.parametrize("typed", ["s 1", "../x", "é", "s1.", "-s", "s" * 70, "<b>"])
def test_what_is_no_selector_is_told(
    admin: Client, row: SendingDomain, server: NameServer, typed: str
) -> None:
    answer = admin.post(f"{LIST}{row.pk}/change/", {"selectors": typed})
    assert "is no selector" in answer.content.decode()
    assert server.asked == []


def test_too_many_selectors_are_told(admin: Client, row: SendingDomain) -> None:
    answer = admin.post(f"{LIST}{row.pk}/change/", {"selectors": "\n".join("abcdefghijk")})
    assert "At most 10 selectors" in answer.content.decode()


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AGENT, Role.INTEGRATION])
def test_others_see_nothing(row: SendingDomain, role: str) -> None:
    client = somebody(role)
    assert client.get(LIST).status_code in (302, 403)
    assert do(client, row, "look-up") in (302, 403, 404)
    row.refresh_from_db()
    assert row.looked_at is None


def test_an_auditor_looks_and_does_nothing(row: SendingDomain, server: NameServer) -> None:
    sending_domains.look_up(row)
    asked, auditor = len(server.asked), somebody(Role.AUDITOR)
    shown = page(auditor, row)
    assert "It ends with “?all”" in shown
    assert "Look up now" not in shown and "selectors" not in shown
    assert [do(auditor, row, verb) for verb in ("look-up", "accept")] == [403, 403]
    assert len(server.asked) == asked


def test_an_unknown_verb_and_a_get_do_nothing(admin: Client, row: SendingDomain) -> None:
    assert do(admin, row, "delete") == 403
    assert admin.get(f"{LIST}{row.pk}/do/look-up/").status_code == 405


def test_what_got_worse_stands_on_top_until_it_is_meant_so(
    admin: Client, row: SendingDomain
) -> None:
    SendingDomain.objects.filter(pk=row.pk).update(worse={"spf": timezone.now().isoformat()})
    assert "<b>SPF</b> did its work and does no longer" in page(admin, row)
    do(admin, row, "accept")
    assert "does no longer" not in page(admin, row)


def test_words_of_others_are_only_words(
    admin: Client, row: SendingDomain, server: NameServer
) -> None:
    server.raw[HERE] = [b"v=spf1 <script>alert(1)</script> include:\xe2\x80\xaeten.evil -all"]
    sending_domains.look_up(row)
    shown = page(admin, row)
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert" not in shown
    assert "\u202e" not in shown


@pytest.mark.parametrize(
    ("address", "words"),
    [("x@gmail.com", "belongs to a mail provider"), ("x@shop.local", "for one network alone")],
)
def test_what_is_not_looked_up_says_why(admin: Client, address: str, words: str) -> None:
    make_mailbox(address)
    sending_domains.keep_rows()
    row = SendingDomain.objects.get(name=address.partition("@")[2])
    shown = page(admin, row)
    assert words in shown
    assert "Look up now" not in shown


def test_a_domain_that_is_gone_says_so_once(
    admin: Client, row: SendingDomain, server: NameServer
) -> None:
    server.zones.clear()
    sending_domains.look_up(row)
    assert page(admin, row).count('data-test="verdict"') == 1
    assert admin.get(LIST).content.decode().count("tone--danger") == 4


def test_answers_are_kept_and_no_sentences(row: SendingDomain) -> None:
    """Whoever reads in another language has them in it."""
    sending_domains.look_up(row)
    kept = str(SendingDomain.objects.get(pk=row.pk).found)
    assert "p=reject" in kept and "policy" not in kept


def test_pages_cost_the_same_with_many_domains(admin: Client, row: SendingDomain) -> None:
    sending_domains.look_up(row)

    def cost(address: str) -> int:
        ChannelSettings.load()
        with CaptureQueriesContext(connection) as asked:
            assert admin.get(address).status_code == 200
        return len(asked)

    def costs() -> list[int]:
        cache.clear()
        for address in (LIST, f"{LIST}{row.pk}/change/"):
            cost(address)
        return [cost(LIST), cost(f"{LIST}{row.pk}/change/")]

    before = costs()
    for number in range(20):
        make_mailbox(f"a@d{number}.net")
    sending_domains.keep_rows()
    SendingDomain.objects.update(found=row.found, looked_at=timezone.now())
    assert costs() == before
    assert before[0] <= 8 and before[1] <= 6
