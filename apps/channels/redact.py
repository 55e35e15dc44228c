"""The source of a mail without the files that nobody may have (SPEC 1.5 f).

What leaves is built anew from what was read and scanned: a part stays only if it is a text of the
mail or a file known to be clean, and is written from its decoded bytes. So whatever lies around
the parts, in doubled headers, or behind an encoding that others read differently, stays here.
"""

import hashlib
import re
import secrets
from base64 import b64encode
from binascii import a2b_qp, b2a_qp
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from apps.channels.parsing.bodies import likely_charset, read_bodies
from apps.channels.parsing.winmail import is_winmail, opened
from apps.core.file_names import disposition
from apps.core.mime.cms import is_signed, signed_content
from apps.core.mime.oddities import oddities_of
from apps.core.mime.structure import Part, content_of, file_names, read_structure, with_line_ends
from apps.core.mime.tnef import tnef_files

MOST_AROUND = 300  # bytes of preamble and epilogue that no file hides in
WORTH_LOOKING_FOR = 24  # shorter ones are found anywhere
DEEPEST = 8
NOT_SCANNED = "not-scanned"
ENCODED_TEXT = "encoded-file"

_FIELD = re.compile(rb"(?m)^([!-9;-~]{1,200})[ \t]*:[^\n]*(?:\n[ \t][^\n]*)*\n?")
_OURS = (b"content-", b"mime-version")
_MULTIPART = re.compile(r"multipart/[a-z0-9.+-]{1,40}")
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")
_CHARSET = re.compile(r"[A-Za-z0-9][\w.:-]{0,40}")
_CONTENT_ID = re.compile(r"<[!-;=?-~]{1,200}>")
# uuencode, yEnc, BinHex: old readers take such a text for a file.
_ENCODED = re.compile(
    rb"(?m)^begin(?:-base64)? [0-7]{3,6} \S|^=ybegin |must be converted with BinHex"
)
_TNEF_MARK = b"\x78\x9f\x3e\x22"


class NotProved(Exception):
    """The bytes of a stopped file may still be in it: nothing leaves."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """What stands in a file's place."""

    name: str
    size: int
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    content: bytes = field(repr=False)
    left_out: tuple[Stopped, ...] = ()
    as_it_came: bool = False


@dataclass(slots=True)
class _Redaction:
    raw: bytes
    children: dict[int, list[Part]]
    texts: set[int]
    clean: frozenset[str]
    stopped: Mapping[str, Stopped]
    say: Callable[[Stopped], str]
    left_out: list[Stopped] = field(default_factory=list)


def source_of(
    raw: bytes,
    *,
    clean: Collection[str],
    stopped: Mapping[str, Stopped],
    contents: Sequence[bytes] = (),
    say: Callable[[Stopped], str],
) -> Source:
    """CLEAN and STOPPED are by SHA-256; CONTENTS are the bytes that must not be in the answer."""
    mail = with_line_ends(raw)
    parts = read_structure(mail)
    texts = read_bodies(mail, parts, likely_charset(mail, parts)).taken
    children: dict[int, list[Part]] = {}
    for part in parts[1:]:
        children.setdefault(id(part.parent), []).append(part)
    work = _Redaction(mail, children, texts, frozenset(clean) - set(stopped), stopped, say)
    rebuilt = b"".join((_head(mail, parts[0]), b"MIME-Version: 1.0\r\n", _part(work, parts[0])))
    if not work.left_out and not stopped and not _hides_something(work, parts):
        return Source(raw, as_it_came=True)
    _prove(rebuilt, set(stopped), contents)
    return Source(rebuilt, tuple(work.left_out))


# ---- building ------------------------------------------------------------------------------------


def _head(raw: bytes, root: Part) -> bytes:
    """The mail's own fields as they came, without those that say how to read the body."""
    if not root.headers:
        return b""
    fields = _FIELD.finditer(raw, root.top, root.start)
    kept = [one[0].rstrip(b"\r\n") for one in fields if not one[1].lower().startswith(_OURS)]
    return b"".join(re.sub(rb"\r?\n", b"\r\n", one) + b"\r\n" for one in kept)


def _part(work: _Redaction, part: Part) -> bytes:
    """From its Content-Type on."""
    if part.is_container:
        return _container(work, part)
    content = content_of(work.raw, part)
    if id(part) in work.texts:
        if _ENCODED.search(content):
            return _placeholder(work, Stopped(_name(part), len(content), ENCODED_TEXT))
        return _text(part, content)
    if not content and not file_names(part):
        return _text(part, b"")
    digest = hashlib.sha256(content).hexdigest()
    is_clean = digest in work.clean or _is_clean_winmail(work, content)
    if is_clean and _has_clean_insides(work, content, part.content_type):
        return _file(part, content)
    unknown = Stopped(_name(part), len(content), NOT_SCANNED)
    return _placeholder(work, work.stopped.get(digest, unknown))


