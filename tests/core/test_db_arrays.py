"""Arrays as they reach PostgreSQL: the same values come back, whatever letters they have."""

import json
from datetime import UTC, datetime

import pytest
from django.db import DataError, connection
from psycopg.types.json import Jsonb

pytestmark = [pytest.mark.database, pytest.mark.django_db, pytest.mark.only_on("postgresql")]

TEXTS = [
    *("", " ", "plain", "NULL", "null", '"', "\\", '\\"', "a,b", "{}", "{a}", "it's", "\t\r\n"),
    *("ünïcode", "日本", "😀", "\u2003", "%s", "\\x41", "a" * 70_000, None),
]


def back(values: list[object], kind: str) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM UNNEST(%s::{kind}[])", [values])
        return [row[0] for row in cursor.fetchall()]


def test_texts_come_back_letter_for_letter() -> None:
    assert back([*TEXTS], "text") == TEXTS


@pytest.mark.parametrize("texts", [[None], [""], [None, None], []])
def test_short_and_empty_lists(texts: list[object]) -> None:
    assert back(texts, "text") == texts


def test_numbers_come_back() -> None:
    numbers: list[object] = [0, -1, 2**62, -(2**63), None]
    assert back(numbers, "bigint") == numbers


def test_other_kinds_are_left_to_the_driver() -> None:
    assert back([True, None, False], "boolean") == [True, None, False]
    assert back([b"\0\xff", None], "bytea") == [b"\0\xff", None]


def test_moments_and_json_come_back() -> None:
    moments: list[object] = [datetime(2024, 2, 29, 23, 59, 59, 123456, UTC), None]
    assert back(moments, "timestamptz") == moments
    facts = [{"a": [*TEXTS]}, [], "it's", 1.5, {}, None]
    written: list[object] = [Jsonb(one) for one in facts]
    assert [
        json.loads(one) if isinstance(one, str) else one for one in back(written, "jsonb")
    ] == facts
    assert back([Jsonb({}), None], "jsonb")[1] is None


def test_what_no_json_may_have_is_refused_as_before() -> None:
    with pytest.raises(DataError):
        back([Jsonb({"a": "\0"})], "jsonb")


def test_what_no_text_may_have_is_refused_as_before() -> None:
    with pytest.raises((DataError, ValueError)):
        back(["a\0b"], "text")


def test_a_lone_surrogate_is_refused_as_before() -> None:
    with pytest.raises(UnicodeEncodeError):
        back(["\ud800"], "text")
