"""Letters and domains that pass for others: hidden characters, mixed scripts, near-equal names.

The ideas are those of UTS 39 (confusable skeletons, restriction levels), with a table of the
letters that are really used against people instead of the whole of Unicode.
"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

MOST_LETTERS = 253  # of a domain name
SHORT, LONG = 4, 5  # letters of a name that is taken for another with one slip

_CYRILLIC = dict(zip("аеорсухіјѕһԁԛԝӏкпгтмнвьзб", "aeopcyxijshdqwlknrtmhbb36", strict=True))
_GREEK = dict(zip("οανρτυικχγηωεσμβ", "oavptuikxynweouß", strict=True)) | {"β": "b"}
_OTHERS = {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ɑ": "a", "ɡ": "g", "օ": "o", "ս": "u", "հ": "h"}
_TWINS = str.maketrans(_CYRILLIC | _GREEK | _OTHERS)
# The same drawing in most fonts; the others only pass in a hurry.
_EXACT = frozenset("аеорсухіјѕһԁԛԝӏοανρօսհ")
_DIGITS = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "5": "s", "3": "e"})
_PAIRS = (("rn", "m"), ("vv", "w"))

# Always hidden, or turning the direction of what follows: nobody's name needs them.
TURNING = "\u202a-\u202e\u2066-\u2069"
_HIDDEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0"
)
_ALWAYS = re.compile(f"[{TURNING}{_HIDDEN}\U000e0000-\U000e007f]")
_TURNING = re.compile(f"[{TURNING}]")
_OVERRIDES = re.compile("[\u202d\u202e]")
_MARKS = re.compile("[\u200e\u200f\u061c]")
_JOINERS = re.compile("[\u200c\u200d]")
_UNSEEN = re.compile(f"{_ALWAYS.pattern}|{_MARKS.pattern}|{_JOINERS.pattern}")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})

# Scripts that are written together (UTS 39, highly restrictive).
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)
# Second levels under which names are given away, so that the name is one label further left.
_SHARED = frozenset({"co", "com", "org", "net", "gov", "gob", "ac", "edu", "or", "ne", "go"})
# Where everybody may have an address: near-equal to each other, and no organisation's own.
PROVIDERS = frozenset(
    "gmail.com googlemail.com ymail.com rocketmail.com yahoo.com yahoo.es yahoo.co.uk yahoo.fr "
    "hotmail.com hotmail.es hotmail.co.uk hotmail.fr outlook.com outlook.es live.com msn.com "
    "aol.com aim.com mail.com email.com gmx.com gmx.net gmx.de gmx.at gmx.ch web.de t-online.de "
    "icloud.com me.com mac.com proton.me protonmail.com pm.me tutanota.com zoho.com fastmail.com "
    "mail.ru bk.ru list.ru yandex.ru yandex.com qq.com 163.com 126.com orange.fr free.fr "
    "libero.it telefonica.net".split()
)
# Names that are imitated all over the world; only letters that pass for others count here.
IMITATED = frozenset(
    "paypal.com google.com gmail.com microsoft.com outlook.com office.com apple.com icloud.com "
    "amazon.com facebook.com instagram.com linkedin.com netflix.com dropbox.com docusign.com "
    "adobe.com dhl.com fedex.com hotmail.com yahoo.com whatsapp.com twitter.com santander.com "
    "bbva.es caixabank.es visa.com mastercard.com coinbase.com binance.com github.com".split()
)


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].strip("[]. ").lower()


@lru_cache(maxsize=1024)
def readable(domain: str) -> str:
    """The domain with its xn-- labels as the letters that they stand for."""
    labels = domain[:MOST_LETTERS].lower().split(".")
    return ".".join(_readable_label(label) for label in labels)


def _readable_label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


def site_of(domain: str) -> str:
    """What somebody has registered, as far as a short rule can tell."""
    labels = domain.split(".")
    shared = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3 if shared else -2 :])


def is_related(one: str, other: str) -> bool:
    """Two domains of the same owner."""
    return site_of(one) == site_of(other)


# ---- hidden and mixed letters -------------------------------------------------------------


def has_hidden_letters(text: str) -> bool:
    """Characters that nobody sees, beyond those that some scripts and emoji need."""
    if text.isascii():
        return False
    if _ALWAYS.search(text):
        return True
    if _MARKS.search(text) and not _has_right_to_left(text):
        return True
    return any(_joins_latin(text, found.start()) for found in _JOINERS.finditer(text))


def _has_right_to_left(text: str) -> bool:
    strong = (unicodedata.bidirectional(letter) for letter in text if letter not in "\u200f\u061c")
    return not _RIGHT_TO_LEFT.isdisjoint(strong)


def _joins_latin(text: str, at: int) -> bool:
    """Between Latin letters a joiner only parts what looks whole."""
    beside = text[max(at - 1, 0) : at] + text[at + 1 : at + 2]
    return not beside or any(letter.isascii() for letter in beside)


def without_turns(text: str) -> str:
    """A name that cannot turn around what stands beside it."""
    return text if text.isascii() else _TURNING.sub("", text)


def with_turns_marked(text: str) -> str:
    """An address must not become another one by losing a character, so that a sign stays."""
    return text if text.isascii() else _TURNING.sub("\ufffd", text)


def without_overrides(text: str) -> str:
    """Words in their own order; what parts the directions of mixed writing stays."""
    return text if text.isascii() else _OVERRIDES.sub("", text)


def visible(text: str) -> str:
    """With a number in place of what nobody would see."""
    if text.isascii():
        return text
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def has_mixed_scripts(text: str) -> bool:
    """One word of letters from scripts that nobody writes together, or passing for Latin ones."""
    if text.isascii():
        return False
    return any(_is_mixed(word) for word in re.split(r"[\s._+@,;()\"'<>/-]+", text) if word)


@lru_cache(maxsize=1024)
def _is_mixed(word: str) -> bool:
    scripts = {_script(letter) for letter in word[:MOST_LETTERS] if letter.isalpha()}
    return len(scripts) > 1 and not any(scripts <= allowed for allowed in _TOGETHER)


def _script(letter: str) -> str:
    """By the first word of its Unicode name, which is the script's for letters."""
    return unicodedata.name(unicodedata.normalize("NFKC", letter)[0], "?").partition(" ")[0]


