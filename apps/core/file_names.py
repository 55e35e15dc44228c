"""A file's name in a Content-Disposition header (RFC 6266), safe in whatever reads it."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 255  # bytes, what file systems take
LONGEST_ENDING = 20
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
    return shortened(kept, LONGEST) or UNNAMED


def shortened(name: str, most: int) -> str:
    """At most MOST bytes, cut in the middle, so that the ending stays. Of one that is longer than
    any, so much stays that it is no other one: the whole name was judged, `bat` was not in it."""
    if len(name.encode()) <= most:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot:
        stem, ending = name, ""
    ending = "_".join(ending.split()).encode()[:LONGEST_ENDING].decode("utf-8", "ignore")
    room = most - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + dot + ending


def _plain(name: str) -> str:
    """Accents go, other scripts become underscores."""
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one)
    )
    return shortened(_NOT_PLAIN.sub("_", bare), LONGEST)
