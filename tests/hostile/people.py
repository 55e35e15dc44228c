"""Who a mail says it is from, where it says it belongs, and what stands in its small fields."""

import base64
from collections.abc import Callable

from tests.attachments import samples as s
from tests.hostile import payloads as p
from tests.hostile.cases import END, Case, attached, mail, part, top


def _plain(head: bytes) -> Callable[[], bytes]:
    return lambda: (
        b"To: support@carteria.test\r\nMIME-Version: 1.0\r\n"
        + head
        + b"\r\nThese words must stay readable.\r\n"
    )


FROM = b"From: Ann <ann@customer.test>\r\n"
WORD = "These words must stay readable."


def _word(text: str) -> bytes:
    return b"=?utf-8?b?" + base64.b64encode(text.encode("utf-8", "surrogatepass")) + b"?="


SPOOFS: dict[str, bytes] = {
    "two From fields": FROM + b"From: Boss <boss@carteria.test>\r\n",
    "two people in From": b"From: Ann <ann@customer.test>, Boss <boss@carteria.test>\r\n",
    "From with a sender": b"From: a@x.test, b@y.test\r\nSender: c@z.test\r\n",
    "an address as the name": b'From: "boss@carteria.test" <ann@evil.test>\r\n',
    "an address and brackets as the name": b'From: "Boss <boss@carteria.test>" <ann@evil.test>\r\n',
    "brackets twice": b"From: Boss <boss@carteria.test> <ann@evil.test>\r\n",
    "an encoded address": b"From: " + _word("Boss <boss@carteria.test>,") + b" <ann@evil.test>\r\n",
    "an encoded line end in the name": b"From: "
    + _word("Boss\r\nBcc: x@evil.test")
    + b" <ann@evil.test>\r\n",
    "an encoded NUL in the name": b"From: "
    + _word("boss@carteria.test\0")
    + b" <ann@evil.test>\r\n",
    "a comment": b"From: ann@evil.test (boss@carteria.test)\r\n",
    "a comment within": b"From: boss(@carteria.test)<ann@evil.test>\r\n",
    "a quoted local part": b'From: "boss@carteria.test"@evil.test\r\n',
    "a NUL in the address": b"From: boss@carteria.test\0@evil.test\r\n",
    "a space in the address": b"From: boss@carteria.test @evil.test\r\n",
    "a route": b"From: <@carteria.test:ann@evil.test>\r\n",
    "a percent hack": b"From: <boss%carteria.test@evil.test>\r\n",
    "no From": b"Sender: ann@evil.test\r\n",
    "an empty From": b"From: \r\n",
    "From is <>": b"From: <>\r\n",
    "From without domain": b"From: root\r\n",
    "a group": b"From: undisclosed-recipients:;\r\n",
    "Reply-To elsewhere": FROM + b"Reply-To: thief@evil.test\r\n",
    "Reply-To of many": FROM
    + b"Reply-To: "
    + b", ".join(b"a%d@evil.test" % n for n in range(500))
    + END,
    "our own address": b"From: Support <support@carteria.test>\r\n",
    "an agent's address": b"From: Ana <ana@carteria.test>\r\n",
    "look-alike": b"From: Boss <boss@carterla.test>\r\n",
    "look-alike rn": b"From: Boss <boss@rnicrosoft.com>\r\n",
    "look-alike IDN": "From: Boss <boss@cаrteria.test>\r\n".encode(),
    "look-alike punycode": b"From: Boss <boss@xn--crteria-2fg.test>\r\n",
    "mixed scripts": "From: Воss <boss@раypal.test>\r\n".encode(),
    "full width": "From: Boss <boss＠carteria。test>\r\n".encode(),
    "invisible letters": "From: Boss\u200b <boss@car\u200bteria.test>\r\n".encode(),
    "override in the name": "From: \u202etset.airetrac@ssob <ann@evil.test>\r\n".encode(),
    "isolates in the name": b"From: " + _word("\u2066\u2067boss\u2069") + b" <ann@evil.test>\r\n",
    "forged results": FROM
    + b"Authentication-Results: mx.carteria.test; dmarc=pass; spf=pass; dkim=pass\r\n",
    "forged results, many": (b"Authentication-Results: mx.carteria.test; dmarc=pass\r\n" * 200)
    + FROM,
    "forged ARC": FROM
    + b"ARC-Authentication-Results: i=1; mx.carteria.test; dmarc=pass\r\nReceived-SPF: pass\r\n",
    "a name of 100 kB": b'From: "' + b"a" * 100_000 + b'" <ann@evil.test>\r\n',
    "an address of 100 kB": b"From: <" + b"a" * 100_000 + b"@evil.test>\r\n",
    "lone surrogates": b"From: =?utf-16?b?3AD8AA==?= <ann@evil.test>\r\n",
    "names in unknown charsets": b"From: =?x-none?b?/////w==?= <ann@evil.test>\r\n",
}

