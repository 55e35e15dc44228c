"""What becomes of a mail that is handed over, whoever takes it: a server, or a provider."""

from dataclasses import dataclass
from typing import Literal

Heard = dict[str, tuple[int, str]]  # recipient as named in the envelope → code of SMTP, words


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who hears of bounces, and everybody who gets the mail, Bcc too."""

    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    kind: Literal["sent", "failed", "retry", "unknown"]
    code: int | None
    sentence: str
    throttled: bool = False  # all mail of the account had better wait
    wait: float = 0  # seconds that were asked for
    ids: tuple[str, ...] = ()  # what a provider calls it, without angle brackets


class Settled(Exception):
    """The conversation is over early; carries what became of the mail."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind)
        self.outcome = outcome
