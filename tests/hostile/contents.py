"""File contents: what the bytes are, whatever their name, type, place or coding says."""

import base64
import quopri

from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    Build,
    Case,
    attached,
    based,
    coded_file,
    html_part,
    mail,
    multipart,
    part,
    table,
    text_part,
    top,
    uuencoded,
)

EXE = p.program()
NAMES = (b"report.pdf", b"photo.png", b"song.mp3", b"letter.docx", b"data", b"notes.txt")


def _renamed(content: bytes, number: int) -> Build:
    return lambda: mail(attached(content, NAMES[number % len(NAMES)]))


# ---- where a program may lie, and how it may be coded ---------------------------------------


def _type(kind: bytes, *more: bytes) -> Build:
    return lambda: mail(part(EXE, b"Content-Type: " + kind, *more))


def _garbled(content: bytes) -> bytes:
    text = base64.b64encode(content)
    return b"\r\n".join(b"!" + text[at : at + 60] + b"-\xe9*" for at in range(0, len(text), 60))


def _blocks(content: bytes) -> bytes:
    """Each line with its own padding, as some programs join pieces."""
    return b"".join(
        base64.b64encode(content[at : at + 40]) + END for at in range(0, len(content), 40)
    )


PLACES: list[tuple[str, Build]] = [
    ("as image/png", _type(b"image/png")),
    ("as image/png inline", _type(b"image/png", b"Content-Disposition: inline")),
    ("as image/png with cid", _type(b"image/png", b"Content-ID: <logo@x>")),
    ("as application/pdf", _type(b"application/pdf")),
    ("as audio/mpeg", _type(b"audio/mpeg; name=a.mp3")),
    ("as text/plain", _type(b"text/plain; name=notes.txt")),
    ("as text/plain attached", _type(b"text/plain", b"Content-Disposition: attachment")),
    (
        "as text/html attached",
        _type(b"text/html", b"Content-Disposition: attachment; filename=a.html"),
    ),
    ("as text/calendar", _type(b"text/calendar; name=invite.ics")),
    ("as text/x-unknown", _type(b"text/x-unknown")),
    ("as no type", lambda: mail(part(EXE, b"Content-Disposition: attachment"))),
    ("as x-msdownload", _type(b"application/x-msdownload")),
    ("as message/delivery-status", _type(b"message/delivery-status")),
    ("as application/pgp-signature", _type(b"application/pgp-signature; name=signature.asc")),
    ("as pkcs7-signature", _type(b"application/pkcs7-signature; name=smime.p7s")),
    (
        "as the only body",
        lambda: (
            top(more=b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            + based(EXE)
        ),
    ),
    (
        "as the only body, image",
        lambda: (
            top(
                more=(
                    b"Content-Type: image/png; name=a.png\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n"
                )
            )
            + based(EXE)
        ),
    ),
    (
        "in related",
        lambda: (
            top()
            + multipart(
                (
                    html_part("<img src='cid:a@b'>"),
                    part(
                        EXE,
                        b"Content-Type: image/gif",
                        b"Content-ID: <a@b>",
                        b"Content-Disposition: inline; filename=a.gif",
                    ),
                ),
                b"related",
            )
        ),
    ),
    (
        "in alternative",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    html_part("<p>x</p>"),
                    part(EXE, b"Content-Type: application/ics; name=a.ics"),
                ),
                b"alternative",
            )
        ),
    ),
    (
        "in mixed in related in alternative",
        lambda: mail(
            multipart(
                (
                    text_part(),
                    multipart(
                        (html_part("x"), multipart((attached(EXE),), bound=b"b3")),
                        b"related",
                        b"b2",
                    ),
                ),
                b"alternative",
                b"b1",
            )
        ),
    ),
    ("in multipart/parallel", lambda: mail(attached(EXE), kind=b"parallel")),
    ("in multipart/unknown", lambda: mail(attached(EXE), kind=b"x-unknown")),
    (
        "in multipart/signed",
        lambda: (
            top()
            + multipart(
                (
                    multipart((text_part(), attached(EXE)), bound=b"b1"),
                    part(b"sig", b"Content-Type: application/pgp-signature"),
                ),
                b"signed",
            )
        ),
    ),
    (
        "in multipart/encrypted",
        lambda: (
            top()
            + multipart(
                (
                    part(b"Version: 1", b"Content-Type: application/pgp-encrypted", coded=False),
                    part(EXE, b"Content-Type: application/octet-stream"),
                ),
                b"encrypted",
            )
        ),
    ),
    (
        "in multipart/report",
        lambda: mail(attached(EXE), kind=b"report; report-type=delivery-status"),
    ),
    (
        "in appledouble",
        lambda: (
            top()
            + multipart(
                (part(bytes(40), b"Content-Type: application/applefile"), attached(EXE)),
                b"appledouble",
            )
        ),
    ),
    ("base64 in one line", coded_file(b"base64", base64.b64encode(EXE))),
    ("base64 lines of one", coded_file(b"base64", based(EXE, 1))),
    ("base64 lines of three", coded_file(b"base64", based(EXE, 3))),
    ("base64 lines of 61", coded_file(b"base64", based(EXE, 61))),
    ("base64 lines of 999", coded_file(b"base64", based(EXE, 999))),
    ("base64 without padding", coded_file(b"base64", base64.b64encode(EXE + b"x").rstrip(b"="))),
    ("base64 with garbage", coded_file(b"base64", _garbled(EXE))),
    (
        "base64 with spaces",
        coded_file(
            b"base64", b" ".join(base64.b64encode(EXE)[at : at + 4] for at in range(0, 2800, 4))
        ),
    ),
    ("base64 in blocks", coded_file(b"base64", _blocks(EXE))),
    ("base64 after words", coded_file(b"base64", b"\r\n\r\n" + based(EXE))),
    ("base64 capital", coded_file(b"BASE64", based(EXE))),
    ("base64 quoted", coded_file(b'"base64"', based(EXE))),
    ("base64 with a comment", coded_file(b"base64 (really)", based(EXE))),
    ("base64 with a semicolon", coded_file(b"base64;", based(EXE))),
    ("base64 folded", coded_file(b"\r\n base64", based(EXE))),
    (
        "base64 with a space before the colon",
        lambda: mail(
            part(
                based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding : base64",
                coded=False,
            )
        ),
    ),
    ("x-base64", coded_file(b"x-base64", based(EXE))),
    ("base-64", coded_file(b"base-64", based(EXE))),
    (
        "base64 and 7bit",
        lambda: mail(
            part(
                based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: 7bit",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
    ),
    (
        "7bit and base64",
        lambda: mail(
            part(
                based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: 7bit",
                coded=False,
            )
        ),
    ),
    ("quoted-printable", coded_file(b"quoted-printable", quopri.encodestring(EXE))),
    (
        "quoted-printable small letters",
        coded_file(b"Quoted-Printable", b"".join(b"=%02x" % one for one in EXE[:900])),
    ),
    ("binary", coded_file(b"binary", EXE)),
    ("8bit", coded_file(b"8bit", EXE)),
    ("uuencoded part", coded_file(b"x-uuencode", uuencoded(EXE))),
    ("uuencoded part, short word", coded_file(b"uue", uuencoded(EXE))),
]

IN_TEXT: list[tuple[str, Build]] = [
    (
        "uuencoded in a plain mail",
        lambda: top() + b"\r\n" + b"Hello\n\n" + uuencoded(EXE, b"photo.jpg"),
    ),
    ("uuencoded denied name", lambda: top() + b"\r\nHello\n\n" + uuencoded(b"echo", b"run.bat")),
    ("uuencoded with mode 0644", lambda: top() + b"\r\n" + uuencoded(EXE, b"a.txt", b"0755")),
    ("uuencoded without end", lambda: top() + b"\r\n" + uuencoded(EXE)[:-6]),
]

# Files beside the program that may pass.
INNOCENT = {
    "in mixed in related in alternative": 1,
    "in multipart/signed": 1,
    "in multipart/encrypted": 1,
    "in appledouble": 1,
}
LIES = ((b"photo.jpg", b"image/jpeg"), (b"a.pdf", b"application/pdf"))


def _unlisted(content: bytes, lie: tuple[bytes, bytes]) -> Build:
    return lambda: mail(attached(content, *lie))


CASES = [
    *table(
        "contents",
        "refused",
        [(name, _renamed(content, n)) for n, (name, content) in enumerate(p.DENIED.items())],
        prefix="renamed ",
    ),
    *table(
        "contents",
        "refused",
        [
            (f"{name} as {LIES[n % 2][0].decode()}", _unlisted(content, LIES[n % 2]))
            for n, (name, content) in enumerate(p.UNLISTED.items())
        ],
        prefix="unlisted ",
    ),
    *table("contents", "refused", PLACES, prefix="program ", innocent=INNOCENT),
    Case("program as nonsense", "contents", _type(b"nonsense"), "kept out"),
    *table("contents", "kept out", IN_TEXT),
    Case(
        "two uuencoded files",
        "contents",
        lambda: top() + b"\r\n" + uuencoded(p.LETTER) + uuencoded(EXE),
        "kept out",
        innocent=1,
    ),
]
