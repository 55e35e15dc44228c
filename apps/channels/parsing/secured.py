"""Signed and encrypted mail (RFC 8551, RFC 3156): which kind it is. Nothing is verified."""

from collections.abc import Iterable

from apps.channels.parsed import ParsedFile
from apps.core.mime.cms import is_enveloped, is_signed, signed_content
from apps.core.mime.structure import Part

SMIME_SIGNED, SMIME_ENCRYPTED = "smime-signed", "smime-encrypted"
PGP_SIGNED, PGP_ENCRYPTED = "pgp-signed", "pgp-encrypted"

_SMIME_TYPES = frozenset(
    f"application/{x}pkcs7-{kind}" for x in ("", "x-") for kind in ("mime", "signature")
)
_OPAQUE = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_BEGIN = "-----BEGIN PGP "
_INLINE = {"SIGNED MESSAGE-----": PGP_SIGNED, "MESSAGE-----": PGP_ENCRYPTED}


def secured_by(parts: Iterable[Part], files: Iterable[ParsedFile], text: str | None) -> str:
    """The outermost kind; nothing for a plain mail."""
    for part in parts:
        if part.content_type == "multipart/signed":
            return SMIME_SIGNED if _is_smime(part) else PGP_SIGNED
        if part.content_type == "multipart/encrypted":
            return PGP_ENCRYPTED
        if part.content_type in _OPAQUE:
            return _opaque(part, files)
    return _inline(text or "")


def _is_smime(part: Part) -> bool:
    """By the protocol; a signer that names none wrote S/MIME unless micalg speaks of PGP."""
    protocol = part.parameter("protocol").strip().lower()
    if protocol:
        return protocol in _SMIME_TYPES
    return not part.parameter("micalg").lower().startswith("pgp")


def _opaque(part: Part, files: Iterable[ParsedFile]) -> str:
    """What the bytes are, whatever the parameter says of them."""
    contents = [one.content for one in files if one.content_type in _OPAQUE]
    if any(is_enveloped(one) for one in contents):
        return SMIME_ENCRYPTED
    if any(is_signed(one) for one in contents):
        return SMIME_SIGNED
    kind = part.parameter("smime-type").strip().lower()
    return {"signed-data": SMIME_SIGNED, "enveloped-data": SMIME_ENCRYPTED}.get(kind, "")


def _inline(text: str) -> str:
    """Old programs write the signature, or all of it, into the text (RFC 9580, 6 and 7)."""
    at = text.find(_BEGIN)
    if at < 0 or (at > 0 and text[at - 1] != "\n"):
        return ""
    rest = text[at + len(_BEGIN) : at + len(_BEGIN) + 30]
    return next((kind for words, kind in _INLINE.items() if rest.startswith(words)), "")


def mail_inside(file: ParsedFile) -> bytes:
    """Of a mail that was signed in one piece: what a reader opens; else nothing."""
    if file.content_type not in _OPAQUE and not file.name.lower().endswith(".p7m"):
        return b""
    return (signed_content(file.content) or b"") if is_signed(file.content) else b""
