"""MIME that two readers read differently, and MIME that is far too much."""

import base64
from collections.abc import Callable

from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
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
BAD = attached(EXE)
GOOD = attached(p.LETTER)
MIXED = b"Content-Type: multipart/mixed; boundary=b0\r\n"
PLAIN = b"Content-Type: text/plain\r\n"


def _body(*pieces: bytes) -> bytes:
    return b"".join(pieces)


def _delimited(*parts: bytes, bound: bytes = b"b0", end: bytes = b"--b0--\r\n") -> bytes:
    return b"".join(b"--" + bound + END + one + END for one in parts) + end


def _headed(head: bytes, body: bytes) -> bytes:
    return top(more=head) + END + body


NORMAL = _delimited(text_part(), BAD)

# Two readings: a program that one of them would open.
TWO_READINGS: list[tuple[str, Callable[[], bytes]]] = [
    ("two types, container first", lambda: _headed(MIXED + PLAIN, NORMAL)),
    ("two types, container last", lambda: _headed(PLAIN + MIXED, NORMAL)),
    (
        "two boundaries in one field",
        lambda: _headed(
            b"Content-Type: multipart/mixed; boundary=b0; boundary=b1\r\n",
            _delimited(text_part()) + _delimited(BAD, bound=b"b1", end=b"--b1--\r\n"),
        ),
    ),
    (
        "two boundaries, the second one used",
        lambda: _headed(b"Content-Type: multipart/mixed; boundary=b1; boundary=b0\r\n", NORMAL),
    ),
    (
        "two containers in two fields",
        lambda: _headed(
            MIXED + b"Content-Type: multipart/mixed; boundary=b1\r\n",
            _delimited(text_part()) + _delimited(BAD, bound=b"b1", end=b"--b1--\r\n"),
        ),
    ),
    (
        "boundary as star",
        lambda: _headed(b"Content-Type: multipart/mixed; boundary*=utf-8''b%30\r\n", NORMAL),
    ),
    (
        "boundary in sections",
        lambda: _headed(
            b'Content-Type: multipart/mixed; boundary*0="b"; boundary*1="0"\r\n', NORMAL
        ),
    ),
    (
        "boundary plain and star",
        lambda: _headed(
            b"Content-Type: multipart/mixed; boundary=x; boundary*=utf-8''b0\r\n", NORMAL
        ),
    ),
    (
        "boundary as encoded word",
        lambda: _headed(b'Content-Type: multipart/mixed; boundary="=?utf-8?q?b0?="\r\n', NORMAL),
    ),
    (
        "boundary with a comment",
        lambda: _headed(b"Content-Type: multipart/mixed; boundary=b0 (x)\r\n", NORMAL),
    ),
    (
        "type with a comment",
        lambda: _headed(b"Content-Type: multipart/(x)mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a comment before",
        lambda: _headed(b"Content-Type: (text/plain) multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with spaces",
        lambda: _headed(b"Content-Type: multipart / mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type without semicolon",
        lambda: _headed(b"Content-Type: multipart/mixed boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a comma",
        lambda: _headed(b"Content-Type: multipart/mixed, boundary=b0\r\n", NORMAL),
    ),
    ("type capital", lambda: _headed(b"CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=b0\r\n", NORMAL)),
    (
        "type folded",
        lambda: _headed(
            b"Content-Type:\r\n multipart/mixed;\r\n\tboundary\r\n =\r\n b0\r\n", NORMAL
        ),
    ),
    (
        "type with a space before the colon",
        lambda: _headed(b"Content-Type : multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type behind a bare return",
        lambda: _headed(b"X-A: b\rContent-Type: multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type behind a NUL",
        lambda: _headed(b"\0Content-Type: multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a NUL",
        lambda: _headed(b"Content-Type: multipart/mi\0xed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a tab",
        lambda: _headed(b"Content-Type:\tmultipart/mixed;\tboundary=b0\r\n", NORMAL),
    ),
    ("no boundary", lambda: _headed(b"Content-Type: multipart/mixed\r\n", NORMAL)),
    (
        "empty boundary",
        lambda: _headed(
            b'Content-Type: multipart/mixed; boundary=""\r\n',
            _delimited(text_part(), BAD, bound=b"", end=b"----\r\n"),
        ),
    ),
    (
        "boundary of 300 letters",
        lambda: _headed(
            b"Content-Type: multipart/mixed; boundary=" + b"b" * 300 + END,
            _delimited(text_part(), BAD, bound=b"b" * 300, end=b"--" + b"b" * 300 + b"--\r\n"),
        ),
    ),
    (
        "boundary with trailing spaces",
        lambda: _headed(b'Content-Type: multipart/mixed; boundary="b0  "\r\n', NORMAL),
    ),
    (
        "delimiters with trailing spaces",
        lambda: _headed(MIXED, NORMAL.replace(b"--b0\r", b"--b0 \t\r")),
    ),
    (
        "delimiters with words behind",
        lambda: _headed(MIXED, NORMAL.replace(b"--b0\r", b"--b0 x\r")),
    ),
    ("delimiters ended by bare returns", lambda: _headed(MIXED, NORMAL.replace(b"\r\n", b"\r"))),
    (
        "one delimiter after a bare return",
        lambda: _headed(
            MIXED,
            NORMAL.replace(
                b"\r\n--b0\r\nContent-Type: application", b"\r--b0\r\nContent-Type: application"
            ),
        ),
    ),
    (
        "delimiters after one hyphen too many",
        lambda: _headed(MIXED, NORMAL.replace(b"\r\n--b0\r", b"\r\n---b0\r")),
    ),
    ("only line feeds", lambda: _headed(MIXED, NORMAL).replace(b"\r\n", b"\n")),
    ("only returns", lambda: _headed(MIXED, NORMAL).replace(b"\r\n", b"\r")),
    ("line ends mixed", lambda: _headed(MIXED, NORMAL.replace(b"\r\n", b"\n", 6))),
    ("returns doubled", lambda: _headed(MIXED, NORMAL).replace(b"\r\n", b"\r\r\n")),
    ("parts behind the end", lambda: _headed(MIXED, _delimited(text_part()) + _delimited(BAD))),
    (
        "parts behind the end of an inner one",
        lambda: _headed(
            MIXED,
            _delimited(
                multipart((text_part(),), bound=b"b1")
                + _delimited(BAD, bound=b"b1", end=b"--b1--\r\n")
            ),
        ),
    ),
    ("a part before the first delimiter", lambda: _headed(MIXED, BAD + _delimited(text_part()))),
    ("a part in the epilogue", lambda: _headed(MIXED, _delimited(text_part()) + END + BAD)),
    ("end missing", lambda: _headed(MIXED, _delimited(text_part(), BAD, end=b""))),
    (
        "end in the middle of base64",
        lambda: _headed(MIXED, _delimited(text_part(), BAD[:-700], end=b"")),
    ),
    (
        "inner boundary is the outer one",
        lambda: _headed(MIXED, _delimited(text_part(), multipart((BAD,), bound=b"b0"))),
    ),
    (
        "inner boundary begins as the outer one",
        lambda: _headed(MIXED, _delimited(text_part(), multipart((BAD,), bound=b"b0x"))),
    ),
    (
        "outer boundary begins as the inner one",
        lambda: top() + multipart((text_part(), multipart((BAD,), bound=b"b0")), bound=b"b0x"),
    ),
    (
        "container coded in base64",
        lambda: _headed(MIXED + b"Content-Transfer-Encoding: base64\r\n", based(NORMAL)),
    ),
    (
        "container coded in quoted-printable",
        lambda: _headed(
            MIXED + b"Content-Transfer-Encoding: quoted-printable\r\n",
            NORMAL.replace(b"--b0", b"=2D=2Db0"),
        ),
    ),
    (
        "inner container coded in base64",
        lambda: mail(
            b"Content-Type: multipart/mixed; boundary=b1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + based(_delimited(BAD, bound=b"b1", end=b"--b1--\r\n"))
        ),
    ),
    ("headers ended by a line of spaces", lambda: top(more=MIXED) + b"  \r\n" + NORMAL),
    ("junk within the headers", lambda: _headed(b"this is no header\r\n" + MIXED, NORMAL)),
    (
        "a part with junk in its headers",
        lambda: mail(
            b"junk\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + based(EXE)
        ),
    ),
    (
        "a part without blank line",
        lambda: mail(
            b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n"
            + based(EXE)
        ),
    ),
    ("a part with a leading blank line", lambda: mail(END + BAD)),
    (
        "a part with two types",
        lambda: mail(
            part(EXE, b"Content-Type: text/plain", b"Content-Type: application/pdf; name=a.pdf")
        ),
    ),
    (
        "a part with two codings",
        lambda: mail(
            part(
                based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: quoted-printable",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
    ),
    (
        "a text part with two codings",
        lambda: (
            top(
                more=b"Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            )
            + based(EXE)
        ),
    ),
    (
        "message/partial",
        lambda: (
            top(more=b"Content-Type: message/partial; id=x; number=1; total=1\r\n\r\n")
            + FROM
            + multipart((BAD,))
        ),
    ),
    (
        "message/external-body",
        lambda: mail(
            part(
                b"Content-Type: application/pdf; name=a.exe\r\n\r\n",
                b'Content-Type: message/external-body; access-type=url; url="http://x.test/a.exe"; name=a.exe',
                coded=False,
            )
        ),
    ),
    (
        "base64 goes on behind its padding",
        lambda: mail(
            part(
                base64.b64encode(b"%PDF-1.4 ok")[:-1] + b"=\r\n" + based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
    ),
    (
        "type in an mbox line",
        lambda: b"From ann Mon Jan 1 00:00:00 2024\n" + _headed(MIXED, NORMAL),
    ),
    ("a byte order mark first", lambda: b"\xef\xbb\xbf" + _headed(MIXED, NORMAL)),
    ("blank lines first", lambda: b"\r\n\r\n" + _headed(MIXED, NORMAL)),
    ("version missing", lambda: FROM + MIXED + END + NORMAL),
    (
        "version 2.0",
        lambda: _headed(MIXED, NORMAL).replace(b"MIME-Version: 1.0", b"MIME-Version: 2.0"),
    ),
    (
        "utf-7 header",
        lambda: _headed(b"Content-Type: multipart/mixed; charset=utf-7; boundary=b0\r\n", NORMAL),
    ),
    (
        "multipart without subtype",
        lambda: _headed(b"Content-Type: multipart; boundary=b0\r\n", NORMAL),
    ),
    ("quoted type", lambda: _headed(b'Content-Type: "multipart/mixed"; boundary=b0\r\n', NORMAL)),
    (
        "boundary with escapes",
        lambda: _headed(b'Content-Type: multipart/mixed; boundary="b\\0"\r\n', NORMAL),
    ),
    (
        "boundary in single quotes",
        lambda: _headed(
            b"Content-Type: multipart/mixed; boundary='b0'\r\n",
            _delimited(text_part(), BAD, bound=b"'b0'", end=b"--'b0'--\r\n"),
        ),
    ),
    (
        "text that holds a container",
        lambda: _headed(b"Content-Type: text/plain; boundary=b0\r\n", NORMAL),
    ),
]


def _nested(depth: int, inside: bytes) -> bytes:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n)
        for n in range(depth)
    )
    return top(more=levels) + inside


def _many_parts(count: int) -> bytes:
    return mail(*[part(b"x", PLAIN.strip(), coded=False)] * count)


# Too much: read within the limits, or quarantined with a reason.
TOO_MUCH: list[tuple[str, Callable[[], bytes]]] = [
    ("1,000 nested containers", lambda: _nested(1000, text_part())),
    ("1,000 nested containers round a program", lambda: _nested(1000, BAD)),
    ("10,000 nested containers", lambda: _nested(10_000, text_part())),
    ("40 nested containers round a program", lambda: _nested(40, BAD)),
    ("10,000 parts", lambda: _many_parts(10_000)),
    (
        "10,000 parts and a program",
        lambda: mail(*[part(b"x", PLAIN.strip(), coded=False)] * 10_000, BAD),
    ),
    ("600 small files", lambda: mail(*(attached(b"%d" % n, b"%d.txt" % n) for n in range(600)))),
    ("600 programs", lambda: mail(*[BAD] * 600)),
    ("100,000 empty parts", lambda: top() + MIXED + END + b"--b0\r\n\r\n\r\n" * 100_000),
    ("100,000 headers", lambda: top(more=b"X-A: b\r\n" * 100_000 + MIXED) + END + NORMAL),
    (
        "100,000 headers, each different",
        lambda: top(more=b"".join(b"X-%d: b\r\n" % n for n in range(100_000))) + END + b"x",
    ),
    ("10,000 types", lambda: top(more=PLAIN * 10_000 + MIXED) + END + NORMAL),
    ("a header line of 1 MB", lambda: top(b"a" * 2**20) + END + WORDS.encode()),
    ("a header folded a million times", lambda: top(b"a" + b"\r\n b" * 500_000) + END + b"x"),
    (
        "a type of 1 MB",
        lambda: (
            top(more=b"Content-Type: multipart/mixed; x=" + b"a" * 2**20 + b"; boundary=b0\r\n")
            + END
            + NORMAL
        ),
    ),
    (
        "50,000 addresses",
        lambda: (
            top(more=b"Cc: " + b"Some One <a@b.test>,\r\n " * 50_000 + b"x@y.test\r\n") + END + b"x"
        ),
    ),
    (
        "50,000 addresses in groups",
        lambda: top(more=b"Cc: " + b"g: a@b.test;, " * 50_000 + END) + END + b"x",
    ),
    (
        "comments 10,000 deep",
        lambda: b"From: " + b"(" * 10_000 + b"a@b.test" + b")" * 10_000 + b"\r\n\r\nx",
    ),
    ("20,000 encoded words", lambda: top(b"=?utf-8?q?a=41?=\r\n " * 20_000) + END + b"x"),
    (
        "20,000 encoded words of odd charsets",
        lambda: top(b"=?iso-2022-jp?b?GyRCJCIbKEI=?= " * 20_000) + END + b"x",
    ),
    (
        "an encoded word of 2 MB",
        lambda: top(b"=?utf-8?b?" + b"QUJD" * 500_000 + b"?=") + END + b"x",
    ),
    (
        "20,000 sections of a name",
        lambda: mail(
            part(
                EXE,
                b"Content-Disposition: attachment"
                + b"".join(b"; filename*%d*=a" % n for n in range(20_000)),
            )
        ),
    ),
    (
        "a name of 1 MB",
        lambda: mail(
            part(EXE, b'Content-Disposition: attachment; filename="' + b"a" * 2**20 + b'.pdf"')
        ),
    ),
    (
        "5 MB of garbage in base64",
        lambda: mail(
            part(
                b"!" * 5_000_000 + based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
    ),
    (
        "padding without end",
        lambda: mail(
            part(
                b"=" * 3_000_000 + based(EXE),
                b"Content-Type: application/pdf; name=a.pdf",
                b"Content-Transfer-Encoding: base64",
                coded=False,
            )
        ),
    ),
    (
        "3 MB of soft line ends",
        lambda: (
            top(
                more=b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            + b"=\r\n" * 1_000_000
            + WORDS.encode()
        ),
    ),
    (
        "3 MB of equals signs",
        lambda: (
            top(
                more=b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            + b"=" * 3_000_000
        ),
    ),
    (
        "3 MB of spaces in quoted-printable",
        lambda: (
            top(
                more=b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            )
            + b" " * 3_000_000
            + b"x"
        ),
    ),
    (
        "utf-7 of 2 MB",
        lambda: top(more=b"Content-Type: text/plain; charset=utf-7\r\n\r\n") + b"+ADw-" * 400_000,
    ),
    (
        "iso-2022 of 2 MB",
        lambda: (
            top(more=b"Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n")
            + b'\x1b$B$"\x1b(B' * 250_000
        ),
    ),
    (
        "punycode of 1 MB",
        lambda: top(more=b"Content-Type: text/plain; charset=punycode\r\n\r\n") + b"a-" * 500_000,
    ),
    (
        "charset zip",
        lambda: top(more=b"Content-Type: text/plain; charset=zlib_codec\r\n\r\n") + b"x",
    ),
    (
        "charset idna",
        lambda: top(more=b"Content-Type: text/plain; charset=idna\r\n\r\n") + b"x." * 100_000,
    ),
    (
        "charset unicode_escape",
        lambda: (
            top(more=b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n")
            + b"\\udfff\\x00" * 1000
        ),
    ),
    (
        "charset with a path",
        lambda: top(more=b'Content-Type: text/plain; charset="../../etc/passwd"\r\n\r\n') + b"x",
    ),
    (
        "charset of 100 kB",
        lambda: (
            top(more=b"Content-Type: text/plain; charset=" + b"a" * 100_000 + b"\r\n\r\n") + b"x"
        ),
    ),
    ("NUL bytes, 3 MB", lambda: top() + END + b"\0" * 3_000_000),
    (
        "a boundary in each of a million lines",
        lambda: (
            top(more=b"Content-Type: multipart/mixed; boundary=b0\r\n\r\n") + b"--b\r\n" * 1_000_000
        ),
    ),
    (
        "1,000 containers side by side",
        lambda: mail(*(multipart((text_part(),), bound=b"s%d" % n) for n in range(1000))),
    ),
    ("forwarded mails, 300 side by side", lambda: mail(*[forwarded(FROM + END + b"x")] * 300)),
    (
        "100,000 references",
        lambda: top(more=b"References: " + b"<a@b>\r\n " * 100_000 + b"<c@d>\r\n") + END + b"x",
    ),
    (
        "100,000 received",
        lambda: (
            b"Received: from a by b; Tue, 4 Mar 2025 09:30:00 +0100\r\n" * 100_000
            + top()
            + END
            + b"x"
        ),
    ),
    ("a date of 1 MB", lambda: FROM + b"Date: " + b"1" * 2**20 + b"\r\n\r\nx"),
    ("a date beyond all years", lambda: FROM + b"Date: Tue, 99 Mar 99999 99:99:99 +9999\r\n\r\nx"),
    ("a text of 12 MB in one line", lambda: top() + END + b"word " * 2_500_000),
    ("5 MB of quotes", lambda: top() + END + b"> " * 2_500_000),
    ("a million quoted lines", lambda: top() + END + b"> x\r\n" * 1_000_000),
    (
        "100,000 times On ... wrote",
        lambda: top() + END + b"On Mon, Ann <a@b.test> wrote:\r\n> x\r\n" * 100_000,
    ),
    ("100,000 signatures", lambda: top() + END + b"-- \r\nx\r\n" * 200_000),
    ("underscores for ever", lambda: top() + END + b"_" * 2_000_000 + b"\r\nFrom: " * 100_000),
    (
        "1,000 uuencoded files in the text",
        lambda: top() + END + b"begin 644 a.pdf\n#0V%T\n`\nend\n" * 20_000,
    ),
    (
        "delivery reports, 100,000 recipients",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        b"Reporting-MTA: dns; x\r\n\r\n"
                        + b"Final-Recipient: rfc822; a@b.test\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
                        * 100_000,
                        b"Content-Type: message/delivery-status",
                        coded=False,
                    ),
                ),
                b"report; report-type=delivery-status",
            )
        ),
    ),
]

ODD: list[tuple[str, Callable[[], bytes]]] = [
    ("nothing", lambda: b""),
    ("blank", lambda: b"\r\n\r\n"),
    ("one letter", lambda: b"x"),
    ("junk", lambda: bytes(range(256)) * 300),
    ("a program instead of a mail", lambda: EXE),
    ("headers alone", lambda: top()),
    ("a colon", lambda: b":\r\n\r\n:"),
    ("container without parts", lambda: top(more=MIXED) + END),
    ("container that ends at once", lambda: top(more=MIXED) + b"\r\n--b0--\r\n"),
    ("html that is empty", lambda: top() + html_part("")),
    (
        "alternative with no text",
        lambda: top() + multipart((part(b"x", b"Content-Type: text/calendar"),), b"alternative"),
    ),
]

CASES = [
    *(Case(f"mime {name}", "structure", build, "kept out") for name, build in TWO_READINGS),
    *(
        Case(f"too much: {name}", "too much", build, "kept out" if "program" in name else "any")
        for name, build in TOO_MUCH
    ),
    *(Case(f"odd: {name}", "too much", build, "any") for name, build in ODD),
]
