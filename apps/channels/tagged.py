"""Addresses with a tag of ours: support+T0…@example.com is support@example.com, spelled longer.

Whose a tag is, and whether it is sealed, the floors above know; here is only how one looks.
"""

import re
from collections.abc import Iterator

from apps.channels.parsed import ParsedEmail

LONGEST_LOCAL = 64  # octets (RFC 5321, 4.5.3.1.1)

# 29 letters and digits; servers change their case at will.
_TAGGED = re.compile(r"([^@]{1,300})\+([A-Za-z][0-9A-Za-z]{28})(@[^@]{1,300})", re.ASCII)


def with_tag(address: str, tag: str) -> str:
    """Nothing where the part before the @ would be longer than servers take."""
    local, _at, domain = address.rpartition("@")
    longer = f"{local}+{tag.lower()}"
    return f"{longer}@{domain}" if len(longer.encode()) <= LONGEST_LOCAL else ""


def tag_of(address: str) -> str:
    found = _TAGGED.fullmatch(address)
    return found[2].upper() if found else ""


def plain(address: str) -> str:
    """In small letters and without its tag: what all spellings of an address of ours share."""
    found = _TAGGED.fullmatch(address)
    return (found[1] + found[3] if found else address).lower()


def tagged_in(parsed: ParsedEmail) -> Iterator[str]:
    """The addresses with a tag that a mail went to, those that the server names first."""
    named = (*parsed.delivered_to, *(one.email for one in (*parsed.to, *parsed.cc)))
    return (one for one in dict.fromkeys(named) if tag_of(one))
