"""File contents: what the bytes are, whatever their name, type, place or coding says."""

import base64
import binascii
import gzip
import quopri
from collections.abc import Callable

from apps.attachments import probes
from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    Case,
    attached,
    based,
    forwarded,
    html_part,
    mail,
    multipart,
    part,
    text_part,
    top,
)

EXE = p.program()
NAMES = (b"report.pdf", b"photo.png", b"song.mp3", b"letter.docx", b"data", b"notes.txt")


def _renamed(content: bytes, number: int) -> Callable[[], bytes]:
    return lambda: mail(attached(content, NAMES[number % len(NAMES)]))


# ---- where a program may lie, and how it may be coded ---------------------------------------


def _type(kind: bytes, *more: bytes) -> Callable[[], bytes]:
    return lambda: mail(part(EXE, b"Content-Type: " + kind, *more))


def _coded(encoding: bytes, body: bytes, name: bytes = b"a.pdf") -> Callable[[], bytes]:
    fields = (
        b"Content-Type: application/pdf",
        b'Content-Disposition: attachment; filename="' + name + b'"',
        b"Content-Transfer-Encoding: " + encoding,
    )
    return lambda: mail(part(body, *fields, coded=False))


def _uu(content: bytes, name: bytes = b"a.pdf", mode: bytes = b"644") -> bytes:
    lines = [binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45)]
    return b"begin " + mode + b" " + name + b"\n" + b"".join(lines) + b"`\nend\n"


def _garbled(content: bytes) -> bytes:
    text = base64.b64encode(content)
    return b"\r\n".join(b"!" + text[at : at + 60] + b"-\xe9*" for at in range(0, len(text), 60))


def _blocks(content: bytes) -> bytes:
    """Each line with its own padding, as some programs join pieces."""
    return b"".join(
        base64.b64encode(content[at : at + 40]) + END for at in range(0, len(content), 40)
    )


PLACES: list[tuple[str, Callable[[], bytes]]] = [
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
    ("as nonsense", _type(b"nonsense")),
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
                more=b"Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
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
    ("base64 in one line", _coded(b"base64", base64.b64encode(EXE))),
    ("base64 lines of one", _coded(b"base64", based(EXE, 1))),
    ("base64 lines of three", _coded(b"base64", based(EXE, 3))),
    ("base64 lines of 61", _coded(b"base64", based(EXE, 61))),
    ("base64 lines of 999", _coded(b"base64", based(EXE, 999))),
    ("base64 without padding", _coded(b"base64", base64.b64encode(EXE + b"x").rstrip(b"="))),
    ("base64 with garbage", _coded(b"base64", _garbled(EXE))),
    (
        "base64 with spaces",
        _coded(
            b"base64", b" ".join(base64.b64encode(EXE)[at : at + 4] for at in range(0, 2800, 4))
        ),
    ),
    ("base64 in blocks", _coded(b"base64", _blocks(EXE))),
    ("base64 after words", _coded(b"base64", b"\r\n\r\n" + based(EXE))),
    ("base64 capital", _coded(b"BASE64", based(EXE))),
    ("base64 quoted", _coded(b'"base64"', based(EXE))),
    ("base64 with a comment", _coded(b"base64 (really)", based(EXE))),
    ("base64 with a semicolon", _coded(b"base64;", based(EXE))),
    ("base64 folded", _coded(b"\r\n base64", based(EXE))),
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
    ("x-base64", _coded(b"x-base64", based(EXE))),
    ("base-64", _coded(b"base-64", based(EXE))),
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
    ("quoted-printable", _coded(b"quoted-printable", quopri.encodestring(EXE))),
    (
        "quoted-printable small letters",
        _coded(b"Quoted-Printable", b"".join(b"=%02x" % one for one in EXE[:900])),
    ),
    ("binary", _coded(b"binary", EXE)),
    ("8bit", _coded(b"8bit", EXE)),
    ("uuencoded part", _coded(b"x-uuencode", _uu(EXE))),
    ("uuencoded part, short word", _coded(b"uue", _uu(EXE))),
]

