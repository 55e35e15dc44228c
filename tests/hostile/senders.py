"""Who a mail says it is from, and where it says it belongs."""

from tests.hostile.cases import END, WORDS, Build, Case, encoded_word, table


def _plain(head: bytes) -> Build:
    return lambda: (
        b"To: support@carteria.test\r\nMIME-Version: 1.0\r\n" + head + b"\r\n" + WORDS.encode()
    )


def _cases(attack: str, prefix: str, heads: dict[str, bytes]) -> list[Case]:
    rows = [(name, _plain(head)) for name, head in heads.items()]
    return table(attack, "any", rows, prefix=prefix, words=WORDS)


FROM = b"From: Ann <ann@customer.test>\r\n"
MARKED_UP = (
    b'From: a@b.test\r\nTo: "<script>alert(1)</script>" <x@y.test>\r\n'
    b'Cc: "\'><img src=x onerror=alert(1)>" <c@d.test>\r\n\r\nx'
)

SPOOFS: dict[str, bytes] = {
    "two From fields": FROM + b"From: Boss <boss@carteria.test>\r\n",
    "two people in From": b"From: Ann <ann@customer.test>, Boss <boss@carteria.test>\r\n",
    "From with a sender": b"From: a@x.test, b@y.test\r\nSender: c@z.test\r\n",
    "an address as the name": b'From: "boss@carteria.test" <ann@evil.test>\r\n',
    "an address and brackets as the name": b'From: "Boss <boss@carteria.test>" <ann@evil.test>\r\n',
    "brackets twice": b"From: Boss <boss@carteria.test> <ann@evil.test>\r\n",
    "an encoded address": b"From: "
    + encoded_word("Boss <boss@carteria.test>,")
    + b" <ann@evil.test>\r\n",
    "an encoded line end in the name": b"From: "
    + encoded_word("Boss\r\nBcc: x@evil.test")
    + b" <ann@evil.test>\r\n",
    "an encoded NUL in the name": b"From: "
    + encoded_word("boss@carteria.test\0")
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
    "isolates in the name": b"From: "
    + encoded_word("\u2066\u2067boss\u2069")
    + b" <ann@evil.test>\r\n",
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
    "line end": encoded_word("hello\r\nBcc: x@evil.test\r\n\r\nbody"),
    "line end in q": b"=?utf-8?q?hello=0D=0ABcc:_x@evil.test?=",
    "line feed alone": encoded_word("hello\nX-Evil: 1"),
    "unicode line ends": encoded_word("hello\u2028Bcc: x\u2029y\x85z\x0b\x0c"),
    "NUL": encoded_word("hel\0lo"),
    "controls": encoded_word("".join(map(chr, range(32))) + "\x7f\x9b31m"),
    "terminal escapes": encoded_word("\x1b]0;owned\x07\x1b[2J"),
    "override": encoded_word("invoice \u202efdp.exe"),
    "isolates": encoded_word("\u2067\u2066x\u2069"),
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
    "log line": encoded_word('x"} {"level":"error","event":"forged"}\n2025 ERROR'),
    "zalgo": encoded_word("a" + "\u0301" * 5000),
    "emoji": encoded_word("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 500),
    "long": b"x" * 9000,
    "nothing": b"",
}

THREADS: dict[str, bytes] = {
    "a forged reference": (
        b"In-Reply-To: <forged@carteria.test>\r\nReferences: <forged@carteria.test>\r\n"
    ),
    "refers to itself": (
        b"Message-ID: <self@evil.test>\r\n"
        b"In-Reply-To: <self@evil.test>\r\n"
        b"References: <self@evil.test>\r\n"
    ),
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
    "receipt asked": (
        b"Disposition-Notification-To: thief@evil.test\r\nReturn-Receipt-To: thief@evil.test\r\n"
    ),
}

CASES = [
    *_cases("spoofing", "spoof: ", SPOOFS),
    *_cases(
        "metadata", "subject: ", {n: FROM + b"Subject: " + v + END for n, v in SUBJECTS.items()}
    ),
    *_cases("threading and loops", "thread: ", {n: FROM + head for n, head in THREADS.items()}),
    *_cases("threading and loops", "loop: ", {n: FROM + head for n, head in LOOPS.items()}),
    Case("to: markup", "metadata", lambda: MARKED_UP),
]
