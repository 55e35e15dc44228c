"""What the mails of tests/emails carry, as data: each file by name, type, first bytes, and how it
is meant to be seen.
"""

from typing import NamedTuple


class Expected(NamedTuple):
    name: str
    content_type: str
    begins: bytes
    content_id: str = ""
    inline: bool = False
    shows: tuple[int, ...] = ()  # as which images of the HTML


PDF, OCTETS, MAIL = "application/pdf", "application/octet-stream", "message/rfc822"
PNG, GIF = b"\x89PNG\r\n", b"GIF89a"

SCRIPTS = (
    "Übersicht café ñandú.pdf",
    "Καλημέρα τιμολόγιο.pdf",
    "Счёт за март.pdf",
    "חשבונית מרץ.pdf",
    "فاتورة مارس.pdf",
    "मार्च का बिल.pdf",
    "ใบแจ้งหนี้.pdf",
    "三月发票.pdf",
    "三月發票.pdf",
    "三月の請求書.pdf",
    "お見積り①.pdf",
    "삼월 청구서.pdf",
    "📦 Paket 👍.pdf",
)


def _pdfs(*names: str) -> list[Expected]:
    return [Expected(name, PDF, b"") for name in names]


FILES: dict[str, list[Expected]] = {
    "names-rfc2047-thirteen-scripts": _pdfs(*SCRIPTS),
    "names-rfc2231-thirteen-scripts": _pdfs(*SCRIPTS),
    "names-odd-parameters": _pdfs(
        "Größe und Farbe neu.pdf",  # sections out of order, coded and plain
        "Größe.pdf",  # percents without a charset
        "only type.pdf",
        "only disposition.pdf",
        "disposition.pdf",  # before the type's
        "Größe 2.pdf",
        "Größe 3.pdf",  # a word that was cut into sections
        "bare words here.pdf",
        "Größe 4.pdf",
        'a "quoted" word; and more.pdf',
    ),
    "names-raw-bytes": _pdfs("Größe.pdf", "Größe.pdf", "見積.pdf", "見積.pdf"),
    "names-that-leave-their-folder": _pdfs(
        "passwd",
        "plan.pdf",
        "plan.pdf",
        "b.pdf",
        "plan Bcc: x@example.net .pdf",
        "plan.pdf",
        "plan .pdf",
        "attachment-8.pdf",
        "attachment-9.pdf",
        ("long name " * 60)[:251] + ".pdf",
        "fdp.exe",
        "plan.pdf",
    ),
    "inline-cid-in-every-spelling": [
        Expected("attachment-1.png", "image/png", PNG, "a@example.com", True, (0,)),
        Expected("attachment-2.png", "image/png", PNG, "b@example.com", True, (1,)),
        Expected("attachment-3.png", "image/png", PNG, "c@example.com", True, (2,)),
        Expected("attachment-4.png", "image/png", PNG, "d%20d@example.com", True, (3,)),
        Expected("unused.png", "image/png", PNG, "e@example.com", True),
    ],
    "inline-content-location": [
        Expected("attachment-1.png", "image/png", PNG, "", True, (0,)),
        Expected("attachment-2.gif", "image/gif", GIF, "", True, (1,)),
        Expected("attachment-3.gif", "image/gif", GIF, "", True, (2,)),
    ],
    "inline-duplicate-cids": [
        Expected("first.png", "image/png", PNG, "image001.png", True, (0,)),
        Expected("second.png", "image/png", GIF, "image001.png", True, (1,)),
        Expected("third.png", "image/png", PNG, "image001.png"),
    ],
    "inline-data-uri": [],
    "inline-picture-nobody-shows": [Expected("photo.png", "image/png", PNG, "x@example.com", True)],
    "tnef-html-in-rtf-and-files": [
        Expected("Lieferschein März.pdf", PDF, b"%PDF-1.4 delivery"),
        Expected("logo.png", "image/png", PNG, "logo@x", True, (0,)),
    ],
    "tnef-beside-a-text": [Expected("Счёт.pdf", OCTETS, b"%PDF-1.4 bill")],
    "tnef-plain-words": [Expected("OLD.TXT", OCTETS, b"old attribute")],
    "tnef-html-property": [],
    "tnef-message-inside": [
        Expected("Re Ihre Bestellung 4711 März.eml", MAIL, b"From: =?utf-8?b?Qm9iIMOcbmFs?= <bob@")
    ],
    "tnef-appointment-is-kept": [
        Expected("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22"),
        Expected("agenda.pdf", OCTETS, b"%PDF-1.4 agenda"),
    ],
    "calendar-request-beside-text": [
        Expected("attachment-1.ics", "text/calendar", b"BEGIN:VCALENDAR")
    ],
    "calendar-alone-cancelled": [Expected("meeting.ics", "text/calendar", b"BEGIN:VCALENDAR")],
    "calendar-reply-accepted": [Expected("invite.ics", "application/ics", b"BEGIN:VCALENDAR\r\n")],
    "vcard-without-a-name": [
        Expected("Ana Núñez.vcf", "text/vcard", b"BEGIN:VCARD"),
        Expected("bob.vcf", "text/x-vcard", b"BEGIN:VCARD"),
    ],
    "smime-signed-in-one-piece": [
        Expected("smime.p7m", "application/pkcs7-mime", b"\x30"),
        Expected("contract.pdf", PDF, b"%PDF-1.4 contract"),
    ],
    "smime-signed-beside": [Expected("smime.p7s", "application/pkcs7-signature", b"\x30")],
    "smime-encrypted": [Expected("smime.p7m", "application/x-pkcs7-mime", b"\x30")],
    "pgp-mime-encrypted": [
        Expected("attachment-1.pgp", "application/pgp-encrypted", b"Version: 1"),
        Expected("encrypted.asc", OCTETS, b"-----BEGIN PGP", "", True),
    ],
    "pgp-mime-signed": [
        Expected("attachment-1.asc", "application/pgp-signature", b"-----BEGIN PGP")
    ],
    "pgp-inline-signed": [],
    "forwarded-twice": [
        Expected("WG Größe.eml", MAIL, b"From: Bob"),
        Expected("message-2.eml", MAIL, b"From: Bob"),
    ],
    "forwarded-digest-with-blank-headers": [
        Expected("Topic one.eml", MAIL, b"From: Bob"),
        Expected("Topic two.eml", MAIL, b"From: Bob"),
    ],
    "file-outlook-message-without-name": [
        Expected("attachment-1.msg", "application/vnd.ms-outlook", b"\xd0\xcf\x11\xe0"),
        Expected("Re order.msg", OCTETS, b"\xd0\xcf\x11\xe0"),
    ],
}