IN_TEXT: list[tuple[str, Callable[[], bytes]]] = [
    ("uuencoded in a plain mail", lambda: top() + b"\r\n" + b"Hello\n\n" + _uu(EXE, b"photo.jpg")),
    ("uuencoded denied name", lambda: top() + b"\r\nHello\n\n" + _uu(b"echo", b"run.bat")),
    ("uuencoded with mode 0644", lambda: top() + b"\r\n" + _uu(EXE, b"a.txt", b"0755")),
    ("two uuencoded files", lambda: top() + b"\r\n" + _uu(p.LETTER) + _uu(EXE)),
    ("uuencoded without end", lambda: top() + b"\r\n" + _uu(EXE)[:-6]),
]


# ---- mails within mails ---------------------------------------------------------------------


def inner(content: bytes = EXE) -> bytes:
    return (
        FROM
        + b"Subject: inner\r\n"
        + multipart((text_part("inner words"), attached(content)), bound=b"i0")
    )


def _deep(depth: int, *, coded: bool = False) -> bytes:
    found = inner()
    for number in range(depth):
        bound = b"d%d" % number
        found = (
            FROM
            + b"Subject: more\r\n"
            + multipart((text_part("x"), forwarded(found, coded=coded)), bound=bound)
        )
    return found


def _only(kind: bytes, content: bytes) -> bytes:
    head = b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return mail(forwarded(FROM + head + based(content)))


