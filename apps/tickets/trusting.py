"""What intake knows of senders: who we are, and who takes part in the conversation already."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db.models.functions import Lower

from apps.channels.models import Mailbox
from apps.channels.trust import Ours, Trust, trust_of
from apps.core.models import User
from apps.tickets.placing import Placed


def trusts_of(placed: Sequence[Placed]) -> list[Trust]:
    """One for each mail, in two queries for the whole batch."""
    ours = _ours(one.mail.parsed.from_.key for one in placed if one.mail.parsed.from_)
    return [_trust(one, ours) for one in placed]


def _trust(one: Placed, ours: Ours) -> Trust:
    parsed = one.mail.parsed
    servers = tuple(one.mail.mailbox.account.trusted_servers)
    return trust_of(
        parsed,
        replace(ours, servers=servers),
        known=one.place.conversation.participants if not one.place.new else (),
        is_stranger=not (one.place.verified or parsed.is_bounce or parsed.is_receipt),
    )


def _ours(senders: Iterable[str]) -> Ours:
    mailboxes = Mailbox.objects.only("address", "aliases", "from_name")
    users = User.objects.filter(is_active=True).annotate(lower=Lower("email"))
    return Ours(
        addresses=frozenset(address for one in mailboxes for address in one.addresses),
        names=frozenset(one.from_name.casefold() for one in mailboxes if one.from_name),
        agents=frozenset(users.filter(lower__in=set(senders)).values_list("lower", flat=True)),
    )
