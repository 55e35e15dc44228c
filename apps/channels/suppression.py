"""The list of addresses that mail had better not go to: what puts one there, and what it means.

An address comes onto it when a server says for good that nobody is there, by a bounce, a refusal or
a provider's news; when somebody there reports our mail as unwanted, or has the provider stop it;
and by hand. What a server says of *us*, of this mail, or of a full mailbox does not count.

Nothing automatic is sent to it. Who writes to it is warned, and where a person there has said no,
has to confirm. A mail that arrives after all ends what bounces have said; the rest a person ends.
A forged bounce, by whoever has seen the mail that it tells of, can do no more than this.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from apps.channels.compose import wire_address
from apps.channels.models import EmailAccount, SuppressedAddress
from apps.channels.sent_news import News
from apps.core.errors import Conflict, Invalid
from apps.core.models import User

Reason = SuppressedAddress.Reason

MOST_WORDS = 500

# RFC 3463 and its registry: nobody is at the address, for good.
_GONE = re.compile(r"5\.(1\.(0|1|2|3|6|9|10)|2\.0|2\.1|7\.13|7\.17|7\.18)")
# Without such a code (RFC 5321, 4.2.3; RFC 7504).
_GONE_CODES = frozenset({521, 550, 551, 556})


@dataclass(frozen=True, slots=True)
class Found:
    """What speaks against an address, as some server or person has said it."""

    address: str
    reason: str
    evidence: str = ""
    account: int | None = None  # the only one for which it counts
    conversation: str = ""


def is_gone(status: str, smtp_code: int | None) -> bool:
    return bool(_GONE.fullmatch(status)) if status else smtp_code in _GONE_CODES


def add(found: Iterable[Found]) -> None:
    """By the product, in one statement and one order, so that two never wait for each other; what
    is known already stays as it is."""
    SuppressedAddress.objects.bulk_create(
        (
            SuppressedAddress(
                address=one.address.lower()[:320],
                reason=one.reason,
                account_id=one.account,
                evidence=one.evidence[:MOST_WORDS],
                conversation=one.conversation,
            )
            for one in sorted(found, key=lambda one: one.address.lower())
            if "@" in one.address
        ),
        ignore_conflicts=True,
    )


def note_news(account: EmailAccount, news: News) -> None:
    """Whether or not the mail is one of a conversation."""
    reason = {"complaint": Reason.COMPLAINT, "opted-out": Reason.UNSUBSCRIBED}.get(news.kind)
    if reason is None and news.kind == "hard" and is_gone(news.status, news.smtp_code or 550):
        reason = Reason.HARD
    if news.kind == "delivered":
        arrived([news.recipient])
    if reason is not None and news.recipient:
        only = account.pk if reason == Reason.UNSUBSCRIBED else None
        add([Found(news.recipient, reason, news.words, only)])


def arrived(addresses: Collection[str]) -> None:
    """Somebody is there after all."""
    bounced = SuppressedAddress.objects.in_force().filter(reason=Reason.HARD)
    bounced.filter(address__in=addresses).update(removed_at=Now())


def by_hand(
    address: str, *, by: User, account: EmailAccount | None = None, why: str = ""
) -> SuppressedAddress:
    """Raises what `may_be_added` raises."""
    address = may_be_added(address, account, why)
    return SuppressedAddress.objects.create(
        address=address, account=account, reason=Reason.BY_HAND, evidence=why, by=by
    )


def may_be_added(address: str, account: EmailAccount | None, why: str) -> str:
    """The address as it is kept. Raises Invalid, and Conflict `known` for one that is there."""
    address = wire_address(address, utf8=True).lower()
    there = SuppressedAddress.objects.in_force().filter(reason=Reason.BY_HAND, account=account)
    if there.filter(address=address).exists():
        raise Conflict("known", _("address: It is on the list already."))
    if len(why) > MOST_WORDS:
        raise Invalid("too-long", _("why: at most %(most)s characters.") % {"most": MOST_WORDS})
    return address


def remove(rows: Iterable[SuppressedAddress], *, by: User) -> int:
    """They stay as a record of who ended them. Answers how many were in force."""
    wanted = SuppressedAddress.objects.in_force().filter(pk__in=[one.pk for one in rows])
    return wanted.update(removed_at=Now(), removed_by=by)


def listed(addresses: Iterable[str]) -> set[str]:
    """In small letters: whom nothing automatic is sent to, whichever account it would leave by."""
    wanted = {one.lower() for one in addresses if one}
    rows = SuppressedAddress.objects.in_force().filter(address__in=wanted)
    return set(rows.values_list("address", flat=True)) if wanted else set()


def against(
    addresses: Iterable[str], *, mailbox: int | None = None
) -> dict[str, SuppressedAddress]:
    """By the address in small letters, in one query: what weighs most for a mail from MAILBOX."""
    wanted = {one.strip().lower() for one in addresses if one}
    if not wanted:
        return {}
    where = Q(account=None)
    if mailbox is not None:
        where |= Q(account__mailboxes=mailbox)
    rows = SuppressedAddress.objects.in_force().filter(where, address__in=wanted)
    heaviest = sorted(rows, key=lambda one: (one.reason in SuppressedAddress.UNWANTED, one.pk))
    return {one.address: one for one in heaviest}


def sentence_of(row: SuppressedAddress) -> str:
    """What an agent sees before the mail is sent, with the cure."""
    told = {
        "address": row.address,
        "day": date_format(localtime(row.since), "j M Y"),
        "said": row.evidence or _("no reason was given"),
    }
    return {
        Reason.HARD: _(
            "The last mail to %(address)s did not arrive on %(day)s: %(said)s. Ask for another"
            " address, or send it if you know better."
        ),
        Reason.COMPLAINT: _(
            "%(address)s reported our mail as unwanted on %(day)s. Write only if they asked you to."
        ),
        Reason.UNSUBSCRIBED: _(
            "%(address)s had our provider stop mail on %(day)s, which may keep this one, too. Lift"
            " it there if they asked you to write."
        ),
        Reason.BY_HAND: _("%(address)s is not to be written to since %(day)s: %(said)s."),
    }[Reason(row.reason)] % told
