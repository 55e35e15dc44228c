"""Text with simple marks in angle brackets (RFC 1896, 1341), as plain text."""

import re

LONGEST = 200_000  # characters; a longer one keeps its marks
_ENRICHED = re.compile(
    r"(?is)(?P<less><<)|<(?:param|comment)>[^<]*+</(?:param|comment)>"
    r"|(?P<keep></?nofill>)|</?[a-z0-9-]{1,60}>|(?P<lines>\n+)"
)
_RICH = re.compile(
    r"(?is)<comment>[^<]*+</comment>|(?P<less><lt>)|(?P<lines><(?:nl|np|/paragraph)>\s*)"
    r"|(?P<space>\n+)|</?[a-z0-9-]{1,60}>"
)


def words_of_enriched(text: str) -> str:
    """One line end is a blank, of several one counts no more; not so between nofill marks."""
    if len(text) > LONGEST:
        return text
    pieces: list[str] = []
    at, filled = 0, True
    for found in _ENRICHED.finditer(text):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found["less"]:
            pieces.append("<")
        elif found["keep"]:
            filled = found["keep"].startswith("</")
        elif lines := found["lines"]:
            pieces.append((lines[1:] or " ") if filled else lines)
    return "".join(pieces) + text[at:]


def words_of_richtext(text: str) -> str:
    return text if len(text) > LONGEST else _RICH.sub(_rich, text)


def _rich(found: re.Match[str]) -> str:
    if found["less"]:
        return "<"
    return "\n" if found["lines"] else " " if found["space"] else ""
