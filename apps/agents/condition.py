"""Calls and chats of which nothing was heard for long, for the health page."""

from datetime import timedelta

from django.utils import timezone

from apps.agents.models import AgentSettings, Contact
from apps.core.health import Backlog, backlog


def doubted_contacts() -> Backlog:
    """A lost `leave` keeps an agent busy until a supervisor ends it."""
    limit = timezone.now() - timedelta(hours=AgentSettings.load().stale_after_hours)
    open_ones = Contact.objects.filter(entered_at__isnull=False, left_at__isnull=True)
    return backlog(open_ones.filter(heard_at__lt=limit), "heard_at")
