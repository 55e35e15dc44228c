"""The bytes of an outgoing mail, built with Django's EmailMessage: nothing in it can add a header.

Everything is 7-bit, so that any server takes it; files keep their bytes, whatever they are. Only an
address with letters outside ASCII before the @ makes a header that needs SMTPUTF8 (RFC 6532).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.encoders import encode_base64
from email.header import Header
from email.message import Message as Part
from email.mime.base import MIMEBase
from email.utils import format_datetime, quote
from typing import Any

import idna
from django.core.mail import EmailMultiAlternatives
from django.core.mail.message import SafeMIMEMultipart, forbid_multi_line_headers, utf8_charset_qp
from django.utils.translation import gettext as _

from apps.channels.parsed import Address
from apps.core.errors import Invalid

MAX_SUBJECT = 500
MAX_LINE = 200  # some readers lose a Message-ID that does not stand on its header's first line
MAX_NAME = 100
MAX_FILE_NAME = 240  # bytes of UTF-8: percent-encoded they still fit on one line
MAX_ID = 500  # an id longer than half a line is left out
MAX_REFERENCES = 2000  # characters
LAST_REFERENCES = 20
# The standard's mark (RFC 3834, 5), Exchange's, and that of elder programs; not "bulk", which some
# providers take at its word.
IN_ANSWER = {
    "Auto-Submitted": "auto-replied",
    "X-Auto-Response-Suppress": "All",
    "Precedence": "auto_reply",
}

_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}", re.ASCII)
_DOMAIN = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?", re.ASCII)
_ID = re.compile(rf"[\x21-\x3b\x3d\x3f-\x7e]{{1,{MAX_ID}}}", re.ASCII)
_LETTERS = re.compile(r"[^\s\x00-\x9f\"(),:;<>@\[\\\]]+")  # of a local part, beside those of _LOCAL
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}", re.ASCII)
_LINE_ENDS = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    name: str
    content_type: str  # as detected
    content: bytes
    content_id: str = ""  # without angle brackets
    inline: bool = False


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """What the customer gets to see; who else gets it stands in the envelope alone."""

    sender: Address
    to: Sequence[Address]
    subject: str
    message_id: str
    date: datetime  # aware
    text: str
    html: str = ""  # already cleaned
    cc: Sequence[Address] = ()
    reply_to: Sequence[Address] = ()  # where answers are wanted, if not at the sender's
    by_machine: bool = False  # nobody's program is to answer it (RFC 3834)
    in_answer: bool = False  # by a machine, because of a mail that came (RFC 3834, 5)
    in_reply_to: str = ""
    references: Sequence[str] = ()  # oldest first
    files: Sequence[OutgoingFile] = ()


def compose(mail: OutgoingMail) -> bytes:
    letter = _Letter(
        subject=_encoded(clean_line(mail.subject, MAX_SUBJECT)),
        body=_clean_text(mail.text),
        from_email=_written(mail.sender),
        to=[_written(one) for one in mail.to],
        cc=[_written(one) for one in mail.cc],
        reply_to=[_written(one) for one in mail.reply_to],
        headers=_headers(mail),
    )
    if mail.html:
        letter.attach_alternative(_clean_text(mail.html), "text/html")
    for file in mail.files:
        if mail.html and _stands_in_text(file):
            letter.inline.append(_part(file))
        else:
            letter.attach(_part(file))
    written: Any = letter.message()  # Django's, which knows line ends; its stubs do not
    written.policy = written.policy.clone(max_line_length=MAX_LINE)
    return _with_letters(bytes(written.as_bytes(linesep="\r\n")), mail)


class _Letter(EmailMultiAlternatives):
    """Django's, with inline images beside the text that shows them."""

    encoding = utf8_charset_qp

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.inline: list[MIMEBase] = []

    def _create_alternatives(self, msg: Part) -> Part:
        body: Part = super()._create_alternatives(msg)  # type: ignore[misc]
        if not self.inline:
            return body
        related = SafeMIMEMultipart(_subtype="related", encoding="utf-8")
        for part in (body, *self.inline):
            related.attach(part)
        return related


class _FilePart(MIMEBase):
    """Refuses what Django's own parts refuse: a header of several lines."""

    def __setitem__(self, name: str, value: object) -> None:
        super().__setitem__(*forbid_multi_line_headers(name, str(value), "ascii"))


def _headers(mail: OutgoingMail) -> dict[str, str]:
    headers = {"Message-ID": f"<{mail.message_id}>", "Date": format_datetime(mail.date)}
    if mail.by_machine:
        headers["Auto-Submitted"] = "auto-generated"
    if mail.in_answer:
        headers |= IN_ANSWER
    if is_usable_id(mail.in_reply_to):
        headers["In-Reply-To"] = f"<{mail.in_reply_to}>"
    if references := capped_references(mail.references):
        headers["References"] = " ".join(f"<{one}>" for one in references)
    return headers


