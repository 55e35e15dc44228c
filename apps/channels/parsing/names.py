"""Names of files: as they are shown, and invented where a file has none."""

import re

from apps.core.mime.charsets import clean_line, decode
from apps.core.mime.headers import read_headers

LONGEST_NAME = 255

_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069/\\\\]")
ENDINGS = {
    "application/ics": ".ics",
    "application/pdf": ".pdf",
    "application/pgp-encrypted": ".pgp",
    "application/pgp-keys": ".asc",
    "application/pgp-signature": ".asc",
    "application/pkcs7-mime": ".p7m",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-mime": ".p7m",
    "application/x-pkcs7-signature": ".p7s",
    "application/ms-tnef": ".tnef",
    "application/msword": ".doc",
    "application/rtf": ".rtf",
    "application/vnd.ms-excel": ".xls",
    "application/vnd.ms-outlook": ".msg",
    "application/vnd.ms-tnef": ".tnef",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/xml": ".xml",
    "application/json": ".json",
    "audio/mpeg": ".mp3",
    "image/bmp": ".bmp",
    "image/gif": ".gif",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/html": ".html",
    "text/rtf": ".rtf",
    "text/vcard": ".vcf",
    "text/x-vcalendar": ".vcs",
    "text/x-vcard": ".vcf",
    "text/xml": ".xml",
    "video/mp4": ".mp4",
}


_CARDS = frozenset({"text/vcard", "text/x-vcard"})
_FULL_NAME = re.compile(rb"(?mi)^FN(?:;[^:\r\n]{0,100})?:([^\r\n]{1,200})")


def shown_name(names: tuple[str, ...]) -> str:
    """Without folders, invisible characters and turned reading direction."""
    if not names:
        return ""
    last = re.split(r"[/\\]", names[0].rstrip("/\\ "))[-1]
    return _shortened(_FORBIDDEN.sub("", last).strip(" ."))


def _shortened(name: str) -> str:
    if len(name) <= LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return name[:LONGEST_NAME].rstrip(" .")


def invented_name(content_type: str, content: bytes, number: int) -> str:
    if content_type in ("message/rfc822", "message/global"):
        headers, _body = read_headers(content, 0, len(content))
        return f"{_as_stem(headers.text('subject')) or f'message-{number}'}.eml"
    if content_type in _CARDS and (found := _FULL_NAME.search(content, 0, 65536)):
        return f"{_as_stem(clean_line(decode(found[1]))) or f'contact-{number}'}.vcf"
    if content_type.startswith("message/"):
        return f"{content_type.partition('/')[2]}.txt"
    ending = ENDINGS.get(content_type, ".txt" if content_type.startswith("text/") else ".dat")
    return f"attachment-{number}{ending}"


def _as_stem(words: str) -> str:
    """What may stand before a name's ending, from free words."""
    kept = re.sub(r"[^\w .,()+-]", " ", words[:200]).split()
    return " ".join(kept)[:80].strip(" .")