def passes_for_latin(domain: str) -> bool:
    """A name wholly in twins of Latin letters, under a Latin ending."""
    name, _dot, ending = domain.rpartition(".")
    if name.isascii() or not ending.isascii():
        return False
    return any(_is_twin(label) for label in name.split("."))


def _is_twin(label: str) -> bool:
    letters = [letter for letter in label if letter.isalpha()]
    if all(letter.isascii() for letter in letters) or _is_mixed(label):
        return False
    return all(letter in _EXACT for letter in letters)


# ---- look-alike domains -------------------------------------------------------------------


@lru_cache(maxsize=4096)
def skeleton(text: str) -> str:
    """What two texts have in common that a hurried reader takes for the same."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_TWINS)
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", folded)
        if not unicodedata.combining(letter)
    )
    for pair, letter in _PAIRS:
        plain = plain.replace(pair, letter)
    return plain.translate(_DIGITS)


def imitated_by(domain: str, near: Collection[str], sites: Collection[str] = ()) -> str:
    """The known one that DOMAIN could be taken for; nothing when it is one of them itself.

    Near are our own and those of a conversation: few, so that short names count too. SITES are
    all others, each as `site_of` says it.
    """
    site = site_of(domain)
    if domain in PROVIDERS or site in sites or any(site == site_of(one) for one in near):
        return ""
    seen = readable(domain)
    for known, shortest in ((near, SHORT), (sites, LONG)):
        for one in sorted(filter(None, known)):
            if looks_like(seen, readable(one), shortest=shortest):
                return one
    famous = site_of(domain) not in IMITATED and skeleton(site_of(seen))
    return next((one for one in sorted(IMITATED) if famous and famous == skeleton(one)), "")


def looks_like(domain: str, known: str, *, shortest: int = LONG) -> bool:
    mine, theirs = site_of(domain), site_of(known)
    if skeleton(mine) == skeleton(theirs):
        return True
    if f".{known}." in f".{domain}." or known.replace(".", "-") in domain.split("."):
        return True
    return _is_one_slip_away(mine, theirs, shortest)


def _is_one_slip_away(mine: str, theirs: str, shortest: int) -> bool:
    name, _dot, ending = mine.partition(".")
    known, _dot, known_ending = theirs.partition(".")
    if name == known:
        countries = len(ending) == 2 == len(known_ending)
        return len(name) > 3 and not countries and is_one_edit(ending, known_ending)
    long_enough = min(len(name), len(known)) >= shortest
    return long_enough and ending == known_ending and is_one_edit(name, known)


def is_one_edit(one: str, other: str) -> bool:
    """One letter more, less or other, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    half = (min(len(one), len(other)) - 2) // 2  # one end is whole; cheap, and most are far
    if half > 0 and one[:half] != other[:half] and one[-half:] != other[-half:]:
        return False
    start = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if len(set(pair)) > 1), None
    )
    if start is None:
        return True
    mine, theirs = one[start:], other[start:]
    swapped = mine[1:2] + mine[:1] == theirs[:2] and mine[2:] == theirs[2:]
    return swapped or mine[1:] in (theirs, theirs[1:]) or mine == theirs[1:]
