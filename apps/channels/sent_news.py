"""What a provider tells of a mail that it sent for us: plain data, for whoever knows the mail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal[
    "taken",  # the provider has it: whatever was in doubt is not any more
    "delivered",
    "delayed",
    "soft",  # not delivered for now, and not tried any more
    "hard",
    "complaint",
    "opted-out",
]
# Kinds that are told on the mail.
TOLD: frozenset[Kind] = frozenset(
    {"delivered", "delayed", "soft", "hard", "complaint", "opted-out"}
)


@dataclass(frozen=True, slots=True)
class News:
    kind: Kind
    event_id: str
    mark: str = ""  # ours, as it was sent along (provider_api/sending.py)
    ids: tuple[str, ...] = ()  # of the mail, without angle brackets
    recipient: str = ""  # small letters
    status: str = ""  # RFC 3463
    smtp_code: int | None = None
    words: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoNews:
    """Something that says nothing of a mail's way: kept, so that somebody can look."""

    event_id: str
    code: str
    sentence: str
