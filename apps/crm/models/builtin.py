"""The built-in CRM: tickets with comments and files."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import sight
from apps.core.models import Blob, User
from apps.crm.models.connections import CrmConnection
from apps.crm.models.outbox import TicketLink


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> TicketQuerySet:
        """A ticket belongs to whoever sees one of its conversations."""
        if user.sees_everything:
            return self
        links = TicketLink.objects.filter(
            sight.seen_here("threads", "thread_key", user),
            connection__kind=CrmConnection.Kind.BUILTIN,
            ticket=Cast(OuterRef("pk"), CharField()),
        )
        return self.filter(Exists(links))


class Ticket(models.Model):
    """A ticket of the built-in CRM."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    marker = models.CharField(max_length=30, unique=True, editable=False)
    subject = models.TextField(_("subject"))
    contact_name = models.CharField(_("contact"), max_length=200, blank=True)
    contact_email = models.CharField(_("contact's address"), max_length=320, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("last activity"), default=timezone.now, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["-updated_at", "-id"], name="ticket_newest"),
            models.Index(fields=["status", "-updated_at", "-id"], name="ticket_by_status"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class TicketMove(models.Model):
    """A ticket was closed or opened again: by somebody, or by a mail that came in."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="moves", verbose_name=_("ticket")
    )
    status = models.CharField(_("status"), max_length=10, choices=Ticket.Status.choices)
    by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        help_text="Nobody: a mail did it.",
    )
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("change of status")
        verbose_name_plural = _("changes of status")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"


class TicketComment(models.Model):
    """A private comment on a built-in ticket; one that somebody wrote by hand is a note."""

    NOTE = "note"  # beside the kinds of TicketUpdate

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="comments", verbose_name=_("ticket")
    )
    marker = models.CharField(max_length=90, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20)
    text = models.TextField(_("text"))
    private = models.BooleanField(_("private"), default=True)
    author = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class TicketFile(models.Model):
    """A file on a built-in ticket, clean by the time it is here."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="files", verbose_name=_("ticket")
    )
    marker = models.CharField(max_length=90, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=255)
    size = models.BigIntegerField(_("size"))
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.name
