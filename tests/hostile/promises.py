"""Mails whose meaning is at stake: who wrote, what they answer, whether anything may answer."""

from collections.abc import Mapping
from functools import partial

from tests.hostile.cases import (
    END,
    FROM,
    WORDS,
    Case,
    encoded_word,
    multipart,
    part,
    text_part,
    top,
)

Says = Mapping[str, object]

EVIL: Says = {"from_email": "ann@evil.test"}
NOBODY: Says = {"from_email": ""}

# The address that counts is the real one, whatever is written round it.
SENDERS: dict[str, tuple[bytes, Says]] = {
    "an address as the name": (b'"support@bank.test" <ann@evil.test>', EVIL),
    "a name that ends in brackets": (b'"Bank <support@bank.test>" <ann@evil.test>', EVIL),
    "a coded address as the name": (encoded_word("support@bank.test") + b" <ann@evil.test>", EVIL),
    "a coded name with brackets": (encoded_word("x <a@bank.test>") + b" <ann@evil.test>", EVIL),
    "a coded name with a comma": (encoded_word("a@bank.test,") + b" <ann@evil.test>", EVIL),
    "a coded name with a NUL": (encoded_word("a@bank.test\0") + b" <ann@evil.test>", EVIL),
    "a coded name with a line end": (encoded_word("a\r\nBcc: x@y.z") + b" <ann@evil.test>", EVIL),
    "a name of spaces": (b'"a@bank.test' + b" " * 300 + b'" <ann@evil.test>', EVIL),
    "a comment behind": (b"ann@evil.test (support@bank.test)", EVIL),
    "a comment before": (b"(support@bank.test) ann@evil.test", EVIL),
    "a comment within": (b"ann(support@bank.test)@evil.test", EVIL),
    "a route": (b"<@bank.test,@x.test:ann@evil.test>", EVIL),
    "a folded address": (b"Ann\r\n <ann@evil.test>", EVIL),
    "capital letters": (b"Ann <Ann@EVIL.test>", {}),
    "a mail link": (b"<mailto:ann@evil.test>", {}),
    "a look-alike": ("Ann <ann@bаnk.test>".encode(), {}),
    "a punycode": (b"Ann <ann@xn--bnk-5cd.test>", {}),
    "two people": (b"ann@evil.test, support@bank.test", {}),
    "quotes within": (b'"ann@evil.test"@bank.test', {}),
    "a domain of dots": (b"<ann@..test>", {}),
    "an address literal": (b"<ann@[127.0.0.1]>", {}),
    "a semicolon": (b"ann@evil.test; support@bank.test", {}),
    "an override": ("\u202etset.knab@troppus <ann@evil.test>".encode(), EVIL),
    "zero width": ("sup\u200bport@bank.test <ann@evil.test>".encode(), EVIL),
    "markup": (b'"<img src=x onerror=alert(1)>" <ann@evil.test>', EVIL),
}

AUTOMATIC: Says = {"is_auto_reply": True}

# Nothing automatic may ever answer these.
MACHINES: dict[str, tuple[bytes, Says]] = {
    "auto-replied": (b"Auto-Submitted: auto-replied", AUTOMATIC),
    "auto-generated": (b"Auto-Submitted: auto-generated", AUTOMATIC),
    "auto-notified": (b"Auto-Submitted: auto-notified; owner-email=x@y.z", AUTOMATIC),
    "auto-anything": (b"auto-submitted: AUTO-whatever", AUTOMATIC),
    "auto in a comment": (b"Auto-Submitted: (no) auto-replied", AUTOMATIC),
    "auto folded": (b"Auto-Submitted:\r\n auto-replied", AUTOMATIC),
    "auto twice": (b"Auto-Submitted: no\r\nAuto-Submitted: auto-replied", AUTOMATIC),
    "said to be no": (b"Auto-Submitted: no", {"is_auto_reply": False}),
    "bulk": (b"Precedence: bulk", {}),
    "junk": (b"Precedence: JUNK", {}),
    "list": (b"Precedence: list", {}),
    "auto_reply": (b"Precedence: auto_reply", AUTOMATIC),
    "list id": (b"List-Id: <x.y.test>", {}),
    "unsubscribe": (b"List-Unsubscribe: <https://x.test/u>", {}),
    "null path": (b"Return-Path: <>", {}),
    "x-autoreply": (b"X-Autoreply: yes", AUTOMATIC),
    "x-autorespond": (b"X-Autorespond: x", AUTOMATIC),
    "suppress": (b"X-Auto-Response-Suppress: All", AUTOMATIC),
}

REPORT = (
    b"Reporting-MTA: dns; mx.x.test\r\n\r\nFinal-Recipient: rfc822; a@b.test\r\n"
    b"Action: %s\r\nStatus: %s\r\nDiagnostic-Code: smtp; %s\r\n"
)


def _report(action: bytes, status: bytes, code: bytes, kind: bytes = b"delivery-status") -> bytes:
    words = REPORT % (action, status, code)
    said = part(words, b"Content-Type: message/" + kind, coded=False)
    return top() + multipart((text_part(), said), b"report", more=b"; report-type=" + kind)


