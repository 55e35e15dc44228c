"""One mail, from bytes to plain data: never hangs, never grows, raises only Unreadable."""

import logging
import re

from apps.channels.authentication import read_results
from apps.channels.lookalikes import with_turns_marked, without_overrides, without_turns
from apps.channels.parsed import Address, ParsedEmail, ParsedFile, Unreadable
from apps.channels.parsing.addresses import read_addresses
from apps.channels.parsing.bodies import Bodies, likely_charset, read_bodies
from apps.channels.parsing.dates import read_date
from apps.channels.parsing.files import read_files
from apps.channels.parsing.forwards import with_first_writer
from apps.channels.parsing.insides import with_insides
from apps.channels.parsing.loops import judge
from apps.core.child import ChildFailed, run_limited
from apps.core.mime.charsets import clean_line
from apps.core.mime.headers import Headers
from apps.core.mime.oddities import oddities_of
from apps.core.mime.structure import Part, read_structure, with_line_ends

SECONDS = 5.0
MEGABYTES = 300
GLANCED = 64 * 1024
HEAVY_HEADERS = 128 * 1024
HEAVY_DELIMITERS = 1000
MOST_REFERENCES = 200
LONGEST_ID = 8000
LONGEST_RETURN_PATH = 320
LONGEST_SUBJECT = 10_000

log = logging.getLogger(__name__)

_BRACKETED = re.compile(r"<([^<>]*)>")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_INK = re.compile(rb"\S")
_CONTROL = bytes({*range(32), 127} - set(b"\t\n\r\x0c\x1b"))


def parse(raw: bytes) -> ParsedEmail:
    """The meaning of a mail. Heavy ones are read by a child that can be killed."""
    if not raw or raw.isspace():
        raise Unreadable("empty", "The mail is empty.")
    if is_heavy(raw):
        return _read_by_child(raw)
    try:
        return read(raw)
    except Unreadable:
        raise
    except Exception as error:  # the rim between hostile bytes and us: quarantine, whatever it is
        log.warning("a mail could not be read", extra={"error": type(error).__name__})
        raise Unreadable("unreadable", "The mail could not be read.") from error


def glance(raw: bytes) -> ParsedEmail:
    """By the headers at its beginning alone, for mails that nobody may or can read whole; empty
    where not even they can be read."""
    start = _INK.search(raw, 0, GLANCED)
    blank = _BLANK_LINE.search(raw, start.start() if start else 0, GLANCED)
    try:
        parts = read_structure(with_line_ends(raw[: blank.end() if blank else GLANCED]))
        headers = parts[0].headers
        return judge(_email(headers, Bodies(), ()), headers, _reports(parts))
    except Exception as error:  # the same rim as for reading
        log.warning("headers could not be read", extra={"error": type(error).__name__})
        return ParsedEmail()


def is_heavy(raw: bytes) -> bool:
    """Big headers or very many parts; a big file alone is quickly read."""
    blank = _BLANK_LINE.search(raw, 0, HEAVY_HEADERS)
    if blank is None and len(raw) > HEAVY_HEADERS:
        return True
    most = HEAVY_DELIMITERS if len(raw) < 10 * 2**20 else HEAVY_DELIMITERS // 10
    return len(raw) > 3 * most and _has_hyphens(raw, most) and raw.count(b"\n--") > most


def _has_hyphens(raw: bytes, most: int) -> bool:
    """More than MOST. Base64 has none, and to look for the next one is faster than to count."""
    at = 0
    for _hyphen in range(most + 1):
        at = raw.find(b"-", at) + 1
        if not at:
            return False
    return True


def _read_by_child(raw: bytes) -> ParsedEmail:
    try:
        answer = run_limited(read_or_say_why, raw, seconds=SECONDS, megabytes=MEGABYTES)
    except ChildFailed as error:
        raise Unreadable("too-heavy", "Reading the mail takes more than it may.") from error
    if isinstance(answer, ParsedEmail):
        return answer
    raise Unreadable("unreadable", str(answer))


def read_or_say_why(raw: bytes) -> ParsedEmail | str:
    """What the child runs: exceptions stay there."""
    try:
        return read(raw)
    except Unreadable as error:
        return error.sentence


