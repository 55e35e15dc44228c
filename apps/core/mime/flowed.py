"""Paragraphs that a mailer has cut into lines, made whole (RFC 3676)."""

import re

_QUOTED = re.compile(r">*+")
SIGNATURE = "-- "
MOST_LINES = 50_000  # of what a person writes


def unflowed(text: str, *, delsp: bool = False, quotes: bool = True) -> str:
    """Lines that end in a blank go on in the next one of the same depth.

    DELSP: that blank was put in by the mailer. QUOTES: quoted lines too; else they stay as they
    came. Space-stuffing goes, the line of a signature stays.
    """
    if text.count("\n") > MOST_LINES:
        return text
    pieces: list[str] = []
    open_at = -1  # the depth of the line that goes on
    for line in text.split("\n"):
        depth = _depth(line)
        content = line[depth:].removeprefix(" ")
        goes_on = content.endswith(" ") and content != SIGNATURE
        if depth and not quotes:
            content, goes_on = line, False
        elif depth and depth != open_at:
            content = f"{'>' * depth} {content}"
        if depth != open_at or content == SIGNATURE:
            pieces.append("\n")
        pieces.append(content[:-1] if goes_on and delsp else content)
        open_at = depth if goes_on else -1
    return "".join(pieces[1:])


def _depth(line: str) -> int:
    found = _QUOTED.match(line)
    return found.end() if found else 0
