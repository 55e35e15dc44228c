"""Clumsy mails of honest people: odd but harmless, so each is stored and its files pass."""

import quopri

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
    Build,
    Case,
    attached,
    based,
    mail,
    multipart,
    part,
    text_part,
    top,
)
from tests.hostile.honest_files import CSV
from tests.hostile.honest_mails import PDF, report


def _footer() -> bytes:
    return (
        top(more=b"List-Id: <list.x.test>\r\n")
        + multipart((text_part(), PDF))
        + b"\r\n_______\r\nlist mailing list\r\nhttps://x.test/\r\n"
    )


def _unended(whole: bytes) -> bytes:
    return whole.rstrip().removesuffix(b"--b0--")


STRUCTURES: list[tuple[str, Build, int]] = [
    ("a footer behind the end", _footer, 1),
    (
        "words before the first part",
        lambda: mail(PDF).replace(
            b"--b0\r\n", b"This is a multi-part message in MIME format.\r\n--b0\r\n", 1
        ),
        1,
    ),
    ("no final delimiter", lambda: _unended(mail(PDF)), 1),
    (
        "fields twice, but equal",
        lambda: (
            top(more=b"MIME-Version: 1.0\r\nX-A: b\r\nX-A: b\r\n")
            + multipart(
                (
                    text_part(),
                    part(
                        p.LETTER,
                        b"Content-Type: application/pdf; name=a.pdf",
                        b"Content-Type: application/pdf; name=a.pdf",
                        b"Content-Disposition: attachment; filename=a.pdf",
                        b"Content-Disposition: attachment; filename=a.pdf",
                    ),
                )
            )
        ),
        1,
    ),
    (
        "codings twice, but equal",
        lambda: mail(
            part(
                based(p.LETTER),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: BASE64",
                coded=False,
            )
        ),
        1,
    ),
    ("only line feeds", lambda: mail(PDF).replace(b"\r\n", b"\n"), 1),
    (
        "text in quoted-printable",
        lambda: (
            top(
                more=(
                    b"Content-Type: text/plain; charset=utf-8\r\n"
                    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                )
            )
            + quopri.encodestring(f"{WORDS} Grüße = ja\r\n".encode())
        ),
        0,
    ),
    (
        "text in base64",
        lambda: (
            top(
                more=(
                    b"Content-Type: text/plain; charset=utf-8\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n"
                )
            )
            + based(WORDS.encode())
        ),
        0,
    ),
    ("8bit without a word", lambda: top() + END + f"{WORDS} Grüße\r\n".encode("cp1252"), 0),
    (
        "a coding of an odd word",
        lambda: (
            top(more=b"Content-Transfer-Encoding: utf-8\r\nContent-Type: text/plain\r\n\r\n")
            + WORDS.encode()
        ),
        0,
    ),
    (
        "a file in 7bit",
        lambda: mail(
            part(
                CSV.decode("latin-1").encode("ascii", "ignore"),
                b"Content-Type: text/csv; name=a.csv",
                b"Content-Disposition: attachment; filename=a.csv",
                b"Content-Transfer-Encoding: 7bit",
                coded=False,
            )
        ),
        1,
    ),
    (
        "base64 with a mark behind",
        lambda: mail(
            part(
                based(p.LETTER) + b"\r\n\r\n",
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
        1,
    ),
    (
        "base64 in one long line",
        lambda: mail(
            part(
                based(p.LETTER * 50, 100_000),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
        1,
    ),
    (
        "a PDF and nothing else",
        lambda: (
            top(
                more=(
                    b"Content-Type: application/pdf; name=scan.pdf\r\n"
                    b"Content-Disposition: attachment; filename=scan.pdf\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n"
                )
            )
            + based(p.LETTER)
        ),
        1,
    ),
    ("a file twice", lambda: mail(PDF, PDF), 2),
    (
        "twenty files",
        lambda: mail(*(attached(p.LETTER + b"%d" % n, b"%d.pdf" % n) for n in range(20))),
        20,
    ),
    (
        "a hundred photos",
        lambda: mail(*(attached(s.JPEG + b"%d" % n, b"IMG_%d.jpg" % n) for n in range(100))),
        100,
    ),
    (
        "forty references and fifty recipients",
        lambda: (
            top(
                more=b"References: "
                + b" ".join(b"<%d@x.test>" % n for n in range(40))
                + b"\r\nCc: "
                + b",\r\n ".join(b'"Name, %d" <a%d@x.test>' % (n, n) for n in range(50))
                + END
            )
            + END
            + WORDS.encode()
        ),
        0,
    ),
    (
        "thirty hops",
        lambda: (
            b"Received: from a.test by b.test with ESMTPS id x; Tue, 4 Mar 2025 09:30:00 +0100\r\n"
            * 30
            + mail(PDF)
        ),
        1,
    ),
    (
        "results of our own server",
        lambda: (
            b"Authentication-Results: mx.carteria.test; spf=pass; dkim=pass; dmarc=pass\r\n"
            + mail(PDF)
        ),
        1,
    ),
    (
        "talk of programs in the text",
        lambda: (
            top()
            + END
            + WORDS.encode()
            + b" Please run setup.exe from the zip.\r\n"
            + b"begin 644 is how uuencode starts.\r\nMZ PK Rar!\r\n"
        ),
        0,
    ),
    (
        "talk of delimiters in the text",
        lambda: mail(PDF).replace(
            WORDS.encode(),
            WORDS.encode()
            + (
                b"\r\n"
                b"--\r\n"
                b"Ann\r\n"
                b"-- \r\n"
                b"---\r\n"
                b"--b1\r\n"
                b"----- Original Message -----\r\n"
                b"Content-Type: text/plain"
            ),
        ),
        1,
    ),
    (
        "an inline letter of a Mac",
        lambda: mail(
            part(
                p.LETTER,
                b"Content-Type: application/pdf;\r\n\tname=letter.pdf;\r\n\tx-unix-mode=0644",
                b"Content-Disposition: inline;\r\n\tfilename=letter.pdf",
            )
        ),
        1,
    ),
    (
        "a comment in the type",
        lambda: mail(part(p.LETTER, b"Content-Type: application/pdf (a scan); name=a.pdf")),
        1,
    ),
    (
        "a type that nobody knows",
        lambda: mail(attached(b"\1\2\3", b"a.xyz", b"application/x-nobody-knows")),
        1,
    ),
    (
        "names in latin bytes",
        lambda: mail(attached(p.LETTER, "Übersicht.pdf".encode("latin-1"))),
        1,
    ),
    ("a name with escaped quotes", lambda: mail(attached(p.LETTER, b'the \\"letter\\".pdf')), 1),
    (
        "an encoded name folded",
        lambda: mail(
            part(
                p.LETTER,
                b"Content-Type: application/pdf;\r\n"
                b' name="=?iso-8859-1?Q?=DCbersicht_f=FCr_den?=\r\n'
                b' =?iso-8859-1?Q?_Monat_M=E4rz.pdf?="',
            )
        ),
        1,
    ),
    (
        "an exchange server's report",
        lambda: report().replace(
            b"message/delivery-status", b'message/delivery-status; name="details.txt"'
        ),
        2,
    ),
    ("enriched text", lambda: top(more=b"Content-Type: text/enriched\r\n\r\n") + WORDS.encode(), 0),
    ("a mail without subject, date and id", lambda: FROM + END + WORDS.encode(), 0),
]


WITHOUT_WORDS = {"a PDF and nothing else"}

CASES = [
    Case(
        f"mail {name}",
        "structures",
        build,
        "passes",
        words="" if name in WITHOUT_WORDS else WORDS,
        files=files,
    )
    for name, build, files in STRUCTURES
]
