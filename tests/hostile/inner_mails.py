"""Files within mails within mails, and within winmail.dat."""

import quopri

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    FROM,
    Build,
    attached,
    based,
    forwarded,
    html_part,
    mail,
    multipart,
    part,
    table,
    text_part,
    top,
)

EXE = p.program()


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


INNER: list[tuple[str, Build]] = [
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


CASES = [
    *table("inner mails", "refused", INNER, prefix="program ", innocent={"in a bounce": 1}),
    *table(
        "inner mails",
        "refused",
        [
            (name, lambda content=content: mail(forwarded(inner(content))))  # type: ignore[misc]
            for name, content in list(p.DENIED.items())[::4]
        ],
        prefix="forwarded ",
    ),
]
