"""Is mail HTML too much to build a tree of? Told from the source, in one quick pass.

A tree takes time with the square of its depth, and of the attributes of one element. Beyond these
caps browsers show nothing useful either.
"""

import re
from itertools import islice

MOST_DEPTH = 600  # counted roughly: the tree itself is measured once it is there
MOST_ATTRIBUTES = 1000
MOST_STEPS = 200_000  # what is behind so many tags, the limited child may find out
MOST_BARE = 100_000
NEAR = 50  # how far an element is looked for that the next of its kind ends

_BARE = re.compile(r"&(?!#?[A-Za-z0-9])|<(?![A-Za-z/!?])")
_EMPTY = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_STEP = re.compile(rf"<(?:(!--)|(/?)(?!(?:{_EMPTY})[\s/>])([A-Za-z][^\s/>]{{0,40}}))", re.I)
_ATTRIBUTE = re.compile(r"[^\s/>=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]+))?")
_LONG_TAG = 4096
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.I)
    for name in "script style title textarea xmp iframe noembed noframes noscript".split()
}
# The next of its kind ends it, unless one of the walls is between.
_ENDED_BY_NEXT = frozenset("p li dd dt td th tr tbody thead tfoot option a".split())
_WALLS = frozenset("table ul ol dl menu dir div blockquote".split())


def is_beyond_caps(html: str) -> bool:
    return _has_many_bare_signs(html) or _is_deep_or_wide(html)


def _has_many_bare_signs(html: str) -> bool:
    """Each becomes an entity, one by one."""
    return sum(1 for _one in islice(_BARE.finditer(html), MOST_BARE)) == MOST_BARE


def _is_deep_or_wide(html: str) -> bool:
    outline, at = _Outline(), 0
    for _step in range(MOST_STEPS):
        found = _STEP.search(html, at)
        if found is None:
            return False
        comment, closes, name = found.groups()
        if comment:
            at = _after(html, "-->", found.end())
            continue
        at = _after(html, ">", found.end())
        if at - found.end() > _LONG_TAG and _has_many_attributes(html, found.end(), at):
            return True
        name = name.lower()
        if closes:
            outline.close(name)
        elif name in _RAW:
            end = _RAW[name].search(html, at)
            at = end.start() if end else len(html)
        elif outline.open(name) > MOST_DEPTH:
            return True
    return False


def _after(html: str, mark: str, at: int) -> int:
    end = html.find(mark, at)
    return end + len(mark) if end >= 0 else len(html)


def _has_many_attributes(html: str, start: int, end: int) -> bool:
    found = islice(_ATTRIBUTE.finditer(html, start, end), MOST_ATTRIBUTES)
    return sum(1 for _one in found) == MOST_ATTRIBUTES


class _Outline:
    """The elements that are open, roughly as browsers see it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.counts: dict[str, int] = {}

    def open(self, name: str) -> int:
        if name in _ENDED_BY_NEXT and self.counts.get(name):
            self._end_last(name)
        self.names.append(name)
        self.counts[name] = self.counts.get(name, 0) + 1
        return len(self.names)

    def close(self, name: str) -> None:
        if self.counts.get(name):
            while self._pop() != name:
                pass

    def _end_last(self, name: str) -> None:
        for one in islice(reversed(self.names), NEAR):
            if one == name:
                self.close(name)
                return
            if one in _WALLS:
                return

    def _pop(self) -> str:
        name = self.names.pop()
        self.counts[name] -= 1
        return name
