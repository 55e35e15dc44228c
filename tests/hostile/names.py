"""File names: a denied type in every spelling that a mail program may read (class "names")."""

from collections.abc import Callable

from tests.hostile.cases import Build, Case, attached, based, mail, multipart, part, table, top
from tests.hostile.payloads import LETTER

PDF = b"Content-Type: application/pdf"


def _disposed(value: bytes) -> Callable[[], bytes]:
    return lambda: mail(part(LETTER, PDF, b"Content-Disposition: attachment; " + value))


def _typed(value: bytes) -> Callable[[], bytes]:
    return lambda: mail(part(LETTER, PDF + b"; " + value))


PLAIN = [f"a.{ending}" for ending in ("exe", "dll", "bat", "zip", "rar", "scr", "bin")] + [
    *(
        "A.EXE",
        "Setup.Exe",
        "a.exe.pdf",
        "a.pdf.exe",
        "a.pdf.exe.pdf",
        "a.exe.",
        "a.exe. .",
        ".exe",
    ),
    *(
        "a.exe ",
        "a. exe",
        "a.exe/b.pdf",
        "b.pdf/a.exe",
        "../../a.exe",
        "C:\\\\a.exe",
        "a.exe::$DATA",
    ),
    *("a.txt:b.exe", "a.exe;1", "a.exe?x=1", "a%2eexe", "a%2Eexe.pdf", "x" * 3000 + ".exe"),
    *(
        "a.exe" + " " * 200 + ".pdf",
        "invoice.tar.zip",
        "photo.jpg.scr",
        "readme.txt.bat",
        "a.zip.001",
    ),
    *("a.pdf .exe", "a,exe.exe", "a.(exe).exe", "a'.exe'", "con.exe", "~a.exe"),
]

# The value behind `filename` or `name`, as the header has it.
WRITTEN: dict[str, bytes] = {
    "encoded word q": b'filename="=?utf-8?q?a=2Eexe?="',
    "encoded word b": b'filename="=?utf-8?b?YS5leGU=?="',
    "encoded words split": b'filename="=?utf-8?b?YS5l?= =?utf-8?b?eGU=?="',
    "encoded word without quotes": b"filename==?utf-8?b?YS5leGU=?=",
    "encoded word in utf-7": b'filename="=?utf-7?q?a+AC4-exe?="',
    "encoded word in utf-16": b'filename="=?utf-16?b?//5hAC4AZQB4AGUA?="',
    "encoded word of unknown charset": b'filename="=?x-none?b?YS5leGU=?="',
    "encoded word with a language": b'filename="=?utf-8*en?b?YS5leGU=?="',
    "star": b"filename*=utf-8''a%2Eexe",
    "star without charset": b"filename*=''a.exe",
    "star quoted": b"filename*=\"utf-8''a%2Eexe\"",
    "star in latin": b"filename*=iso-8859-1'en'a%2eexe",
    "star of unknown charset": b"filename*=x-none''a%2eexe",
    "star broken": b"filename*=a.exe",
    "sections": b'filename*0="a."; filename*1="exe"',
    "sections without order": b'filename*1="exe"; filename*0="a."',
    "sections with stars": b"filename*0*=utf-8''a%2E; filename*1*=exe",
    "sections mixed": b"filename*0*=utf-8''a%2E; filename*1=\"e\"; filename*2=xe",
    "sections from one": b'filename*1="a."; filename*2="exe"',
    "sections of words": b'filename*0="=?utf-8?b?YS5l"; filename*1="eGU=?="',
    "plain and star": b"filename=\"a.pdf\"; filename*=utf-8''a.exe",
    "star and plain": b"filename=\"a.exe\"; filename*=utf-8''a.pdf",
    "twice": b'filename="a.pdf"; filename="a.exe"',
    "twice, turned": b'filename="a.exe"; filename="a.pdf"',
    "without quotes": b"filename=a.exe",
    "single quotes": b"filename='a.exe'",
    "quote never closed": b'filename="a.exe',
    "quote within": b'filename="a\\".exe"',
    "escaped letters": b'filename="a.\\e\\x\\e"',
    "comment before": b'(x) filename="a.exe"',
    "spaces around": b'filename  =   "a.exe"',
    "tab": b'filename=\t"a.exe"',
    "capital": b'FILENAME="a.exe"',
    "folded": b'filename=\r\n "a.exe"',
    "folded in the middle": b'filename="a.\r\n exe"',
    "folded in the middle with a tab": b'filename="a.\r\n\texe"',
    "semicolon missing": b'size=3 filename="a.exe"',
    "semicolons": b';; ; filename="a.exe"',
    "nul": b'filename="a.exe\0.pdf"',
    "nul in the ending": b'filename="a.e\0xe"',
    "bell": b'filename="a.exe\7"',
    "raw utf-8 full width": 'filename="a．ｅｘｅ"'.encode(),
    "raw utf-8 override": 'filename="a\u202efdp.exe"'.encode(),
    "override hides": 'filename="a.\u202eexe"'.encode(),
    "zero width": 'filename="a.e\u200bxe"'.encode(),
    "soft hyphen": 'filename="a.ex\u00ade"'.encode(),
    "joiner": 'filename="a.e\u2060x\u034fe"'.encode(),
    "blank letters": 'filename="a.exe\u3164"'.encode(),
    "variation": 'filename="a.e\ufe0fxe"'.encode(),
    "tag letters": 'filename="a.e\U000e0061xe"'.encode(),
    "bold letters": 'filename="a.\U0001d41e\U0001d431\U0001d41e"'.encode(),
    "circled letters": 'filename="a.ⓔⓧⓔ"'.encode(),
    "leader dot": 'filename="a\u2024exe"'.encode(),
    "ideographic stop": 'filename="a\u3002exe"'.encode(),
    "long s": 'filename="a.\u017fcr"'.encode(),
    "no-break space": 'filename="a.exe\u00a0"'.encode(),
    "ideographic space": 'filename="a.exe\u3000"'.encode(),
    "line separator": 'filename="a.exe\u2028.pdf"'.encode(),
    "slash division": 'filename="b.pdf\u2215a.exe"'.encode(),
    "latin bytes": b'filename="fa\xe7ade.exe"',
    "name instead of filename": b'name="a.exe"',
    "unknown disposition parameter after": b'filename="a.exe"; x=y; z',
    "hundred parameters": b"; ".join(b"p%d=1" % n for n in range(100)) + b'; filename="a.exe"',
    "long folded parameters": b'x="' + b"y" * 5000 + b'"; filename="a.exe"',
}

