"""What lies inside the files of a mail and belongs to it: winmail.dat, signed mail, invites."""

from dataclasses import replace

from apps.channels.parsed import ParsedEmail, ParsedFile
from apps.channels.parsing.bodies import likely_charset, read_bodies
from apps.channels.parsing.files import read_files
from apps.channels.parsing.invites import invite_of
from apps.channels.parsing.pictures import shown_in
from apps.channels.parsing.secured import mail_inside, secured_by
from apps.channels.parsing.winmail import Room, is_winmail, opened
from apps.core.mime.structure import Part, read_structure, with_line_ends

DEEPEST = 3  # signatures around one another


def with_insides(email: ParsedEmail, parts: list[Part]) -> ParsedEmail:
    secured = secured_by(parts, email.files, email.text)
    email = _with_winmails(_with_signed(email))
    invite = invite_of(email.files)
    return replace(email, secured=secured, invite=invite) if secured or invite else email


# ---- signed in one piece ------------------------------------------------------------------


def _with_signed(email: ParsedEmail, depth: int = 0) -> ParsedEmail:
    """The signed mail is the mail; the file with its signature is kept before its files."""
    files: list[ParsedFile] = []
    for file in email.files:
        files.append(file)
        raw = with_line_ends(mail_inside(file))
        if not raw or depth >= DEEPEST:
            continue
        inner = _read(raw, depth)
        email, is_taken = _with_words(email, inner.text, inner.html)
        files += inner.files if is_taken else shown_in(None, inner.files)
    return replace(email, files=tuple(files)) if len(files) > len(email.files) else email


def _read(raw: bytes, depth: int) -> ParsedEmail:
    parts = read_structure(raw)
    bodies = read_bodies(raw, parts, likely_charset(raw, parts))
    files = read_files(raw, parts, bodies)
    inner = ParsedEmail(text=bodies.text, html=bodies.html, files=files)
    return _with_signed(inner, depth + 1)


def _with_words(email: ParsedEmail, text: str | None, html: str | None) -> tuple[ParsedEmail, bool]:
    """Only where the mail says nothing itself; whether it was so."""
    if (email.text or "").strip() or email.html is not None:
        return email, False
    if not (text or "").strip() and html is None:
        return email, False
    return replace(email, text=text if text is not None else email.text, html=html), True


# ---- winmail.dat --------------------------------------------------------------------------


def _with_winmails(email: ParsedEmail) -> ParsedEmail:
    """Its files stand in its place; it stays as well where something in it could not be opened."""
    if not any(is_winmail(file.content) for file in email.files):
        return email
    files: list[ParsedFile] = []
    names: list[str] = []
    room = Room()
    for file in email.files:
        if not is_winmail(file.content):
            files.append(file)
            continue
        found = opened(file.content, room)
        email, is_taken = _with_words(email, found.text, found.html)
        files += [] if found.is_whole else [file]
        files += shown_in(found.html if is_taken else None, found.files)
        names += [one.name for one in found.files]
    return replace(email, files=tuple(files), tnef_files=tuple(names))
