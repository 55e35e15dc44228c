"""What a case of the two corpora is, and the few pieces that mails are built from."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# refused: at least one file is refused and none passes, or the whole mail is quarantined.
# kept out: no file passes; nothing need be listed, as readers do not offer it either.
# infected, withheld: with a scanner that verdict, without one waiting.
# passes: stored, every file clean (waiting without a scanner).
# any: nothing about files; the mail is harmless to us whatever it is.
Fate = Literal["refused", "kept out", "infected", "withheld", "passes", "any"]

Build = Callable[[], bytes]

FROM = b"From: Ann <ann@customer.test>\r\nTo: support@carteria.test\r\n"
WORDS = "These words must stay readable."
END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    attack: str  # the class of attack, or the kind of legitimate mail
    build: Build = field(repr=False)
    fate: Fate = "any"
    innocent: int = 0  # files beside the hostile one that may pass
    words: str = ""  # what must stand in the text that a person reads
    files: int | None = None  # how many files must be listed
    says: tuple[tuple[str, object], ...] = ()  # fields of the meaning, and what stands in them


def top(subject: bytes = b"hello", more: bytes = b"") -> bytes:
    return (
        FROM
        + b"Subject: "
        + subject
        + b"\r\nDate: Tue, 04 Mar 2025 09:30:00 +0100\r\n"
        + b"Message-ID: <one@customer.test>\r\nMIME-Version: 1.0\r\n"
        + more
    )


def based(content: bytes, width: int = 76) -> bytes:
    text = base64.b64encode(content)
    return END.join(text[at : at + width] for at in range(0, len(text), width)) + END


def part(content: bytes, *fields: bytes, coded: bool = True) -> bytes:
    """One part below its delimiter; FIELDS are whole header lines without their ends."""
    lines = list(fields)
    if coded:
        lines.append(b"Content-Transfer-Encoding: base64")
    head = b"".join(line + END for line in lines)
    return head + END + (based(content) if coded else content)


def text_part(words: str = WORDS) -> bytes:
    return part(words.encode() + END, b"Content-Type: text/plain; charset=utf-8", coded=False)


def html_part(html: str) -> bytes:
    return part(html.encode(), b"Content-Type: text/html; charset=utf-8")


def multipart(
    parts: Iterable[bytes], kind: bytes = b"mixed", bound: bytes = b"b0", more: bytes = b""
) -> bytes:
    """A container with its own Content-Type line, to stand below other header lines."""
    body = b"".join(b"--" + bound + END + one + END for one in parts)
    declared = b"Content-Type: multipart/" + kind + b'; boundary="' + bound + b'"' + more
    return declared + END + END + body + b"--" + bound + b"--" + END


def mail(*parts: bytes, kind: bytes = b"mixed", head: bytes | None = None) -> bytes:
    """Some words, then the parts."""
    return (top() if head is None else head) + multipart((text_part(), *parts), kind)


def attached(
    content: bytes, name: bytes = b"report.pdf", kind: bytes = b"application/octet-stream"
) -> bytes:
    return part(
        content,
        b"Content-Type: " + kind,
        b'Content-Disposition: attachment; filename="' + name + b'"',
    )


def html_mail(html: str, *parts: bytes) -> bytes:
    if not parts:
        return top() + html_part(html)
    return top() + multipart((html_part(html), *parts), b"related")


def forwarded(inner: bytes, *fields: bytes, coded: bool = False) -> bytes:
    return part(inner, b"Content-Type: message/rfc822", *fields, coded=coded)


def coded_file(encoding: bytes, body: bytes, name: bytes = b"a.pdf") -> Build:
    fields = (
        b"Content-Type: application/pdf",
        b'Content-Disposition: attachment; filename="' + name + b'"',
        b"Content-Transfer-Encoding: " + encoding,
    )
    return lambda: mail(part(body, *fields, coded=False))


def uuencoded(content: bytes, name: bytes = b"a.pdf", mode: bytes = b"644") -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin " + mode + b" " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def encoded_word(text: str) -> bytes:
    return b"=?utf-8?b?" + base64.b64encode(text.encode("utf-8", "surrogatepass")) + b"?="


def table(
    attack: str,
    fate: Fate,
    rows: Iterable[tuple[str, Build]],
    *,
    prefix: str = "",
    innocent: Mapping[str, int] | None = None,
    words: str = "",
) -> list[Case]:
    """INNOCENT says how many files of a mail may pass beside the hostile one."""
    return [
        Case(prefix + name, attack, build, fate, (innocent or {}).get(name, 0), words)
        for name, build in rows
    ]
