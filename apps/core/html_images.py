"""The images of mail HTML: which addresses they name, and what stands in their place."""

import html as entities
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

from apps.core.html_values import kept_picture

MOST_REMOTE = 100
MOST_ATTRIBUTES = 100

Address = Callable[[str], str | None]

_OPENING = re.compile(r"<img(?=[\s/])", re.I)
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s/>=]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++)))?+"
)
_CLEAN_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_SOURCE = re.compile(r' src="([^"]*)"')


def remote_images(html: str) -> list[str]:
    """Each remote address once, in order: the position is the image's number in this mail.

    Read from the source, without building a tree, since each image asks for it again.
    """
    found: dict[str, None] = {}
    for source in _sources(html):
        address = kept_picture(source)
        if address and not address.startswith("cid:"):
            found[address] = None
        if len(found) == MOST_REMOTE:
            break
    return list(found)


def image_sources(html: str) -> Iterator[tuple[str, int, int]]:
    """Every source of an image in order, and where it stands, without its quotes."""
    at = 0
    while opening := _OPENING.search(html, at):
        at, source = opening.end(), None
        for _attribute in range(MOST_ATTRIBUTES):
            one = _ATTRIBUTE.match(html, at)
            if one is None:
                break
            at = one.end()
            if source is None and one[1].lower() == "src":
                source = next(((one[n], *one.span(n)) for n in (2, 3, 4) if one[n] is not None), ())
        if source:
            yield entities.unescape(source[0]), source[1], source[2]


def has_embedded_images(html: str) -> bool:
    """`data:` images are files that nobody has scanned: they are left out, and that is said."""
    return any(source.lstrip()[:5].lower() == "data:" for source in _sources(html))


def place_images(clean: str, cid_url: Address, remote_url: Address | None) -> str:
    """Clean HTML in which every image has an address on our own site, or none."""

    def place(image: re.Match[str]) -> str:
        attributes = _SOURCE.sub(lambda one: _source(one[1], cid_url, remote_url), image[1])
        # An image that may not load, and has no words in its place, only leaves a gap.
        if ' src="' in attributes or re.search(r' alt="[^"]', attributes):
            return f"<img{attributes}>"
        return ""

    return _CLEAN_IMAGE.sub(place, clean)


def _source(escaped: str, cid_url: Address, remote_url: Address | None) -> str:
    address = entities.unescape(escaped)
    if address.startswith("cid:"):
        url = cid_url(unquote(address[4:]))
    else:
        url = remote_url(address) if remote_url else None
    return f' src="{entities.escape(url)}"' if url else ""


def read_attributes(html: str, at: int) -> tuple[dict[str, str], int]:
    """Of the opening tag whose name ends at AT, as browsers read them; and where reading ended."""
    found: dict[str, str] = {}
    while len(found) < MOST_ATTRIBUTES and (one := _ATTRIBUTE.match(html, at)):
        value = next((value for value in one.groups()[1:] if value is not None), "")
        found.setdefault(one[1].lower(), entities.unescape(value))
        at = one.end()
    return found, at


def _sources(html: str) -> Iterator[str]:
    """Each part of the source is read once: `<img <img` is one image."""
    at = 0
    while opening := _OPENING.search(html, at):
        attributes, at = read_attributes(html, opening.end())
        if "src" in attributes:
            yield attributes["src"]