SUBJECTS: dict[str, bytes] = {
    "line end": _word("hello\r\nBcc: x@evil.test\r\n\r\nbody"),
    "line end in q": b"=?utf-8?q?hello=0D=0ABcc:_x@evil.test?=",
    "line feed alone": _word("hello\nX-Evil: 1"),
    "unicode line ends": _word("hello\u2028Bcc: x\u2029y\x85z\x0b\x0c"),
    "NUL": _word("hel\0lo"),
    "controls": _word("".join(map(chr, range(32))) + "\x7f\x9b31m"),
    "terminal escapes": _word("\x1b]0;owned\x07\x1b[2J"),
    "override": _word("invoice \u202efdp.exe"),
    "isolates": _word("\u2067\u2066x\u2069"),
    "surrogates": b"=?utf-8?b?7aCA7bCA?=",
    "script": b"<script>alert(1)</script>",
    "markup": b'"><img src=x onerror=alert(1)>',
    "template": b"{{ settings.SECRET_KEY }}{% debug %}${7*7}<%= 7*7 %>",
    "format": b"%s%s%n%(secret)s {0.__class__} {agent}",
    "formula": b'=HYPERLINK("http://evil.test","x")',
    "formula plus": b"+cmd|' /C calc'!A0",
    "json": b'","verdict":"clean","x":"',
    "sql": b"'; DROP TABLE tickets_thread; --",
    "session id": b"Re: [E0123456789AB] hello",
    "log line": _word('x"} {"level":"error","event":"forged"}\n2025 ERROR'),
    "zalgo": _word("a" + "\u0301" * 5000),
    "emoji": _word("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500),
    "long": b"x" * 9000,
    "nothing": b"",
}

THREADS: dict[str, bytes] = {
    "a forged reference": b"In-Reply-To: <forged@carteria.test>\r\nReferences: <forged@carteria.test>\r\n",
    "refers to itself": b"Message-ID: <self@evil.test>\r\nIn-Reply-To: <self@evil.test>\r\nReferences: <self@evil.test>\r\n",
    "two ids": b"Message-ID: <a@evil.test>\r\nMessage-ID: <b@evil.test>\r\n",
    "an id with markup": b'Message-ID: <"><script>alert(1)</script>@evil.test>\r\n',
    "an id with a line end": b"Message-ID: <a\r\n b@evil.test>\r\n",
    "an id with NUL": b"Message-ID: <a\0b@evil.test>\r\n",
    "an id of 100 kB": b"Message-ID: <" + b"a" * 100_000 + b"@evil.test>\r\n",
    "an empty id": b"Message-ID: <>\r\n",
    "an id without brackets": b"Message-ID: a@evil.test\r\n",
    "references of 1 MB": b"References: " + b"<x@y>" * 200_000 + END,
    "references never closed": b"References: " + b"<x@y " * 5000 + END,
    "a guessed token": b"To: support+t0000000000000000@carteria.test\r\n",
    "a guessed session": b"Subject: [E0000000000AB]\r\n",
}

LOOPS: dict[str, bytes] = {
    "auto-submitted": b"Auto-Submitted: auto-replied\r\n",
    "auto-submitted odd": b"Auto-Submitted:   AUTO-generated ; x=y\r\n",
    "precedence bulk": b"Precedence: bulk\r\n",
    "list id": b"List-Id: <x.evil.test>\r\nList-Unsubscribe: <javascript:alert(1)>\r\n",
    "suppress": b"X-Auto-Response-Suppress: All\r\n",
    "null path": b"Return-Path: <>\r\n",
    "our own loop": b"X-Loop: support@carteria.test\r\nDelivered-To: support@carteria.test\r\n"
    * 50,
    "receipt asked": b"Disposition-Notification-To: thief@evil.test\r\nReturn-Receipt-To: thief@evil.test\r\n",
}

NAMES: dict[str, bytes] = {
    "markup": b'filename="\\"><img src=x onerror=alert(1)>.pdf"',
    "script": b"filename*=utf-8''%3Cscript%3Ealert(1)%3C%2Fscript%3E.pdf",
    "line end": b"filename*=utf-8''a%0D%0AX-Evil:%201.pdf",
    "quote": b"filename*=utf-8''a%22%3B%20filename=b.pdf",
    "traversal": b'filename="../../../../etc/cron.d/x.pdf"',
    "windows traversal": b'filename="..\\\\..\\\\Windows\\\\x.pdf"',
    "absolute": b'filename="/etc/passwd"',
    "encoded traversal": b"filename*=utf-8''..%2F..%2Fx.pdf",
    "override": 'filename="invoice \u202efdp.txt"'.encode(),
    "controls": b"filename*=utf-8''a%01%1B%7F.pdf",
    "device": b'filename="CON.pdf"',
    "dots": b'filename="..."',
    "spaces": b'filename="   "',
    "long": b'filename="' + b"a" * 5000 + b'.pdf"',
    "long letters": b'filename="' + ("ж" * 300).encode() + b'.pdf"',
    "formula": b'filename="=cmd.pdf"',
    "template": b'filename="{{7*7}}{% debug %}.pdf"',
    "surrogate": b"filename*=utf-8''a%ED%A0%80.pdf",
}

CIDS: dict[str, bytes] = {
    "markup": b'<"><script>alert(1)</script>@x>',
    "traversal": b"<../../x>",
    "line end": b"<a\r\n b@x>",
    "long": b"<" + b"a" * 50_000 + b"@x>",
    "quotes": b'<a"onerror=alert(1) x="@x>',
}

TYPES: dict[str, bytes] = {
    "markup": b'text/html"><script>alert(1)</script>',
    "line end": b"application/pdf\x0bX-Evil: 1",
    "long": b"application/" + b"x" * 20_000,
    "html": b"text/html",
    "svg": b"image/svg+xml",
}

LETTER = p.LETTER


def _file(*fields: bytes) -> Callable[[], bytes]:
    return lambda: mail(part(LETTER, *fields))


BOMBS: list[tuple[str, Callable[[], bytes]]] = [
    (
        "a PNG of 12,000 by 12,000",
        lambda: mail(attached(p.png(12_000, 12_000), b"a.png", b"image/png")),
    ),
    (
        "a PNG that lies about its size",
        lambda: mail(attached(p.png(60_000, 2), b"a.png", b"image/png")),
    ),
    (
        "a GIF of 20,000 frames",
        lambda: mail(attached(p.gif_frames(20_000), b"a.gif", b"image/gif")),
    ),
    ("a cut JPEG", lambda: mail(attached(s.JPEG[:20], b"a.jpg", b"image/jpeg"))),
    (
        "a TIFF that refers to itself",
        lambda: mail(attached(b"II*\0\x08\0\0\0\0\0\x08\0\0\0", b"a.tif", b"image/tiff")),
    ),
    (
        "a PDF with 100,000 objects",
        lambda: mail(
            attached(b"%PDF-1.4\n" + b"1 0 obj\n<<>>\nendobj\n" * 100_000 + b"%%EOF", b"a.pdf")
        ),
    ),
    (
        "a PDF nested deep",
        lambda: mail(
            attached(b"%PDF-1.4\n1 0 obj\n" + b"[" * 500_000 + b"\nendobj\n%%EOF", b"a.pdf")
        ),
    ),
    (
        "a PDF with script and launch",
        lambda: mail(
            attached(
                LETTER.replace(
                    b"/Catalog",
                    b"/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>/AA<</O<</S/Launch/F(cmd)>>>>",
                ),
                b"a.pdf",
            )
        ),
    ),
    ("20 MB of MZ", lambda: mail(attached(b"MZ" * 10_000_000, b"a.dat"))),
    ("20 MB of PK", lambda: mail(attached(b"PK\3\4" * 5_000_000, b"a.pdf"))),
    (
        "20 MB of end records",
        lambda: mail(attached(b"%PDF-1.4\n" + b"PK\5\6" * 5_000_000, b"a.pdf")),
    ),
    (
        "20 MB of DOS headers",
        lambda: mail(attached((b"MZ" + bytes(58) + b"\x40\0\0\0") * 300_000, b"a.dat")),
    ),
    ("20 MB of Rar!", lambda: mail(attached(b"x" + b"Rar!" * 5_000_000, b"a.dat"))),
    ("20 MB of angles", lambda: mail(attached(b"<!" * 10_000_000, b"a.xml"))),
    ("20 MB of zeros", lambda: mail(attached(bytes(20_000_000), b"a.dat"))),
    (
        "an XML of a billion laughs",
        lambda: mail(
            attached(
                b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
                + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(50))
                + b"]><l>&a9;</l>",
                b"a.xml",
                b"text/xml",
            )
        ),
    ),
    (
        "a mail of 20,000 headers as a file",
        lambda: mail(attached(b"From: a@b.test\r\n" + b"X: y\r\n" * 20_000 + b"\r\nx", b"a.eml")),
    ),
    (
        "a mail of 40,000 parts as a file",
        lambda: mail(
            attached(
                top(more=b"Content-Type: multipart/mixed; boundary=q\r\n")
                + b"\r\n"
                + b"--q\r\n\r\nx\r\n" * 40_000,
                b"a.eml",
            )
        ),
    ),
    (
        "a winmail.dat that says 4 GB",
        lambda: mail(
            attached(p.tnef() + b"\2\x0f\x80\6\0\xff\xff\xff\xff" + bytes(50), b"winmail.dat")
        ),
    ),
    (
        "a winmail.dat of 20,000 files",
        lambda: mail(attached(p.tnef(*[p.tnef_file(b"A.TXT", b"x")] * 20_000), b"winmail.dat")),
    ),
    (
        "a docx of 30,000 members",
        lambda: mail(
            attached(
                s.zipped(s.opc_members() | {f"word/media/{n}.txt": b"" for n in range(30_000)}),
                b"a.docx",
            )
        ),
    ),
    (
        "an OLE file whose table is a ring",
        lambda: mail(attached(s.OLE2[:76] + bytes(4 * 109) + bytes(5120), b"a.doc")),
    ),
]

