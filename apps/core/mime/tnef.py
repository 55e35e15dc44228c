"""winmail.dat (MS-OXTNEF): words and files that Outlook packs into one; capped, never raises."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from apps.core.mime.charset_names import codec_of
from apps.core.mime.charsets import decode

SIGNATURE = b"\x78\x9f\x3e\x22"
MOST_ATTRIBUTES = 20_000
MOST_PROPERTIES = 5_000  # of one attachment
MOST_FILES = 500
LONGEST_NAME = 2_000
LONGEST_BODY = 5 * 2**20  # bytes of the words in one of their shapes

# Attributes: a new attachment, its name, its bytes, its MAPI properties; the code page.
_RENDERING, _TITLE, _DATA, _PROPERTIES, _CODE_PAGE = 0x9002, 0x8010, 0x800F, 0x9005, 0x9007
_TRANSPORT_NAME = 0x9001
# At whatever level: not every reader looks at it.
_OF_ATTACHMENTS = frozenset({_RENDERING, _TITLE, _TRANSPORT_NAME, _DATA, _PROPERTIES})
# Property ids: long, short and transport name, paths, ending; the bytes. What is shown, as the
# title, may be a message's subject.
_NAMES = (0x3707, 0x3704, 0x370C, 0x370D, 0x3708, 0x3703)
_SHOWN_NAME = 0x3001
_CONTENT = 0x3701
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 10: 4, 11: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_OBJECT = 0x0D
_INTERFACE_ID = 16  # what stands before the bytes of an object
_CONTENT_ID, _CONTENT_TYPE = 0x3712, 0x370E

# Of the mail itself: its class, subject, sender, date and words as attributes; its properties.
_CLASS, _SUBJECT, _SENT, _WORDS, _MAIL = 0x8008, 0x8004, 0x8005, 0x800C, 0x9003
_TAGS_OF_MAIL = frozenset({_CLASS, _SUBJECT, _SENT, _WORDS, _MAIL})
_OF_MAIL = {0x001A: "kind", 0x0037: "subject", 0x0C1A: "sender_name", 0x0C1F: "sender",
            0x0042: "author_name", 0x0065: "author", 0x1000: "text"}  # fmt: skip
_RTF, _HTML, _PAGE, _MESSAGE_PAGE, _SUBMITTED = 0x1009, 0x1013, 0x3FDE, 0x3FFD, 0x0039


@dataclass(frozen=True, slots=True)
class TnefFile:
    names: tuple[str, ...]
    content: bytes = field(repr=False)  # of an embedded message: TNEF again
    content_id: str = ""
    content_type: str = ""
    is_object: bool = False  # of OLE, unless it is an embedded message


@dataclass(slots=True)
class TnefMail:
    """What the mail itself says, as far as it stands there."""

    kind: str = ""  # the message class, as IPM.Note
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    author: str = ""
    author_name: str = ""
    sent: datetime | None = None
    text: str = ""
    html: str = ""
    rtf: bytes = field(default=b"", repr=False)  # packed


@dataclass(slots=True)
class Tnef:
    files: list[TnefFile]
    complete: bool = True  # False: more than anybody should read
    mail: TnefMail = field(default_factory=TnefMail)


@dataclass(slots=True)
class _Attachment:
    titles: list[str] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)  # with their place in _NAMES
    contents: list[bytes] = field(default_factory=list)
    is_object: bool = False
    content_id: str = ""
    content_type: str = ""


def tnef_files(content: bytes) -> list[TnefFile]:
    return read_tnef(content).files


def is_whole_tnef(content: bytes) -> bool:
    """Its attributes reach to the last byte, so that nothing stands behind it."""
    end = 0
    for count, (_level, _tag, _start, stop) in enumerate(_attributes(content)):
        if count >= MOST_ATTRIBUTES:
            return False
        end = stop + 2
    return 6 < end <= len(content) and not content[end:].strip(b"\0")


def read_tnef(content: bytes) -> Tnef:
    found: list[_Attachment] = []
    found_all, charset, mail = True, "", TnefMail()
    for count, (_level, tag, start, end) in enumerate(_attributes(content)):
        if count >= MOST_ATTRIBUTES or len(found) > MOST_FILES:
            found_all = False
            break
        if tag == _CODE_PAGE:
            charset = f"cp{int.from_bytes(content[start : start + 4], 'little')}"
        elif tag in _OF_ATTACHMENTS:
            if tag == _RENDERING or not found:
                found.append(_Attachment())
            found_all &= _take(content, found[-1], tag, start, end, charset)
        elif tag in _TAGS_OF_MAIL:
            found_all &= _take_of_mail(content[start:end], mail, tag, charset)
    files = [file for one in found for file in _files(one)]
    return Tnef(files[:MOST_FILES], found_all and len(files) <= MOST_FILES, mail)


def _attributes(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """(level, number, start and end of the data) of each; a length beyond the end is cut there.

    The type beside the number is left out: readers do not look at it either.
    """
    at = 6 if content.startswith(SIGNATURE) else len(content)
    while at + 9 <= len(content):
        level, tag, _type, length = struct.unpack_from("<BHHI", content, at)
        if level not in (1, 2):
            return
        start = at + 9
        yield level, tag, start, min(start + length, len(content))
        at = start + length + 2


def _take(content: bytes, one: _Attachment, tag: int, start: int, end: int, charset: str) -> bool:
    """One attribute of an attachment; False when it holds more properties than are read."""
    if tag in (_TITLE, _TRANSPORT_NAME):
        one.titles.append(_name(content[start : min(end, start + LONGEST_NAME)], 0x1E, charset))
    elif tag == _DATA:
        one.contents.append(content[start:end])
    elif tag == _PROPERTIES:
        return _take_properties(content, one, start, end, charset)
    return True


def _take_properties(content: bytes, one: _Attachment, start: int, end: int, charset: str) -> bool:
    for count, (number, kind, at, stop) in enumerate(_properties(content, start, end)):
        if count >= MOST_PROPERTIES:
            return False
        if number in _NAMES or number == _SHOWN_NAME:
            name = _name(content[at : min(stop, at + LONGEST_NAME)], kind, charset)
            if number == _SHOWN_NAME:
                one.titles.append(name)
            else:
                one.names.append((_NAMES.index(number), name))
        elif number == _CONTENT_ID:
            one.content_id = _name(content[at : min(stop, at + LONGEST_NAME)], kind, charset)
        elif number == _CONTENT_TYPE:
            one.content_type = _name(content[at : min(stop, at + LONGEST_NAME)], kind, charset)
        elif number == _CONTENT:
            one.is_object = kind == _OBJECT
            one.contents.append(content[at + (_INTERFACE_ID if one.is_object else 0) : stop])
    return True


def _properties(content: bytes, at: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(id, type, start and end of the value) of each value that can be read."""
    at += 4  # their number, which need not be true
    while at + 4 <= end:
        kind, number = struct.unpack_from("<HH", content, at)
        at = _after_name(content, at + 4, end) if number >= 0x8000 else at + 4
        many, kind = kind & 0x1000, kind & 0x0FFF
        count = 1
        if (many or kind in _VARIABLE) and at + 4 <= end:
            (count,) = struct.unpack_from("<I", content, at)
            at += 4
        if kind not in _VARIABLE and kind not in _FIXED:
            return
        while count > 0 and at + 4 <= end:
            start, length = at, _FIXED.get(kind, 0)
            if kind in _VARIABLE:
                (length,) = struct.unpack_from("<I", content, at)
                start = at + 4
            yield number, kind, start, min(start + length, end)
            at = start + length + -length % 4
            count -= 1


