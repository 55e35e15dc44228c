"""Test mails that we send to ourselves: known again by a signed word, and never anybody's work.

The word stands in Message-ID and subject: some providers write an ID of their own, others put
[EXTERNAL] before the subject.
"""

import re
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

CODE = "test-mail"
LOOKED_AT = 64 * 1024  # bytes: the headers of a mail that we wrote

_SUBJECT = re.compile(
    rb"^Subject:[ \t]*(?:\[[^\]\r\n]{1,40}\][ \t]*)?Carteria test mail ([0-9a-f]{40})[ \t]*\r?$",
    re.M | re.I,
)
_ID_HEADER = re.compile(rb"^Message-ID:\s*<carteria-test\.([0-9a-f]{40})@", re.M | re.I)
_MESSAGE_ID = re.compile(r"carteria-test\.([0-9a-f]{40})@", re.I)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def new_token() -> str:
    word = secrets.token_hex(10)
    return word + _signature(word)


def subject_of(token: str) -> str:
    return f"Carteria test mail {token}"


def message_id_of(token: str, domain: str) -> str:
    return f"carteria-test.{token}@{domain}"


def is_message_id(text: str) -> bool:
    """Of a test mail of ours, as a bounce names it."""
    found = _MESSAGE_ID.match(text)
    return bool(found and _is_signed(found[1].lower()))


def token_of(subject: str) -> str:
    """The token in a subject of ours."""
    return subject.rpartition(" ")[2]


def token_in(raw: bytes) -> str:
    """The token of a test mail of ours, else nothing. An answer to one is no test mail."""
    headers = _END_OF_HEADERS.split(raw[:LOOKED_AT], maxsplit=1)[0]
    found = _ID_HEADER.search(headers) or _SUBJECT.search(headers)
    if not found:
        return ""
    token = found[1].decode().lower()
    return token if _is_signed(token) else ""


def _is_signed(token: str) -> bool:
    return constant_time_compare(token[20:], _signature(token[:20]))


def _signature(word: str) -> str:
    """Nobody else can write a mail that we would ignore."""
    return salted_hmac("carteria.test-mail", word, algorithm="sha256").hexdigest()[:20]
