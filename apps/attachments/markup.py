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
# Processing instructions, comments, document types and space.
_PROLOGUE = re.compile(
    r"""(?xis)(?:
        [\ufeff\s\0]++ | <!--.*?--> | <\?.*?\?>
        | <!DOCTYPE(?:[^\[>"']++|"[^"]*+"|'[^']*+')*+(?:\[[^\]]*+\]\s*+)?>
    )*+"""
)
_ROOT = re.compile(r"<(?:[\w.-]{1,60}:)?([\w.-]{1,60})[\s/>]")


def root_element(content: bytes) -> str:
    """Its local name, whatever stands before it; empty if this is no XML."""
    found = _root_of(_as_text(content[:XML_REACH]))
    if found is None and len(content) > XML_REACH:
        found = _root_of(_as_text(content))  # what stands before it is longer than anybody writes
    return found or ""


def _root_of(text: str) -> str | None:
    """None: its prologue does not end here."""
    prologue = _PROLOGUE.match(text)
    at = prologue.end() if prologue else 0
    if text.startswith(("<?", "<!"), at):
        return None
    root = _ROOT.match(text, at)
    return root[1] if root else ""


def _as_text(content: bytes) -> str:
    for mark, charset in _BOMS:
        if content.startswith(mark):
            return content.decode(charset, errors="replace")
    return content.decode("latin-1") if content.lstrip()[:1] == b"<" else ""
