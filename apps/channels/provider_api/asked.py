"""What is known of a mail that a provider is asked to send, and what the provider answers to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from apps.channels.outcome import Envelope
from apps.channels.web_line import Answer, Request
from apps.core.hosts import is_permitted_host

MARK = "carteria"  # under it the provider keeps our mark, and tells it with all news of the mail


@dataclass(frozen=True, slots=True)
class Asked:
    envelope: Envelope  # as the wire knows the addresses
    raw: bytes = field(repr=False)
    mark: str  # of the mail, as `mark_of` makes it from its Message-ID
    key: str = field(repr=False)
    options: Mapping[str, Any]

    def option(self, name: str, otherwise: str = "") -> str:
        return str(self.options.get(name) or otherwise).strip()

    def base(self, usual: str) -> str:
        """The provider's own address; another one only within CARTERIA_PRIVATE_HOSTS."""
        other = self.option("api_url")
        named = urlsplit(other).hostname if other else None
        return other.rstrip("/") if named and is_permitted_host(named) else usual


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has the mail. `refused`: by address, those that it will not send it to."""

    ids: tuple[str, ...] = ()  # what it calls the mail; the first one may stand in its header
    refused: frozenset[str] = frozenset()  # small letters


class Unreadable(Exception):
    """It said yes, in a way that it never does: who answered, nobody knows."""


class Way(NamedTuple):
    request: Callable[[Asked], Request]
    read: Callable[[Asked, Answer], Taken]
