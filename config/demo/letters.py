"""Mails as customers write them: bytes, ready for the post office."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from config.demo import files

File = tuple[str, str, bytes]  # name, type, content


def made_file(name: str) -> File:
    return name, "/".join(files.type_of(name)), files.content_of(name)


def read(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def compose(
    *,
    sender: str,
    to: str,
    subject: str,
    text: str,
    message_id: str,
    html: str = "",
    cc: str = "",
    at: datetime | None = None,
    attached: Iterable[File] = (),
    inline: bool = False,
    answers: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """INLINE puts the first file into the HTML, as `cid:picture`."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Date"] = format_datetime(at or datetime.now(UTC))
    mail["Message-ID"] = f"<{message_id}@{domain_of(sender)}>"
    for name, value in ({"Cc": cc} if cc else {} | dict(headers or {})).items():
        mail[name] = value
    if answers:
        text = _answer(mail, read(answers), text)
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for number, (name, kind, content) in enumerate(attached):
        if inline and not number:
            _put_into_html(mail, name, kind, content)
        else:
            main, _slash, sub = kind.partition("/")
            mail.add_attachment(
                content, maintype=main, subtype=sub or "octet-stream", filename=name
            )
    return mail.as_bytes()


def _put_into_html(mail: EmailMessage, name: str, kind: str, content: bytes) -> None:
    main, _slash, sub = kind.partition("/")
    page = mail.get_body(("html",))
    assert isinstance(page, EmailMessage)
    page.add_related(
        content, maintype=main, subtype=sub, cid="<picture>", filename=name, disposition="inline"
    )


def _answer(mail: EmailMessage, answered: EmailMessage, text: str) -> str:
    """The fields that make it an answer, and the quotation below the text."""
    known = str(answered["Message-ID"])
    mail["In-Reply-To"] = known
    mail["References"] = f"{answered.get('References', '')} {known}".strip()
    who = parseaddr(str(answered["From"]))[0] or str(answered["From"])
    quoted = "\n".join(f"> {line}".rstrip() for line in body_of(answered).splitlines())
    wrote = "escribió" if re.search("[áéíóúñ¿¡]", text) else "wrote"
    return f"{text.rstrip()}\n\n{who} {wrote}:\n{quoted}\n"


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def subject_of_answer(mail: EmailMessage) -> str:
    subject = str(mail.get("Subject", ""))
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"


def read_address(field: str) -> str:
    return parseaddr(field)[1]


def domain_of(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2]


BOUNCE = """\
From: Mail Delivery System <MAILER-DAEMON@{domain}>
To: {sender}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <bounce.{name}@{domain}>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="bounce"

--bounce
Content-Type: text/plain; charset=utf-8

Your mail to {address} could not be delivered: the mailbox does not exist any more.

--bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; {domain}

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 there is no such mailbox

--bounce
Content-Type: text/rfc822-headers

{headers}

--bounce--
"""


def bounce_of(raw: bytes, address: str) -> bytes:
    """What a mail server says of a mailbox that is gone (RFC 3464)."""
    lost = read(raw)
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii", "replace")
    text = BOUNCE.format(
        domain=domain_of(address),
        sender=parseaddr(str(lost["From"]))[1],
        date=format_datetime(datetime.now(UTC)),
        name=str(lost["Message-ID"]).strip("<>").partition("@")[0],
        address=address,
        headers=head.replace("\r\n", "\n"),
    )
    return text.replace("\n", "\r\n").encode("ascii", "replace")
