"""Which words a text has, and what somebody who types a question asks for."""

import pytest

from apps.core.search.words import LONGEST_WORD, MOST_ASKED, MOST_TERMS, Term, terms_of, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Facturá N.º 12", ["factura", "n", "o", "12"]),
        ("Ana.López@firma.test", ["ana", "lopez", "firma", "test"]),
        ("STRASSE straße", ["strasse", "strasse"]),
        ("Søren Łódź İzmir ışık", ["soren", "lodz", "izmir", "isik"]),
        ("ΟΔΟΣ οδός", ["οδοσ", "οδοσ"]),
        ("ﬁle ＡＢＣ snake_case", ["file", "abc", "snake", "case"]),
        ("فاتورة أُخْرى فـاتورة", ["فاتورة", "اخرى", "فاتورة"]),
        ("東京都 abc請求", ["東京", "京都", "都", "abc", "請求", "求"]),
        ("がか 한국어", ["がか", "か", "한국", "국어", "어"]),
        ("\0 !!! \ud800 —", []),
    ],
)
def test_case_accents_and_punctuation_do_not_count(text: str, words: list[str]) -> None:
    assert words_of(text) == words


def test_a_word_without_end_is_cut_in_text_and_question_alike() -> None:
    endless = "x" * 5000
    assert words_of(endless) == ["x" * LONGEST_WORD]
    assert terms_of(endless) == (Term(("x" * LONGEST_WORD,)),)


def test_only_the_last_word_may_go_on() -> None:
    assert terms_of("my fact") == (Term(("my",)), Term(("fact",), prefix=True))


def test_quotes_keep_words_together_and_finished() -> None:
    assert terms_of('"my fact" x9') == (Term(("my", "fact")), Term(("x9",), prefix=True))
    assert terms_of('pay "my fact"') == (Term(("pay",)), Term(("my", "fact")))


def test_an_open_quote_is_still_being_typed() -> None:
    assert terms_of('"my fact') == (Term(("my", "fact"), prefix=True),)


def test_what_hangs_together_is_asked_for_together() -> None:
    assert terms_of("ana.lopez@fir") == (Term(("ana", "lopez", "fir"), prefix=True),)


def test_scripts_without_spaces_are_asked_for_in_pairs() -> None:
    assert terms_of("東京都 x") == (Term(("東京", "京都")), Term(("x",), prefix=True))
    assert terms_of("都") == (Term(("都",), prefix=True),)


@pytest.mark.parametrize("question", ["", "  ", '"', '""', "!!! --- (((", "\0", "\ud800", "_"])
def test_a_question_without_a_word_asks_for_nothing(question: str) -> None:
    assert terms_of(question) == ()


def test_a_question_of_ten_thousand_characters_is_cut() -> None:
    assert len(terms_of("ab " * 4000)) == MOST_TERMS
    assert sum(len(word) for term in terms_of("a.b" * 4000) for word in term.words) <= MOST_ASKED
