"""The answer of a child as bytes, and back: data of an expected type, never code.

JSON for the shape, the long texts and bytes behind it. Whoever reads knows the type beforehand
and builds nothing else, so that a lying child can only give wrong values of the right kind.
"""

import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

MOST_SHAPE = 8 * 2**20  # bytes of JSON, which may grow twentyfold when read
LONG = 200
_HEAD = 8


class BadAnswer(ValueError):
    """Not what was promised."""


def pack(value: object) -> bytes:
    behind: list[bytes] = []
    shape = json.dumps(_shape(value, behind), separators=(",", ":")).encode("ascii")
    return b"".join([len(shape).to_bytes(_HEAD, "big"), shape, *behind])


def unpack(raw: bytes, expected: Any) -> object:
    size = int.from_bytes(raw[:_HEAD], "big")
    if len(raw) < _HEAD + size or size > MOST_SHAPE:
        raise BadAnswer("no shape")
    reader = _Reader(memoryview(raw)[_HEAD + size :])
    try:
        return reader.read(json.loads(raw[_HEAD : _HEAD + size]), expected)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadAnswer(type(error).__name__) from error


def _shape(value: Any, behind: list[bytes]) -> object:
    """Texts, numbers and lists as they are; everything else is an object of one key."""
    if isinstance(value, bytes):
        behind.append(value)
        return {"b": len(value)}
    if isinstance(value, str) and len(value) > LONG:
        behind.append(value.encode("utf-8", "surrogatepass"))
        return {"s": len(behind[-1])}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if is_dataclass(value):
        filled = [_shape(getattr(value, field.name), behind) for field in fields(value)]
        return {"d": [type(value).__name__, *filled]}
    if isinstance(value, Mapping):
        return {"m": [[str(key), _shape(one, behind)] for key, one in value.items()]}
    if isinstance(value, (list, tuple)):
        return [_shape(one, behind) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"no plain data: {type(value).__name__}")


class _Reader:
    """Takes the long pieces in the order in which they were written, each of them once."""

    def __init__(self, behind: memoryview) -> None:
        self.behind = behind
        self.place = 0

    def read(self, node: Any, expected: Any) -> Any:
        origin = get_origin(expected)
        if origin in (Union, types.UnionType):
            return self._one_of(node, get_args(expected))
        if origin is Literal:
            return _checked(node, node in get_args(expected))
        if origin in (list, tuple) or expected in (list, tuple):
            return self._row(node, expected)
        if origin is dict or expected is dict:
            return self._mapping(node, (get_args(expected) or (str, object))[1])
        if is_dataclass(expected):
            return self._filled(node, expected)
        return self._value(node, expected)

    def _one_of(self, node: Any, choices: Sequence[Any]) -> Any:
        place = self.place
        for choice in choices:
            try:
                return self.read(node, choice)
            except (ValueError, TypeError, KeyError):
                self.place = place
        raise BadAnswer("none of them")

    def _row(self, node: Any, expected: Any) -> Any:
        kinds = get_args(expected) or (object, ...)
        make = get_origin(expected) or expected
        _checked(node, isinstance(node, list))
        if make is list or kinds[1:] == (...,):
            return make(self.read(one, kinds[0]) for one in node)
        return tuple(self.read(one, kind) for one, kind in zip(node, kinds, strict=True))

    def _mapping(self, node: Any, kind: Any) -> dict[str, Any]:
        return {_checked(key, isinstance(key, str)): self.read(one, kind) for key, one in node["m"]}

    def _filled(self, node: Any, expected: Any) -> Any:
        name, *values = node["d"]
        _checked(name, name == expected.__name__)
        kinds = _kinds(expected)
        pairs = zip(kinds.items(), values, strict=True)
        return expected(**{name: self.read(one, kind) for (name, kind), one in pairs})

    def _value(self, node: Any, expected: Any) -> Any:
        value = self._unshaped(node)
        if expected is object or expected is Any:
            return value
        if expected in (None, types.NoneType):
            return _checked(value, value is None)
        if expected is float and type(value) is int:
            return float(value)
        return _checked(value, type(value) is expected)

    def _unshaped(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._unshaped(one) for one in node]
        if not isinstance(node, dict):
            return node
        ((kind, inside),) = node.items()
        if kind == "b":
            return bytes(self._piece(inside))
        if kind == "s":
            return str(self._piece(inside), "utf-8", "surrogatepass")
        if kind == "t":
            return datetime.fromisoformat(inside)
        return self._mapping(node, object)

    def _piece(self, length: int) -> memoryview:
        start, self.place = self.place, self.place + length
        if length < 0 or self.place > len(self.behind):
            raise BadAnswer("too short")
        return self.behind[start : self.place]


def _checked(value: Any, right: bool) -> Any:
    if not right:
        raise BadAnswer("another type")
    return value


@cache
def _kinds(expected: Any) -> dict[str, Any]:
    hints = get_type_hints(expected)
    return {field.name: hints[field.name] for field in fields(expected)}
