"""What a mail repeats of earlier mails, folded: a reader sees the new words and can open the rest.

<details> stand around whole elements of clean HTML, so that what is outside and what is inside is
together the mail. What is a quote is told by the marks of mail programs (html_marks.py) and, where
they set none, by the lines that introduce one. In doubt, words stay in sight.
"""

import html as entities
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from apps.core.html_marks import BOX, INTRODUCTION, REST, unmarked
from apps.core.html_tree import INLINE, TAG, Node, tree_of
from apps.core.quote_lines import fields_end, is_added, is_attribution, is_separator
from apps.core.quote_words import DATE, FIELD_KINDS, FROM

MOST_TAGS = 100_000  # a mail with more is shown as it is
LONGEST_INTRODUCTION = 400  # letters before the quote in the box of a mail program

# <details> would end a paragraph, and is no part of a table or a list.
_NO_PLACE = frozenset("a p table thead tbody tfoot tr colgroup ul ol dl".split())
_NEUTRAL = frozenset("div center section article main font span b i blockquote p".split())

_FIRST_FIELDS = sorted(name for name, kind in FIELD_KINDS.items() if kind in (FROM, DATE))

# What is folded can only stand where one of these does.
_MAYBE = re.compile(
    r' quote="|<blockquote|<b[ >]|<strong[ >]|-{2,}\s*[^\W\d_]|[:：](?:\s|&nbsp;)*+<'
    rf"|(?i:>\s*(?:{'|'.join(_FIRST_FIELDS)})\s?[:：])"
)
# Outlook's lines of who wrote when, whatever the language: three bold words with a colon.
_LABEL = re.compile(r"<(?:b|strong)(?: [^<>]*)?>(?:<(?:span|font)[^<>]*>|\s)*[^<>:]{1,30}:", re.I)
# The first words of an element, up to their colon, whatever stands around them.
_FIRST_LABEL = re.compile(
    r"(?:<[^<>]*+>|\s|&nbsp;)*+([^<>:：&]{1,25})(?:</?[^<>]*+>|\s|&nbsp;){0,9}+[:：]"
)
_LABELS, _LABELS_WITHIN = 3, 3000
_LINES_OF_LABELS = 9
_LINE_ABOVE = re.compile(r"border-top:(?!none)[^;\"]*solid")
_LONGEST_INTRODUCTION_SOURCE = 2000
_MAYBE_WROTE = re.compile(r"\d.*[:：]", re.DOTALL)
_LINE = INLINE | {"#text", "br"}
_FEW_LETTERS = 300

MOST_LOOKS = 600  # at words of a mail that might introduce a quote; hostile mails have more

Words = Callable[[int], str]


@dataclass(slots=True)
class _Fold:
    """From one child of a parent to another, both included."""

    first: Node
    last: Node

    @property
    def parent(self) -> Node:
        assert self.first.parent is not None
        return self.first.parent

    @property
    def read(self) -> int:
        return self.last.letters_end - self.first.letters

    @property
    def lines(self) -> int:
        return max(1, self.last.lines_end - self.first.lines)


def fold_quotes(marked: str, words: Words) -> str:
    """Clean HTML without marks, its quotes behind a line that WORDS makes of their length.

    A mail that is nothing but a quotation is shown, not folded away.
    """
    folds = _folds_of(marked)
    if not folds:
        return unmarked(marked)
    pieces, at = [], 0
    for fold in folds:
        summary = f'<details class="quoted"><summary>{words(fold.lines)}</summary>'
        inside = unmarked(marked[fold.first.start : fold.last.end])
        pieces += [unmarked(marked[at : fold.first.start]), summary, inside, "</details>"]
        at = fold.last.end
    return "".join([*pieces, unmarked(marked[at:])])


def without_quotes(marked: str) -> str | None:
    """What is seen before anything is unfolded; None where nothing is folded."""
    folds = _folds_of(marked)
    if not folds:
        return None
    pieces, at = [], 0
    for fold in folds:
        pieces.append(marked[at : fold.first.start])
        at = fold.last.end
    return unmarked("".join([*pieces, marked[at:]]))


