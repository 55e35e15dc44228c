"""How a session stands, kept in a row, so that it can stand like that again."""

from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from apps.agents.models import Agent
from apps.tickets.models import Session

Standing = dict[str, Any]

_PLAIN = ("status", "agent_id", "thread_id", "why", "message_count")
_TIMES = ("assigned_at", "finished_at", "waiting_since")


def standing_of(session: Session) -> Standing:
    plain: Standing = {name: getattr(session, name) for name in _PLAIN}
    return plain | {name: _written(getattr(session, name)) for name in _TIMES}


def is_as(session: Session, standing: Standing) -> bool:
    """Whether nobody has moved it on; its thread is another matter."""
    return (session.status, session.agent_id) == (standing["status"], standing["agent_id"])


def changes_back(standing: Standing) -> dict[str, Any]:
    """For `sessions.regroup`; an agent who has left since gets nothing."""
    times = {name: _read(standing[name]) for name in _TIMES}
    agent = Agent.objects.working().filter(pk=standing["agent_id"]).first()
    if agent is None:
        times["assigned_at"] = None
    return {"status": standing["status"], "agent": agent} | times


def _written(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _read(at: str | None) -> datetime | None:
    return parse_datetime(at) if at else None
