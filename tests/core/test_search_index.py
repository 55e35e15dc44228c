"""An index over rows of any table: here users, of whom each is the group of some documents."""

from collections.abc import Sequence

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from apps.core.models import User
from apps.core.search import index as index_module
from apps.core.search.index import Document, Index

pytestmark = pytest.mark.django_db

NOTES = Index("test_notes")
ALIKE = ("frequent", "rare")  # both ways of searching must find the same


@pytest.fixture(autouse=True)
def _prepared() -> None:
    NOTES.prepare()


@pytest.fixture(params=ALIKE)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sample of one row, in which every word counts as frequent or rare, as we like."""
    monkeypatch.setattr(index_module, "SAMPLE", 1)
    monkeypatch.setattr(index_module, "MANY", 0 if request.param == "frequent" else 2)
    return str(request.param)


def write(*texts: str) -> list[User]:
    """Each text is the note of its own user."""
    users = [User.objects.create(username=f"u{number}") for number, _text in enumerate(texts)]
    NOTES.put(
        Document(user.pk * 10, user.pk, text) for user, text in zip(users, texts, strict=True)
    )
    return users


def found(question: str, rows: QuerySet[User] | None = None) -> list[str]:
    rows = User.objects.all() if rows is None else rows
    condition = NOTES.condition(rows, question, newest=("-pk",))
    assert condition is not None
    return sorted(rows.filter(condition).values_list("username", flat=True))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("factura", ["u0"]),
        ("FACTÚ", ["u0"]),
        ("pending factura", []),  # only the last word may be unfinished
        ("fact pagada", []),
        ("factura pendiente", ["u0"]),
        ("pendiente la factura", ["u0"]),
        ('"la factura"', ["u0"]),
        ('"factura la"', []),
        ("ana.lopez@fir", ["u1"]),
        ("firma.test", ["u1"]),
        ("lopez", ["u1"]),
        ("lopez f", ["u1"]),
        ("lopez x", []),
        ("p f", []),
        ("東京都", ["u2"]),
        ("京", ["u2"]),
        ("東都", []),
        ("فاتوره OR فاتورة", []),
        ("فاتو", ["u3"]),
    ],
)
def test_words_phrases_and_beginnings_are_found(
    way: str, question: str, names: Sequence[str]
) -> None:
    write(
        "La Facturá pendiente", "From Ana López <ana.lopez@firma.test>", "東京都", "الفاتورة فاتورة"
    )
    assert found(question) == names


@pytest.mark.parametrize(
    "question",
    ["a' OR 1=1 --", "x:* & !y | (z", 'NEAR("a" b, 3)', "a*b* {c}", "%s %(x)s {0}", "-a +b ^c",
     "x\0y", "x\ud800y", "a " * 5000, "z" * 10_000, "AND OR NOT", "<-> ::tsquery", "words:a"],
)  # fmt: skip
def test_no_question_is_an_error(way: str, question: str) -> None:
    write("something else")
    assert found(question) == []


@pytest.mark.parametrize("question", ["", "\0", "!?", '"', "()*&|"])
def test_a_question_without_words_has_no_condition(question: str) -> None:
    assert NOTES.condition(User.objects.all(), question, newest=("-pk",)) is None


def test_a_text_of_anything_is_stored(way: str) -> None:
    write(
        "\0'\\ \ud800 :1,2 " + "x" * 100_000 + " %s",
        "w " * 40_000,
        "\n".join(map(str, range(20_000))),
    )
    assert found("w") == ["u1"]
    assert found("4000") == ["u2"]


def test_rows_that_were_left_out_stay_out(way: str) -> None:
    write("one parcel", "one parcel")
    assert found("parcel", User.objects.filter(username="u1")) == ["u1"]


def test_a_group_with_two_matches_comes_once(way: str) -> None:
    [user] = write("one parcel")
    NOTES.put([Document(user.pk * 10 + 1, user.pk, "another parcel")])
    assert found("parcel") == ["u0"]


def test_what_is_put_again_is_replaced(way: str) -> None:
    [user] = write("old words")
    NOTES.put([Document(user.pk * 10, user.pk, "new words")])
    assert (found("old"), found("new")) == ([], ["u0"])


def test_what_is_dropped_is_not_found_any_more(way: str) -> None:
    [user, _other] = write("old words", "old")
    NOTES.drop([user.pk * 10])
    assert found("old") == ["u1"]
    assert NOTES.known([user.pk * 10, _other.pk * 10]) == {_other.pk * 10}


def test_making_the_tables_again_changes_nothing() -> None:
    write("old words")
    NOTES.prepare()
    assert found("old") == ["u0"]


def test_few_rows_are_read_without_a_sample_being_counted() -> None:
    write("parcel")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert found("parcel") == ["u0"]
    assert len(asked) == 2


@pytest.mark.parametrize("matches", [20, 1])
def test_a_word_of_many_is_read_on_for_and_a_word_of_few_looked_up(
    matches: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "SAMPLE", 10)
    monkeypatch.setattr(index_module, "MANY", 5)
    write(*["parcel"] * matches, *["other"] * (20 - matches))
    rows = User.objects.all()
    condition = NOTES.condition(rows, "parcel", newest=("pk",))
    assert condition is not None
    assert ("EXISTS" in str(rows.filter(condition).query)) == (matches == 20)
    assert rows.filter(condition).count() == matches


def test_fifty_documents_cost_one_statement() -> None:
    users = [User.objects.create(username=f"m{number}") for number in range(50)]
    with CaptureQueriesContext(connection) as asked:
        NOTES.put(Document(user.pk, user.pk, "text") for user in users)
    assert len(asked) == 1