def _folds_of(marked: str) -> list[_Fold]:
    if not _MAYBE.search(marked) or marked.count("<") > MOST_TAGS:
        return []
    root = tree_of(marked)
    if root is None:
        return []
    found = (_grown(fold, marked) for fold in _quotes(root, marked) if fold.read)
    folds = _joined(fold for fold in found if _has_place(fold))
    return folds if _has_own_words(marked, root, folds) else []


@dataclass(slots=True)
class _Page:
    marked: str
    looks: int = MOST_LOOKS

    def look(self) -> bool:
        self.looks -= 1
        return self.looks >= 0


def _quotes(root: Node, marked: str) -> Iterator[_Fold]:
    """In document order, none inside another."""
    page = _Page(marked)
    waiting = list(reversed(root.children))
    while waiting:
        node = waiting.pop()
        if _is_quote(node, page):
            yield _Fold(node, node)
        elif _begins_rest(node, page):
            fold = _rest(node)
            yield fold
            while waiting and waiting[-1].start < fold.last.end:
                waiting.pop()
        else:
            waiting += reversed(node.children)


def _is_quote(node: Node, page: _Page) -> bool:
    if node.tag == "blockquote":
        return node.is_cited or _is_introduced(node, page)
    return node.mark == BOX and not _has_answers(node)


def _has_answers(box: Node) -> bool:
    """Words in the box of a mail program beside what it quotes, as who answers in between writes.

    A box without a quote is a mail that was forwarded: all of it is somebody else's.
    """
    if box.first_cited < 0:
        return False
    before = box.first_cited - box.letters
    after = box.read - before - box.cited
    return after > 0 or before > LONGEST_INTRODUCTION


def _is_introduced(blockquote: Node, page: _Page) -> bool:
    """A quote without a sign, right below `On Tuesday X wrote:`; else it may be an indentation."""
    if not page.look():
        return False
    begin = max(0, blockquote.start - _LONGEST_INTRODUCTION_SOURCE)
    lines = _words(page.marked[begin : blockquote.start]).split("\n")
    above = next((line for line in reversed(lines) if line.strip()), "")
    return _introduces(above, signed=False)


def _introduces(line: str, *, signed: bool) -> bool:
    """SIGNED: what is below is a quote anyway."""
    line = " ".join(line.split())
    if len(line) > LONGEST_INTRODUCTION:
        return False
    return is_attribution([line], above_quote=signed) or is_separator(line, "")


def _begins_rest(node: Node, page: _Page) -> bool:
    """From here to its end the mail repeats another one."""
    if node.tag == "#text":
        line = entities.unescape(page.marked[node.start : min(node.end, node.start + 200)])
        return is_separator(line.strip(), "")
    if node.mark == REST:
        return True
    if node.tag not in ("div", "p"):
        return False
    return _begins_fields(node, page) or _introduces_rest(node, page)


def _introduces_rest(node: Node, page: _Page) -> bool:
    """`On Tuesday X wrote:` of a program that sets no sign, and no quote within reach."""
    if not node.read or node.end - node.start > _LONGEST_INTRODUCTION_SOURCE:
        return False
    if node.read > _FEW_LETTERS or any(child.tag not in _LINE for child in node.children):
        return False
    source = page.marked[node.start : node.end]
    below = page.marked[node.end : node.end + _LABELS_WITHIN]
    if not _MAYBE_WROTE.search(source) or "<blockquote" in below or ' quote="' in below:
        return False
    line = " ".join(_words(source).split()) if page.look() else ""
    return len(line) <= LONGEST_INTRODUCTION and is_attribution([line], above_quote=False)


def _begins_fields(node: Node, page: _Page) -> bool:
    """Outlook's lines of who wrote when, in bold or not, below a line that is drawn or not."""
    begins = page.marked[node.inside : node.inside + _LABELS_WITHIN]
    ruled = bool(_LINE_ABOVE.search(node.attributes))
    if ruled and len(_LABEL.findall(begins[: node.inside_end - node.inside])) >= _LABELS:
        return True
    if not ruled and not _begins_with_words(node):
        return False
    first = _FIRST_LABEL.match(begins)
    if not first or entities.unescape(first[1]).strip().lower() not in _FIRST_FIELDS:
        return False
    if not page.look():
        return False
    lines = [line for line in _words(begins).split("\n") if line.strip()][:_LINES_OF_LABELS]
    return fields_end(lines, 0, below_separator=ruled) > 0


