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
                more=(
                    b"Content-Type: application/ms-tnef\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n"
                )
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


DATA, LONG_NAME, SHORT_NAME = 0x37010102, 0x3707001F, 0x3704001F
SHOWN_NAME, ENDING, OLD_NAME = 0x3001001F, 0x3703001F, 0x3704001E
LETTER_IN = (DATA, p.LETTER)


def _letters(text: str) -> bytes:
    return text.encode("utf-16-le") + b"\0\0"


def _winmail(*files: bytes, name: bytes = b"winmail.dat") -> Build:
    return lambda: mail(attached(p.tnef(*files), name, b"application/ms-tnef"))


def _unnamed(kind: bytes, content: bytes) -> Build:
    return lambda: mail(part(content, b"Content-Type: " + kind))


WINMAIL: list[tuple[str, Build]] = [
    ("content as a property", _winmail(p.tnef_file_of((DATA, EXE)))),
    ("long name", _winmail(p.tnef_file_of(LETTER_IN, (LONG_NAME, _letters("a.exe"))))),
    ("short name", _winmail(p.tnef_file_of(LETTER_IN, (SHORT_NAME, _letters("A.EXE"))))),
    ("short name in bytes", _winmail(p.tnef_file_of(LETTER_IN, (OLD_NAME, b"A.EXE\0")))),
    ("shown name", _winmail(p.tnef_file_of(LETTER_IN, (SHOWN_NAME, _letters("a.exe"))))),
    ("ending", _winmail(p.tnef_file_of(LETTER_IN, (ENDING, _letters(".exe"))))),
    ("name for transport", _winmail(p.tnef_file_of(LETTER_IN, transport=b"a.exe"))),
    ("content twice", _winmail(p.tnef_file(b"A.PDF", p.LETTER) + p.tnef_file_of((DATA, EXE)))),
    ("without a name", _unnamed(b"application/ms-tnef", p.tnef(p.tnef_file(b"A.PDF", EXE)))),
    ("by the elder type", _unnamed(b"application/vnd.ms-tnef", p.tnef(p.tnef_file(b"A", EXE)))),
    ("said to be a picture", _unnamed(b"image/png", p.tnef(p.tnef_file(b"A.PDF", EXE)))),
    ("and junk behind", lambda: mail(attached(p.tnef(p.tnef_file(b"A.PDF", EXE)) + b"\0" * 40))),
]

# Names and first lines of forwarded mails.
FORWARDED: list[tuple[str, Build]] = [
    (
        "called setup.exe",
        lambda: mail(
            forwarded(inner(p.LETTER), b"Content-Disposition: attachment; filename=a.exe")
        ),
    ),
    (
        "with a file of a denied name",
        lambda: mail(forwarded(FROM + multipart((attached(p.LETTER, b"a.exe"),), bound=b"f0"))),
    ),
    ("with junk first", lambda: mail(forwarded(b"this is no header\r\n" + inner()))),
    ("with a folded line first", lambda: mail(forwarded(b" folded\r\n" + inner()))),
    ("with a NUL first", lambda: mail(forwarded(b"\0" + inner()))),
    ("with a mark first", lambda: mail(forwarded(b"\xef\xbb\xbf" + inner()))),
    ("with blank lines first", lambda: mail(forwarded(b"\r\n\r\n" + inner()))),
    ("with returns alone", lambda: mail(forwarded(inner().replace(b"\r\n", b"\r"), coded=True))),
    ("with line feeds alone", lambda: mail(forwarded(inner().replace(b"\r\n", b"\n")))),
    ("with two types", lambda: mail(forwarded(b"Content-Type: text/plain\r\n" + inner()))),
    ("with a coded container", lambda: mail(forwarded(_coded_container(), coded=True))),
    (
        "with a type of no boundary",
        lambda: mail(forwarded(inner().replace(b'; boundary="i0"', b""))),
    ),
]


def _coded_container() -> bytes:
    body = based(b"--i0\r\n" + attached(EXE) + b"\r\n--i0--\r\n")
    head = b"Content-Type: multipart/mixed; boundary=i0\r\nContent-Transfer-Encoding: base64\r\n"
    return FROM + head + b"\r\n" + body


# What lies in a winmail.dat is judged file by file.
INNOCENT = {"in a bounce": 1, "in winmail.dat with an innocent one": 1}

CASES = [
    *table("inner mails", "refused", WINMAIL, prefix="winmail: ", innocent={"content twice": 1}),
    *table("inner mails", "kept out", FORWARDED, prefix="forwarded mail "),
    *table("inner mails", "refused", INNER, prefix="program ", innocent=INNOCENT),
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
