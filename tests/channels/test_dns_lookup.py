"""Name servers that lie, hang, stammer or shout: each is told apart, and none costs much."""

from collections.abc import Iterator

import pytest

from apps.channels import dns_lookup
from apps.channels.dns_help.answers import UNSURE, Answer
from apps.channels.dns_help.providers import Sending
from apps.channels.dns_help.verdicts import judge_all
from apps.channels.dns_lookup import LONGEST_TEXT, MOST_QUESTIONS, MOST_TEXTS, Questions
from tests.channels.dns_zones import AT_MX, HERE, MX, spf, txt
from tests.servers.dns import NameServer, Zone, name_server

SPF: Zone = txt("v=spf1 -all")


@pytest.fixture(scope="module")
def line() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def server(line: NameServer) -> NameServer:
    line.forget()
    return line


@pytest.fixture
def hasty(server: NameServer, monkeypatch: pytest.MonkeyPatch) -> NameServer:
    """Less patient than in a house, where the server is never to answer."""
    monkeypatch.setattr(dns_lookup, "SECONDS", 0.8)
    monkeypatch.setattr(dns_lookup, "SECONDS_EACH", 0.25)
    monkeypatch.setattr(dns_lookup, "SECONDS_A_TRY", 0.1)
    return server


def ask(server: NameServer, name: str, kind: str = "TXT") -> Answer:
    return Questions([server.address])(name, kind)


def test_why_there_is_no_record_is_told_apart(server: NameServer) -> None:
    server.zones = {"only-mx.net": MX, "there.net": SPF}
    server.failing, server.refused = {"ill.net"}, {"closed.net"}
    told = {name: ask(server, f"{name}.net").outcome for name in WHY}
    assert told == WHY
    assert {one for one in WHY.values() if one in UNSURE} == {"failed", "refused"}


WHY = {
    "there": "found",
    "only-mx": "empty",
    "nowhere": "absent",
    "ill": "failed",
    "closed": "refused",
}


@pytest.mark.parametrize("how", ["silent", "lying", "garbled"])
def test_what_is_no_answer_is_silence(hasty: NameServer, how: str) -> None:
    """An answer to another question is none, and neither are bytes that nobody can read."""
    getattr(hasty, how).add("shop.net")
    answer = ask(hasty, "shop.net")
    assert answer.outcome == "late"
    assert answer.is_unsure


def test_what_does_not_fit_into_a_packet_comes_by_tcp(server: NameServer) -> None:
    server.zones["long.net"] = txt(*(f"v=spf1 ip4:192.0.2.{n} {'x' * 200} -all" for n in range(9)))
    answer = ask(server, "long.net")
    assert (answer.outcome, len(answer.texts)) == ("found", 9)
    assert [by for by, _name, _kind in server.asked] == ["udp", "tcp"]


def test_of_a_huge_answer_little_is_kept(server: NameServer) -> None:
    """65,535 bytes are the most that DNS carries at all."""
    server.zones["huge.net"] = txt(*(f"v=spf1 {n:02d} {'x' * 2900}" for n in range(20)))
    answer = ask(server, "huge.net")
    assert answer.outcome == "found"
    assert len(answer.texts) == MOST_TEXTS
    assert max(map(len, answer.texts)) <= LONGEST_TEXT


def test_an_answer_that_comes_in_drops_is_not_waited_for(hasty: NameServer) -> None:
    hasty.zones["drops.net"] = txt(*(f"v=spf1 {n:02d} {'x' * 900}" for n in range(3)))
    hasty.dripping = {"drops.net"}
    assert ask(hasty, "drops.net").outcome == "late"


