"""Which files of a mail its HTML shows in place: by Content-ID, by place (RFC 2557), or written
into the HTML itself.
"""

import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import unquote, unquote_to_bytes, urljoin

from apps.channels.parsed import ParsedEmail, ParsedFile
from apps.core.html_images import image_sources
from apps.core.mime.charsets import clean_line
from apps.core.mime.structure import Part
from apps.core.mime.transfer import from_base64

MOST_IMAGES = 1000
MOST_EMBEDDED = 50  # different pictures that stand in the HTML itself
LONGEST_ADDRESS = 2000

# The same in HTML, in an address and in a header; others get a name of ours.
_PLAIN = re.compile(r"[\w@.+$!-]{1,200}", re.ASCII)
_BASE = re.compile(r"<base\s[^>]{0,500}?href\s*=\s*[\"']?([^\"'\s>]{1,500})", re.I)
_DATA = re.compile(r"\s*data:(image/[a-z0-9.+-]{1,40})((?:;[^,;]{0,60}){0,5}+),", re.I)
# Drawings may carry scripts; no viewer of ours draws them, so they are no files either.
_NOT_DRAWN = frozenset({"image/svg+xml", "image/svg"})


def image_numbers(
    htmls: Iterable[tuple[Part, str]], files: Sequence[tuple[Part, str]]
) -> dict[int, list[int]]:
    """Of each part by its id: the images that show it, counted over HTMLS, which become one.

    FILES come with their Content-ID. Of several with one name the nearest is meant: the one with
    whom the HTML shares the innermost container, the first of those.
    """
    found: dict[int, list[int]] = {}
    number = 0
    for part, html in htmls:
        meant = _Meant(part, html, files)
        for source, _start, _end in image_sources(html):
            if number >= MOST_IMAGES:
                return found
            if (shown := meant.by(source)) is not None:
                found.setdefault(id(shown), []).append(number)
            number += 1
    return found


def shown_in(html: str | None, files: Iterable[ParsedFile]) -> tuple[ParsedFile, ...]:
    """FILES that came with this HTML outside of any parts: known by their Content-ID alone."""
    found = list(files)
    by_id = {_loose(one.content_id): one for one in reversed(found) if one.content_id}
    numbers: dict[int, list[int]] = {}
    for number, (source, _start, _end) in enumerate(islice(image_sources(html or ""), MOST_IMAGES)):
        meant = by_id.get(_loose(source.strip()[4:])) if _is_cid(source) else None
        if meant is not None:
            numbers.setdefault(id(meant), []).append(number)
    return tuple(
        replace(one, shows=shows, inline=one.inline or bool(shows))
        for one in found
        for shows in [tuple(numbers.get(id(one), ()))]
    )


def _is_cid(source: str) -> bool:
    return source.strip()[:4].lower() == "cid:"


class _Meant:
    """The files that the sources of one HTML can mean, the nearest of each name."""

    def __init__(self, html_part: Part, html: str, files: Sequence[tuple[Part, str]]) -> None:
        around = {id(one): one.depth for one in _outward(html_part)}
        self._base = _base_of(html_part, html)
        self._by_id: dict[str, Part] = {}
        self._by_place: dict[str, Part] = {}
        for part, content_id in sorted(files, key=lambda one: -_common(one[0], around)):
            if content_id:
                self._by_id.setdefault(content_id, part)
                self._by_id.setdefault(_loose(content_id), part)
            for place in _places_of(part):
                self._by_place.setdefault(place, part)

    def by(self, source: str) -> Part | None:
        address = source.strip()
        if _is_cid(address):
            content_id = unquote(address[4 : LONGEST_ADDRESS + 4])
            return self._by_id.get(content_id) or self._by_id.get(_loose(content_id))
        if not self._by_place or len(address) > LONGEST_ADDRESS:
            return None
        return self._by_place.get(address) or self._by_place.get(_joined(self._base, address))


def _loose(content_id: str) -> str:
    """What a Content-ID and its mention have in common, however either is written."""
    return unquote(content_id).strip("<> \t").casefold()


