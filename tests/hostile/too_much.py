"""Mails that are far too much of something, or nearly nothing."""

from tests.hostile import payloads as p
from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
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
from tests.hostile.structure import BAD, MIXED, NORMAL, PLAIN


def _nested(depth: int, inside: bytes) -> bytes:
    levels = b"".join(
        b"Content-Type: multipart/mixed; boundary=n%d\r\n\r\n--n%d\r\n" % (n, n)
        for n in range(depth)
    )
    return top(more=levels) + inside


def _many_parts(count: int) -> bytes:
    return mail(*[part(b"x", PLAIN.strip(), coded=False)] * count)


# Too much: read within the limits, or quarantined with a reason.
TOO_MUCH: list[tuple[str, Build]] = [
    ("1,000 nested containers", lambda: _nested(1000, text_part())),
    ("10,000 nested containers", lambda: _nested(10_000, text_part())),
    ("10,000 parts", lambda: _many_parts(10_000)),
    ("600 small files", lambda: mail(*(attached(b"%d" % n, b"%d.txt" % n) for n in range(600)))),
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
                p.program(),
                b"Content-Disposition: attachment"
                + b"".join(b"; filename*%d*=a" % n for n in range(20_000)),
            )
        ),
    ),
    (
        "a name of 1 MB",
        lambda: mail(
            part(
                p.program(),
                b'Content-Disposition: attachment; filename="' + b"a" * 2**20 + b'.pdf"',
            )
        ),
    ),
    (
        "5 MB of garbage in base64",
        lambda: mail(
            part(
                b"!" * 5_000_000 + based(p.program()),
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
                b"=" * 3_000_000 + based(p.program()),
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
                more=(
                    b"Content-Type: text/plain\r\n"
                    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                )
            )
            + b"=\r\n" * 1_000_000
            + WORDS.encode()
        ),
    ),
    (
        "3 MB of equals signs",
        lambda: (
            top(
                more=(
                    b"Content-Type: text/plain\r\n"
                    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                )
            )
            + b"=" * 3_000_000
        ),
    ),
    (
        "3 MB of spaces in quoted-printable",
        lambda: (
            top(
                more=(
                    b"Content-Type: text/plain\r\n"
                    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                )
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
                        + (
                            b"Final-Recipient: rfc822; a@b.test\r\n"
                            b"Action: failed\r\n"
                            b"Status: 5.1.1\r\n\r\n"
                        )
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

# A program behind or within too much: what nobody looked at must not pass.
BEHIND: list[tuple[str, Build]] = [
    ("1,000 nested containers round a program", lambda: _nested(1000, BAD)),
    ("40 nested containers round a program", lambda: _nested(40, BAD)),
    (
        "10,000 parts and a program",
        lambda: mail(*[part(b"x", PLAIN.strip(), coded=False)] * 10_000, BAD),
    ),
    ("600 programs", lambda: mail(*[BAD] * 600)),
]

ODD: list[tuple[str, Build]] = [
    ("nothing", lambda: b""),
    ("blank", lambda: b"\r\n\r\n"),
    ("one letter", lambda: b"x"),
    ("junk", lambda: bytes(range(256)) * 300),
    ("a program instead of a mail", lambda: p.program()),
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
    *table("too much", "any", TOO_MUCH, prefix="too much: "),
    *table("too much", "kept out", BEHIND, prefix="too much: "),
    *table("too much", "any", ODD, prefix="odd: "),
]
