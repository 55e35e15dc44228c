"""From a mail's tree to paragraphs and tables: what each tag means on paper."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from apps.tickets.pdf.paragraphs import Place, Room, Style, Writer
from apps.tickets.pdf.tables import ROWS_AT_ONCE, Cell, Table, simple_table, wide_table
from apps.tickets.pdf.tree import Node, parsed

MOST_CHARACTERS = 2_000_000  # of one message


def _on(mark: str) -> dict[str, Any]:
    return {mark: True}


_MARKS = {
    **dict.fromkeys(("b", "strong", "th", "dt", "h1", "h2", "h3", "h4", "h5", "h6"), _on("bold")),
    **dict.fromkeys(("i", "em", "cite", "var", "dfn"), _on("slanted")),
    **dict.fromkeys(("u", "ins"), _on("underlined")),
    **dict.fromkeys(("s", "del", "strike"), _on("struck")),
    **dict.fromkeys(("pre", "code", "kbd", "samp", "tt"), _on("mono")),
}
_BLOCKS = frozenset(
    "address article aside blockquote caption center dd div dl dt figcaption figure footer h1 h2 h3"
    " h4 h5 h6 header li main menu nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_SPACED = frozenset("p blockquote h1 h2 h3 h4 h5 h6 ul ol dl pre table figure".split())
_HEADINGS = {"h1": "h1", "h2": "h2", "h3": "h2"}
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.I)
_SLANTED = re.compile(r"font-style\s*:\s*(?:italic|oblique)", re.I)
_KEPT_SPACES = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.I)
_BULLETS = ("•", "–", "·")


class Drawn(NamedTuple):
    """An element of ours for an <img>, or words in its place."""

    html: str = ""
    words: str = ""
    is_small: bool = True  # stands in the line


Draw = Callable[[Node, bool], Drawn]  # the image, and whether it stands in a table


def written(html: str, draw: Draw, room: Room | None = None) -> tuple[str, bool]:
    """The small HTML of a cleaned mail, and whether something was left out."""
    room = room or Room(MOST_CHARACTERS)
    writer = Writer(room)
    _Walk(writer, draw).children(parsed(html), Style())
    writer.close()
    return "".join(writer.out), room.is_cut


def written_text(text: str, room: Room | None = None) -> tuple[str, bool]:
    room = room or Room(MOST_CHARACTERS)
    writer = Writer(room, Place(keeps_spaces=True))
    writer.write(text.strip("\r\n"), Style())
    writer.close()
    return "".join(writer.out), room.is_cut


class _Walk:
    def __init__(self, writer: Writer, draw: Draw, *, is_cell: bool = False) -> None:
        self.writer = writer
        self.draw = draw
        self.is_cell = is_cell

    def children(self, node: Node, style: Style) -> None:
        for child in node.children:
            if isinstance(child, str):
                self.writer.write(child, style)
            else:
                self.node(child, style)

    def node(self, node: Node, style: Style) -> None:
        if node.tag == "br":
            self.writer.end_line()
        elif node.tag == "hr":
            self.writer.block('<hr class="inner"/>')
        elif node.tag == "img":
            self.image(node, style)
        elif node.tag == "table" and (table := simple_table(node)):
            self.table(table, style)
        elif node.tag == "table" and (lines := wide_table(node)):
            self.lines(lines, style)
        elif node.tag in _BLOCKS:
            self.block(node, _styled(node, style))
        else:
            self.children(node, _styled(node, style))

    def block(self, node: Node, style: Style) -> None:
        writer, before = self.writer, self.writer.place
        is_spaced = node.tag in _SPACED and not before.lists
        writer.close()
        if is_spaced:
            writer.gap()
        writer.place = _placed(node, before)
        if node.tag in ("ul", "ol", "menu"):
            self.items(node, style)
        else:
            self.children(node, style)
        writer.close()
        if is_spaced:
            writer.gap()
        writer.place = before

    def items(self, node: Node, style: Style) -> None:
        number = node.number("start") or 1
        for child in node.children:
            if isinstance(child, Node) and child.tag == "li":
                depth = min(self.writer.place.lists, len(_BULLETS)) - 1
                self.writer.close()
                self.writer.bullet = f"{number}." if node.tag == "ol" else _BULLETS[depth]
                number += 1
                self.node(child, style)
                self.writer.bullet = ""
            elif isinstance(child, Node):
                self.node(child, style)
            else:
                self.writer.write(child, style)

    def image(self, node: Node, style: Style) -> None:
        drawn = self.draw(node, self.is_cell)
        if drawn.words:
            self.writer.write(drawn.words, replace(style, slanted=True))
        elif drawn.html and drawn.is_small:
            self.writer.element(drawn.html)
        elif drawn.html:
            self.writer.block(f'<p class="picture gap">{drawn.html}</p>')

    def table(self, table: Table, style: Style) -> None:
        for start in range(0, len(table.rows), ROWS_AT_ONCE):
            rows = table.rows[start : start + ROWS_AT_ONCE]
            inside = "".join(self.row(row, table.widths, style) for row in rows)
            self.writer.block(f'<table class="grid">{inside}</table>')

    def lines(self, lines: list[str], style: Style) -> None:
        self.writer.close()
        self.writer.gap()
        for line in lines:
            self.writer.write(line, style)
            self.writer.close()
        self.writer.gap()

    def row(self, row: list[Cell], widths: list[int], style: Style) -> str:
        cells, column = [], 0
        for cell in row:
            width = sum(widths[column : column + cell.columns])
            column += cell.columns
            span = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
            inside = self.cell(cell.node, style) if cell.node else ""
            cells.append(f'<td width="{width}%"{span}>{inside or "&#160;"}</td>')
        return f"<tr>{''.join(cells)}</tr>"

    def cell(self, node: Node, style: Style) -> str:
        writer = Writer(self.writer.room, Place(kind="cell"))
        _Walk(writer, self.draw, is_cell=True).children(node, _styled(node, style))
        writer.close()
        return "".join(writer.out)


def _styled(node: Node, style: Style) -> Style:
    given = node.attributes.get("style", "")
    if mark := _MARKS.get(node.tag):
        style = replace(style, **mark)
    if node.tag in ("sub", "sup"):
        style = replace(style, level=node.tag)
    if node.tag == "a" and "href" in node.attributes:
        style = replace(style, link=node.attributes["href"].strip())
    if given and not style.bold and _BOLD.search(given):
        style = replace(style, bold=True)
    if given and not style.slanted and _SLANTED.search(given):
        style = replace(style, slanted=True)
    return style


def _placed(node: Node, place: Place) -> Place:
    direction = node.attributes.get("dir", "").lower()
    if direction in ("ltr", "rtl"):
        place = replace(place, direction=direction)
    if node.tag == "blockquote":
        place = replace(place, quotes=place.quotes + 1)
    elif node.tag in ("ul", "ol", "menu", "dd"):
        place = replace(place, lists=place.lists + 1)
    elif node.tag in _HEADINGS:
        place = replace(place, kind=_HEADINGS[node.tag])
    if node.tag == "pre" or _KEPT_SPACES.search(node.attributes.get("style", "")):
        place = replace(place, keeps_spaces=True)
    return place
