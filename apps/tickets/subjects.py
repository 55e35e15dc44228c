"""What a subject says once the marks of answering and passing on are taken off.

`Re:` has a name of its own in most mail programs' languages, and each server on the way may add
a mark; the words that a person chose stay.
"""

import re

MOST_COMPARED = 300  # characters of a topic

# By language; what a program really writes, so that no word that people begin with is among them.
_ANSWERED = {
    "en": "re",
    "de": "aw antw antwort",
    "nl": "antw",
    "da, nb, sv": "sv",
    "fi": "vs",
    "is": "svar",
    "fr": "re ref réf rép",
    "it": "r rif",
    "es": "re resp",
    "pt": "res",
    "pl, cs, sk": "odp",
    "hu": "vá",
    "ro": "răsp",
    "hr, sr, sl": "odg",
    "lt, lv, cy": "ats atb",
    "tr": "ynt",
    "id, ms": "bls",
    "el": "απ σχετ",
    "ru": "отв ответ на",
    "uk": "відп",
    "bg": "отг",
    "he": "השב תשובה",
    "ar": "رد",
    "th": "ตอบ ตอบกลับ",
    "ko": "답장 회신",
    "zh": "回复 回覆 答复 答覆",
    "ja": "返信",
    "vi": "trả lời",
}
_PASSED_ON = {
    "en": "fw fwd forward forwarded",
    "de": "wg weitergeleitet",
    "nl": "doorst",
    "sv": "vb vidarebefordrat",
    "da, nb": "vs videresendt",
    "fi": "vl",
    "is": "fs",
    "fr": "tr",
    "it": "i inoltra",
    "es": "rv reenv",
    "pt": "enc",
    "pl": "pd",
    "cs, sk": "fwd",
    "hu": "továbbítás",
    "hr, sr, sl": "proslijeđeno prosleđeno posr",
    "lt, cy": "yml",
    "tr": "ilt",
    "id, ms": "trs",
    "el": "πρθ",
    "ru": "пересл перенапр",
    "uk": "пер",
    "he": "הועבר העבר",
    "ar": "إعادة توجيه",
    "th": "ส่งต่อ",
    "ko": "전달",
    "zh": "转发 轉寄 轉發",
    "ja": "転送",
    "vi": "chuyển tiếp",
}
_OF_TWO_WORDS = ("trả lời", "chuyển tiếp", "إعادة توجيه")


def _marks() -> str:
    listed = " ".join([*_ANSWERED.values(), *_PASSED_ON.values()])
    for pair in _OF_TWO_WORDS:
        listed = listed.replace(pair, pair.replace(" ", "_"))
    words = sorted(set(listed.split()) | {"ts"}, key=lambda one: (-len(one), one))
    return r"re\d{0,3}|" + "|".join(re.escape(word).replace("_", r"\s") for word in words)


# Blanks, and the marks of direction that programs put around Hebrew and Arabic.
_BLANK = "[\\s\u200e\u200f\u202a-\u202e\u2066-\u2069]*+"
_COUNTED = r"(?:\[\d{1,4}\]|\(\d{1,4}\)|[*^]\d{1,3})?"
_PREFIXES = re.compile(
    rf"(?:{_BLANK}(?:{_marks()}){_BLANK}{_COUNTED}{_BLANK}[:：])++", re.IGNORECASE
)
_TAGS = re.compile(r"\[[^\[\]]{0,60}\]")


def base_subject(subject: str) -> str:
    """Without `Re:`, `Fwd:` and what mail programs of other countries write instead. Tags such as
    [EXTERNAL] stay: they are part of how people find a mail again."""
    found = _PREFIXES.match(subject)
    return (subject[found.end() :] if found else subject).strip()


def topic_of(subject: str) -> str:
    """What two subjects of one topic have in common: tags, prefixes, case and blanks are off."""
    bare = base_subject(_TAGS.sub(" ", subject[:MOST_COMPARED]))
    return " ".join(bare.casefold().split())


def is_new_topic(subject: str, before: str) -> bool:
    """A subject that says nothing, as an empty one, changes nothing; nor does one that was cut."""
    now, then = topic_of(subject), topic_of(before)
    short, long = sorted((now, then), key=len)
    is_cut = len(short) >= 40 and long.startswith(short.rstrip(".… "))
    return bool(now and then) and now != then and not is_cut
