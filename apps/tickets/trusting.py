"""What intake knows of senders: who we are, who takes part already, and who wrote lately."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace

from django.db.models import Q, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Concat, Lower

from apps.channels.lookalikes import PROVIDERS, domain_of, site_of
from apps.channels.models import Mailbox
from apps.channels.parsed import Address
from apps.channels.trust import WARNING, Contacts, Ours, Trust, folded_name, trust_of
from apps.core.models import User
from apps.tickets.models import Message
from apps.tickets.placing import Placed

LATELY = 2000  # mails; enough to know who writes, and read in milliseconds


def trusts_of(placed: Sequence[Placed]) -> list[Trust]:
    """One for each mail, in three queries for the whole batch."""
    senders = [one.mail.parsed.from_ for one in placed if one.mail.parsed.from_]
    ours, contacts = _ours(senders), _contacts()
    return [_trust(one, ours, contacts) for one in placed]


def _trust(one: Placed, ours: Ours, contacts: Contacts) -> Trust:
    parsed = one.mail.parsed
    servers = one.mail.row.servers_to_trust(one.mail.mailbox.account)
    return trust_of(
        parsed,
        replace(ours, servers=servers),
        known=one.place.conversation.participants if not one.place.new else (),
        contacts=contacts,
        is_stranger=not (one.place.verified or parsed.is_bounce or parsed.is_receipt),
        is_rebuilt=one.mail.row.rebuilt,
        from_junk=one.mail.row.from_junk,
    )


def _ours(senders: Collection[Address]) -> Ours:
    mailboxes = Mailbox.objects.only("address", "aliases", "from_name")
    addresses = {one.key for one in senders}
    names = {folded_name(one.name) for one in senders} - {""}
    people = _people(addresses, names)
    return Ours(
        addresses=frozenset(address for one in mailboxes for address in one.addresses),
        names=frozenset(one.from_name.casefold() for one in mailboxes if one.from_name),
        agents=frozenset(email for email, _name in people if email),
        people=frozenset(name for _email, name in people if name in names),
    )


def _people(addresses: Collection[str], names: Collection[str]) -> list[tuple[str, str]]:
    """Those of our own people whose address or name the mails bear."""
    full_name = Lower(Concat("first_name", Value(" "), "last_name"))
    users = User.objects.filter(is_active=True).annotate(lower=Lower("email"), full=full_name)
    return list(
        users.filter(Q(lower__in=addresses) | Q(full__in=names)).values_list("lower", "full")
    )


def _contacts() -> Contacts:
    """Senders of the last mails that nothing warned of, so that no impostor becomes known."""
    received = Message.objects.filter(direction=Message.Direction.IN).order_by("-id")
    rows = received.values_list("from_email", "from_name", KT("trust__level"))[:LATELY]
    domains: set[str] = set()
    addresses_of: defaultdict[str, set[str]] = defaultdict(set)
    for email, name, level in rows:
        if level == WARNING:
            continue
        domains.add(domain_of(email))
        if folded := folded_name(name):
            addresses_of[folded].add(email.lower())
    return Contacts(frozenset(map(site_of, domains - PROVIDERS - {""})), addresses_of)