INNER: list[tuple[str, Callable[[], bytes]]] = [
    ("forwarded", lambda: mail(forwarded(inner()))),
    ("forwarded base64", lambda: mail(forwarded(inner(), coded=True))),
    (
        "forwarded quoted-printable",
        lambda: mail(
            part(
                quopri.encodestring(inner()),
                b"Content-Type: message/rfc822",
                b"Content-Transfer-Encoding: quoted-printable",
                coded=False,
            )
        ),
    ),
    (
        "forwarded as message/global",
        lambda: mail(part(inner(), b"Content-Type: message/global", coded=False)),
    ),
    (
        "forwarded as message/news",
        lambda: mail(part(inner(), b"Content-Type: message/news", coded=False)),
    ),
    ("an .eml file", lambda: mail(attached(inner(), b"old.eml"))),
    ("an .eml file as text", lambda: mail(attached(inner(), b"old.eml", b"text/plain"))),
    (
        "an mbox file",
        lambda: mail(attached(b"From ann Mon Jan 1 00:00:00 2024\n" + inner(), b"old.mbox")),
    ),
    (
        "a saved page (mht)",
        lambda: mail(
            attached(
                b"MIME-Version: 1.0\r\n" + multipart((html_part("x"), attached(EXE, b"a.png"))),
                b"page.mht",
            )
        ),
    ),
    ("forwarded alone", lambda: top(more=b"Content-Type: message/rfc822\r\n\r\n") + inner()),
    ("forwarded, whose only body is a program", lambda: _only(b"application/pdf", EXE)),
    ("forwarded, whose only body is a picture", lambda: _only(b"image/png", EXE)),
    ("forwarded twice", lambda: _deep(2)),
    ("forwarded three times, base64", lambda: _deep(3, coded=True)),
    ("forwarded six times", lambda: _deep(6)),
    ("forwarded fifteen times", lambda: _deep(15)),
    ("forwarded sixty times", lambda: _deep(60)),
    ("forwarded four hundred times", lambda: _deep(400)),
    ("in a digest", lambda: top() + multipart((b"\r\n" + inner(),), b"digest")),
    (
        "in a digest, base64",
        lambda: (
            top()
            + multipart((b"Content-Transfer-Encoding: base64\r\n\r\n" + based(inner()),), b"digest")
        ),
    ),
    (
        "in a bounce",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        b"Reporting-MTA: dns; x\r\n\r\nAction: failed\r\n",
                        b"Content-Type: message/delivery-status",
                        coded=False,
                    ),
                    forwarded(inner()),
                ),
                b"report; report-type=delivery-status",
            )
        ),
    ),
    (
        "in winmail.dat",
        lambda: mail(
            attached(p.tnef(p.tnef_file(b"A.PDF", EXE)), b"winmail.dat", b"application/ms-tnef")
        ),
    ),
    (
        "in winmail.dat with an innocent one",
        lambda: mail(
            attached(
                p.tnef(p.tnef_file(b"A.PDF", p.LETTER), p.tnef_file(b"B.PDF", EXE)), b"winmail.dat"
            )
        ),
    ),
    (
        "in winmail.dat by its long name",
        lambda: mail(
            attached(p.tnef(p.tnef_file(b"A.PDF", p.LETTER, "setup.exe")), b"winmail.dat")
        ),
    ),
    (
        "in winmail.dat by its short name",
        lambda: mail(
            attached(p.tnef(p.tnef_file(b"SETUP.EXE", p.LETTER, "letter.pdf")), b"winmail.dat")
        ),
    ),
    (
        "in winmail.dat of another name",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", s.ZIP)), b"letter.doc")),
    ),
    (
        "in winmail.dat within winmail.dat",
        lambda: mail(
            attached(
                p.tnef(p.tnef_file(b"A", b"", nested=p.tnef(p.tnef_file(b"A.PDF", EXE)))),
                b"winmail.dat",
            )
        ),
    ),
    (
        "in winmail.dat, a rar",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", s.RAR)), b"winmail.dat")),
    ),
    (
        "in winmail.dat, a picture outside the list",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PNG", p.UNLISTED["svg"])), b"winmail.dat")),
    ),
    (
        "in winmail.dat as the only body",
        lambda: (
            top(
                more=b"Content-Type: application/ms-tnef\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            )
            + based(p.tnef(p.tnef_file(b"A.PDF", EXE)))
        ),
    ),
    (
        "in winmail.dat in a forwarded mail",
        lambda: mail(
            forwarded(
                FROM
                + multipart(
                    (attached(p.tnef(p.tnef_file(b"A.PDF", EXE)), b"winmail.dat"),), bound=b"w0"
                )
            )
        ),
    ),
    (
        "a forwarded mail in winmail.dat",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.EML", inner())), b"winmail.dat")),
    ),
    (
        "a cut winmail.dat",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", EXE))[:-1500], b"winmail.dat")),
    ),
]


# ---- for the scanner ------------------------------------------------------------------------


def _infected_inner() -> bytes:
    return inner(p.virus())