TYPED: dict[str, bytes] = {
    "name": b'name="a.exe"',
    "name star": b"name*=utf-8''a%2Eexe",
    "name sections": b'name*0="a."; name*1="exe"',
    "name word": b'name="=?utf-8?b?YS5leGU=?="',
    "name after charset": b'charset=utf-8; name="a.exe"',
    "filename in the type": b'filename="a.exe"',
    "name capital": b"NAME=A.EXE",
    "name without semicolon": b'charset=utf-8 name="a.exe"',
    "name and comment": b'(a comment) name="a.exe"',
    "name twice": b'name="a.pdf"; name="a.exe"',
}


def _pair(type_name: bytes, disposition_name: bytes) -> bytes:
    return mail(
        part(
            LETTER,
            PDF + b'; name="' + type_name + b'"',
            b'Content-Disposition: attachment; filename="' + disposition_name + b'"',
        )
    )


def _doubled(*values: bytes) -> bytes:
    fields = (b'Content-Disposition: attachment; filename="' + one + b'"' for one in values)
    return mail(part(LETTER, PDF, *fields))


def _only_body(name: bytes) -> bytes:
    head = PDF + b'; name="' + name + b'"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return top() + head + based(LETTER)


UNLISTED = (
    "svg svgz heic heif avif bmp ico psd tga mkv flv 3gp m4v mpg ogv ogg oga flac m4a aac wma mid"
    " aiff amr opus"
).split()
BATCH = (b"Content-Type: text/plain; name=run.bat", b"Content-Disposition: inline")
RENAMED_TEXTS: list[tuple[str, Build]] = [
    ("the only text", lambda: top() + part(b"echo\r\n", BATCH[0], coded=False)),
    ("the first text", lambda: top() + multipart((part(b"echo\r\n", *BATCH, coded=False),))),
    (
        "an alternative text",
        lambda: top() + multipart((part(b"echo", *BATCH, coded=False),), b"alternative"),
    ),
    ("the HTML", lambda: top() + part(b"<p>x</p>", b"Content-Type: text/html; name=a.exe")),
    ("a report", lambda: mail(part(b"x: y", b"Content-Type: message/delivery-status; name=a.exe"))),
    ("a calendar", lambda: mail(part(b"x", b"Content-Type: text/calendar; name=a.scr"))),
    (
        "a signature",
        lambda: mail(part(b"x", b"Content-Type: application/pgp-signature; name=a.dll")),
    ),
    ("an empty file", lambda: mail(part(b"", b"Content-Type: application/pdf; name=a.exe"))),
]

CASES = [
    *table("names", "kept out", RENAMED_TEXTS, prefix="denied name of "),
    *(
        Case(
            f"name {number} {name[:24]!r}",
            "names",
            _disposed(b'filename="' + name.encode() + b'"'),
            "refused",
        )
        for number, name in enumerate(PLAIN)
    ),
    *(
        Case(f"written {name}", "names", _disposed(value), "refused")
        for name, value in WRITTEN.items()
    ),
    *(Case(f"typed {name}", "names", _typed(value), "refused") for name, value in TYPED.items()),
    Case("the type's name is denied", "names", lambda: _pair(b"a.exe", b"a.pdf"), "refused"),
    Case("the disposition's name is denied", "names", lambda: _pair(b"a.pdf", b"a.exe"), "refused"),
    Case("two dispositions", "names", lambda: _doubled(b"a.pdf", b"a.exe"), "refused"),
    Case("two dispositions, turned", "names", lambda: _doubled(b"a.exe", b"a.pdf"), "refused"),
    Case("the only body has a denied name", "names", lambda: _only_body(b"a.exe"), "refused"),
    Case(
        "a text with a denied name",
        "names",
        lambda: mail(
            part(b"echo hello\r\n", b"Content-Type: text/plain; name=run.bat", coded=False)
        ),
        "refused",
    ),
    Case(
        "an inline text with a denied name",
        "names",
        lambda: mail(
            part(
                b"echo hello\r\n",
                b"Content-Type: text/plain",
                b"Content-Disposition: inline; filename=run.bat",
                coded=False,
            )
        ),
        "refused",
    ),
    Case(
        "a picture in the text with a denied name",
        "names",
        lambda: mail(
            part(LETTER, b"Content-Type: image/png; name=a.scr", b"Content-ID: <a@b>"),
            kind=b"related",
        ),
        "refused",
    ),
    Case(
        "three files, one denied",
        "names",
        lambda: mail(attached(LETTER), attached(LETTER, b"a.exe"), attached(LETTER, b"b.pdf")),
        "refused",
        innocent=2,
    ),
    *(
        Case(
            f"unlisted ending {ending}",
            "names",
            _disposed(f'filename="photo.{ending}"'.encode()),
            "refused",
        )
        for ending in UNLISTED
    ),
]
