"""What a move would find: the folders of the new account against the mails that are here.

The newest mails first, in pieces of headers alone, for some seconds: nothing is changed on the
server, and nobody waits long. A mail is known by its Message-ID together with From and Date.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount, Mailbox
from apps.channels.parse import glance
from apps.channels.parsed import ParsedEmail
from apps.channels.transports.errors import TransportError
from apps.channels.transports.imap import ImapInbox
from apps.core.errors import Problem
from apps.tickets.models import Message
from apps.tickets.moving import held_here
from apps.tickets.moving.move import counts_of, known_until
from apps.tickets.tokens import hash_of

SECONDS = 15.0
PIECE = 500  # mails whose headers are in memory


@dataclass(slots=True)
class FolderSeen:
    """One folder of the new account."""

    name: str
    mails: int
    looked_at: int = 0  # the newest ones
    known: int = 0


@dataclass(slots=True)
class Seen:
    """What is there, and what goes along."""

    counts: dict[str, int]
    held: int = 0  # at the new account, of which a part is taken in now
    taken: int = 0
    folders: list[FolderSeen] = field(default_factory=list)
    trouble: str = ""  # why the new account could not be looked at

    @property
    def as_counts(self) -> dict[str, int]:
        return {
            "there": sum(one.mails for one in self.folders),
            "looked_at": sum(one.looked_at for one in self.folders),
            "known": sum(one.known for one in self.folders),
            "taken": self.taken,
        }


def look(mailbox: Mailbox, target: EmailAccount, *, seconds: float = SECONDS) -> Seen:
    """Asks the new account's server; outside any transaction."""
    until = known_until(mailbox.account)
    seen = Seen(counts_of(mailbox), held_here.count(target))
    seen.taken = len(held_here.worth_taking(target, until)) if seen.held else 0
    if target.receive_kind == EmailAccount.Receive.IMAP:
        try:
            with signed_in(target, ImapInbox) as inbox:
                seen.folders = list(_folders(inbox, target, time.monotonic() + seconds))
        except (TransportError, Problem) as error:
            seen.trouble = error.sentence
    return seen


def _folders(inbox: ImapInbox, target: EmailAccount, deadline: float) -> Iterator[FolderSeen]:
    for name in target.watched_folders:
        folder = inbox.select(name, writable=False)
        yield _looked_through(inbox, FolderSeen(name, folder.exists), deadline)


def _looked_through(inbox: ImapInbox, folder: FolderSeen, deadline: float) -> FolderSeen:
    uids = inbox.uids_from(1)[::-1]
    for start in range(0, len(uids), PIECE):
        if time.monotonic() >= deadline:
            break
        some = uids[start : start + PIECE]
        folder.looked_at += len(some)
        folder.known += _known([glance(raw) for raw in inbox.headers(some).values()])
    return folder


def _known(mails: Sequence[ParsedEmail]) -> int:
    named = {hash_of(mail.message_id) for mail in mails} - {""}
    found = Message.objects.filter(message_id_hash__in=named, direction=Message.Direction.IN)
    rows = found.values_list("message_id_hash", "from_email", "date")
    stored = {(digest, sender.lower(), date) for digest, sender, date in rows}
    return sum(
        (hash_of(mail.message_id), mail.from_.key if mail.from_ else "", mail.date) in stored
        for mail in mails
    )
