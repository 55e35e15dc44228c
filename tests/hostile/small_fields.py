"""What stands in the names, types and ids of files."""

from collections.abc import Iterator

from tests.hostile import payloads as p
from tests.hostile.cases import Case, mail, part

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


SAVED = b"Content-Disposition: attachment; "
TYPED = b"Content-Type: application/pdf; name=a.pdf"


def _cases(prefix: str, values: dict[str, bytes], *fields: bytes) -> Iterator[Case]:
    """Each value behind the last of the fields."""
    *others, last = fields
    for name, value in values.items():
        head = (*others, last + value)
        build = lambda head=head: mail(part(p.LETTER, *head))  # noqa: E731
        yield Case(prefix + name, "metadata", build, files=1)


CASES = [
    *_cases("file name: ", NAMES, b"Content-Type: application/pdf", SAVED),
    *_cases("content id: ", CIDS, TYPED, b"Content-ID: "),
    *_cases("type: ", TYPES, SAVED + b"filename=a.pdf", b"Content-Type: "),
]