def _common(part: Part, around: dict[int, int]) -> int:
    return next((around[id(one)] for one in _outward(part) if id(one) in around), -1)


def _outward(part: Part) -> Iterator[Part]:
    found: Part | None = part.parent
    while found is not None:
        yield found
        found = found.parent


def _places_of(part: Part) -> Iterator[str]:
    """As its Content-Location says, and as that reads below its base."""
    place = "".join(part.headers.text("content-location").split())[:LONGEST_ADDRESS]
    if place:
        yield place
        yield _joined(_declared_base(part), place)


def _base_of(part: Part, html: str) -> str:
    """In the order of RFC 2557, 5 and 8.2: what the HTML says, then the headers from the inside."""
    said = _BASE.search(html[:65536])
    own = "".join(part.headers.text("content-location").split())
    return _joined(_declared_base(part), said[1] if said else own)


def _declared_base(part: Part) -> str:
    for one in (part, *_outward(part)):
        for name in ("content-base", *(("content-location",) if one.is_container else ())):
            if base := one.headers.first(name).strip(' "<>')[:LONGEST_ADDRESS]:
                return base
    return ""


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # a host in broken brackets
        return address


# ---- for keeping and showing --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Picture:
    content_type: str
    content: bytes


def placed(email: ParsedEmail) -> ParsedEmail:
    """With every picture of the HTML as a file of its own name, and every other file to be seen.

    Pictures that stand in the HTML itself become files, to be scanned and shown like any other.
    """
    if email.html is None and not email.files:
        return email
    if email.html is None:
        return replace(email, files=tuple(replace(one, inline=False) for one in email.files))
    files = list(_own_names(email.files))
    by_number = {number: file.content_id for file in files for number in file.shows}
    pieces, at, embedded = [], 0, dict[str, _Picture]()
    for number, (source, start, end) in enumerate(islice(image_sources(email.html), MOST_IMAGES)):
        content_id = by_number.get(number) or _embedded(source, embedded)
        if content_id:
            pieces += [email.html[at:start], f"cid:{content_id}"]
            at = end
    if not pieces and not files:
        return email
    html = "".join([*pieces, email.html[at:]])
    return replace(email, html=html, files=(*files, *_as_files(embedded)))


def _own_names(files: Iterable[ParsedFile]) -> Iterator[ParsedFile]:
    """A file that is shown has a Content-ID that no other has; the others have none."""
    taken: set[str] = set()
    for number, file in enumerate(files):
        if not file.shows:
            yield replace(file, content_id="", inline=False)
            continue
        content_id = file.content_id if _PLAIN.fullmatch(file.content_id) else f"{number}@named"
        while content_id in taken:
            content_id = f"{number}.{content_id}"
        taken.add(content_id)
        yield replace(file, content_id=content_id, inline=True)


def _embedded(source: str, found: dict[str, _Picture]) -> str:
    """The Content-ID of a picture that is written as a `data:` address; the same one only once."""
    data = _DATA.match(source)
    if data is None or data[1].lower() in _NOT_DRAWN:
        return ""
    coded = source[data.end() :]
    is_base64 = data[2].lower().rstrip().endswith(";base64")
    content = _from_base64(coded) if is_base64 else unquote_to_bytes(coded)
    content_id = f"{hashlib.sha256(content).hexdigest()[:20]}@embedded"
    if not content or (content_id not in found and len(found) >= MOST_EMBEDDED):
        return ""
    found.setdefault(content_id, _Picture(data[1].lower(), content))
    return content_id


def _from_base64(coded: str) -> bytes:
    letters = unquote(coded) if "%" in coded else coded
    try:
        return from_base64(letters.encode("ascii", "ignore"))
    except binascii.Error:
        return b""


def _as_files(found: dict[str, _Picture]) -> Iterator[ParsedFile]:
    for number, (content_id, picture) in enumerate(found.items(), start=1):
        ending = clean_line(picture.content_type.partition("/")[2]).replace("jpeg", "jpg")
        name = f"picture-{number}.{ending}"
        yield ParsedFile(
            name, (name,), picture.content_type, picture.content, content_id, inline=True
        )
