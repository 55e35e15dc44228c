"""A file's name in a Content-Disposition header (RFC 6266), safe in whatever reads it."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 255  # bytes, what file systems take
UNNAMED = "file"

# Controls, and what turns the direction of writing or is not seen at all.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9 ._()\[\]+=@&,!~^-]")


def disposition(name: str, *, saved: bool = True) -> str:
    """`attachment` or `inline`; the name in ASCII, and in full for whoever reads filename*."""
    kind = "attachment" if saved else "inline"
    full = clean_name(name)
    plain = _plain(full)
    header = f'{kind}; filename="{plain}"'
    return header if plain == full else f"{header}; filename*=UTF-8''{quote(full, safe='')}"


def clean_name(name: str) -> str:
    """One visible name of at most 255 bytes, without folders; its extension survives."""
    seen = "".join(one for one in name if unicodedata.category(one) not in _HIDDEN)
    kept = _NOT_IN_NAMES.sub("_", seen).strip(" .")
    return _shortened(kept) or UNNAMED


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 30:
        stem, extension = name, ""
    room = LONGEST - len((dot + extension).encode()) if extension else LONGEST
    short = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{short}.{extension}" if extension else short


def _plain(name: str) -> str:
    """Accents go, other scripts become underscores."""
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)
    )
    return _NOT_PLAIN.sub("_", bare)[:LONGEST]
