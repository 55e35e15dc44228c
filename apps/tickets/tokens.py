"""What our own mails carry so that answers find back: names that nobody can forge.

A thread's key stands in every Message-ID of ours and, by choice, in the reply address, each time
with a seal that only this installation can make. A session's ID stands in a subject unsealed:
everybody can read it aloud, so it proves nothing by itself.
"""

import hashlib
import hmac
import re
import secrets

from django.conf import settings

from apps.tickets.models import CROCKFORD, Thread

MAX_SESSION_IDS = 5  # that one subject is asked for

_DIGIT = "[0-9A-HJKMNP-TV-Z]"  # of Crockford's base32
_MESSAGE_ID = re.compile(rf"^(T{_DIGIT}{{12}})\.([0-9a-f]{{16}})\.([0-9a-f]{{32}})@", re.ASCII)
_TAG = re.compile(rf"(T{_DIGIT}{{12}})({_DIGIT}{{16}})", re.ASCII)
_SESSION_ID = re.compile(
    rf"(?<![0-9A-Z])E{_DIGIT}{{12}}(?![0-9A-Z])",
    re.ASCII | re.IGNORECASE,
)
_READ_WRONG = str.maketrans("ILO", "110")  # what people type for it, by the alphabet's own rule


def new_message_id(thread: Thread, domain: str) -> str:
    """Bears the thread's key, sealed: whoever answers it proves to have had our mail."""
    nonce = secrets.token_hex(8)
    return f"{thread.key}.{nonce}.{_message_id_seal(thread.key, nonce)}@{domain}"


def thread_key_of(message_id: str) -> str | None:
    """The thread's key if the id is one of ours, untouched."""
    match = _MESSAGE_ID.match(message_id)
    if match and hmac.compare_digest(match[3], _message_id_seal(match[1], match[2])):
        return match[1]
    return None


def reply_tag(thread: Thread) -> str:
    """For the reply address, behind its `+`: 29 letters and digits, the same for a whole thread.

    Servers change the case of an address at will, so the tag says the same in small letters.
    """
    return thread.key + _tag_seal(thread.key)


def thread_key_of_tag(tag: str) -> str | None:
    """The thread's key if the tag is one of ours, untouched but for its case."""
    match = _TAG.fullmatch(tag.upper().translate(_READ_WRONG)) if len(tag) < 64 else None
    if match and hmac.compare_digest(match[2], _tag_seal(match[1])):
        return match[1]
    return None


def session_ids_in(subject: str) -> list[str]:
    """What looks like a session ID, in the order of the subject; whether it is one, rows know."""
    found = (match[0].upper() for match in _SESSION_ID.finditer(subject))
    return list(dict.fromkeys(found))[:MAX_SESSION_IDS]


def hash_of(message_id: str) -> str:
    """Finds an id of any length by a short index; empty for a missing id."""
    return hashlib.sha256(message_id.encode()).hexdigest()[:32] if message_id else ""


def _message_id_seal(key: str, nonce: str) -> str:
    return _keyed("message-id", f"{key}.{nonce}").hex()[:32]


def _tag_seal(key: str) -> str:
    """80 bits as 16 digits."""
    number = int.from_bytes(_keyed("reply-address", key)[:10], "big")
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(75, -1, -5))


def _keyed(purpose: str, words: str) -> bytes:
    """A seal for one purpose is worth nothing for another."""
    secret = hashlib.sha256(f"{purpose}:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(secret, words.encode(), hashlib.sha256).digest()
