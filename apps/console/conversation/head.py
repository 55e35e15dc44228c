"""The head of a conversation: what its row tells, and what this reader may do with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from apps.channels.models import ChannelSettings
from apps.console.conversation.mirror import Ticket, ticket_json, waiting_updates_of
from apps.console.desk.rows import moment, row_of
from apps.core.models import User
from apps.crm.links import links_of
from apps.crm.models import TicketUpdate
from apps.queues.models import Queue
from apps.tickets.models import Session
from apps.tickets.sessions import MOVES, may_steer

Status = Session.Status
Head = dict[str, Any]
NEEDED = ("thread", "queue", "agent__user")


@dataclass(frozen=True, slots=True)
class Rights:
    """What the page offers; the verbs check it again."""

    take: bool
    give_back: bool
    moves: list[dict[str, str]]
    reply: bool
    forward: bool
    transfer: bool
    assign: bool
    rebuild: bool
    regroup: bool


def head_of(
    user: User,
    session: Session,
    channel: ChannelSettings,
    *,
    updates: Iterable[TicketUpdate] | None = None,
) -> Head:
    """UPDATES for the CRM, if the caller knows them.

    Nothing in it is older than its version: then a browser that knows the version asks no more.
    """
    row = row_of(user, session)
    if row["version"] != session.version:
        session = Session.objects.select_related(*NEEDED).get(pk=session.pk)
    rights = _rights(user, session, channel)
    ticket = _ticket(session.thread.key, updates)
    return row | {
        "thread": session.thread.key,
        "why": session.why,
        "created_at": moment(session.created_at),
        "rights": asdict(rights) | {"rebuild": rights.rebuild and ticket is not None},
        "owner_note": _owner_note(user, session, rights),
        "no_reply": None if rights.reply else _no_reply(session, channel),
        "ticket": ticket,
    }


def is_mine(user: User, session: Session) -> bool:
    return session.agent is not None and session.agent.user_id == user.pk


def _rights(user: User, session: Session, channel: ChannelSettings) -> Rights:
    mine, steers = is_mine(user, session), may_steer(user, session.queue_id)
    works_here = Queue.objects.worked_by(user).filter(pk=session.queue_id).exists()
    free, is_open = session.agent is None, session.status in Session.OPEN
    may_write = mine or steers or (free and is_open and works_here)
    writes = channel.enabled and session.status != Status.CLOSED and may_write
    return Rights(
        take=free and is_open and works_here,
        give_back=not free and is_open and (mine or steers),
        moves=_moves(session, mine=mine) if mine or steers else [],
        reply=writes,
        forward=writes,
        transfer=is_open and (mine or steers),
        assign=is_open and steers,
        rebuild=steers,
        regroup=mine or steers or (free and works_here),
    )


def _moves(session: Session, *, mine: bool) -> list[dict[str, str]]:
    """To open it is the work of whoever has it."""
    again = session.status in (Status.PAUSED, Status.RESOLVED)
    words: dict[str, str] = {
        Status.ACTIVE: _("Open again") if again else pgettext("verb", "Open"),
        Status.PAUSED: _("Pause"),
        Status.RESOLVED: _("Resolve"),
        Status.CLOSED: pgettext("verb", "Close"),
    }
    possible = [to for to in MOVES[session.status] if mine or to != Status.ACTIVE]
    return [{"status": str(to), "word": words[to]} for to in possible]


def _owner_note(user: User, session: Session, rights: Rights) -> str | None:
    """Whose session it is, where an answer is somebody's who does not have it."""
    if not rights.reply or is_mine(user, session):
        return None
    if session.agent is not None:
        sentence = _(
            "This session is assigned to %(who)s. Your answer is recorded under your name."
        )
        return sentence % {"who": session.agent.name}
    if rights.take:
        return _("Nobody has this session yet. Sending takes it.")
    return _("Nobody has this session. Your answer is recorded under your name.")


def _no_reply(session: Session, channel: ChannelSettings) -> str:
    if not channel.enabled:
        return _("The email channel is off: you can read, not write.")
    if session.status == Status.CLOSED:
        return _("This session is closed. When the customer writes, it comes back.")
    if session.agent is not None:
        return _("%(who)s answers this session.") % {"who": session.agent.name}
    return _("You can read this session; its queue's members answer it.")


def _ticket(thread_key: str, updates: Iterable[TicketUpdate] | None) -> Ticket | None:
    link = links_of([thread_key]).get(thread_key)
    return ticket_json(link, waiting_updates_of(thread_key) if updates is None else updates)