def test_aliases_are_followed_and_circles_are_left(server: NameServer) -> None:
    server.zones = {
        "a.net": {"CNAME": ["b.net."]},
        "b.net": SPF,
        "gone.net": {"CNAME": ["nowhere.net."]},
        "round.net": {"CNAME": ["about.net."]},
        "about.net": {"CNAME": ["round.net."]},
    }
    assert ask(server, "a.net") == Answer("a.net", "TXT", "found", ("v=spf1 -all",), "b.net")
    assert ask(server, "gone.net") == Answer("gone.net", "TXT", "absent", (), "nowhere.net")
    assert ask(server, "round.net").outcome == "odd"


def test_odd_bytes_become_letters_that_any_page_can_show(server: NameServer) -> None:
    server.raw["odd.net"] = [b"v=spf1 caf\xe9 \x00\x07\x1b[31m\xe2\x80\xae -all", b"\xff\xfe\xff"]
    (text,) = ask(server, "odd.net").texts
    assert text.isprintable()
    assert text.startswith("v=spf1 caf�")


def test_records_that_speak_of_no_mail_are_not_kept(server: NameServer) -> None:
    server.zones["shop.net"] = txt("google-site-verification=secret", "v=spf1 -all")
    assert ask(server, "shop.net").texts == ("v=spf1 -all",)


def test_names_that_no_server_can_know(server: NameServer) -> None:
    for name in ("a..net", "x" * 64 + ".net", "ﷺ.net." * 60, "\ud800.net", "-☃-\u202e.net"):
        assert ask(server, name).outcome == "odd"
    assert server.asked == []


def test_a_name_of_another_script_is_asked_by_idna(server: NameServer) -> None:
    server.zones["xn--bcher-kva.net"] = SPF
    assert ask(server, "Bücher.net").outcome == "found"
    assert server.asked == [("udp", "xn--bcher-kva.net", "TXT")]


def test_each_question_is_asked_once(server: NameServer) -> None:
    server.zones["shop.net"] = SPF
    questions = Questions([server.address])
    assert questions("shop.net", "TXT") is questions("shop.net", "TXT")
    assert len(server.asked) == 1


def test_a_silent_server_is_given_up_for_good(hasty: NameServer) -> None:
    """However much there is to ask, the time in all is one; what is left is not asked."""
    hasty.silent = {HERE, f"_dmarc.{HERE}", *(f"s{n}._domainkey.{HERE}" for n in range(9))}
    questions = Questions([hasty.address])
    sending = Sending(HERE, selectors=tuple(f"s{n}" for n in range(9)))
    verdicts = judge_all(sending, questions)
    assert [one.stands for one in verdicts] == [None] * 4
    assert {one.outcome for one in questions.answers.values()} == {"late"}
    assert len({name for _by, name, _kind in hasty.asked}) <= 4  # of 12


def test_a_slow_server_is_waited_for(server: NameServer) -> None:
    server.zones["slow.net"], server.slow["slow.net"] = SPF, 0.1
    assert ask(server, "slow.net").outcome == "found"


def test_a_record_that_grows_without_end_is_left(server: NameServer) -> None:
    """Each name includes two others; nobody is asked more than a receiver would be, thrice."""
    server.zones = spf("v=spf1 include:n1.net -all")
    for n in range(1, 200):
        server.zones[f"n{n}.net"] = txt(
            f"v=spf1 include:n{2 * n}.net include:n{2 * n + 1}.net -all"
        )
    questions = Questions([server.address])
    verdict = judge_all(Sending(HERE), questions)[0]
    assert "spf-lookups" in verdict.codes
    assert len(questions.answers) <= min(MOST_QUESTIONS, 40)


def test_without_any_name_server_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dns_lookup, "_resolver", lambda _servers: None)
    assert Questions()("shop.net", "TXT").outcome == "late"


def test_a_second_server_is_asked_where_the_first_is_silent(
    server: NameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dns_lookup, "SECONDS_A_TRY", 0.1)
    server.zones = {HERE: MX | SPF, **AT_MX}
    with name_server() as other:
        other.silent = {HERE}
        answer = Questions([other.address, server.address])(HERE, "TXT")
    assert answer.outcome == "found"