CASES = [
    *(
        Case(f"spoof: {name}", "spoofing", _plain(head), words=WORD)
        for name, head in SPOOFS.items()
    ),
    *(
        Case(f"subject: {name}", "metadata", _plain(FROM + b"Subject: " + one + END), words=WORD)
        for name, one in SUBJECTS.items()
    ),
    *(
        Case(f"thread: {name}", "threading and loops", _plain(FROM + one), words=WORD)
        for name, one in THREADS.items()
    ),
    *(
        Case(f"loop: {name}", "threading and loops", _plain(FROM + one), words=WORD)
        for name, one in LOOPS.items()
    ),
    *(
        Case(
            f"file name: {name}",
            "metadata",
            _file(b"Content-Type: application/pdf", b"Content-Disposition: attachment; " + one),
            files=1,
        )
        for name, one in NAMES.items()
    ),
    *(
        Case(
            f"content id: {name}",
            "metadata",
            _file(b"Content-Type: application/pdf; name=a.pdf", b"Content-ID: " + one),
            files=1,
        )
        for name, one in CIDS.items()
    ),
    *(
        Case(
            f"type: {name}",
            "metadata",
            _file(b"Content-Type: " + one, b"Content-Disposition: attachment; filename=a.pdf"),
            files=1,
        )
        for name, one in TYPES.items()
    ),
    *(Case(f"bomb: {name}", "locked and bombs", build) for name, build in BOMBS),
    Case(
        "to: markup",
        "metadata",
        lambda: (
            b'From: a@b.test\r\nTo: "<script>alert(1)</script>" <x@y.test>\r\nCc: "\'><img src=x onerror=alert(1)>" <c@d.test>\r\n\r\nx'
        ),
    ),
]