INFECTED: list[tuple[str, Callable[[], bytes]]] = [
    ("plain", lambda: mail(attached(p.virus(), b"eicar.com"))),
    ("renamed", lambda: mail(attached(p.virus(), b"letter.pdf", b"application/pdf"))),
    ("as a text", lambda: mail(attached(p.virus(), b"a.txt", b"text/plain"))),
    (
        "as a picture in the text",
        lambda: mail(
            part(p.virus(), b"Content-Type: image/png", b"Content-ID: <a@b>"), kind=b"related"
        ),
    ),
    ("without a name", lambda: mail(part(p.virus(), b"Content-Type: application/octet-stream"))),
    ("odd lines", _coded(b"base64", based(p.virus(), 7))),
    (
        "quoted-printable",
        _coded(b"quoted-printable", b"".join(b"=%02X" % one for one in p.virus())),
    ),
    ("uuencoded part", _coded(b"x-uuencode", _uu(p.virus()))),
    ("in tar.gz", lambda: mail(attached(gzip.compress(s.tarred({"a": p.virus()})), b"a.tar.gz"))),
    ("in gz", lambda: mail(attached(gzip.compress(p.virus()), b"a.gz"))),
    ("in tar", lambda: mail(attached(s.tarred({"a": p.virus()}), b"a.tar"))),
    ("in docx", lambda: mail(attached(p.infected_docx(), b"a.docx"))),
    ("in odt", lambda: mail(attached(p.infected_odt(), b"a.odt"))),
    ("in a forwarded mail", lambda: mail(forwarded(_infected_inner()))),
    ("in a forwarded mail, base64", lambda: mail(forwarded(_infected_inner(), coded=True))),
    ("in an eml file", lambda: mail(attached(_infected_inner(), b"old.eml"))),
    (
        "in winmail.dat",
        lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", p.virus())), b"winmail.dat")),
    ),
    (
        "beside a clean one, at once",
        lambda: mail(attached(p.virus(), b"b.pdf"), attached(p.virus() + b"\n", b"c.pdf")),
    ),
    (
        "alternative part",
        lambda: (
            top()
            + multipart(
                (text_part(), html_part("x"), part(p.virus(), b"Content-Type: text/calendar")),
                b"alternative",
            )
        ),
    ),
    (
        "as the only body",
        lambda: (
            top(more=b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n")
            + based(p.virus())
        ),
    ),
]

WITHHELD: list[tuple[str, Callable[[], bytes]]] = [
    ("encrypted pdf", lambda: mail(attached(p.encrypted_pdf(), b"a.pdf"))),
    ("forty layers of gzip", lambda: mail(attached(probes.nested(), b"a.gz"))),
    ("150 MB of nothing in gzip", lambda: mail(attached(p.gzip_of(150 * 2**20), b"a.gz"))),
    ("encrypted zip in tar", lambda: mail(attached(s.tarred({"a": p.encrypted_zip()}), b"a.tar"))),
    (
        "encrypted zip in docx",
        lambda: mail(
            attached(
                s.zipped(
                    s.opc_members() | {"word/embeddings/a.dat": p.encrypted_zip()}, stored=False
                ),
                b"a.docx",
            )
        ),
    ),
]

# Files beside the program that may pass.
INNOCENT = {
    "in mixed in related in alternative": 1,
    "in multipart/signed": 1,
    "in multipart/encrypted": 1,
    "in appledouble": 1,
    "in a bounce": 1,
}

CASES = [
    *(
        Case(f"renamed {name}", "contents", _renamed(content, number), "refused")
        for number, (name, content) in enumerate(p.DENIED.items())
    ),
    *(
        Case(
            f"{name} in a forwarded mail",
            "contents",
            lambda content=content: mail(forwarded(inner(content))),
            "refused",
        )
        for name, content in list(p.DENIED.items())[::4]
    ),
    *(
        Case(
            f"unlisted {name} as {lie.decode()}",
            "contents",
            lambda content=content, lie=lie: mail(attached(content, lie, kind)),
            "refused",
        )
        for number, (name, content) in enumerate(p.UNLISTED.items())
        for lie, kind in [
            ((b"photo.jpg", b"image/jpeg"), (b"a.pdf", b"application/pdf"))[number % 2]
        ]
    ),
    *(
        Case(
            f"program {name}",
            "contents",
            build,
            "kept out" if name == "as nonsense" else "refused",
            innocent=INNOCENT.get(name, 0),
        )
        for name, build in PLACES
    ),
    *(Case(name, "contents", build, "kept out") for name, build in IN_TEXT),
    *(
        Case(f"program {name}", "inner mails", build, "refused", innocent=INNOCENT.get(name, 0))
        for name, build in INNER
    ),
    *(Case(f"virus {name}", "viruses", build, "infected") for name, build in INFECTED),
    *(Case(f"withheld {name}", "locked and bombs", build, "withheld") for name, build in WITHHELD),
    Case(
        "virus beside a clean file",
        "viruses",
        lambda: mail(attached(p.LETTER), attached(p.virus(), b"b.pdf")),
        "infected",
        innocent=1,
    ),
]
