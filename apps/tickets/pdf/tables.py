"""Which tables of a mail are tables of words, and which only place things on a page.

The latter are written cell after cell. The former have few columns and rows that fit on a page;
a cell that claims many columns or rows gets those that are there.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from apps.tickets.pdf.tree import Node

MOST_COLUMNS = 8
MOST_ROWS = 2000
ROWS_AT_ONCE = 40  # each piece is laid out for itself
MOST_CELL_LINES = 30
LINE_LETTERS = 100  # on a whole line
_PARTS = frozenset({"thead", "tbody", "tfoot"})


@dataclass(frozen=True, slots=True)
class Cell:
    node: Node | None  # None where a cell from above or from the left goes on
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    rows: list[list[Cell]]
    widths: list[int]  # in percent


def simple_table(node: Node) -> Table | None:
    if node.holds_table:
        return None
    given = list(_rows(node))
    if len(given) > MOST_ROWS or sum(len(row) > 1 for row in given) < 2:
        return None
    rows = _grid(given)
    columns = max(sum(cell.columns for cell in row) for row in rows)
    if columns > MOST_COLUMNS:
        return None
    filled = [_filled(row, columns) for row in rows]
    widths = _widths(filled, columns)
    return Table(filled, widths) if _fits(filled, widths) else None


def wide_table(node: Node) -> list[str]:
    """The rows of a table with too many columns, each as one line; none for other tables."""
    if node.holds_table:
        return []
    rows = list(_rows(node))
    if not any(len(row) > MOST_COLUMNS for row in rows):
        return []
    return [" | ".join(words_of(cell).replace("\n", " ") for cell in row) for row in rows]


def _rows(node: Node) -> Iterator[list[Node]]:
    for child in node.children:
        if isinstance(child, str):
            continue
        if child.tag in _PARTS:
            yield from _rows(child)
        elif child.tag == "tr":
            cells = [one for one in child.children if isinstance(one, Node)]
            if cells := [one for one in cells if one.tag in ("td", "th")]:
                yield cells


def _grid(given: list[list[Node]]) -> list[list[Cell]]:
    """Cells that reach down take their place in the rows below; spans reach no further than rows
    and columns do.
    """
    most = max(len(row) for row in given)
    below: dict[int, int] = {}
    rows = []
    for row in given:
        cells: list[Cell] = []
        column = 0
        rest = list(row)
        while rest or below.get(column):
            if below.get(column):
                below[column] -= 1
                cells.append(Cell(None))
                column += 1
                continue
            node = rest.pop(0)
            wide = max(1, min(node.span("colspan"), most - column - len(rest)))
            if node.span("rowspan") > 1:
                below.update(dict.fromkeys(range(column, column + wide), node.span("rowspan") - 1))
            cells.append(Cell(node, wide))
            column += wide
        rows.append(cells)
    return rows


def _filled(row: list[Cell], columns: int) -> list[Cell]:
    return [*row, *[Cell(None)] * (columns - sum(cell.columns for cell in row))]


def _widths(rows: list[list[Cell]], columns: int) -> list[int]:
    """By the longest words and the most text of each column."""
    weights = [6.0] * columns
    for row in rows:
        column = 0
        for cell in row:
            if cell.node and cell.columns == 1:
                words = words_of(cell.node)
                longest = max(map(len, words.split()), default=0)
                weights[column] = max(
                    weights[column], min(longest, 24), min(len(words), 240) ** 0.8
                )
            column += cell.columns
    return [max(4, round(100 * weight / sum(weights))) for weight in weights]


def _fits(rows: list[list[Cell]], widths: list[int]) -> bool:
    for row in rows:
        column = 0
        for cell in row:
            letters = LINE_LETTERS * sum(widths[column : column + cell.columns]) / 100
            words = words_of(cell.node) if cell.node else ""
            wide = sum(1 + (ord(one) > 0x2E80) for one in words)
            if wide / letters + words.count("\n") > MOST_CELL_LINES:
                return False
            column += cell.columns
    return True


def words_of(node: Node) -> str:
    parts: list[str] = []
    rest: list[Node | str] = [node]
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            parts.append(" ".join(one.split()))
        else:
            parts += ["\n"] * (one.tag in ("br", "p", "div", "li"))
            rest += reversed(one.children)
    return " ".join(parts).strip()
