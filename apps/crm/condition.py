"""How far the CRM is behind, for the health page."""

from apps.core.health import Backlog, backlog
from apps.crm.models import TicketUpdate


def not_yet_told() -> Backlog:
    return backlog(TicketUpdate.objects.filter(status=TicketUpdate.Status.PLANNED), "created_at")


def given_up() -> Backlog:
    return backlog(TicketUpdate.objects.filter(status=TicketUpdate.Status.FAILED), "created_at")
