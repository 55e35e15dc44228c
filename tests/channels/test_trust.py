"""The trust line: what speaks for a sender, what against, and that nothing forged is believed."""

import json

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.channels.lookalikes import imitated_by, is_one_edit, visible, without_turns
from apps.channels.parse import parse
from apps.channels.trust import NOBODY, Ours, trust_of
from apps.channels.trust_words import SENTENCES, advice_of, marked_sentences_of, sentences_of
from tests.channels.odd_mails import NAMES, raw
from tests.channels.trust_cases import CASES, CONTACTS, FROM, KNOWN, OURS, PASSED


def _mail(headers: str):  # type: ignore[no-untyped-def]
    return parse(headers.encode() + b"Subject: hello\n\nhello\n")


@pytest.mark.parametrize("name", CASES)
def test_a_sender_is_judged(name: str) -> None:
    headers, level, codes = CASES[name]
    trust = trust_of(_mail(headers), OURS, known=KNOWN, contacts=CONTACTS)
    assert {fact["code"] for fact in trust.facts} == codes
    assert trust.level == level


def test_every_fact_has_a_case_and_a_sentence() -> None:
    shown = {code for _headers, _level, codes in CASES.values() for code in codes}
    assert shown | {"stranger", "rebuilt", "from-junk"} == set(SENTENCES)


@pytest.mark.parametrize("name", CASES)
def test_what_is_stored_can_be_said(name: str) -> None:
    trust = trust_of(_mail(CASES[name][0]), OURS, known=KNOWN, contacts=CONTACTS)
    stored = json.loads(json.dumps(trust.as_json()))
    with translation.override("en"):
        said = sentences_of(stored)
    assert len(said) == len(trust.facts) == len(marked_sentences_of(stored))
    assert all(one.endswith(".") and "{" not in one for one in said)


@pytest.mark.parametrize("name", CASES)
def test_a_warning_says_what_to_do(name: str) -> None:
    headers, level, _codes = CASES[name]
    advice = advice_of(trust_of(_mail(headers), OURS, known=KNOWN, contacts=CONTACTS).as_json())
    assert bool(advice) is (level == "warning")


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        (["reply-elsewhere", "authenticated"], "look at the address in To"),
        (["stranger"], "may read the conversation"),
        (["stranger", "looks-like"], "in a way that you know already"),
    ],
)
def test_advice_fits_what_was_found(codes: list[str], words: str) -> None:
    trust = {"level": "warning", "facts": [{"code": code} for code in codes]}
    assert words in advice_of(trust)


def test_without_a_named_server_nothing_is_believed() -> None:
    assert trust_of(_mail(PASSED + FROM)).level == "neutral"


def test_a_server_without_a_name_can_be_named_none() -> None:
    field = "Authentication-Results: spf=pass smtp.mailfrom=example.com; dmarc=pass\n"
    assert trust_of(_mail(field + FROM), Ours(servers=("none",))).level == "verified"


def test_what_lay_in_junk_is_a_warning_whoever_sent_it() -> None:
    trust = trust_of(_mail(PASSED + FROM), Ours(servers=("mx.ours.test",)), from_junk=True)
    assert (trust.level, "junk mail" in sentences_of(trust.as_json())[0]) == ("warning", True)


def test_a_stranger_in_a_conversation_is_a_warning() -> None:
    trust = trust_of(_mail(FROM), is_stranger=True)
    assert (trust.level, trust.facts) == ("warning", ({"code": "stranger"},))


def test_who_takes_part_already_is_no_lookalike() -> None:
    mail = _mail("From: bob@bigcorps.example\n")
    known = (*KNOWN, "bob@bigcorps.example")
    assert trust_of(mail, OURS, known=known).level == "neutral"


def test_pages_escape_and_isolate_what_the_sender_wrote() -> None:
    fact = {"code": "reply-elsewhere", "addresses": ["<b>@x", "a\u202eb@y"]}
    (said,) = marked_sentences_of({"facts": [fact]})
    assert "<bdi>&lt;b&gt;@x</bdi>, <bdi>a[U+202E]b@y</bdi>" in said


def test_braces_of_a_sender_are_only_braces() -> None:
    fact = {"code": "sent-by", "address": "{0.__class__}{x}@y"}
    assert "{0.__class__}" in sentences_of({"facts": [fact]})[0]


def test_a_name_cannot_turn_around_what_stands_beside_it() -> None:
    mail = _mail("From: \u202eevil\u202c <a@example.com>\n")
    assert mail.from_ is not None
    assert mail.from_.name == "evil"
    assert mail.froms[0].name == "\u202eevil\u202c"
    assert without_turns("می\u200cخواهم") == "می\u200cخواهم"


def test_hidden_letters_get_a_number() -> None:
    assert visible("a\u200bb@x") == "a[U+200B]b@x"


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"only-body", "duplicate-headers"}))
def test_honest_mails_are_not_warned_of(name: str) -> None:
    assert trust_of(parse(raw(name))).level == "neutral"


@pytest.mark.parametrize(
    ("one", "other", "edit"),
    [
        *(("abc", "abd", True), ("abc", "acb", True), ("abc", "ab", True), ("abc", "abc", False)),
        *(("abc", "abcd", True), ("abcd", "badc", False), ("abc", "xyz", False), ("", "a", True)),
    ],
)
def test_one_slip_of_the_finger(one: str, other: str, edit: bool) -> None:
    assert is_one_edit(one, other) is edit


def test_two_countries_of_one_name_are_not_alike() -> None:
    assert imitated_by("example.de", ["example.es"]) == ""
    assert imitated_by("example.co.uk", ["example.com"]) == ""


LINES = st.sampled_from(
    "From: |Sender: |Reply-To: |Authentication-Results: |\n|a@b.c|<|>|,|=?utf-8?q?|?=|(|)|;|@|"
    "mx.carteria.test;|dmarc=pass|\u202e|\u200b|аpple.com|xn--|xn--a-0|\x00".split("|")
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES | st.text(max_size=4), max_size=30))
def test_no_mixture_raises(pieces: list[str]) -> None:
    mail = parse("".join(["From: a@b.c\n", *pieces]).encode("utf-8", "replace"))
    for ours in (OURS, NOBODY):
        stored = trust_of(mail, ours, known=KNOWN).as_json()
        assert marked_sentences_of(stored) is not None
        json.dumps(stored)
