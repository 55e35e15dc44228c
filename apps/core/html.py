"""Mail HTML made safe: rebuilt from an allow-list, so that what a browser gets cannot act.

A tree of HTML can be far bigger than its source (8 kB of open font tags make 13 MB), so everything
but short HTML is rebuilt in a limited child; what is beyond the limits is shown as text.
"""

import html as entities
import re
from collections.abc import Callable
from dataclasses import dataclass

import nh3

from apps.core.child import ChildFailed, run_limited
from apps.core.html_caps import is_beyond_caps
from apps.core.html_images import place_images, read_attributes
from apps.core.html_marks import CLASSES, kept_sign, unmarked, with_marks
from apps.core.html_text import html_to_text
from apps.core.html_values import kept_link, kept_picture, kept_value

__all__ = ["SafeHtml", "clean_html", "html_to_text", "safe_html"]

MOST_CHARACTERS = 5 * 2**20
SHORT_CHARACTERS = 200_000
SHORT_TAGS = 1000
SECONDS = 2.0
MEGABYTES = 300
MOST_DEPTH = 500  # browsers stop nesting at 512, and get slow on what is deeper
GROWTH = 2 * 2**20  # how much longer than twice its source clean HTML may be

_TAGS = set(
    "a abbr acronym address article aside b bdi big blockquote br caption center cite code col"
    " colgroup dd del dfn dir div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header"
    " hr i img ins kbd li main mark menu nav ol p pre q s samp section small span strike"
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
    "div": {"id", "name"},  # as far as they mark a quote
    "blockquote": {"type"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {"color", "size", "face"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "hr": {"width", "size", "color", "id"},
    "table": _BOX | {"border", "cellpadding", "cellspacing"},
    "td": _BOX | {"colspan", "rowspan", "nowrap"},
    "th": _BOX | {"colspan", "rowspan", "nowrap"},
    "tr": _BOX,
    "tbody": {"valign"},
    "col": {"width", "span"},
    "colgroup": {"width", "span"},
}
# Overrides of the writing direction turn the letters of an address around; marks may stay.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff]")
_NESTING = re.compile(r"<(?!(?:img|br|hr|wbr|col)\b)(/?)")
# Outlook says in its style sheet alone that its paragraphs keep no distance.
_OUTLOOK = {"MsoNormal", "MsoListParagraph", "MsoPlainText", "MsoNoSpacing"}
_CLASSED = re.compile(r'<(p|li|div)((?: [a-z]+="[^"]*")*?) class="([^"]*)"((?: [a-z]+="[^"]*")*)>')
_BODY = re.compile(r"<body(?=[\s/])", re.I)
_BODY_STYLES = {"bgcolor": "background-color", "text": "color"}


@dataclass(frozen=True, slots=True)
class SafeHtml:
    marked: str  # for fold_quotes alone: quotes still carry a mark
    as_text: bool  # the layout was too much to rebuild

    @property
    def html(self) -> str:
        return unmarked(self.marked)


def safe_html(
    html: str,
    *,
    cid_url: Callable[[str], str | None],
    remote_url: Callable[[str], str | None] | None = None,
    text: str | None = None,
) -> str:
    """Exactly what a browser gets."""
    return clean_html(html, cid_url=cid_url, remote_url=remote_url, text=text).html


def clean_html(
    html: str,
    *,
    cid_url: Callable[[str], str | None],
    remote_url: Callable[[str], str | None] | None = None,
    text: str | None = None,
) -> SafeHtml:
    """Both answer where an image is served, inline or remote, or None: then it is left out.

    TEXT is the mail's own text beside the HTML, which is shown where the layout is too much.
    """
    clean = _rebuilt(html)
    if clean is None:
        return SafeHtml(_as_text(html, text or ""), as_text=True)
    return SafeHtml(place_images(clean, cid_url, remote_url), as_text=False)


def _rebuilt(html: str) -> str | None:
    if len(html) > MOST_CHARACTERS:
        return None
    if len(html) <= SHORT_CHARACTERS and html.count("<") <= SHORT_TAGS:
        return rebuild(html)
    if is_beyond_caps(html):
        return None
    packed = html.encode("utf-8", "replace")
    try:
        clean = run_limited(rebuild_packed, packed, seconds=SECONDS, megabytes=MEGABYTES)
    except ChildFailed:
        return None
    return clean if isinstance(clean, str) else None


def rebuild_packed(packed: bytes) -> str | None:
    """What the child runs."""
    return rebuild(packed.decode())


def rebuild(html: str) -> str | None:
    """Images still name what the mail named; None is too much."""
    source = html.replace("\0", "")
    clean = _CLEANER.clean(_body_as_box(source) + source)
    if len(clean) > 2 * len(html) + GROWTH or _depth(clean) > MOST_DEPTH:
        return None
    return _UNSEEN.sub("", _CLASSED.sub(_classless, with_marks(clean)))


def _keep(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href":
        return kept_link(value)
    if attribute == "src":
        return kept_picture(value)
    if attribute in ("id", "name") or (tag == "blockquote" and attribute == "type"):
        return kept_sign(attribute, value)
    if tag == "a" and attribute == "title":
        return None  # it would lie about where the link leads
    return kept_value(attribute, value)


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    clean_content_tags=_DROPPED,
    attributes=_ATTRIBUTES,
    attribute_filter=_keep,
    allowed_classes={
        "p": _OUTLOOK,
        "li": _OUTLOOK,
        "div": _OUTLOOK | CLASSES,
        "blockquote": CLASSES,
    },
    url_schemes={"http", "https", "mailto", "tel", "cid"},
    url_relative="pass_through",  # `_keep` judges every address
    link_rel="noopener noreferrer",
    set_tag_attribute_values={"a": {"target": "_blank"}},
)


def _depth(clean: str) -> int:
    """How deep elements lie in each other; every one that is no leaf is closed."""
    if clean.count("</") <= MOST_DEPTH:
        return 0
    depth = deepest = 0
    for tag in _NESTING.findall(clean):
        depth += -1 if tag == "/" else 1
        deepest = max(deepest, depth)
    return deepest


def _classless(tag: re.Match[str]) -> str:
    name, before, outlook, after = tag.groups()
    attributes = before + after
    if outlook and ' style="' in attributes:
        attributes = attributes.replace(' style="', ' style="margin:0;', 1)
    elif outlook:
        attributes += ' style="margin:0"'
    return f"<{name}{attributes}>"


def _body_as_box(html: str) -> str:
    """The page's own colours as a box around it: light words need their dark ground."""
    body = _BODY.search(html)
    if body is None:
        return ""
    given, _end = read_attributes(html, body.end())
    colours = [f"{_BODY_STYLES[one]}:{given[one]}" for one in _BODY_STYLES if one in given]
    style = ";".join([*colours, given.get("style", "")]).strip(";")
    return f'<div style="{entities.escape(style)}">' if style else ""


def _as_text(html: str, text: str) -> str:
    words = _UNSEEN.sub("", text) if text.strip() else html_to_text(html)
    return f'<div style="white-space:pre-wrap">{entities.escape(words)}</div>'
