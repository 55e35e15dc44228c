"""The CRM connection, which ticket a thread has, what is still to be told, and the built-in CRM."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core import sight
from apps.core.models import Blob, User
from apps.core.secrets import SecretField

# What stands under these keys of a connection's or a storage's options is sealed.
SECRET_OPTIONS = frozenset({"password", "key", "secret"})


class CrmSettings(models.Model):
    """One row: Settings > Email > CRM."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", _("built-in tickets")

    kind = models.CharField(
        _("CRM"),
        max_length=20,
        choices=Kind.choices,
        default=Kind.BUILTIN,
        help_text=_("Where the ticket of each conversation is kept."),
    )
    language = models.CharField(
        _("language of comments"),
        max_length=10,
        choices=[("en", "English"), ("es", "Español")],
        default="en",
        help_text=_("Of the labels in comments, such as Queue and Subject; new comments only."),
    )
    # Kept for the releases that use them; no page shows them before.
    url = models.CharField(max_length=500, blank=True, editable=False)
    token = SecretField()
    options = models.JSONField(default=dict, editable=False)
    content_copy = models.BooleanField(default=False, editable=False)
    thread_pdf = models.CharField(max_length=10, default="closed", editable=False)
    storage = models.JSONField(default=dict, editable=False)

    class Meta:
        verbose_name = _("CRM")
        verbose_name_plural = _("CRM")

    def __str__(self) -> str:
        return str(_("CRM"))

    @classmethod
    def load(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]


class TicketLink(models.Model):
    """The ticket of a thread, for good."""

    thread_key = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=CrmSettings.Kind.choices)
    ticket = models.CharField(max_length=100)
    url = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.kind} {self.ticket}"


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

    class Kind(models.TextChoices):
        STANDARD = "standard", _("standard comment")
        LINK = "link", _("link to the newest email")
        FILE = "file", _("file")

    thread_key = models.CharField(_("thread"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    key = models.CharField(
        max_length=40, help_text="What it is about: with thread and kind it is unique."
    )
    subject = models.TextField(
        blank=True, help_text="The ticket's subject, should one have to be made."
    )
    text = models.TextField(help_text="The comment, or the name of the file.")
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
                fields=["thread_key"], condition=~Q(status="posted"), name="update_open_by_thread"
            ),
        ]
        verbose_name = _("update for the CRM")
        verbose_name_plural = _("updates for the CRM")

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def marker(self) -> str:
        """Stands with the entry in the CRM, so that a retry finds it there."""
        return f"{self.thread_key}:{self.kind}:{self.key}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def visible_to(self, user: User) -> TicketQuerySet:
        """A ticket belongs to whoever sees one of its conversations."""
        if user.sees_everything:
            return self
        links = TicketLink.objects.filter(
            sight.seen("threads", "thread_key", user),
            kind=CrmSettings.Kind.BUILTIN,
            ticket=Cast(OuterRef("pk"), CharField()),
        )
        return self.filter(Exists(links))


class Ticket(models.Model):
    """A ticket of the built-in CRM."""

    class Status(models.TextChoices):
        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    marker = models.CharField(max_length=20, unique=True, editable=False)
    subject = models.TextField(_("subject"))
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"


class TicketComment(models.Model):
    """A private comment on a built-in ticket."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="comments", verbose_name=_("ticket")
    )
    marker = models.CharField(max_length=90, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=20)
    text = models.TextField(_("text"))
    private = models.BooleanField(_("private"), default=True)
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