def _is_clean_winmail(work: _Redaction, content: bytes) -> bool:
    """One that was opened is no file of the mail: its files were scanned in its stead."""
    if not is_winmail(content):
        return False
    found = opened(content)
    digests = {hashlib.sha256(file.content).hexdigest() for file in found.files}
    return found.is_whole and digests <= work.clean


def _container(work: _Redaction, part: Part) -> bytes:
    boundary = f"=_{secrets.token_hex(16)}".encode()
    kind = part.content_type if _MULTIPART.fullmatch(part.content_type) else "multipart/mixed"
    lines = [b"Content-Type: ", kind.encode(), b'; boundary="', boundary, b'"\r\n\r\n']
    for child in work.children.get(id(part), ()):
        lines += [b"--", boundary, b"\r\n", _part(work, child), b"\r\n"]
    return b"".join([*lines, b"--", boundary, b"--\r\n"])


def _placeholder(work: _Redaction, stopped: Stopped) -> bytes:
    work.left_out.append(stopped)
    return _letters(work.say(stopped).encode("utf-8", "replace"), "text/plain", "utf-8")


def _text(part: Part, content: bytes) -> bytes:
    kind = "text/html" if part.content_type == "text/html" else "text/plain"
    return _letters(content, kind, part.parameter("charset"))


def _letters(content: bytes, kind: str, charset: str) -> bytes:
    told = f"; charset={charset}" if _CHARSET.fullmatch(charset) else ""
    head = f"Content-Type: {kind}{told}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    written = b2a_qp(content.replace(b"\r\n", b"\n"), istext=True)
    return head.encode() + written.replace(b"\n", b"\r\n")


def _file(part: Part, content: bytes) -> bytes:
    kind = part.content_type if _TYPE.fullmatch(part.content_type) else "application/octet-stream"
    lines = [f"Content-Type: {kind}"]
    content_id = part.headers.first("content-id").strip()
    if _CONTENT_ID.fullmatch(content_id):
        lines.append(f"Content-ID: {content_id}")
    saved = part.disposition != "inline"
    lines.append(f"Content-Disposition: {disposition(_name(part), saved=saved)}")
    lines.append("Content-Transfer-Encoding: base64")
    written = b64encode(content)
    folded = b"\r\n".join(written[at : at + 76] for at in range(0, len(written), 76))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + folded


def _name(part: Part) -> str:
    return next(iter(file_names(part)), "")[:200] or part.content_type


# ---- looking inside ------------------------------------------------------------------------------


def _has_clean_insides(work: _Redaction, content: bytes, kind: str) -> bool:
    """A forwarded or signed mail or winmail.dat goes whole when one of its files is stopped."""
    return work.stopped.keys().isdisjoint(_digests_inside(content, kind))


def _digests_inside(content: bytes, kind: str, depth: int = 0) -> Iterator[str]:
    for inner, inner_kind in _insides(content, kind) if depth < DEEPEST else ():
        yield hashlib.sha256(inner).hexdigest()
        yield from _digests_inside(inner, inner_kind, depth + 1)


def _insides(content: bytes, kind: str) -> Iterator[tuple[bytes, str]]:
    if content.startswith(_TNEF_MARK):
        for file in tnef_files(content):
            yield file.content, ""
    elif is_signed(content):
        yield signed_content(content) or b"", "message/rfc822"
    elif kind.startswith("message/"):
        mail = with_line_ends(content)
        for part in read_structure(mail):
            if not part.is_container:
                yield content_of(mail, part), part.content_type


def _hides_something(work: _Redaction, parts: list[Part]) -> bool:
    """All parts are clean; is there more in the bytes than the parts?"""
    if oddities_of(work.raw, parts):
        return True
    around = b"".join(_around(work, part) for part in parts if part.is_container)
    return len(around) > MOST_AROUND or bool(_ENCODED.search(around))


def _around(work: _Redaction, container: Part) -> bytes:
    """Before the first part, behind the last one, and whatever is between, without delimiters."""
    at, pieces = container.start, []
    for child in work.children.get(id(container), ()):
        pieces.append(work.raw[at : child.top])
        at = child.end
    pieces.append(work.raw[at : container.end])
    lines = [one for one in b"\n".join(pieces).splitlines() if not one.startswith(b"--")]
    return b"\n".join(lines).strip()


# ---- proof ---------------------------------------------------------------------------------------


def _prove(result: bytes, stopped: set[str], contents: Sequence[bytes]) -> None:
    """Read again, none of its parts is a stopped file; and their bytes stand nowhere in it."""
    if not stopped.isdisjoint(_digests_inside(result, "message/rfc822")):
        raise NotProved
    plain = a2b_qp(result)
    squeezed = [one.translate(None, b" \t\r\n") for one in (result, plain)]
    for content in contents:
        if len(content) < WORTH_LOOKING_FOR:
            continue
        if content in result or content in plain:
            raise NotProved
        for shift in range(3):
            piece = content[shift:]
            letters = b64encode(piece[: len(piece) // 3 * 3])
            if any(letters in one for one in squeezed):
                raise NotProved
