"""The mail of ours that came back with a report: whole, its headers, or a copy in the text."""

import re
from collections.abc import Iterator

from apps.channels.parsed import ParsedEmail, ParsedFile
from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.bounces.words import Words, shown_address
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import Headers, read_headers

MOST_IDS = 50
LONGEST_ID = 8000
MOST_BYTES = 256 * 1024
_CARRIERS = (
    "message/rfc822",
    "message/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/partial",
)
_NAMED = ("x-original-message-id", "original-message-id")

_BRACKETED = re.compile(r"<([^<>]{1,8000})>")
_FIELD = re.compile(
    r"(?im)^[>| ]{0,20}(?:(message-id|in-reply-to|references): ?\n?|(from|to|cc): ?)([^\n]{1,4000})"
)


def returned_headers(email: ParsedEmail, words: Words) -> Headers:
    """Of the first mail that the report carries, or of its copy in the text; may be empty."""
    copied = _copied_headers(words)
    carried = next(filter(None, map(_headers_of, email.files)), None)
    if carried is None:
        return copied
    if "message-id" not in carried:
        for value in copied.raw("message-id"):
            carried.add("message-id", value)
    return carried


def carries_mail(file: ParsedFile) -> bool:
    return file.content_type in _CARRIERS or file.content_type.startswith("text/rfc822")


def _headers_of(file: ParsedFile) -> Headers | None:
    if not carries_mail(file):
        return None
    content = file.content[:MOST_BYTES].lstrip()
    if content.startswith(b"From "):
        content = content.partition(b"\n")[2]
    return read_headers(content, 0, len(content))[0]


def original_ids(email: ParsedEmail, returned: Headers, named: list[Headers]) -> tuple[str, ...]:
    """The Message-ID of the mail that the report is about first, then what that mail answered."""
    fields = [returned.first("message-id")]
    fields += [group.first(name) for group in named for name in _NAMED]
    fields += [returned.first("in-reply-to"), *reversed(returned.all("references"))]
    found = [one for field in fields for one in _ids(field)]
    found += [email.in_reply_to, *reversed(email.references)]
    return tuple(dict.fromkeys(filter(None, found)))[:MOST_IDS]


def sent_to(returned: Headers) -> tuple[str, ...]:
    found = read_addresses(returned.all("to"))
    return tuple(shown_address(one.email) for one in found if "@" in one.email)


def sent_from(returned: Headers) -> set[str]:
    return {one.key for name in ("from", "sender") for one in read_addresses(returned.all(name))}


def _copied_headers(words: Words) -> Headers:
    """From the lines of the text, quoted or indented; what the server says itself comes last."""
    headers = Headers()
    for text in (words.copy, words.own):
        for found in _FIELD.finditer(text):
            name = (found[1] or found[2]).lower()
            if name not in headers:
                headers.add(name, found[3].encode("utf-8", "replace"))
    return headers


def _ids(field: str) -> Iterator[str]:
    """Newest first, as the newest of References is the nearest relative."""
    found = _BRACKETED.findall(field) or [one for one in field.split()[:1] if "@" in one]
    for one in reversed(found):
        yield clean_line("".join(one.split()))[:LONGEST_ID]