# ---- words, names, ids --------------------------------------------------------------------


def clean_line(text: str, limit: int) -> str:
    """One line without controls, and without what a reader would decode a second time."""
    one_line = "".join(" " if _breaks(letter) else letter for letter in text)
    return " ".join(one_line.replace("=?", "= ?").split())[:limit].rstrip()


def _encoded(text: str) -> str:
    """As RFC 2047 words on one line; the generator folds it later, never before the first word."""
    if text.isascii():
        return text
    return Header(text, "utf-8", header_name="Subject").encode(linesep="")


def _breaks(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")


def _clean_text(text: str) -> str:
    lines = _LINE_ENDS.sub("\n", text.replace("\0", ""))
    return lines.encode("utf-8", "replace").decode()


def is_usable_id(message_id: str) -> bool:
    return bool(_ID.fullmatch(message_id))


def capped_references(ids: Sequence[str]) -> list[str]:
    """The first one and the newest ones: readers need no more, servers refuse endless lines."""
    usable = list(dict.fromkeys(one for one in ids if is_usable_id(one)))
    first, rest = usable[:1], usable[1:]
    room = MAX_REFERENCES - sum(len(one) + 3 for one in first)
    newest: list[str] = []
    for one in reversed(rest[-LAST_REFERENCES:]):
        room -= len(one) + 3
        if room <= 0:
            break
        newest.insert(0, one)
    return first + newest


# ---- addresses ----------------------------------------------------------------------------


def wire_address(email: str, *, utf8: bool = False) -> str:
    """The address as servers read it; Invalid for one that we cannot write to. UTF8: letters
    outside ASCII may stand before the @, for a server that offers SMTPUTF8 (RFC 6531)."""
    local, _at, domain = email.strip().rpartition("@")
    if not (local.isascii() or utf8):
        raise Invalid(
            "address-not-ascii",
            _("%(address)s: letters outside a-z before the @ cannot be sent to yet.")
            % {"address": clean_line(email, 100)},
        )
    encoded = _encoded_domain(domain)
    if not (_LOCAL.fullmatch(_LETTERS.sub("x", local)) and _DOMAIN.fullmatch(encoded)):
        raise Invalid(
            "address",
            _("“%(address)s” is no email address; write it like name@example.com.")
            % {"address": clean_line(email, 100)},
        )
    return f"{local}@{encoded}"


def _encoded_domain(domain: str) -> str:
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return ""


def _written(address: Address) -> str:
    """For a header: always ASCII and on one line, so nobody has to parse it again."""
    name = clean_line(address.name, MAX_NAME)
    email = _in_ascii(wire_address(address.email, utf8=True))
    if not name:
        return email
    if name.isascii():
        return f'"{quote(name)}" <{email}>'
    return f"{_encoded(name)} <{email}>"


def _in_ascii(email: str) -> str:
    """Django would make encoded words of it, which no address may hold (RFC 2047, 5): these
    letters stand in for it until the mail is bytes."""
    local, _at, domain = email.rpartition("@")
    return email if local.isascii() else f"utf8.{local.encode().hex()}@{domain}"


def _with_letters(raw: bytes, mail: OutgoingMail) -> bytes:
    """Puts the letters of its own addresses back into the header; all else stays as it is."""
    people = (mail.sender, *mail.to, *mail.cc, *mail.reply_to)
    emails = {wire_address(one.email, utf8=True) for one in people}
    header, blank, body = raw.partition(b"\r\n\r\n")
    for email in emails:
        if email != (stand_in := _in_ascii(email)):
            header = header.replace(stand_in.encode(), email.encode())
    return header + blank + body


# ---- files --------------------------------------------------------------------------------


def _stands_in_text(file: OutgoingFile) -> bool:
    return file.inline and is_usable_id(file.content_id)


def _part(file: OutgoingFile) -> MIMEBase:
    part = _FilePart(*_type_of(file).split("/"))
    part.set_payload(file.content)
    encode_base64(part)
    name = file_name(file.name)
    parameter = name if name.isascii() else ("utf-8", "", name)
    disposition = "inline" if _stands_in_text(file) else "attachment"
    part.add_header("Content-Disposition", disposition, filename=parameter)
    if _stands_in_text(file):
        part["Content-ID"] = f"<{file.content_id}>"
    return part


def _type_of(file: OutgoingFile) -> str:
    """As detected; mails and multiparts travel as plain bytes, since they may not be encoded."""
    kind = file.content_type.lower()
    if not _TYPE.fullmatch(kind) or kind.startswith(("message/", "multipart/")):
        return "application/octet-stream"
    return kind


def file_name(name: str) -> str:
    """One line, short enough, with its extension."""
    name = clean_line(name, 1000).replace("/", "_").replace("\\", "_")
    stem, dot, extension = name.rpartition(".")
    if not (stem and dot and len(extension) <= 20):
        stem, dot, extension = name, "", ""
    room = MAX_FILE_NAME - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + extension or "file"