def read(raw: bytes) -> ParsedEmail:
    """Reads in this process, without limits other than the caps."""
    raw = with_line_ends(raw)
    parts = read_structure(raw)
    headers = parts[0].headers
    if not headers and _is_junk(raw):
        raise Unreadable("not-a-mail", "These bytes are not a mail.")
    headers.hint = likely_charset(raw, parts)
    bodies = read_bodies(raw, parts, headers.hint)
    bodies.is_cut |= any(part.unread for part in parts)
    email = _email(headers, bodies, read_files(raw, parts, bodies), oddities_of(raw, parts))
    return with_first_writer(judge(with_insides(email, parts), headers, _reports(parts)))


def _is_junk(raw: bytes) -> bool:
    beginning = raw[:4096]
    return len(beginning) - len(beginning.translate(None, _CONTROL)) > len(beginning) // 20


def _reports(parts: list[Part]) -> str:
    """The report type of a multipart/report (RFC 6522), or nothing."""
    root = parts[0]
    is_report = root.content_type == "multipart/report"
    return root.parameter("report-type").strip().lower() if is_report else ""


def _email(
    headers: Headers,
    bodies: Bodies,
    files: tuple[ParsedFile, ...],
    oddities: tuple[str, ...] = (),
) -> ParsedEmail:
    froms = read_addresses(headers.all("from"))
    sender = read_addresses(headers.all("sender"))
    shown = _plain(froms or sender)
    return ParsedEmail(
        subject=without_overrides(headers.text("subject"))[:LONGEST_SUBJECT],
        from_=shown[0] if shown else None,
        froms=froms,
        from_fields=len(headers.all("from")),
        sender=sender[0] if sender else None,
        checked_by=read_results(headers),
        to=_plain(read_addresses(headers.all("to"))),
        cc=_plain(read_addresses(headers.all("cc"))),
        reply_to=_plain(read_addresses(headers.all("reply-to"))),
        delivered_to=_delivered_to(headers),
        date=read_date(headers.first("date")),
        message_id=_first_id(headers.first("message-id")),
        in_reply_to=_first_id(headers.first("in-reply-to"), bare=False),
        references=_references(headers),
        null_return_path="return-path" in headers
        and headers.first("return-path").replace(" ", "") in ("<>", ""),
        return_path=_return_path(headers),
        text=bodies.text,
        html=bodies.html,
        files=files,
        is_cut=bodies.is_cut,
        oddities=oddities,
    )


def _return_path(headers: Headers) -> str:
    path = clean_line(headers.first("return-path")).strip("<>")
    return path if "@" in path and len(path) <= LONGEST_RETURN_PATH else ""


def _plain(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    """With names and addresses that cannot turn around what stands beside them."""
    return tuple(
        Address(with_turns_marked(one.email), without_turns(one.name)) for one in addresses
    )


def _delivered_to(headers: Headers) -> tuple[str, ...]:
    fields = [
        field
        for name in ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to")
        for field in headers.all(name)
    ]
    return tuple(dict.fromkeys(address.email for address in read_addresses(fields[:50])))


def _first_id(field: str, *, bare: bool = True) -> str:
    """In angle brackets; without any, the first word, if it may be bare or looks like an id."""
    if found := _BRACKETED.search(field):
        return _clean_id(found[1])
    word = next(iter(field.split(maxsplit=1)), "")
    return _clean_id(word.strip("<>")) if bare or "@" in word else ""


def _clean_id(text: str) -> str:
    return with_turns_marked(clean_line("".join(text.split())))[:LONGEST_ID]


def _references(headers: Headers) -> tuple[str, ...]:
    """Oldest first; of very many, the oldest and the newest ones."""
    field = " ".join(headers.all("references"))
    ids = _BRACKETED.findall(field) or [word for word in field.split() if "@" in word]
    unique = list(dict.fromkeys(filter(None, map(_clean_id, ids))))
    if len(unique) > MOST_REFERENCES:
        unique = [unique[0], *unique[-(MOST_REFERENCES - 1) :]]
    return tuple(unique)
