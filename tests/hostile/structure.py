"""MIME that two readers read differently: a program that one of them would open."""

import base64

from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    Build,
    attached,
    based,
    mail,
    multipart,
    part,
    table,
    text_part,
    top,
)

EXE = p.program()
BAD = attached(EXE)
MIXED = b"Content-Type: multipart/mixed; boundary=b0\r\n"
PLAIN = b"Content-Type: text/plain\r\n"


def delimited(*parts: bytes, bound: bytes = b"b0", end: bytes = b"--b0--\r\n") -> bytes:
    return b"".join(b"--" + bound + END + one + END for one in parts) + end


def headed(head: bytes, body: bytes) -> bytes:
    return top(more=head) + END + body


NORMAL = delimited(text_part(), BAD)

# Two readings: a program that one of them would open.
TWO_READINGS: list[tuple[str, Build]] = [
    ("two types, container first", lambda: headed(MIXED + PLAIN, NORMAL)),
    ("two types, container last", lambda: headed(PLAIN + MIXED, NORMAL)),
    (
        "two boundaries in one field",
        lambda: headed(
            b"Content-Type: multipart/mixed; boundary=b0; boundary=b1\r\n",
            delimited(text_part()) + delimited(BAD, bound=b"b1", end=b"--b1--\r\n"),
        ),
    ),
    (
        "two boundaries, the second one used",
        lambda: headed(b"Content-Type: multipart/mixed; boundary=b1; boundary=b0\r\n", NORMAL),
    ),
    (
        "two containers in two fields",
        lambda: headed(
            MIXED + b"Content-Type: multipart/mixed; boundary=b1\r\n",
            delimited(text_part()) + delimited(BAD, bound=b"b1", end=b"--b1--\r\n"),
        ),
    ),
    (
        "boundary as star",
        lambda: headed(b"Content-Type: multipart/mixed; boundary*=utf-8''b%30\r\n", NORMAL),
    ),
    (
        "boundary in sections",
        lambda: headed(
            b'Content-Type: multipart/mixed; boundary*0="b"; boundary*1="0"\r\n', NORMAL
        ),
    ),
    (
        "boundary plain and star",
        lambda: headed(
            b"Content-Type: multipart/mixed; boundary=x; boundary*=utf-8''b0\r\n", NORMAL
        ),
    ),
    (
        "boundary as encoded word",
        lambda: headed(b'Content-Type: multipart/mixed; boundary="=?utf-8?q?b0?="\r\n', NORMAL),
    ),
    (
        "boundary with a comment",
        lambda: headed(b"Content-Type: multipart/mixed; boundary=b0 (x)\r\n", NORMAL),
    ),
    (
        "type with a comment",
        lambda: headed(b"Content-Type: multipart/(x)mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a comment before",
        lambda: headed(b"Content-Type: (text/plain) multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with spaces",
        lambda: headed(b"Content-Type: multipart / mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type without semicolon",
        lambda: headed(b"Content-Type: multipart/mixed boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a comma",
        lambda: headed(b"Content-Type: multipart/mixed, boundary=b0\r\n", NORMAL),
    ),
    ("type capital", lambda: headed(b"CONTENT-TYPE: MULTIPART/MIXED; BOUNDARY=b0\r\n", NORMAL)),
    (
        "type folded",
        lambda: headed(
            b"Content-Type:\r\n multipart/mixed;\r\n\tboundary\r\n =\r\n b0\r\n", NORMAL
        ),
    ),
    (
        "type with a space before the colon",
        lambda: headed(b"Content-Type : multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type behind a bare return",
        lambda: headed(b"X-A: b\rContent-Type: multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type behind a NUL",
        lambda: headed(b"\0Content-Type: multipart/mixed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a NUL",
        lambda: headed(b"Content-Type: multipart/mi\0xed; boundary=b0\r\n", NORMAL),
    ),
    (
        "type with a tab",
        lambda: headed(b"Content-Type:\tmultipart/mixed;\tboundary=b0\r\n", NORMAL),
    ),
    ("no boundary", lambda: headed(b"Content-Type: multipart/mixed\r\n", NORMAL)),
    (
        "empty boundary",
        lambda: headed(
            b'Content-Type: multipart/mixed; boundary=""\r\n',
            delimited(text_part(), BAD, bound=b"", end=b"----\r\n"),
        ),
    ),
    (
        "boundary of 300 letters",
        lambda: headed(
            b"Content-Type: multipart/mixed; boundary=" + b"b" * 300 + END,
            delimited(text_part(), BAD, bound=b"b" * 300, end=b"--" + b"b" * 300 + b"--\r\n"),
        ),
    ),
    (
        "boundary with trailing spaces",
        lambda: headed(b'Content-Type: multipart/mixed; boundary="b0  "\r\n', NORMAL),
    ),
    (
        "delimiters with trailing spaces",
        lambda: headed(MIXED, NORMAL.replace(b"--b0\r", b"--b0 \t\r")),
    ),
    (
        "delimiters with words behind",
        lambda: headed(MIXED, NORMAL.replace(b"--b0\r", b"--b0 x\r")),
    ),
    ("delimiters ended by bare returns", lambda: headed(MIXED, NORMAL.replace(b"\r\n", b"\r"))),
    (
        "one delimiter after a bare return",
        lambda: headed(
            MIXED,
            NORMAL.replace(
                b"\r\n--b0\r\nContent-Type: application", b"\r--b0\r\nContent-Type: application"
            ),
        ),
    ),
    (
        "delimiters after one hyphen too many",
        lambda: headed(MIXED, NORMAL.replace(b"\r\n--b0\r", b"\r\n---b0\r")),
    ),
    ("only line feeds", lambda: headed(MIXED, NORMAL).replace(b"\r\n", b"\n")),
    ("only returns", lambda: headed(MIXED, NORMAL).replace(b"\r\n", b"\r")),
    ("line ends mixed", lambda: headed(MIXED, NORMAL.replace(b"\r\n", b"\n", 6))),
    ("returns doubled", lambda: headed(MIXED, NORMAL).replace(b"\r\n", b"\r\r\n")),
    ("parts behind the end", lambda: headed(MIXED, delimited(text_part()) + delimited(BAD))),
    (
        "parts behind the end of an inner one",
        lambda: headed(
            MIXED,
            delimited(
                multipart((text_part(),), bound=b"b1")
                + delimited(BAD, bound=b"b1", end=b"--b1--\r\n")
            ),
        ),
    ),
    ("a part before the first delimiter", lambda: headed(MIXED, BAD + delimited(text_part()))),
    ("a part in the epilogue", lambda: headed(MIXED, delimited(text_part()) + END + BAD)),
    ("end missing", lambda: headed(MIXED, delimited(text_part(), BAD, end=b""))),
    (
        "end in the middle of base64",
        lambda: headed(MIXED, delimited(text_part(), BAD[:-700], end=b"")),
    ),
    (
        "inner boundary is the outer one",
        lambda: headed(MIXED, delimited(text_part(), multipart((BAD,), bound=b"b0"))),
    ),
    (
        "inner boundary begins as the outer one",
        lambda: headed(MIXED, delimited(text_part(), multipart((BAD,), bound=b"b0x"))),
    ),
    (
        "outer boundary begins as the inner one",
        lambda: top() + multipart((text_part(), multipart((BAD,), bound=b"b0")), bound=b"b0x"),
    ),
    (
        "container coded in base64",
        lambda: headed(MIXED + b"Content-Transfer-Encoding: base64\r\n", based(NORMAL)),
    ),
    (
        "container coded in quoted-printable",
        lambda: headed(
            MIXED + b"Content-Transfer-Encoding: quoted-printable\r\n",
            NORMAL.replace(b"--b0", b"=2D=2Db0"),
        ),
    ),
    (
        "inner container coded in base64",
        lambda: mail(
            (
                b"Content-Type: multipart/mixed; boundary=b1\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n"
            )
            + based(delimited(BAD, bound=b"b1", end=b"--b1--\r\n"))
        ),
    ),
    ("headers ended by a line of spaces", lambda: top(more=MIXED) + b"  \r\n" + NORMAL),
    ("junk within the headers", lambda: headed(b"this is no header\r\n" + MIXED, NORMAL)),
    (
        "a part with junk in its headers",
        lambda: mail(
            (
                b"junk\r\n"
                b"Content-Type: application/pdf; name=a.pdf\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n"
            )
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
                more=(
                    b"Content-Type: text/plain\r\n"
                    b"Content-Transfer-Encoding: 7bit\r\n"
                    b"Content-Transfer-Encoding: base64\r\n\r\n"
                )
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
                b"Content-Type: message/external-body; access-type=url; name=a.exe;"
                b' url="http://x.test/a.exe"',
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
        lambda: b"From ann Mon Jan 1 00:00:00 2024\n" + headed(MIXED, NORMAL),
    ),
    ("a byte order mark first", lambda: b"\xef\xbb\xbf" + headed(MIXED, NORMAL)),
    ("blank lines first", lambda: b"\r\n\r\n" + headed(MIXED, NORMAL)),
    ("version missing", lambda: FROM + MIXED + END + NORMAL),
    (
        "version 2.0",
        lambda: headed(MIXED, NORMAL).replace(b"MIME-Version: 1.0", b"MIME-Version: 2.0"),
    ),
    (
        "utf-7 header",
        lambda: headed(b"Content-Type: multipart/mixed; charset=utf-7; boundary=b0\r\n", NORMAL),
    ),
    (
        "multipart without subtype",
        lambda: headed(b"Content-Type: multipart; boundary=b0\r\n", NORMAL),
    ),
    ("quoted type", lambda: headed(b'Content-Type: "multipart/mixed"; boundary=b0\r\n', NORMAL)),
    (
        "boundary with escapes",
        lambda: headed(b'Content-Type: multipart/mixed; boundary="b\\0"\r\n', NORMAL),
    ),
    (
        "boundary in single quotes",
        lambda: headed(
            b"Content-Type: multipart/mixed; boundary='b0'\r\n",
            delimited(text_part(), BAD, bound=b"'b0'", end=b"--'b0'--\r\n"),
        ),
    ),
    (
        "text that holds a container",
        lambda: headed(b"Content-Type: text/plain; boundary=b0\r\n", NORMAL),
    ),
]

CASES = table("structure", "kept out", TWO_READINGS, prefix="mime ")