BOUNCES: list[tuple[str, bytes, Says]] = [
    ("hard", _report(b"failed", b"5.1.1", b"550 x"), {"is_bounce": True, "bounce.kind": "hard"}),
    ("soft", _report(b"failed", b"4.2.2", b"452 x"), {"is_bounce": True, "bounce.kind": "soft"}),
    ("delayed", _report(b"delayed", b"4.4.1", b"x"), {"bounce.recipients": []}),
    ("of markup", _report(b"failed", b"5.1.1", b"<script>alert(1)</script>"), {"is_bounce": True}),
    ("of a huge status", _report(b"failed", b"5." * 5000, b"x"), {}),
    ("of no status", _report(b"", b"", b""), {}),
    ("delivered", _report(b"delivered", b"2.0.0", b"250"), {"is_bounce": False}),
    ("relayed", _report(b"relayed", b"2.0.0", b"250"), {"is_bounce": False}),
]

IDS: dict[str, tuple[bytes, Says]] = {
    "without brackets": (b"Message-ID: a@b.test", {}),
    "with spaces": (b"Message-ID: <a b@c.test>", {}),
    "twice in one": (b"Message-ID: <a@b.test> <c@d.test>", {"message_id": "a@b.test"}),
    "folded": (b"Message-ID:\r\n <a@b.test>", {"message_id": "a@b.test"}),
    "an answer to many": (b"In-Reply-To: <a@b> <c@d>\r\nReferences: <e@f>\r\n <g@h>", {}),
    "an answer in words": (b'In-Reply-To: Your message of "today" <a@b.test>', {}),
    "references without brackets": (b"References: a@b.test c@d.test", {}),
    "references with commas": (b"References: <a@b.test>,<c@d.test>", {}),
    "references of ours": (b"References: <E0123456789AB.x@carteria.test>", {}),
    "a token in the address": (b"Delivered-To: support+E0123456789AB@carteria.test", {}),
    "new copies": (b"Cc: thief@evil.test, thief2@evil.test", {}),
    "hidden copies": (b"Bcc: thief@evil.test", {}),
    "answers elsewhere": (b"Reply-To: thief@evil.test", {"reply_to": ["thief@evil.test"]}),
    "forged results": (b"Authentication-Results: x; dmarc=pass header.from=bank.test", {}),
    "resent": (b"Resent-From: boss@bank.test\r\nResent-To: x@y.z", EVIL),
    "on behalf": (b"Sender: boss@bank.test", EVIL),
    "a face": (b"Face: " + b"A" * 900 + b"\r\nX-Face: x", EVIL),
    "a picture of the brand": (b"BIMI-Location: v=BIMI1; l=http://tracker.test/x.svg", EVIL),
    "an agent's signature": (b"X-Carteria-Agent: ana\r\nX-Originating-IP: 127.0.0.1", EVIL),
}

QUOTED = {
    "a quote of the mail": "Yes\n\nOn Mon, Ann <ann@b.test> wrote:\n> old words",
    "a quote that never ends": "Yes\n" + "> " * 5000,
    "nested quotes": "Yes\n" + "\n".join(">" * n + " x" for n in range(1, 400)),
    "markup in a quote": "Yes\n> <script>alert(1)</script>",
    "a header in a quote": "Yes\n\nFrom: a@b.test\nTo: c@d.test\nSubject: x\n\nold",
    "a merge field": "Yes {{ agent.password }} {% load x %} ${x} #{x} <%= x %>",
    "a session's mark": "Yes [E0123456789AB] ##- answer above this line -##",
    "a formula": '=cmd|" /C calc"!A0\n@SUM(1)\n+1+1\n-1',
}


def _mail(head: bytes) -> bytes:
    return b"To: support@carteria.test\r\n" + head + END + END + WORDS.encode() + END


def _quoting(text: str) -> bytes:
    return top() + END + f"{WORDS}\r\n{text}".replace("\n", "\r\n").encode()


def _case(name: str, attack: str, raw: bytes, says: Says) -> Case:
    return Case(name, attack, partial(bytes, raw), words=WORDS, says=tuple(says.items()))


OWN = b"From: Ann <ann@evil.test>\r\n"
CASES = [
    *(
        _case(f"from: {n}", "spoofing", _mail(b"From: " + head), says)
        for n, (head, says) in SENDERS.items()
    ),
    *(
        _case(f"machine: {n}", "threading and loops", _mail(FROM + head), says)
        for n, (head, says) in MACHINES.items()
    ),
    *(_case(f"bounce: {n}", "threading and loops", raw, says) for n, raw, says in BOUNCES),
    *(
        _case(f"id: {n}", "threading and loops", _mail(OWN + head), says)
        for n, (head, says) in IDS.items()
    ),
    *(
        _case(f"quote: {n}", "threading and loops", _quoting(text), {})
        for n, text in QUOTED.items()
    ),
]
