"""The first element of XML and its relatives, whatever stands before it."""

import re

XML_REACH = 2**20

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,2000}(\[[^\]]*\]\s{0,100})?>", re.IGNORECASE)
_SPACE = re.compile(r"[\ufeff\s\0]*+")
_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})[\s/>]")


def root_element(content: bytes) -> str:
    """Its local name, whatever stands before it; empty if this is no XML."""
    found = _root_of(_as_text(content[:XML_REACH]))
    if found is None and len(content) > XML_REACH:
        found = _root_of(_as_text(content))  # what stands before it is longer than anybody writes
    return found or ""


def _root_of(text: str) -> str | None:
    """None: its prologue does not end here."""
    at = _after_space(text, 0)
    while text.startswith(("<?", "<!"), at):
        end = _end_of_prologue(text, at)
        if end == 0:
            return None
        at = _after_space(text, end)
    root = _ROOT.match(text, at)
    return root[1] if root else ""


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _as_text(content: bytes) -> str:
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, errors="replace")
    return content.decode("latin-1") if content.lstrip()[:1] == b"<" else ""


def _end_of_prologue(text: str, at: int) -> int:
    """Where the processing instruction, comment or document type there ends; 0: nowhere."""
    for opening, closing in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(opening, at):
            end = text.find(closing, at)
            return end + len(closing) if end >= 0 else 0
    doctype = _DOCTYPE.match(text, at)
    return doctype.end() if doctype else 0
