"""The ids that a mail refers to, and the rows that remember them.

Every id is kept, whether a mail with it is here or not: the mail that is answered may come after
its answer (`late_parents.py`).
"""

from collections.abc import Iterable

from apps.channels.parsed import ParsedEmail
from apps.core.db.rows import add_unless_known
from apps.tickets.models import Message, MessageReference
from apps.tickets.tokens import hash_of

MAX_IDS = 40  # of a References list: the newest and the oldest ones decide
OLDEST = 10  # of those


def ids_of(mail: ParsedEmail) -> list[str]:
    """The nearest first, capped; what a report tells of comes before what it answers."""
    told = [mail.bounce.original_message_id if mail.bounce else "", mail.receipt_of]
    return _capped([*told, *mail.original_ids, mail.in_reply_to, *reversed(mail.references)])


def record(messages: Iterable[Message], mails: Iterable[ParsedEmail]) -> None:
    """In one statement; MESSAGES are stored, MAILS are where they come from."""
    pairs = zip(messages, mails, strict=True)
    _save((message, ids_of(mail)) for message, mail in pairs)


def record_own(messages: Iterable[Message]) -> None:
    """Of mails that we write."""
    _save((message, [message.in_reply_to]) for message in messages)


def _save(named: Iterable[tuple[Message, list[str]]]) -> None:
    add_unless_known(
        MessageReference(message=message, hash=digest)
        for message, ids in named
        for digest in dict.fromkeys(map(hash_of, ids))
        if digest and digest != message.message_id_hash
    )


def _capped(ids: Iterable[str]) -> list[str]:
    unique = [one for one in dict.fromkeys(ids) if one]
    return unique if len(unique) <= MAX_IDS else unique[: MAX_IDS - OLDEST] + unique[-OLDEST:]
