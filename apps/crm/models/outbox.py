"""Which ticket a thread has, and what is still to be told to it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import sight
from apps.core.models import Blob, User
from apps.crm.models.connections import CrmConnection


class TicketLink(models.Model):
    """The ticket of a thread, for good: another one only when the CRM has lost the first."""

    thread_key = models.CharField(max_length=20, unique=True)
    connection = models.ForeignKey(
        CrmConnection, on_delete=models.PROTECT, related_name="links", verbose_name=_("CRM")
    )
    ticket = models.CharField(max_length=100, db_index=True)
    url = models.CharField(max_length=500, blank=True)
    former = models.JSONField(
        default=list, help_text="Tickets before this one: ticket, url, at, why."
    )
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.connection_id}:{self.ticket}"

    @property
    def marker(self) -> str:
        """What the ticket bears in the CRM, in front of its entries' markers, too.

        The second ticket that we open bears another; one that ours was merged into keeps ours.
        """
        return marker_of(self.thread_key, self.successors)

    @property
    def successors(self) -> int:
        """`opened` of a former ticket: we opened the next one, the CRM did not merge it."""
        return sum(bool(one.get("opened")) for one in self.former)


def marker_of(thread_key: str, successor: int) -> str:
    """SUCCESSOR: 0 for the first ticket that we open for a thread."""
    return f"{thread_key}.{successor + 1}" if successor else thread_key


class TicketUpdateQuerySet(models.QuerySet["TicketUpdate"]):
    def visible_to(self, user: User) -> TicketUpdateQuerySet:
        if user.sees_everything:
            return self
        return self.filter(sight.seen("threads", "thread_key", user))


class TicketUpdate(models.Model):
    """One thing to tell the ticket of a thread: finished text, posted in order of id."""

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        POSTED = "posted", _("posted")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("left out")

    class Kind(models.TextChoices):
        STANDARD = "standard", _("standard comment")
        LINK = "link", _("link to the newest email")
        COPY = "copy", _("copy of the email")
        FILE = "file", _("file")
        PDF = "pdf", _("PDF of the conversation")

    thread_key = models.CharField(_("thread"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    key = models.CharField(
        max_length=40, help_text="What it is about: with thread and kind it is unique."
    )
    subject = models.TextField(
        blank=True, help_text="The ticket's subject, should one have to be made."
    )
    text = models.TextField(help_text="The comment, or the name of the file.")
    facts = models.JSONField(
        default=dict, help_text="By merge field, with the standard comment: for a new ticket."
    )
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.PLANNED
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    not_before = models.DateTimeField(_("next try"), default=timezone.now)
    error = models.TextField(_("error"), blank=True)
    posted_at = models.DateTimeField(_("posted"), null=True)
    created_at = models.DateTimeField(_("planned"), default=timezone.now)

    objects = TicketUpdateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["thread_key", "kind", "key"], name="one_update_per_matter"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(status="planned"), name="update_planned"),
            models.Index(
                fields=["thread_key"],
                condition=Q(status__in=["planned", "failed"]),
                name="update_open_by_thread",
            ),
        ]
        verbose_name = _("update for the CRM")
        verbose_name_plural = _("updates for the CRM")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def matter(self) -> str:
        """With the ticket's marker in front it stands with the entry in the CRM."""
        return f"{self.kind}:{self.key}"
