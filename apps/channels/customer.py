"""Whom a mail is from, as far as the work on it goes: its sender, or the person behind a web form.

One answer for all who ask: the session's customer, whom answers go to, who takes part, the CRM.
"""

from collections.abc import Collection, Iterable

from apps.channels.models import Mailbox
from apps.channels.parsed import Address, ParsedEmail
from apps.channels.tagged import plain

NOBODY = Address("")

MOST_PEOPLE = 20  # besides us: a mail to more of them is no conversation of theirs

Policy = Mailbox.CustomerFrom


def customer_of(parsed: ParsedEmail, mailbox: Mailbox, never: Collection[str] = ()) -> Address:
    """NEVER: addresses of ours and of the CRM, in small letters; they are nobody's customer."""
    sender = parsed.from_ or NOBODY
    asked = _only_one(parsed.reply_to, never)
    if asked and _speaks_for_others(sender, mailbox):
        return asked
    if sender.email and not is_one_of(sender, never):
        return sender
    return asked or NOBODY  # a form that writes from our own address


def takes_part(parsed: ParsedEmail, customer: Address, never: Collection[str] = ()) -> set[str]:
    """Who is in the conversation by this mail, in small letters. A web form is not: the next
    person who fills it in would be let into this one's conversation."""
    people = (customer, *parsed.reply_to, *parsed.to, *parsed.cc)
    return {one.key for one in people if one.email and not is_one_of(one, never)}


def without_readers(people: set[str], sender: str, reply_to: Iterable[Address]) -> set[str]:
    """Of PEOPLE who take part by a mail: of a circular, whoever sent it alone."""
    if len(people) <= MOST_PEOPLE:
        return people
    answers = {one.key for one in reply_to}
    return people & {sender, *(answers if len(answers) <= MOST_PEOPLE else ())}


def our_addresses() -> set[str]:
    """Of every mailbox, in small letters and without tags."""
    named = Mailbox.objects.only("address", "aliases")
    return {address for mailbox in named for address in mailbox.addresses}


def is_one_of(address: Address, addresses: Collection[str]) -> bool:
    return plain(address.email) in addresses


def _only_one(asked: Iterable[Address], never: Collection[str]) -> Address | None:
    """Where answers are wanted, if that is exactly one outside address."""
    outside = {one.key: one for one in reversed([*asked]) if not is_one_of(one, never)}
    return next(iter(outside.values())) if len(outside) == 1 else None


def _speaks_for_others(sender: Address, mailbox: Mailbox) -> bool:
    if mailbox.customer_from == Policy.LISTED:
        return is_form(sender.key, mailbox.form_senders)
    return mailbox.customer_from == Policy.REPLY_TO


def is_form(address: str, forms: Iterable[str]) -> bool:
    """FORMS are addresses, or *@ and a domain."""
    domain = address.rpartition("@")[2]
    return any(one.lower() in (address.lower(), f"*@{domain.lower()}") for one in forms)