def _begins_with_words(node: Node) -> bool:
    """Not with another element like it, which is looked at by itself."""
    return bool(node.children) and node.children[0].tag in INLINE | {"#text"}


def _rest(node: Node) -> _Fold:
    """From the widest element that begins with NODE to the end of what that lies in."""
    while (parent := node.parent) is not None and parent.parent is not None:
        if parent.tag not in _NEUTRAL or parent.letters != node.letters:
            break
        node = parent
    return _Fold(node, _siblings(node)[-1])


# ---- how far a fold reaches -----------------------------------------------------------------


def _grown(fold: _Fold, marked: str) -> _Fold:
    """With the line that introduces it, as wide as it can be without anything else in it."""
    fold = _Fold(_introduction(fold.first, marked), fold.last)
    while (parent := fold.parent).parent is not None:
        if parent.tag not in _NEUTRAL or parent.read != fold.read:
            return fold
        fold = _Fold(_introduction(parent, marked), parent)
    return fold


def _introduction(first: Node, marked: str) -> Node:
    """NODE, or what stands right above it: a line that is drawn, `On Tuesday X wrote:`."""
    siblings, place = _siblings(first), first.place - 1
    while place >= 0 and not siblings[place].read:
        if siblings[place].tag == "hr":
            first = siblings[place]
        place -= 1
    if place < 0:
        return first
    above = siblings[place]
    if above.mark == INTRODUCTION or _is_line_of_introduction(above, marked):
        return above
    return first


def _is_line_of_introduction(node: Node, marked: str) -> bool:
    if node.end - node.start > _LONGEST_INTRODUCTION_SOURCE or node.lines_end - node.lines > 2:
        return False
    before = _siblings(node)[node.place - 1] if node.place else None
    if node.tag == "#text" and before is not None and before.tag in INLINE | {"#text"}:
        return False  # the end of a longer line
    words = _words(marked[node.start : node.end])
    return node.tag not in INLINE and _introduces(words, signed=True)


def _joined(folds: Iterable[_Fold]) -> list[_Fold]:
    """Neighbours with nothing to read between them are one."""
    joined: list[_Fold] = []
    for fold in folds:
        while joined and joined[-1].first.start >= fold.first.start:
            joined.pop()  # it lies in the line that introduces this one
        last = joined[-1] if joined else None
        if last is None or _is_apart(last, fold):
            joined.append(fold)
        elif last.parent is fold.parent:
            joined[-1] = _Fold(last.first, fold.last)
    return joined


def _is_apart(one: _Fold, later: _Fold) -> bool:
    if one.parent is later.parent:
        return one.last.letters_end < later.first.letters
    return one.last.end <= later.first.start


def _has_place(fold: _Fold) -> bool:
    node: Node | None = fold.parent
    if node is not None and node.tag in _NO_PLACE:
        return False
    while node is not None:
        if node.tag in ("a", "p"):
            return False
        node = node.parent
    return True


def _has_own_words(marked: str, root: Node, folds: list[_Fold]) -> bool:
    own = root.read - sum(fold.read for fold in folds)
    if own == 0 or own > _FEW_LETTERS:
        return own > 0
    outside, at = [], 0
    for fold in folds:
        outside.append(marked[at : fold.first.start])
        at = fold.last.end
    rest = "\n".join([*outside, marked[at:]])
    lines = (" ".join(line.split()) for line in _words(rest).split("\n"))
    return "<img" in rest or any(line and not is_added(line) for line in lines)


def _siblings(node: Node) -> list[Node]:
    assert node.parent is not None
    return node.parent.children


def _words(clean: str) -> str:
    """A piece of clean HTML as text; it may begin within a tag."""
    whole = clean.partition(">")[2] if ">" in clean.partition("<")[0] else clean
    text = TAG.sub(lambda tag: "" if tag[2] in INLINE else "\n", whole)
    return entities.unescape(text).replace("\xa0", " ")
