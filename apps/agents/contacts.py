"""Calls and chats as their own systems report them, in whatever order the reports arrive."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent, AgentSettings, Contact
from apps.agents.vocabulary import IN_CALL, IN_CHAT
from apps.core.errors import Invalid
from apps.core.models import User

LONGEST_SESSION = 200
CLOCK_AHEAD = timedelta(minutes=5)
EARLIEST_YEAR = 2000  # a clock that was never set; and no database holds the year 0


def enter(agent: Agent, kind: str, session: str, at: datetime | None) -> Callable[[], None]:
    """Checks what was reported; what it answers writes it, under the lock of the state."""
    return partial(_note_enter, agent, kind, _session(session), _clock(at))


def leave(agent: Agent, kind: str, session: str, at: datetime | None) -> Callable[[], None]:
    return partial(_note_leave, agent, kind, _session(session), _clock(at))


def open_contacts() -> QuerySet[Contact]:
    return Contact.objects.filter(entered_at__isnull=False, left_at__isnull=True)


def overlay_of(agent_id: int) -> str:
    """In-Call covers In-Chat."""
    kinds = set(open_contacts().filter(agent=agent_id).values_list("kind", flat=True))
    if Contact.Kind.CALL in kinds:
        return IN_CALL
    return IN_CHAT if kinds else ""


def stale_contacts() -> QuerySet[Contact]:
    """Open ones of which nothing was heard for longer than the setting: a lost `leave`, perhaps."""
    hours = timedelta(hours=AgentSettings.load().stale_after_hours)
    return open_contacts().filter(heard_at__lt=timezone.now() - hours)


def end_stale(agent: Agent, by: User) -> int:
    return stale_contacts().filter(agent=agent).update(left_at=timezone.now(), ended_by=by)


def _note_enter(agent: Agent, kind: str, session: str, at: datetime | None) -> None:
    """A second report of the same call, and one that comes after its end, change nothing."""
    now = timezone.now()
    contact, new = Contact.objects.get_or_create(
        agent=agent,
        kind=kind,
        session=session,
        defaults={"entered_at": now, "heard_at": now, "reported_at": at},
    )
    if not new and contact.left_at is None:
        Contact.objects.filter(pk=contact.pk).update(heard_at=now)


def _note_leave(agent: Agent, kind: str, session: str, at: datetime | None) -> None:
    now = timezone.now()
    contact, new = Contact.objects.get_or_create(
        agent=agent,
        kind=kind,
        session=session,
        defaults={"left_at": now, "heard_at": now, "reported_at": at},
    )
    if not new and contact.left_at is None:
        Contact.objects.filter(pk=contact.pk).update(left_at=now, heard_at=now)


def _session(session: str) -> str:
    if not session.strip() or len(session) > LONGEST_SESSION:
        raise Invalid(
            "session-invalid",
            _("session: the id of the call or chat, 1 to %(most)d characters.")
            % {"most": LONGEST_SESSION},
        )
    return session


def _clock(at: datetime | None) -> datetime | None:
    """States are timed by our clock; theirs is only kept, and refused when it cannot be right."""
    if at is None:
        return None
    if timezone.is_naive(at):
        raise Invalid("zone-missing", _("at: say the time zone, like 2026-11-25T09:00:00Z."))
    if at.year < EARLIEST_YEAR:
        raise Invalid(
            "clock-behind",
            _("at: before the year %(year)d. Set the clock of the sending system.")
            % {"year": EARLIEST_YEAR},
        )
    if at - timezone.now() > CLOCK_AHEAD:
        raise Invalid(
            "clock-ahead",
            _("at: more than five minutes in the future. Set the clock of the sending system."),
        )
    return at
