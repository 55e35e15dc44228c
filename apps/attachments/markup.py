"""The first element of XML and its relatives, whatever stands before it."""

import re

XML_REACH = 2**20

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,2000}(\[[^\]]*\]\s{0,100})?>", re.IGNORECASE)
_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})[\s/>]")


def root_element(content: bytes) -> str:
    """Its local name, whatever stands before it; empty if this is no XML."""
    text = _as_text(content[:XML_REACH]).lstrip("\ufeff \t\r\n\0")
    while text.startswith(("<?", "<!")):
        end = _end_of_prologue(text)
        if end == 0:
            return ""
        text = text[end:].lstrip()
    root = _ROOT.match(text)
    return root[1] if root else ""


def _as_text(content: bytes) -> str:
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, errors="replace")
    return content.decode("latin-1") if content.lstrip()[:1] == b"<" else ""


def _end_of_prologue(text: str) -> int:
    """Where the processing instruction, comment or document type at the start ends; 0: nowhere."""
    for opening, closing in (("<!--", "-->"), ("<?", "?>")):
        if text.startswith(opening):
            return text.find(closing) + len(closing) if closing in text else 0
    doctype = _DOCTYPE.match(text)
    return doctype.end() if doctype else 0
