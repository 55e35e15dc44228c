"""Test mails that we send to ourselves: known again by a signed word, and never anybody's work.

The word stands in the subject, since some providers write a Message-ID of their own.
"""

import re
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

CODE = "test-mail"
LOOKED_AT = 64 * 1024  # bytes: the headers of a mail that we wrote

_SUBJECT = re.compile(rb"^Subject:[ \t]*Carteria test mail ([0-9a-f]{40})[ \t]*\r?$", re.M | re.I)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")


def new_token() -> str:
    word = secrets.token_hex(10)
    return word + _signature(word)


def subject_of(token: str) -> str:
    return f"Carteria test mail {token}"


def token_of(subject: str) -> str:
    """The token in a subject of ours."""
    return subject.rpartition(" ")[2]


def token_in(raw: bytes) -> str:
    """The token of a test mail of ours, else nothing. An answer to one is no test mail."""
    headers = _END_OF_HEADERS.split(raw[:LOOKED_AT], maxsplit=1)[0]
    found = _SUBJECT.search(headers)
    if not found:
        return ""
    token = found[1].decode().lower()
    return token if constant_time_compare(token[20:], _signature(token[:20])) else ""


def _signature(word: str) -> str:
    """Nobody else can write a mail that we would ignore."""
    return salted_hmac("carteria.test-mail", word, algorithm="sha256").hexdigest()[:20]
