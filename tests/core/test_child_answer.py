"""What a child answers is data of the promised type, whatever the child has become."""

import json
import pickle
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from apps.channels.parsed import Address, Bounce, ParsedEmail, ParsedFile
from apps.core.child_answer import BadAnswer, pack, unpack


@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    size: int | None = None
    kind: Literal["a", "b"] = "a"


MAIL = ParsedEmail(
    subject="Grüße \ud800",
    from_=Address("a@b.test", "A"),
    to=(Address("c@d.test"),) * 300,
    date=datetime(2026, 1, 31, tzinfo=UTC),
    text="long " * 1000,
    files=(ParsedFile("a", ("a", "b"), "text/plain", bytes(range(256)), inline=True),),
    bounce=Bounce("hard", ("x@y.test",), smtp_code=550),
)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (MAIL, ParsedEmail),
        (MAIL, ParsedEmail | str),
        ("why not", ParsedEmail | str),
        (Thing("x", None, "b"), Thing),
        ([b"", b"long" * 1000, "x" * 1000], list[bytes | str]),
        ({"a": [1, 2.5, True, None, {"b": "c"}]}, object),
        ((1, "two"), tuple[int, str]),
        (None, None),
    ],
)
def test_what_was_packed_comes_back(value: object, kind: Any) -> None:
    assert unpack(pack(value), kind) == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", int),
        (True, int),
        ({"a": 1}, Thing),
        (Thing("x", None, "c"), Thing),  # type: ignore[arg-type]
        (Thing(b"x"), Thing),  # type: ignore[arg-type]
        (Address("a@b.test"), Thing),
        (["a", 1], list[str]),
        ((1,), tuple[int, str]),
    ],
)
def test_another_type_than_the_promised_one_is_no_answer(value: object, kind: Any) -> None:
    with pytest.raises(BadAnswer):
        unpack(pack(value), kind)


def _wire(shape: object, behind: bytes = b"") -> bytes:
    written = json.dumps(shape).encode()
    return len(written).to_bytes(8, "big") + written + behind


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff" * 100,
        pickle.dumps(print),
        _wire({"b": 10}, b"short"),
        _wire({"b": -1}, b"short"),
        _wire([{"b": 5}, {"b": 5}], b"twice"),
        _wire({"d": ["Popen", "ls"]}),
        _wire({"b": 1, "s": 1}, b"xx"),
        _wire({"b": "1"}, b"x"),
        _wire({"t": "yesterday"}),
        (200_000).to_bytes(8, "big") + b"[" * 200_000,
        (5000).to_bytes(8, "big") + b"9" * 5000,
    ],
)
def test_nonsense_is_no_answer(raw: bytes) -> None:
    with pytest.raises(BadAnswer):
        unpack(raw, object)


def test_only_plain_data_is_packed() -> None:
    with pytest.raises(TypeError):
        pack(print)
