"""Who has a mail of ours, who has not, and who is still to be tried: told again from its attempts.

An attempt keeps what the server said to each recipient's name, and how it ended for those that were
accepted. Nothing else is kept, so a crash between two of them can leave nothing that disagrees.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.tickets.models import DeliveryAttempt, Message

Ended = DeliveryAttempt.Ended
Status = Message.Status


@dataclass(frozen=True, slots=True)
class Refusal:
    code: int | None
    words: str
    named: bool  # the server refused this very recipient, not the mail as such

    @property
    def for_good(self) -> bool:
        return (self.code or 0) >= 500


@dataclass(slots=True)
class Standing:
    """By the address as it stands in the mail; each recipient is in one of the four."""

    open: list[str]
    taken: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    refused: dict[str, Refusal] = field(default_factory=dict)

    @property
    def status(self) -> Message.Status:
        if self.unknown:
            return Status.UNKNOWN
        if self.taken:
            return Status.SENT
        return Status.QUEUED if self.open else Status.FAILED

    def hear(self, attempt: DeliveryAttempt) -> None:
        """One attempt more, in their order."""
        accepted = []
        for who in list(self.open):
            code, words = _answer(attempt, who)
            if 500 <= code <= 599:
                self._refuse(who, Refusal(code, words, named=True))
            elif 200 <= code <= 299:
                accepted.append(who)
        if attempt.outcome in (Ended.SENT, Ended.ARRIVED, Ended.UNKNOWN):
            side = self.unknown if attempt.outcome == Ended.UNKNOWN else self.taken
            side += accepted
            self.open = [one for one in self.open if one not in accepted]
        elif attempt.outcome == Ended.FAILED:
            for who in list(self.open):
                self._refuse(who, _why(attempt, who))

    def _refuse(self, who: str, why: Refusal) -> None:
        self.refused[who] = why
        self.open.remove(who)


def _answer(attempt: DeliveryAttempt, who: str) -> tuple[int, str]:
    """0: the server was not asked. Before recipients were told apart, all were accepted or none."""
    code, words = attempt.answers.get(who, (0, "")) if attempt.answers else (250, "")
    return code, words


def _why(attempt: DeliveryAttempt, who: str) -> Refusal:
    """Its own answer, where it had one that was no yes; else the one that ended the attempt."""
    code, words = _answer(attempt, who)
    if code >= 400:
        return Refusal(code, words, named=True)
    return Refusal(attempt.code, attempt.sentence, named=False)


def everybody(message: Message) -> list[str]:
    """Each address once, however it is written, Bcc too."""
    people: dict[str, str] = {}
    for one in (*message.to, *message.cc, *message.bcc):
        people.setdefault(one["email"].lower(), one["email"])
    return list(people.values())


def standing_of(message: Message, attempts: Iterable[DeliveryAttempt]) -> Standing:
    """ATTEMPTS are all of the message's."""
    standing = Standing(everybody(message))
    for attempt in sorted(attempts, key=lambda one: one.number):
        standing.hear(attempt)
    return standing
