"""Cleaned mail HTML as a small tree: few kinds of nodes, capped in depth and number.

Beyond the caps tags lose their meaning and the words stay.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

MOST_DEPTH = 60
MOST_NODES = 20_000
MOST_VALUE = 2001  # characters of an attribute; a longer link is none (paragraphs.LONGEST_LINK)
MOST_SPAN = 50

LEAVES = frozenset("br hr img wbr col".split())
_SILENT = frozenset("script style head title template noscript svg math object iframe".split())
_KEPT = frozenset("href src alt dir style colspan rowspan start width height align".split())


@dataclass(slots=True)
class Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)
    holds_table: bool = False

    def span(self, name: str) -> int:
        """A colspan or rowspan; a million of them cost a renderer a gigabyte."""
        return min(self.number(name) or 1, MOST_SPAN)

    def number(self, name: str) -> int:
        digits = re.match(r"\s*(\d{1,6})", self.attributes.get(name, ""))
        return int(digits[1]) if digits else 0


_NO_TAG = re.compile(r"<(?![a-zA-Z/])")


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("div")
        self.open = [self.root]
        self.nodes = 0
        self.silent = ""
        self.missed = 0  # levels beyond the depth that is kept

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent or tag in _SILENT:
            self.silent = self.silent or tag
            return
        self.nodes += 1
        if self.nodes > MOST_NODES or len(self.open) > MOST_DEPTH:
            self.missed += tag not in LEAVES
            self.open[-1].children.append("\n" if tag in ("br", "p", "div", "tr", "li") else " ")
            return
        node = Node(tag, {key: (value or "")[:MOST_VALUE] for key, value in attrs if key in _KEPT})
        self.open[-1].children.append(node)
        if tag == "table":
            for one in self.open:
                one.holds_table = True
        if tag not in LEAVES:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self.silent:
            if tag == self.silent:
                self.silent = ""
        elif self.missed and tag not in LEAVES:
            self.missed -= 1
        elif any(node.tag == tag for node in self.open[1:]):
            while self.open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.open[-1].children.append(data)


def parsed(html: str) -> Node:
    """Clean HTML has no comments and no declarations; open ones are read again and again."""
    builder = _Builder()
    builder.feed(_NO_TAG.sub("&lt;", html))
    builder.close()
    return builder.root
