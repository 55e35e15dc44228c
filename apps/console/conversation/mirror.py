"""How far the ticket of a conversation follows it, from the rows that wait for the CRM."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypedDict

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.console.places import ticket_url
from apps.crm.condition import clock
from apps.crm.models import CrmConnection, CrmSettings, TicketLink, TicketUpdate
from apps.crm.updates import OPEN

Status = TicketUpdate.Status
OF_ONE_MESSAGE = (TicketUpdate.Kind.LINK, TicketUpdate.Kind.COPY)


class Mirror(TypedDict):
    state: str  # up-to-date, behind, resting or stopped
    words: str


class Former(TypedDict):
    """A ticket that the CRM has lost: deleted, locked or merged."""

    id: str
    url: str
    word: str
    why: str


class Ticket(TypedDict):
    id: str  # empty while the CRM has not opened it
    url: str
    word: str
    mirror: Mirror
    former: list[Former]


def updates_of(thread_key: str) -> list[TicketUpdate]:
    """In the order of the CRM, without the texts: a comment is as long as it likes."""
    rows = TicketUpdate.objects.filter(thread_key=thread_key).order_by("pk")
    return list(rows.defer("text", "subject"))


def waiting_updates_of(thread_key: str) -> list[TicketUpdate]:
    """With those that were left out: they are what the ticket lacks, too."""
    rows = TicketUpdate.objects.filter(thread_key=thread_key).order_by("pk")
    return list(rows.filter(status__in=[*OPEN, Status.SKIPPED]).defer("text", "subject"))


def is_about(
    update: TicketUpdate, message_ids: Collection[str], file_ids: Collection[str] = ()
) -> bool:
    """One of these mails or their files, or the conversation as a whole."""
    if update.kind == TicketUpdate.Kind.FILE:
        return update.key in file_ids
    return update.kind not in OF_ONE_MESSAGE or update.key in message_ids


def ticket_json(link: TicketLink | None, updates: Iterable[TicketUpdate]) -> Ticket | None:
    """Without a LINK there is something to tell only while the CRM has yet to open the ticket."""
    known = list(updates)
    if link is None:
        late = _late(known)
        if not late:
            return None
        mirror = mirror_of(known, CrmSettings.load().connection)
        return Ticket(id="", url="", word=_("No ticket yet"), mirror=mirror, former=[])
    return Ticket(
        id=link.ticket,
        url=ticket_url(link),
        word=_("Ticket %(number)s") % {"number": link.ticket},
        mirror=mirror_of(known, link.connection),
        former=[_former(one) for one in link.former],
    )


def _former(one: dict[str, str]) -> Former:
    word = _("Ticket %(number)s") % {"number": one["ticket"]}
    return Former(id=one["ticket"], url=one.get("url", ""), word=word, why=one.get("why", ""))


def mirror_of(updates: Sequence[TicketUpdate], connection: CrmConnection) -> Mirror:
    """The first that stands in the way speaks: the others wait behind it."""
    late = _late(updates)
    if not late:
        return Mirror(state="up-to-date", words=_listed(_("Up to date"), _left_out(updates)))
    first = late[0]
    if first.status == Status.FAILED:
        reason = first.error or _("The CRM did not take it.")
        words = _("Stopped: %(reason)s") % {"reason": reason}
        return Mirror(state="stopped", words=words)
    behind = _listed(_behind(late), _left_out(updates))
    if rest := _rest(connection):
        return Mirror(state="resting", words=f"{behind}. {rest}")
    words = f"{behind}: {first.error}" if first.error else behind
    return Mirror(state="behind", words=words)


def _late(updates: Iterable[TicketUpdate]) -> list[TicketUpdate]:
    """Without what was planned for later: a copy that waits for its files is not late."""
    now = timezone.now()
    waiting = (one for one in updates if one.status in OPEN)
    return [one for one in waiting if one.tries or one.error or one.not_before <= now]


def _behind(late: Sequence[TicketUpdate]) -> str:
    count = ngettext("%(n)d entry behind", "%(n)d entries behind", len(late)) % {"n": len(late)}
    minutes = _minutes(min(one.created_at for one in late))
    return _listed(count, _for(minutes)) if minutes else count


def _minutes(since: datetime) -> int:
    return int((timezone.now() - since).total_seconds() // 60)


def _for(minutes: int) -> str:
    if minutes < 100:
        return ngettext("for %(n)d minute", "for %(n)d minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("for %(n)d hour", "for %(n)d hours", hours) % {"n": hours}
    days = hours // 24
    return ngettext("for %(n)d day", "for %(n)d days", days) % {"n": days}


def _left_out(updates: Iterable[TicketUpdate]) -> str:
    count = sum(one.status == Status.SKIPPED for one in updates)
    if not count:
        return ""
    return ngettext("%(n)d entry left out", "%(n)d entries left out", count) % {"n": count}


def _rest(connection: CrmConnection) -> str:
    until = connection.paused_until
    if until is None or until <= timezone.now():
        return ""
    told = {"time": clock(until), "reason": connection.error}
    if not connection.error:
        return _("The CRM rests until %(time)s.") % told
    return _("The CRM rests until %(time)s: %(reason)s") % told


def _listed(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
