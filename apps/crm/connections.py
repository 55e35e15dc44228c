"""Which CRM is the present one: another address or kind is another connection, old links stay."""

from django.db import transaction

from apps.crm.models import CrmConnection, CrmSettings, TicketLink


def present() -> CrmConnection:
    return CrmSettings.load().connection


def are_distant() -> bool:
    """Whether any is: conversations stay with theirs, whichever is the present one."""
    return CrmConnection.objects.exclude(kind=CrmConnection.Kind.BUILTIN).exists()


def at(kind: str, url: str) -> CrmConnection:
    """The connection to this CRM: one that was there before is taken up again, or a new row."""
    known = CrmConnection.objects.filter(kind=kind, url=url).order_by("pk").last()
    return known or CrmConnection(kind=kind, url=url)


def switch(connection: CrmConnection) -> None:
    """New conversations get their ticket there. Those that have one keep it where it is."""
    with transaction.atomic():
        settings = CrmSettings.load()
        if settings.connection_id != connection.pk:
            settings.connection = connection
            settings.save(update_fields=["connection"])


def stays_with(connection: CrmConnection) -> int:
    """How many conversations have their ticket there, whichever connection is the present one."""
    return TicketLink.objects.filter(connection=connection).count()
