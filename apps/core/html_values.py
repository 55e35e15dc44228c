"""Which values an attribute of mail HTML may have: pure judgement, nothing is fetched or resolved.

No value holds < or >, so that a tag of clean HTML ends at its first >, however it is read.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

MOST_OF_STYLE = 10_000
MOST_OF_ADDRESS = 8000

_WORD = re.compile(r"[\w#%.,' +-]{0,100}")
_WORDS = re.compile(r"[^\x00-\x1f]{0,2000}")
_SPAN = re.compile(r"\d{1,2}|100")
_SHAPES = {
    "alt": _WORDS,
    "title": _WORDS,
    "colspan": _SPAN,
    "rowspan": _SPAN,
    "span": _SPAN,
    "dir": re.compile(r"ltr|rtl|auto", re.I),
    "target": re.compile("_blank"),
    "rel": re.compile("noopener noreferrer"),
}
# Nobody sets 10,000 pixels, but somebody who wants to push everything else off the screen.
_HUGE = re.compile(r"(?<![#\w.])(?:\d{5,}|[\d.]+e[+\d])", re.I)

_STRIPPED_BY_BROWSERS = re.compile(r"[\t\n\r]|^[\x00-\x20]+|[\x00-\x20]+$")
_WEB = re.compile(r"(https?):[/\\]{2,}([^/\\?#\s][^/\\?#]*)(.*)", re.I | re.DOTALL)
_UNSAFE = re.compile(r"[\x00-\x20\"'<>`\x7f-\x9f]")
_TEL = re.compile(r"tel:([+\d][\d().\- ]{1,40}(?:;ext=\d{1,8})?)", re.I)
_MAILTO_FIELDS = ("subject=", "body=")  # others would add people or files unseen

_PROPERTIES = set(
    "background background-color border border-bottom border-bottom-color border-bottom-style"
    " border-bottom-width border-collapse border-color border-left border-left-color"
    " border-left-style border-left-width border-radius border-right border-right-color"
    " border-right-style border-right-width border-spacing border-style border-top"
    " border-top-color border-top-style border-top-width border-width box-sizing caption-side clear"
    " color direction display empty-cells float font font-family font-size font-style"
    " font-variant font-weight height letter-spacing line-height list-style list-style-type margin"
    " margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width"
    " opacity overflow overflow-wrap padding padding-bottom padding-left padding-right padding-top"
    " table-layout text-align text-decoration text-indent text-transform vertical-align"
    " white-space width word-break word-spacing word-wrap".split()
)
_PICTURE = re.compile(r"url\(\s*(?:\"[^\"()]*\"|'[^'()]*'|[^\"'()]*)\s*\)", re.I)
# Without colon, backslash, at sign, asterisk: no address, escape, rule or comment can be written.
_VALUE = re.compile(r"[\w\s#%.,+\-()'\"!/]{1,300}")
_CALL = re.compile(r"([\w-]*)\s*\(")
_CALLS = frozenset({"rgb", "rgba", "hsl", "hsla", "calc"})
# Of the height of the frame, which follows the height of the mail: it would grow for ever.
_OF_FRAME = re.compile(r"\d[sld]?v(?:h|b|min|max)\b", re.I)


def kept_value(attribute: str, value: str) -> str | None:
    """The value as it may stand, or None; for all attributes but href and src."""
    if attribute == "style":
        return kept_style(value) or None
    value = value.replace("<", "‹").replace(">", "›")
    shape = _SHAPES.get(attribute)
    if shape is None and _HUGE.search(value):
        return None
    return value if (shape or _WORD).fullmatch(value) else None


# ---- addresses ------------------------------------------------------------------------------


def kept_link(value: str) -> str | None:
    """Where a click may lead: the web, a mail to somebody, a phone."""
    link = _STRIPPED_BY_BROWSERS.sub("", value)
    if link[:7].lower() == "mailto:":
        return _mailto(link[7:])
    if link[:4].lower() == "tel:":
        number = _TEL.fullmatch(unquote(link[:200]))
        return f"tel:{number[1].replace(' ', '')}" if number else None
    return web_address(link)


def kept_picture(value: str) -> str | None:
    """`cid:` for a file of the mail, or an address of the web."""
    address = _STRIPPED_BY_BROWSERS.sub("", value)
    if address[:4].lower() == "cid:":
        return "cid:" + _quoted(address[4:504])
    return web_address(f"https:{address}" if address.startswith("//") else address)


def web_address(address: str) -> str | None:
    """As browsers read it, without a user name: https://bank.example@evil.example is evil's."""
    found = _WEB.fullmatch(address[:MOST_OF_ADDRESS])
    if found is None:
        return None
    host = found[2].rpartition("@")[2]
    return _quoted(f"{found[1].lower()}://{host}{found[3]}") if host else None


def _mailto(rest: str) -> str | None:
    people, _, query = rest[:MOST_OF_ADDRESS].partition("?")
    fields = [one for one in query.split("&") if one.lower().startswith(_MAILTO_FIELDS)]
    link = "mailto:" + people + ("?" + "&".join(fields) if fields else "")
    return _quoted(link) if people or fields else None


def _quoted(address: str) -> str:
    return _UNSAFE.sub(lambda one: f"%{ord(one[0]):02X}", address)


# ---- style ----------------------------------------------------------------------------------


def kept_style(style: str) -> str:
    kept = (_declaration(one) for one in _without_pictures(style[:MOST_OF_STYLE]).split(";"))
    return ";".join(filter(None, kept))


def _without_pictures(style: str) -> str:
    """A background keeps its colour without its picture, so that light words stay readable."""
    return _PICTURE.sub(" ", style) if "(" in style else style


@lru_cache(maxsize=2048)
def _declaration(declaration: str) -> str:
    name, _, value = declaration[:400].partition(":")
    name, value = name.strip().lower(), " ".join(value.split())
    if name not in _PROPERTIES or not _VALUE.fullmatch(value):
        return ""
    if value.count("(") != value.count(")") or value.count("'") % 2 or value.count('"') % 2:
        return ""
    if _HUGE.search(value) or _OF_FRAME.search(value):
        return ""
    calls = {call.lower() for call in _CALL.findall(value)}
    return f"{name}:{value}" if calls <= _CALLS else ""
