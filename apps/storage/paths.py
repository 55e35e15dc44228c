"""Where a file is put: templates with variables, filled with values that cannot climb out.

A value becomes one visible name. Whatever had to be changed in it gets a short digest of the whole
value behind it, so that two values never become the same name: the queue `A/B` is stored under
`A_B~5f2…`, the queue `A_B` under `A_B`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from apps.core.file_names import shortened

DEFAULT = "{YEAR}/{MONTH}/{QUEUE}/{SESSION_ID}"
LONGEST_VALUE = 80  # bytes, before the digest
LONGEST_NAME = 180  # bytes of a file's name; leaves room for a number behind it
LONGEST_SEGMENT = 255  # bytes, what file systems take
LONGEST_PATH = 900  # bytes: S3 takes 1024 of a key, and a folder may stand before it

# Variable: the longest that it can become, in bytes.
VARIABLES = {
    "DATE": 10,
    "YEAR": 4,
    "MONTH": 2,
    "QUEUE": LONGEST_VALUE + 9,
    "SESSION_ID": LONGEST_VALUE + 9,
    "THREAD_ID": LONGEST_VALUE + 9,
    "DIRECTION": LONGEST_VALUE + 9,
    "TICKET_ID": LONGEST_VALUE + 9,
}
VARIABLE = re.compile(r"\{([^{}]*)\}")
NOTHING = "_"  # stands for an empty value
# Controls, and what turns the direction of writing or is not seen at all.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|]')
_DIGEST = re.compile(r"~[0-9a-f]{8}$")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


# ---- templates ----------------------------------------------------------------------------------


def tidied(template: str) -> str:
    """Outer slashes and spaces do not matter."""
    return template.strip().strip("/")


def needs_ticket(template: str) -> bool:
    return "TICKET_ID" in VARIABLE.findall(template)


def problem_of(template: str) -> str:
    """A sentence with the cure, or nothing; an empty template is the default."""
    return next(_problems(template.strip()), "")


def _problems(template: str) -> Iterator[str]:
    if any(unicodedata.category(one) in _HIDDEN for one in template):
        yield _("Control characters and invisible ones cannot stay in a path.")
    if "\\" in template:
        yield _("Write / between folders, not a backslash.")
    if re.match(r"[A-Za-z]:|~", template):
        yield _("A path begins below the storage's folder: leave out the drive or the ~.")
    for name in VARIABLE.findall(template):
        if name not in VARIABLES:
            yield _unknown(name)
    if re.search(r"[{}]", VARIABLE.sub("", template)):
        yield _("A { without its }, or the other way round.")
    path = tidied(template)
    for segment in path.split("/") if path else ():
        yield from _segment_problems(segment)
    if _longest(path) > LONGEST_PATH - LONGEST_NAME:
        yield _("Filled in, this path could become too long; leave out some variables.")


def _unknown(name: str) -> str:
    if name.upper() in VARIABLES:
        return _("There is no {%(name)s}; write {%(upper)s}: case matters.") % {
            "name": name,
            "upper": name.upper(),
        }
    known = " ".join(f"{{{one}}}" for one in VARIABLES)
    return _("There is no {%(name)s}; there are: %(known)s.") % {
        "name": name[:40],
        "known": known,
    }


def _segment_problems(segment: str) -> Iterator[str]:
    if not segment.strip():
        yield _("Two slashes in a row: a folder has no name.")
    elif not segment.strip(". "):
        yield _("“%(segment)s” leads out of the storage; use names of folders only.") % {
            "segment": segment
        }
    elif segment != segment.strip() or segment.endswith("."):
        yield _("The name of a folder cannot begin or end with a space, or end with a dot.")
    elif found := _NOT_IN_NAMES.search(VARIABLE.sub("", segment)):
        yield _("%(letter)s cannot stand in the name of a folder.") % {"letter": found[0]}
    elif _RESERVED.fullmatch(segment):
        yield _("“%(segment)s” is a reserved name on some servers.") % {"segment": segment}
    elif _longest(segment) > LONGEST_SEGMENT:
        yield _("A folder's name could become too long; put a / between the variables.")


def _longest(template: str) -> int:
    """Bytes, however long the values are."""
    literal = len(VARIABLE.sub("", template).encode())
    return literal + sum(VARIABLES.get(name, 0) for name in VARIABLE.findall(template))


# ---- values -------------------------------------------------------------------------------------


def filled(template: str, values: Mapping[str, str], name: str) -> str:
    """The whole path of the file NAME; the template is one that `problem_of` finds nothing in."""
    folder = VARIABLE.sub(lambda found: clean_value(values[found[1]]), tidied(template) or DEFAULT)
    return f"{folder}/{clean_name(name)}"


def clean_value(value: str) -> str:
    """One name of a folder or a part of it, another one for each value."""
    if not value:
        return NOTHING
    kept = _visible(value)
    short = kept.encode()[:LONGEST_VALUE].decode("utf-8", "ignore").strip(" .")
    safe = short == value and short != NOTHING and not _DIGEST.search(short)
    if safe and not _RESERVED.fullmatch(short):
        return short
    return f"{short or NOTHING}~{hashlib.sha256(value.encode(*_ANY)).hexdigest()[:8]}"


def clean_name(name: str) -> str:
    """Of a file; its extension survives. Two files of one name are told apart by a number."""
    kept = shortened(_visible(name), LONGEST_NAME)
    stem, dot, extension = kept.rpartition(".")
    if not stem:
        stem, dot, extension = kept, "", ""
    stem = stem.strip(" .") or "file"
    if _RESERVED.fullmatch(f"{stem}{dot}{extension}"):
        stem = f"_{stem}"
    return f"{stem}{dot}{extension}"


def numbered(path: str, number: int) -> str:
    """The NUMBERth path for the same name: `a/b.pdf`, `a/b-2.pdf`, `a/b-3.pdf`."""
    if number < 2:
        return path
    folder, _slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    return f"{folder}/{stem}-{number}{dot}{extension}"


_ANY = ("utf-8", "surrogatepass")


def _visible(text: str) -> str:
    seen = "".join(
        one
        for one in unicodedata.normalize("NFC", text)
        if unicodedata.category(one) not in _HIDDEN
    )
    return _NOT_IN_NAMES.sub("_", " ".join(seen.split())).strip(" .")
