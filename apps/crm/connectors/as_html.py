"""A comment's plain words as HTML that shows the same words: nothing in them is markup."""

import re
from html import escape

ADDRESS = re.compile(r"https?://[^\s<>\"'`\\{}|^]+")
AFTER_ADDRESS = ".,;:!?)]…"  # ends a sentence, not the address
LABEL = re.compile(r"[^:]{1,40}:(?= |$)")

# No database of a CRM keeps these: NUL and the other controls, lone halves of a pair.
_NEVER = re.compile("[^\t\n -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def cleaned(text: str) -> str:
    return _NEVER.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    return " ".join(cleaned(text).split())


def as_html(text: str, *, labels: bool = False) -> str:
    """With clickable addresses; LABELS are what stands before the colon of each line."""
    show = _labelled if labels else _linked
    lines = (show(line) for line in cleaned(text).split("\n"))
    return "<br>\n".join(re.sub("^ ", "&nbsp;", line) for line in lines)


def _labelled(line: str) -> str:
    found = LABEL.match(line)
    if not found:
        return _linked(line)
    return f"<b>{_shown(found[0])}</b>{_linked(line[found.end() :])}"


def _linked(line: str) -> str:
    parts: list[str] = []
    start = 0
    for found in ADDRESS.finditer(line):
        address = found[0].rstrip(AFTER_ADDRESS)
        parts += [_shown(line[start : found.start()])]
        parts += [f'<a href="{escape(address)}">{escape(address)}</a>']
        start = found.start() + len(address)
    return "".join([*parts, _shown(line[start:])])


def _shown(text: str) -> str:
    """A browser shows one space for many, and none where a line begins."""
    text = escape(text.replace("\t", "    "), quote=False)
    return re.sub(" (?= )", "&nbsp;", text)
