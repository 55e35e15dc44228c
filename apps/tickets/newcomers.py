"""Who would get to read a conversation for the first time.

Known are those of its first mail, whoever has written in it, and whoever we have written to. Whom
somebody added in Cc later is none of them: to answer all would tell a third party everything.
"""

from collections.abc import Iterable

from apps.channels.customer import is_one_of, our_addresses
from apps.channels.parsed import Address
from apps.tickets.models import Message, Session

People = list[dict[str, str]]


def known_people(session: Session) -> set[str]:
    """In small letters; one query, of no mail's text."""
    mails = Message.objects.filter(thread=session.thread_id).exclude(status=Message.Status.FAILED)
    columns = ("direction", "from_email", "to", "cc", "bcc", "reply_to")
    known = {session.customer.lower()}
    for place, (direction, sender, *lists) in enumerate(mails.order_by("pk").values_list(*columns)):
        known.add(sender.lower())
        if place == 0 or direction == Message.Direction.OUT:
            known |= {one["email"].lower() for side in lists for one in side}
    return known


def newcomers(session: Session, people: Iterable[Address]) -> list[Address]:
    known, ours = known_people(session), our_addresses()
    return [one for one in people if one.key not in known and not is_one_of(one, ours)]
