"""What is said of a zone, asked of a real name server and again of the answers that were kept."""

from collections.abc import Iterator

import pytest

from apps.channels.dns_help.answers import Verdict, unjson
from apps.channels.dns_help.providers import PROVIDERS, provider_of_host
from apps.channels.dns_help.spf import read
from apps.channels.dns_help.verdicts import judge_all, why_not_asked
from apps.channels.dns_lookup import Questions
from apps.channels.sending_domains import Kept
from tests.channels.dns_zones import CASES, Case
from tests.servers.dns import NameServer, name_server


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.mark.parametrize("name", CASES)
def test_a_zone_and_what_is_said_of_it(server: NameServer, name: str) -> None:
    case = CASES[name]
    server.forget()
    server.zones.update(case.zones)
    asked = Questions([server.address])
    verdict = _of(case, judge_all(case.how, asked))
    assert verdict.codes == case.codes
    assert verdict.stands is case.stands
    assert case.words in verdict.said[0].sentence
    assert tuple(one.value for one in verdict.to_add) == case.adds
    assert not any("%(" in one.sentence for one in verdict.said)

    kept = [unjson(one.as_json()) for one in asked.answers.values()]
    count = len(server.asked)
    again = judge_all(case.how, Kept({(one.name, one.kind): one for one in kept}))
    assert _of(case, again) == verdict
    assert len(server.asked) == count


def _of(case: Case, verdicts: list[Verdict]) -> Verdict:
    return next(one for one in verdicts if one.kind == case.kind)


def test_the_table_is_as_long_as_is_said() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("smtp.gmail.com", "google"),
        ("SMTP.Office365.com.", "microsoft"),
        ("acme-com.mail.protection.outlook.com", "microsoft"),
        ("email-smtp.eu-west-1.amazonaws.com", "ses"),
        ("smtp.gmail.com.evil.net", None),
        ("notamazonaws.com", None),
        ("mail.shop.net", None),
    ],
)
def test_a_provider_is_known_by_its_host(host: str, key: str | None) -> None:
    found = provider_of_host(host)
    assert (found.key if found else None) == key


def test_no_host_is_of_two_providers() -> None:
    hosts = [host for provider in PROVIDERS for host in provider.hosts]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize(
    "word",
    "all:x ip4 ip4:2001:db8::1 ip6:192.0.2.1 include exists include: a: foo -ip4:1.2.3.4/33".split(),
)
def test_what_is_no_term_of_spf(word: str) -> None:
    assert read(f"v=spf1 {word}") == ([], [word])


@pytest.mark.parametrize(
    "word",
    "-ALL a a:x.net/24 mx/24//64 ip6:2001:db8::/32 exp=x.net foo=bar exists:%{i}.x.net".split(),
)
def test_what_is_a_term_of_spf(word: str) -> None:
    terms, odd = read(f"v=spf1 {word}")
    assert (len(terms), odd) == (1, [])


@pytest.mark.parametrize(
    "domain", ["shop.test", "localhost", "shop.local", "intranet", "gmail.com"]
)
def test_what_no_public_server_knows_is_not_asked(domain: str) -> None:
    assert why_not_asked(domain, frozenset({"gmail.com"}))
    assert not why_not_asked("shop.net", frozenset({"gmail.com"}))
