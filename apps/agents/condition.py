"""Calls and chats of which nothing was heard for long, for the health page."""

from apps.agents.contacts import stale_contacts
from apps.core.health import Backlog, backlog


def doubted_contacts() -> Backlog:
    """A lost `leave` keeps an agent busy until a supervisor ends it."""
    return backlog(stale_contacts(), "heard_at")
