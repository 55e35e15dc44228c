"""Mail HTML made safe: rebuilt from an allow-list, so that what a browser gets cannot act.

Size and depth are judged before the cleaner runs; what is beyond is shown as text.
"""

import html as entities
import re
from collections.abc import Callable

import nh3

MAX_CHARACTERS = 3 * 2**20
MAX_DEPTH = 250
MAX_TAGS = 60_000
MAX_TEXT = 2 * 2**20

_TAGS = set(
    "a abbr address b bdi bdo big blockquote br caption center cite code col colgroup dd del div dl"
    " dt em font h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s samp small span strike strong"
    " sub sup table tbody td tfoot th thead tr tt u ul var wbr".split(" ")
)
_DROPPED = {"script", "style", "title", "head", "svg", "math", "template", "noscript", "iframe"}
_DROPPED |= {"object", "embed", "applet", "select", "textarea", "audio", "video", "canvas", "xmp"}
_BOXES = {"align", "valign", "bgcolor", "width", "height", "border", "cellpadding", "cellspacing"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "align", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type"},
    "td": _BOXES | {"colspan", "rowspan"},
    "th": _BOXES | {"colspan", "rowspan"},
    "table": _BOXES,
    "tr": _BOXES,
    "col": {"width", "span"},
}
_STYLES = set(
    "color background-color font-family font-size font-style font-weight line-height text-align"
    " text-decoration text-indent text-transform vertical-align white-space width max-width height"
    " margin margin-top margin-right margin-bottom margin-left padding padding-top padding-right"
    " padding-bottom padding-left border border-top border-right border-bottom border-left"
    " border-color border-style border-width border-collapse border-spacing border-radius"
    " list-style-type direction letter-spacing word-break display".split(" ")
)
_ACTIVE_STYLE = re.compile(r"url|image|expression|\\|@|/\*|var\(|attr\(", re.I)
_LINK = re.compile(r"\s*(https?://|mailto:|tel:)", re.I)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)[^<>]*>")
_ANY_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6]|/blockquote|hr)\b[^<>]*>", re.I)
_VOID = {"br", "img", "hr", "wbr", "col", "input", "meta", "link", "area", "base", "source"}
_SPACES = re.compile(r"[ \t\xa0]+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def safe_html(
    html: str, *, cid_url: Callable[[str], str | None], remote_images: bool = False
) -> str:
    """Exactly what a browser gets. `cid_url` answers the address of an inline image, or None."""
    if _too_heavy(html):
        return f"<pre>{entities.escape(html_to_text(html))}</pre>"

    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return ";".join(one for one in value.split(";") if not _ACTIVE_STYLE.search(one))
        if attribute == "href":
            return value.strip() if _LINK.match(value) else None
        if attribute == "src":
            return _image(value.strip(), cid_url, remote_images)
        if attribute in ("colspan", "rowspan", "span"):
            return value if value.isdigit() and int(value) <= 100 else None
        return value

    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="pass_through",  # for inline images; `keep` judges every address
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        filter_style_properties=_STYLES,
    )


def _image(value: str, cid_url: Callable[[str], str | None], remote_images: bool) -> str | None:
    if value.lower().startswith("cid:"):
        return cid_url(value[4:].strip("<>"))
    if remote_images and value.lower().startswith(("https://", "http://")):
        return value
    return None


def _too_heavy(html: str) -> bool:
    if len(html) > MAX_CHARACTERS:
        return True
    depth = deepest = 0
    for count, tag in enumerate(_TAG.finditer(html)):
        if tag[2].lower() not in _VOID:
            depth = max(0, depth - 1) if tag[1] else depth + 1
            deepest = max(deepest, depth)
        if deepest > MAX_DEPTH or count > MAX_TAGS:
            return True
    return False


def html_to_text(html: str) -> str:
    """The words of an HTML mail, in linear time; for search, comments and plain readers."""
    text = html[:MAX_TEXT]
    for name in ("script", "style", "head", "title"):
        text = _without(text, f"<{name}", f"</{name}>")
    text = _without(text, "<!--", "-->")
    text = _BREAK.sub("\n", text.replace("\r", "").replace("\n", " "))
    text = entities.unescape(_ANY_TAG.sub("", text))
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).replace("\x00", "").strip()


def _without(text: str, opening: str, closing: str) -> str:
    lower = text.lower()
    kept: list[str] = []
    position = 0
    while (start := lower.find(opening, position)) >= 0:
        kept.append(text[position:start])
        end = lower.find(closing, start)
        if end < 0:
            return "".join(kept)
        position = end + len(closing)
    return "".join(kept) + text[position:]
