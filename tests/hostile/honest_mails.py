"""Mails as honest programs build them: each is stored, and each of its files passes."""

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import (
    FROM,
    WORDS,
    Build,
    Case,
    attached,
    forwarded,
    html_part,
    mail,
    multipart,
    part,
    text_part,
    top,
)
from tests.hostile.honest_files import ARMOUR, CALENDAR, CARD, DER

PDF = attached(p.LETTER, b"letter.pdf", b"application/pdf")
PICTURE = part(
    p.png(40, 30),
    b'Content-Type: image/png; name="logo.png"',
    b"Content-ID: <logo@x>",
    b"Content-Disposition: inline; filename=logo.png",
)
SHOWN = f'<p>{WORDS}</p><img src="cid:logo@x">'


def _alternative(html: str = SHOWN) -> bytes:
    return multipart((text_part(), html_part(html)), b"alternative", b"a1")


def _outlook() -> bytes:
    head = top(
        more=b"X-MS-Has-Attach: yes\r\nthread-index: AdabcdEF\r\nContent-Language: en-US\r\n"
    )
    related = multipart(
        (_alternative(), PICTURE), b"related", b"_004_AB", b';\r\n\ttype="multipart/alternative"'
    )
    return head + multipart((related, PDF), b"mixed", b"_005_AB")


def _gmail() -> bytes:
    related = multipart((_alternative(), PICTURE), b"related", b"000000000000b")
    return top(more=b"X-Gm-Message-State: AO\r\n") + multipart(
        (related, PDF), b"mixed", b"000000000000a"
    )


def _apple() -> bytes:
    mixed = multipart(
        (html_part(SHOWN), PICTURE, html_part("<p>between</p>"), PDF, html_part("<p>end</p>")),
        b"mixed",
        b"Apple-Mail=_2",
    )
    return top(more=b"X-Mailer: Apple Mail (2.3774)\r\n") + multipart(
        (text_part(), mixed), b"alternative", b"Apple-Mail=_1"
    )


def report(kind: bytes = b"delivery-status") -> bytes:
    words = (
        b"Reporting-MTA: dns; mx.test\r\n\r\n"
        b"Final-Recipient: rfc822; a@b.test\r\n"
        b"Action: failed\r\n"
        b"Status: 5.1.1\r\n"
    )
    parts = (
        text_part(),
        part(words, b"Content-Type: message/" + kind, coded=False),
        part(b"Subject: hello\r\n", b"Content-Type: text/rfc822-headers", coded=False),
    )
    return top() + multipart(parts, b"report", more=b"; report-type=" + kind)


def _inner() -> bytes:
    return (
        FROM
        + b"Subject: inner\r\n"
        + multipart((text_part("inner"), PDF, attached(s.DOCX, b"a.docx")), bound=b"i0")
    )


def _chain(depth: int) -> bytes:
    found = _inner()
    for number in range(depth):
        found = (
            FROM
            + b"Subject: Fwd\r\n"
            + multipart((text_part("x"), forwarded(found)), bound=b"c%d" % number)
        )
    return found


NEWSLETTER = (
    "<html><head><style>p{color:red}</style></head><body bgcolor='#eeeeee'>"
    "<table width=600 align=center>"
    f"<tr><td><h1>News</h1><p style='color:#333;font-family:Arial'>{WORDS}</p>"
    "<a href='https://shop.test/x?u=1&amp;v=2'>Shop</a>"
    "<img src='https://shop.test/pixel.gif' width=1 height=1>"
    "<img src='https://shop.test/a.jpg' alt='Shoes'></td></tr></table></body></html>"
)

