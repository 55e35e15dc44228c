"""The words of an HTML mail, in linear time: for search, comments, quotes and plain readers."""

import html as entities
import re
from collections.abc import Iterator

MOST_CHARACTERS = 2 * 2**20

_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:_-]*)")
_TAG = re.compile(r"<(?=[a-zA-Z/!?])")
# Quotes count behind an equals sign only, as in browsers.
_REST_OF_TAG = re.compile(r"(?:=\s*\"[^\"]*\"|=\s*'[^']*'|[^>])*+>")
_ALT = re.compile(r"(?i)\salt\s*=\s*(?:\"([^\"]{0,500})\"|'([^']{0,500})')")
_SPACES = re.compile(r"[ \t\n\r\f\xa0]+")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ud800-\udfff]")
_MANY_LINES = re.compile(r"\n{3,}")

_SILENT = frozenset(
    "script style head title template noscript svg math object iframe textarea select xmp".split()
)
# To their end everything is text, whatever it looks like.
_RAW = frozenset("script style title noscript iframe textarea xmp".split())
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.I) for name in _SILENT}
_BLOCKS = frozenset(
    "address article aside blockquote center dd div dl dt figure footer form h1 h2 h3 h4 h5 h6"
    " header hr li main nav ol p pre section table tr ul".split()
)
_SPACED = frozenset("blockquote h1 h2 h3 h4 h5 h6 ol p pre table ul".split())


def html_to_text(html: str) -> str:
    """Lines as a reader sees them; quotes get the sign that plain mail gives them."""
    page = _Page()
    for kind, content in _tokens(html[:MOST_CHARACTERS]):
        if kind == "open":
            page.open(content)
        elif kind == "close":
            page.close(content)
        else:
            page.write(content)
    return page.text()


def _tokens(html: str) -> Iterator[tuple[str, str]]:
    """Text, names of opening and closing tags, and alternative texts of images."""
    at = 0
    never_closed: set[str] = set()  # browsers show what follows, and nobody looks for the end again
    while tag := _TAG.search(html, at):
        start = tag.start()
        if start > at:
            yield "text", html[at:start]
        found = _NAME.match(html, start)
        if found is None:
            at = _after_declaration(html, start)
            continue
        end = _REST_OF_TAG.match(html, found.end())
        if end is None:  # browsers drop a tag that never ends
            return
        name, at = found[2].lower(), end.end()
        if name in _SILENT and not found[1] and name not in never_closed:
            closing = _ENDS[name].search(html, at)
            if closing:
                at = _after_declaration(html, closing.end())
            elif name in _RAW:
                return
            else:
                never_closed.add(name)
            continue
        yield "close" if found[1] else "open", name
        if name == "img" and (alt := _ALT.search(html, found.end(), at)):
            yield "alt", alt[1] or alt[2] or ""
    if at < len(html):
        yield "text", html[at:]


def _after_declaration(html: str, start: int) -> int:
    """Behind a comment, a declaration or what browsers take for one."""
    if html.startswith(("<!-->", "<!--->"), start):
        return html.index(">", start) + 1
    if html.startswith("<!--", start):
        end = html.find("-->", start + 4)
        return end + 3 if end >= 0 else len(html)
    end = html.find(">", start)
    return end + 1 if end >= 0 else len(html)


class _Page:
    """Lines being written, the depth of quotes, and whether spaces count."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.pre = 0

    def write(self, source: str) -> None:
        text = _CONTROLS.sub("", entities.unescape(source))
        if not self.pre:
            self.line.append(_SPACES.sub(" ", text))
            return
        first, *others = text.split("\n")
        self.line.append(first)
        for other in others:
            self._end_line()
            self.line.append(other)

    def open(self, name: str) -> None:
        if name == "br":
            self._end_line()
        elif name in _BLOCKS:
            self._begin_block(name in _SPACED)
        self.quotes += name == "blockquote"
        self.pre += name == "pre"
        if name == "li":
            self.line.append("- ")
        elif name in ("td", "th"):
            self.line.append(" ")

    def close(self, name: str) -> None:
        if name in _BLOCKS:
            self._begin_block(name in _SPACED)
        if name == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        elif name == "pre":
            self.pre = max(0, self.pre - 1)

    def text(self) -> str:
        self._begin_block(spaced=False)
        return _MANY_LINES.sub("\n\n", "\n".join(self.lines)).strip("\n")

    def _begin_block(self, spaced: bool) -> None:
        if "".join(self.line).strip():
            self._end_line()
        self.line.clear()
        if spaced and self.lines and self.lines[-1]:
            self.lines.append("")

    def _end_line(self) -> None:
        line = "".join(self.line)
        line = line.rstrip() if self.pre else _SPACES.sub(" ", line).strip()
        quotes = "> " * min(self.quotes, 10)
        self.lines.append(f"{quotes}{line}".rstrip())
        self.line.clear()
