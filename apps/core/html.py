"""Mail HTML made safe: rebuilt from an allow-list, so that what a browser gets cannot act.

A tree of HTML can be far bigger than its source (8 kB of open font tags make 13 MB), so everything
but short HTML is rebuilt in a limited child; what is beyond the limits is shown as text.
"""

import html as entities
import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import unquote

import nh3

from apps.core.child import ChildFailed, run_limited
from apps.core.html_text import html_to_text

__all__ = ["html_to_text", "safe_html"]

MOST_CHARACTERS = 5 * 2**20
SHORT_CHARACTERS = 200_000
SHORT_TAGS = 1000
SECONDS = 3.0
MEGABYTES = 300
MOST_IMAGES = 1000
GROWTH = 2 * 2**20  # how much longer than twice its source clean HTML may be

_TAGS = set(
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col"
    " colgroup dd del dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header"
    " hr i img ins kbd li main mark menu nav nobr ol p pre q s samp section small span strike"
    " strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr".split()
)
_DROPPED = set(  # with all they contain
    "applet audio canvas embed frame frameset head iframe math noembed noframes noscript object"
    " plaintext script select style svg template textarea title video xmp".split()
)
_BOX = {"width", "height", "align", "valign", "bgcolor"}
_ATTRIBUTES = {
    "*": {"style", "dir", "lang", "align", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"width", "size", "color"},
    "table": _BOX | {"border", "cellpadding", "cellspacing"},
    "td": _BOX | {"colspan", "rowspan", "nowrap"},
    "th": _BOX | {"colspan", "rowspan", "nowrap"},
    "tr": _BOX,
    "tbody": {"valign"},
    "col": {"width", "span"},
    "colgroup": {"width", "span"},
}
_WORD = re.compile(r"[\w#%.,' +-]{0,100}")
_SHAPES = {
    "alt": re.compile(r"[^\x00-\x1f]{0,2000}"),
    "title": re.compile(r"[^\x00-\x1f]{0,2000}"),
    "colspan": re.compile(r"\d{1,2}|100"),
    "rowspan": re.compile(r"\d{1,2}|100"),
    "span": re.compile(r"\d{1,2}|100"),
    "target": re.compile("_blank"),
    "rel": re.compile("noopener noreferrer"),
}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S.{0,8000}", re.I | re.DOTALL)
_REMOTE = re.compile(r"https?://\S.{0,8000}", re.I | re.DOTALL)
_STRIPPED_BY_BROWSERS = re.compile(r"[\t\n\r]|^[\x00-\x20]+|[\x00-\x20]+$")
_CID = re.compile(r"cid:([^\"'\s<>]{1,500})", re.I)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')

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
    " table-layout text-align text-decoration text-indent text-transform unicode-bidi"
    " vertical-align white-space width word-break word-spacing word-wrap".split()
)
# Without colon, backslash, at sign, asterisk: no address, escape, rule or comment can be written.
_VALUE = re.compile(r"[\w\s#%.,+\-()'\"!/]{1,300}")
_CALL = re.compile(r"([\w-]*)\s*\(")
_CALLS = frozenset({"rgb", "rgba", "hsl", "hsla", "calc"})


def safe_html(
    html: str, *, cid_url: Callable[[str], str | None], remote_images: bool = False
) -> str:
    """Exactly what a browser gets. `cid_url` answers the address of an inline image, or None."""
    if len(html) > MOST_CHARACTERS:
        return as_text(html)
    images = _inline_images(html, cid_url)
    if len(html) <= SHORT_CHARACTERS and html.count("<") <= SHORT_TAGS:
        return rebuild(html, images, remote_images=remote_images)
    task = {"html": html, "images": images, "remote_images": remote_images}
    packed = json.dumps(task).encode("ascii")
    try:
        return str(run_limited(rebuild_packed, packed, seconds=SECONDS, megabytes=MEGABYTES))
    except ChildFailed:
        return as_text(html)


def as_text(html: str) -> str:
    """Plain words in place of HTML that is too much to rebuild."""
    return f'<div style="white-space:pre-wrap">{entities.escape(html_to_text(html))}</div>'


def rebuild_packed(packed: bytes) -> str:
    """What the child runs."""
    task = json.loads(packed)
    return rebuild(task["html"], task["images"], remote_images=task["remote_images"])


def rebuild(html: str, images: Mapping[str, str], *, remote_images: bool) -> str:
    def keep(_tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return _image(value, images, remote_images)
        return _kept(attribute, value)

    clean = nh3.clean(
        html.replace("\0", ""),
        tags=_TAGS,
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="pass_through",  # `keep` judges every address, and inline images are relative
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
    if len(clean) > 2 * len(html) + GROWTH:
        return as_text(html)
    return _IMAGE.sub(_without_blank_image, _CONTROLS.sub("", clean))


def _inline_images(html: str, cid_url: Callable[[str], str | None]) -> dict[str, str]:
    """Asked beforehand, since the child cannot ask."""
    found = (unquote(entities.unescape(one)) for one in _CID.findall(entities.unescape(html)))
    named = list(dict.fromkeys(found))[:MOST_IMAGES]
    return {one: url for one in named if (url := cid_url(one))}


@lru_cache(maxsize=4096)
def _kept(attribute: str, value: str) -> str | None:
    if attribute == "style":
        return _style(value) or None
    if attribute == "href":
        link = _STRIPPED_BY_BROWSERS.sub("", value)
        return link if _LINK.fullmatch(link) else None
    return value if _SHAPES.get(attribute, _WORD).fullmatch(value) else None


def _image(value: str, images: Mapping[str, str], remote_images: bool) -> str | None:
    value = _STRIPPED_BY_BROWSERS.sub("", value)
    if value[:4].lower() == "cid:":
        return images.get(unquote(value[4:]))
    return value if remote_images and _REMOTE.fullmatch(value) else None


def _style(style: str) -> str:
    kept = (_declaration(one) for one in style[:10_000].split(";"))
    return ";".join(filter(None, kept))


def _declaration(declaration: str) -> str:
    name, _, value = declaration.partition(":")
    name, value = name.strip().lower(), " ".join(value.split())
    if name not in _PROPERTIES or not _VALUE.fullmatch(value):
        return ""
    if value.count("(") != value.count(")") or value.count("'") % 2 or value.count('"') % 2:
        return ""
    calls = {call.lower() for call in _CALL.findall(value)}
    return f"{name}:{value}" if calls <= _CALLS else ""


def _without_blank_image(image: re.Match[str]) -> str:
    """An image that may not load, and has no words in its place, only leaves a gap."""
    attributes = image[1]
    if ' src="' in attributes or re.search(r' alt="[^"]', attributes):
        return image[0]
    return ""