STRUCTURES: list[tuple[str, Build, int]] = [
    ("Outlook", _outlook, 2),
    ("Gmail", _gmail, 2),
    ("Apple Mail", _apple, 2),
    (
        "Thunderbird",
        lambda: (
            top(more=b"User-Agent: Mozilla Thunderbird\r\n")
            + multipart(
                (
                    multipart(
                        (text_part(), multipart((html_part(SHOWN), PICTURE), b"related", b"t2")),
                        b"alternative",
                        b"t1",
                    ),
                    PDF,
                ),
                bound=b"------------t0",
            )
        ),
        2,
    ),
    (
        "a phone, words behind the photo",
        lambda: top() + multipart((attached(s.JPEG, b"IMG_1.jpg", b"image/jpeg"), text_part())),
        1,
    ),
    (
        "a phone, photos only",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        s.JPEG,
                        b"Content-Type: image/jpeg; name=IMG_1.jpg",
                        b"Content-Disposition: inline",
                    ),
                    part(
                        s.JPEG + b"x",
                        b"Content-Type: image/jpeg; name=IMG_2.jpg",
                        b"Content-Disposition: inline",
                    ),
                )
            )
        ),
        2,
    ),
    ("alternative", lambda: top() + _alternative(f"<p>{WORDS}</p>"), 0),
    (
        "an invitation",
        lambda: (
            top()
            + multipart(
                (
                    multipart(
                        (
                            text_part(),
                            html_part(f"<p>{WORDS}</p>"),
                            part(
                                CALENDAR,
                                b"Content-Type: text/calendar; charset=utf-8; method=REQUEST",
                                coded=False,
                            ),
                        ),
                        b"alternative",
                        b"a1",
                    ),
                    attached(CALENDAR, b"invite.ics", b"application/ics"),
                )
            )
        ),
        2,
    ),
    ("a business card", lambda: mail(attached(CARD, b"ana.vcf", b"text/vcard")), 1),
    (
        "a newsletter",
        lambda: (
            top(more=b"List-Unsubscribe: <https://shop.test/u>\r\nPrecedence: bulk\r\n")
            + multipart((text_part(), html_part(NEWSLETTER)), b"alternative")
        ),
        0,
    ),
    (
        "signed by S/MIME",
        lambda: (
            top()
            + multipart(
                (
                    multipart((text_part(), PDF), bound=b"s1"),
                    part(
                        DER,
                        b"Content-Type: application/pkcs7-signature; name=smime.p7s",
                        b"Content-Disposition: attachment; filename=smime.p7s",
                    ),
                ),
                b"signed",
                more=b'; protocol="application/pkcs7-signature"; micalg=sha-256',
            )
        ),
        2,
    ),
    (
        "signed by PGP",
        lambda: (
            top()
            + multipart(
                (
                    text_part(),
                    part(
                        ARMOUR,
                        b"Content-Type: application/pgp-signature; name=signature.asc",
                        coded=False,
                    ),
                ),
                b"signed",
            )
        ),
        1,
    ),
    (
        "encrypted by PGP",
        lambda: (
            top()
            + multipart(
                (
                    part(
                        b"Version: 1\r\n", b"Content-Type: application/pgp-encrypted", coded=False
                    ),
                    part(
                        ARMOUR.replace(b"SIGNATURE", b"MESSAGE"),
                        b"Content-Type: application/octet-stream; name=encrypted.asc",
                        coded=False,
                    ),
                ),
                b"encrypted",
            )
        ),
        2,
    ),
    ("a bounce", report, 2),
    ("a read receipt", lambda: report(b"disposition-notification"), 2),
    ("a forwarded mail with files", lambda: mail(forwarded(_inner())), 1),
    (
        "a forwarded mail, attached by name",
        lambda: mail(
            forwarded(_inner(), b'Content-Disposition: attachment; filename="old mail.eml"')
        ),
        1,
    ),
    ("a forwarded mail in base64", lambda: mail(forwarded(_inner(), coded=True)), 1),
    ("a chain of eight forwarded mails", lambda: _chain(8), 1),
    (
        "a digest of ten mails",
        lambda: (
            top()
            + multipart(
                [b"\r\n" + FROM + b"Subject: %d\r\n\r\nx" % n for n in range(10)], b"digest"
            )
        ),
        10,
    ),
    (
        "winmail.dat with a letter",
        lambda: mail(
            attached(
                p.tnef(p.tnef_file(b"LETTER.PDF", p.LETTER, "the letter.pdf")),
                b"winmail.dat",
                b"application/ms-tnef",
            )
        ),
        1,
    ),
    (
        "winmail.dat with three files",
        lambda: mail(
            attached(
                p.tnef(
                    p.tnef_file(b"A.PDF", p.LETTER),
                    p.tnef_file(b"B.DOCX", s.DOCX),
                    p.tnef_file(b"C.JPG", s.JPEG),
                ),
                b"winmail.dat",
            )
        ),
        3,
    ),
    ("winmail.dat without files", lambda: mail(attached(p.tnef(), b"winmail.dat")), 0),
    (
        "winmail.dat in a forwarded mail",
        lambda: mail(
            forwarded(
                FROM
                + multipart(
                    (
                        text_part("x"),
                        attached(p.tnef(p.tnef_file(b"A.PDF", p.LETTER)), b"winmail.dat"),
                    ),
                    bound=b"w0",
                )
            )
        ),
        1,
    ),
]

WITHOUT_WORDS = {
    "a chain of eight forwarded mails",
    "a digest of ten mails",
    "encrypted by PGP",
}

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
