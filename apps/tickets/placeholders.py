"""Places in canned words that a fact goes into: {{customer.name}} and its like."""

import re
from collections.abc import Callable, Iterable

from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.core.errors import Guarded

NAMES = (
    "customer.name",
    "customer.first_name",
    "customer.email",
    "agent.name",
    "queue.name",
    "session.id",
    "session.subject",
    "ticket.id",
    "ticket.url",
)

_PLACE = re.compile(r"\{\{\s{0,9}([^{}<>\n]{0,60}?)\s{0,9}\}\}")
_TWO = re.compile(r"\{(?=\{)")


def named_in(*texts: str) -> list[str]:
    """What stands between double braces, each once, in the order of the texts."""
    return list(dict.fromkeys(found for text in texts for found in _PLACE.findall(text)))


def unknown_in(*texts: str) -> list[str]:
    return [name for name in named_in(*texts) if name not in NAMES]


def fill(html: str, values: dict[str, str]) -> tuple[str, list[str]]:
    """Values are escaped; what has none stays visible. Answers the names that stayed."""
    missing = [name for name in named_in(html) if not values.get(name)]
    return _PLACE.sub(_filler(values), html), missing


def _filler(values: dict[str, str]) -> Callable[[re.Match[str]], str]:
    # A value that brings braces of its own must not look like a place.
    return lambda place: _TWO.sub("{ ", escape(values.get(place[1], ""))) or place[0]


def none_left_or_refuse(texts: Iterable[str]) -> None:
    left = [name for name in named_in(*texts) if name in NAMES]
    if left:
        sentence = _("text: “%(place)s” is still empty. Write the words, or delete it.")
        raise Guarded("place-left", sentence % {"place": "{{" + left[0] + "}}"})
