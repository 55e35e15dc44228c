"""Connections, what is told to them, and the tickets of the built-in CRM."""

from apps.crm.models.builtin import Ticket, TicketComment, TicketFile, TicketMove
from apps.crm.models.connections import (
    CrmConnection,
    CrmSettings,
    Gone,
    Merged,
)
from apps.crm.models.outbox import TicketLink, TicketUpdate, marker_of

__all__ = [
    "CrmConnection",
    "CrmSettings",
    "Gone",
    "Merged",
    "Ticket",
    "TicketComment",
    "TicketFile",
    "TicketLink",
    "TicketMove",
    "TicketUpdate",
    "marker_of",
]