# Text and HTML; None where the mail has none.
WORDS: dict[str, tuple[str | None, str | None]] = {
    "tnef-html-in-rtf-and-files": (
        None,
        '<html><p>Grüße €5 &amp;more<img src="cid:logo@x"></p></html>',
    ),
    "tnef-beside-a-text": ("The bill is attached.\n", None),
    "tnef-plain-words": ("Grüße aus dem Büro\nAnn", None),
    "tnef-html-property": (None, "<p>Καλημέρα</p>"),
    "smime-signed-in-one-piece": ("Unterschrieben: Grüße", None),
    "smime-encrypted": (None, None),
    "calendar-alone-cancelled": (None, None),
    "calendar-reply-accepted": (None, None),
}

SECURED = {
    "smime-signed-in-one-piece": "smime-signed",
    "smime-signed-beside": "smime-signed",
    "smime-encrypted": "smime-encrypted",
    "pgp-mime-encrypted": "pgp-encrypted",
    "pgp-mime-signed": "pgp-signed",
    "pgp-inline-signed": "pgp-signed",
    "signed": "pgp-signed",
    "plain-ascii": "",
    "forwarded-twice": "",
}

TNEF_FILES = {
    "tnef-html-in-rtf-and-files": ("Lieferschein März.pdf", "logo.png"),
    "tnef-beside-a-text": ("Счёт.pdf",),
    "tnef-message-inside": ("Re Ihre Bestellung 4711 März.eml",),
    "tnef-appointment-is-kept": ("agenda.pdf",),
    "tnef-html-property": (),
    "plain-ascii": (),
}

INVITES = {
    "calendar-request-beside-text": [
        "Invitation: Delivery, part two: who signs?",
        "When: 2025-03-10 09:30 - 10:30 (Europe/Madrid)",
        "Repeats: every 2 weeks, 6 times",
        "Where: Warehouse 3; gate B",
        "Organizer: Miller, Ann <ann@example.com>",
        "Invited: 2",
    ],
    "calendar-alone-cancelled": [
        "Cancelled: Día de puertas abiertas",
        "When: 2025-03-10 - 2025-03-11",
        "Organizer: ann@example.com",
    ],
    "calendar-reply-accepted": [
        "Answer to an invitation: Call",
        "When: 2025-03-10 08:30 - 09:15 (UTC)",
        "Answer: Bob <bob@example.org> accepted",
    ],
    "calendar-in-alternative": [],
    "plain-ascii": [],
}

# The HTML as it is kept: every picture of the mail by a name of its own.
PLACED = {
    "inline-cid-in-every-spelling": (
        "<p>one <img src=\"cid:a@example.com\"> two <img src='cid:b@example.com'>\n"
        'three <img alt="" src=cid:c@example.com> four <img src="cid:3@named"></p>\n'
    ),
    "inline-content-location": (
        '<p><img src="cid:0@named"><img src="cid:1@named"><img src="cid:2@named">'
        '<img src="http://www.example.net/away.png"></p>\n'
    ),
    "inline-duplicate-cids": (
        '<p>first <img src="cid:image001.png"></p>\n\n'
        '<p>second <img src="cid:1.image001.png"></p>\n'
    ),
    "inline-data-uri": (
        '<p>dot <img src="cid:6b7fa434f92a8b80aab0@embedded">'
        ' again <img src="cid:6b7fa434f92a8b80aab0@embedded">\n'
        "other <img src='cid:ef1955ae757c8b966c83@embedded'> not"
        ' <img src="data:text/html,x"></p>\n'
    ),
    "inline-picture-nobody-shows": "<p>See the picture.</p>\n",
}
