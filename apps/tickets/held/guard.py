"""Whom nothing may be told by itself or by one click: machines, lists, ourselves, and whoever may
be somebody else's name. Pure; a forged sender would make us write to a stranger (RFC 3834, 2).
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.channels import answerable
from apps.channels.customer import is_one_of
from apps.channels.parsed import Address, ParsedEmail

# Facts of trust (channels/trust.py) by which the named sender did not write this mail.
FORGED = frozenset({"not-authentic", "our-address", "agent-address", "our-domain"})

_LOOP = _("A machine wrote it: an answer could go round in circles.")
# By code: of the mail itself (channels/answerable.py), then of what is known beside it.
WHY_NOT: dict[str, Promise] = {
    "no-sender": _("It names no sender, so there is nobody to tell."),
    "several-senders": _("It names several senders: nobody knows which of them is true."),
    "bounce": _LOOP,
    "receipt": _LOOP,
    "complaint": _LOOP,
    "auto-submitted": _LOOP,
    "empty-return-path": _LOOP,
    "machine": _("Nobody reads mail at its sender's address."),
    "list": _("It came through a mailing list: everybody on it could get the answer."),
    "circular": _("It is a circular to many people: none of them waits for an answer."),
    "spam": _("A mail server marked it as spam: its sender may be forged, or glad of an answer."),
    "ours": _("It is from one of your own addresses."),
    "crm": _("It is from an address of the CRM, which would make a ticket of it."),
    "forged": _(
        "The sender may be forged: the answer would reach somebody who never wrote to you."
    ),
    "suppressed": _(
        "The address is on the list of suppressed addresses: an earlier mail did not arrive there,"
        " or somebody there wants none."
    ),
    "told-today": _("This sender was told in the last 24 hours already."),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known beside the mail; addresses in small letters."""

    ours: Collection[str] = ()
    crm: Collection[str] = ()
    facts: Collection[str] = ()  # codes of trust
    suppressed: Collection[str] = ()
    told_lately: bool = False


def why_silent(mail: ParsedEmail, known: Known) -> str:
    """A code of WHY_NOT, or nothing where the sender may be told."""
    sender = mail.from_
    if sender is None or "@" not in sender.email:
        return "no-sender"
    if len({one.key for one in mail.froms}) > 1 or mail.from_fields > 1:
        return "several-senders"
    return answerable.why_not(mail, sender) or _no_stranger(sender, known)


def _no_stranger(sender: Address, known: Known) -> str:
    if is_one_of(sender, known.ours):
        return "ours"
    if sender.key in known.crm:
        return "crm"
    if FORGED & set(known.facts):
        return "forged"
    if sender.key in known.suppressed:
        return "suppressed"
    return "told-today" if known.told_lately else ""