def _after_name(content: bytes, at: int, end: int) -> int:
    """Where the value of a named property begins."""
    if at + 24 > end:
        return end
    is_word, length = struct.unpack_from("<II", content, at + 16)
    return at + 24 + (length + -length % 4 if is_word else 0)


def _name(raw: bytes, kind: int, charset: str) -> str:
    text = raw.decode("utf-16-le", "replace") if kind == 0x1F else decode(raw, hint=charset)
    return text.rstrip("\0")


def _files(one: _Attachment) -> Iterator[TnefFile]:
    """Each of its contents; what a message within is called is only its subject."""
    is_message = one.is_object and _is_message(one.contents)
    titles = [] if is_message else one.titles
    own = [name for _place, name in sorted(one.names)]
    names = tuple(dict.fromkeys(filter(None, (*own, *titles))))
    for content in dict.fromkeys(one.contents or [b""]):
        if content or names:
            is_object = one.is_object and not is_message
            yield TnefFile(names, content, one.content_id, one.content_type, is_object)


def _is_message(contents: list[bytes]) -> bool:
    return any(content.startswith(SIGNATURE) for content in contents)


# ---- the mail itself ----------------------------------------------------------------------


def _take_of_mail(value: bytes, mail: TnefMail, tag: int, charset: str) -> bool:
    """One attribute of the mail; what its properties say comes before it."""
    if tag == _MAIL:
        return _take_mail_properties(value, mail, charset)
    if tag == _CLASS:
        mail.kind = mail.kind or _name(value[:LONGEST_NAME], 0x1E, charset)
    elif tag == _SUBJECT:
        mail.subject = mail.subject or _name(value[:LONGEST_NAME], 0x1E, charset)
    elif tag == _WORDS:
        mail.text = mail.text or _name(value[:LONGEST_BODY], 0x1E, charset)
    elif tag == _SENT and len(value) >= 12:
        mail.sent = mail.sent or _moment(struct.unpack_from("<6H", value))
    return True


def _take_mail_properties(value: bytes, mail: TnefMail, charset: str) -> bool:
    html, page = b"", 0
    for count, (number, kind, at, stop) in enumerate(_properties(value, 0, len(value))):
        if count >= MOST_PROPERTIES:
            return False
        found = value[at : min(stop, at + LONGEST_BODY)]
        if number == _RTF:
            mail.rtf = found
        elif number == _HTML and kind == 0x102:
            html = found
        elif number == _HTML:
            mail.html = _name(found, kind, charset)
        elif number in (_PAGE, _MESSAGE_PAGE) and (number == _PAGE or not page):
            page = int.from_bytes(found[:4], "little")
        elif number == _SUBMITTED:
            mail.sent = _filetime(int.from_bytes(found[:8], "little"))
        elif (name := _OF_MAIL.get(number)) and kind in (0x1E, 0x1F):
            setattr(mail, name, _name(found, kind, charset))
    if html:
        mail.html = decode(html, _charset_of(page) or charset).rstrip("\0")
    return True


def _charset_of(page: int) -> str:
    name = {65001: "utf-8", 20127: "", 28591: "latin-1", 50220: "iso-2022-jp"}.get(page)
    return name if name is not None else codec_of(f"cp{page}")


def _moment(parts: tuple[int, ...]) -> datetime | None:
    try:
        return datetime(*parts[:6], tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def _filetime(ticks: int) -> datetime | None:
    """Tenths of a microsecond since 1601."""
    try:
        return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
