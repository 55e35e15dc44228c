"""Clean HTML as a tree that knows how much is to be read before each of its parts.

Only for what the cleaner wrote: every element is closed, and no attribute holds < or >.
"""

import re
from dataclasses import dataclass, field

from apps.core.html_marks import WHOLE, mark_in

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)([^<>]*)>")
VOID = frozenset("br hr img wbr col".split())
INLINE = frozenset(
    "a abbr acronym b bdi big cite code del dfn em font i img ins kbd mark q s samp small span"
    " strike strong sub sup time tt u var wbr".split()
)


def tree_of(clean: str) -> "Node | None":
    """Its root; None for what is no well-formed HTML."""
    return _Reader(clean).read()


@dataclass(slots=True, eq=False)
class Node:
    """An element or a run of text; how much is read before its beginning and before its end."""

    tag: str
    attributes: str
    start: int
    parent: "Node | None"
    place: int = 0  # among its siblings
    inside: int = 0
    inside_end: int = 0
    end: int = 0
    letters: int = 0
    letters_end: int = 0
    lines: int = 0
    lines_end: int = 0
    cited: int = 0  # letters in quotes that carry a sign
    first_cited: int = -1  # letters before the first of them
    children: list["Node"] = field(default_factory=list)

    @property
    def read(self) -> int:
        return self.letters_end - self.letters

    @property
    def mark(self) -> str:
        return mark_in(self.attributes)

    @property
    def is_cited(self) -> bool:
        if self.tag != "blockquote":
            return False
        return self.mark == WHOLE or ' type="cite"' in self.attributes


class _Reader:
    """Builds the tree in one pass, counting letters (a picture is one) and lines."""

    def __init__(self, clean: str) -> None:
        self.clean = clean
        self.letters = self.lines = 0
        self.line_begun = False
        self.root = self.at = Node("", "", 0, None)

    def read(self) -> Node | None:
        end = 0
        for tag in TAG.finditer(self.clean):
            self._text(end, tag.start())
            end = tag.end()
            if not self._tag(tag):
                return None
        self._text(end, len(self.clean))
        self._close(len(self.clean), len(self.clean))
        return self.root if self.at is self.root else None

    def _tag(self, tag: re.Match[str]) -> bool:
        closes, name, attributes = tag.groups()
        if name not in INLINE:
            self.line_begun = False
        if closes:
            if self.at.tag != name or self.at.parent is None:
                return False
            self._close(tag.start(), tag.end())
            self.at = self.at.parent
            return True
        node = self._open(name, attributes, tag.start())
        node.inside = tag.end()
        if name == "img":
            self._read(1)
        if name in VOID:
            self.at = node
            self._close(tag.end(), tag.end())
            self.at = node.parent or self.root
        else:
            self.at = node
        return True

    def _text(self, start: int, end: int) -> None:
        if start == end:
            return
        node = self._open("#text", "", start)
        node.inside = start
        words = self.clean[start:end]
        self._read(len("".join(words.replace("&nbsp;", " ").split())))
        self.at = node
        self._close(end, end)
        self.at = node.parent or self.root

    def _read(self, letters: int) -> None:
        if letters and not self.line_begun:
            self.lines += 1
            self.line_begun = True
        self.letters += letters

    def _open(self, tag: str, attributes: str, start: int) -> Node:
        node = Node(tag, attributes, start, self.at, len(self.at.children))
        node.letters, node.lines = self.letters, self.lines
        self.at.children.append(node)
        return node

    def _close(self, inside_end: int, end: int) -> None:
        self.at.inside_end, self.at.end = inside_end, end
        self.at.letters_end, self.at.lines_end = self.letters, self.lines
        if self.at.parent is not None:
            self._count_cited(self.at, self.at.parent)

    def _count_cited(self, node: Node, parent: Node) -> None:
        cited, first = node.cited, node.first_cited
        if node.is_cited:
            cited, first = node.read, node.letters
        parent.cited += cited
        if parent.first_cited < 0 and cited:
            parent.first_cited = first
