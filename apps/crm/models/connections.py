"""Settings > Email > CRM: what is told, and the connections, of which one is the present one."""

from __future__ import annotations

from typing import ClassVar, Self
from urllib.parse import urlsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.secrets import SecretField


class Gone(models.TextChoices):
    """What to do with a thread whose ticket is no longer there on the other side."""

    STOP = "stop", _("stop, and wait for a person")
    NEW = "new", _("open a new ticket")


class Merged(models.TextChoices):
    FOLLOW = "follow", _("go on with the ticket that it was merged into")
    STOP = "stop", _("stop, and wait for a person")
    NEW = "new", _("open a new ticket")


class ConnectionQuerySet(models.QuerySet["CrmConnection"]):
    def present(self) -> ConnectionQuerySet:
        return self.filter(settings__isnull=False)


class CrmConnection(models.Model):
    """One CRM. Threads stay with the connection that their ticket was made on."""

    class Kind(models.TextChoices):
        BUILTIN = "builtin", _("built-in tickets")
        RT = "rt", "Request Tracker"
        ZENDESK = "zendesk", "Zendesk"
        WEBHOOK = "webhook", _("signed webhook")

    kind = models.CharField(_("CRM"), max_length=20, choices=Kind.choices, default=Kind.BUILTIN)
    url = models.CharField(
        _("address"), max_length=500, blank=True, help_text=_("Like https://crm.example.com.")
    )
    user = models.CharField(_("user"), max_length=200, blank=True)
    token = SecretField(_("token or password"))
    queue = models.CharField(
        _("queue or group"),
        max_length=200,
        blank=True,
        help_text=_("Where new tickets are opened in the CRM; empty: its own default."),
    )
    sender_addresses = models.JSONField(
        _("the CRM's own addresses"),
        default=list,
        blank=True,
        help_text=_("Mail that comes from them never opens a session."),
    )
    fields = models.JSONField(
        _("ticket fields"),
        default=dict,
        blank=True,
        help_text=_("The CRM's field and what is written in it, when a ticket is opened."),
    )
    deleted_ticket = models.CharField(
        _("deleted or locked ticket"),
        max_length=10,
        choices=Gone.choices,
        default=Gone.STOP,
        help_text=_("When the CRM has deleted a ticket or takes nothing more for it."),
    )
    merged_ticket = models.CharField(
        _("merged ticket"), max_length=10, choices=Merged.choices, default=Merged.FOLLOW
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    # The circuit breaker (breaker.py): the product's own, no setting.
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    error = models.TextField(_("last error"), blank=True, editable=False)
    error_code = models.CharField(max_length=20, blank=True, editable=False)
    failed_at = models.DateTimeField(_("failed"), null=True, editable=False)
    answered_at = models.DateTimeField(_("last answer"), null=True, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("CRM connection")
        verbose_name_plural = _("CRM connections")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        host = urlsplit(self.url).hostname
        return f"{self.get_kind_display()}, {host}" if host else str(self.get_kind_display())

    @property
    def is_builtin(self) -> bool:
        return self.kind == self.Kind.BUILTIN


class CrmSettings(models.Model):
    """One row: Settings > Email > CRM."""

    class Pdf(models.TextChoices):
        CLOSED = "closed", _("when a session is resolved or closed")
        EACH = "each", _("one minute after each message")
        OFF = "off", _("never")

    connection = models.OneToOneField(
        CrmConnection,
        on_delete=models.PROTECT,
        related_name="settings",
        verbose_name=_("CRM"),
        help_text=_("Where the tickets of new conversations are opened; the others stay."),
    )
    language = models.CharField(
        _("language of comments"),
        max_length=10,
        choices=[("en", "English"), ("es", "Español")],
        default="en",
        help_text=_("Of the labels in comments, such as Queue and Subject; new comments only."),
    )
    automatic_tickets = models.BooleanField(
        _("tickets for automatic mail"),
        default=True,
        help_text=_(
            "Absence notes and list mail that open a conversation get a ticket too. Without it, "
            "they get one once a person writes."
        ),
    )
    content_copy = models.BooleanField(
        _("copy of each email"),
        default=False,
        help_text=_("Its text as a private comment, as soon as its files are checked."),
    )
    attach_files = models.BooleanField(
        _("files of each email"),
        default=False,
        help_text=_("Attached to the ticket as soon as they are found clean."),
    )
    thread_pdf = models.CharField(
        _("PDF of the conversation"),
        max_length=10,
        choices=Pdf.choices,
        default=Pdf.CLOSED,
        help_text=_("The whole conversation as one file on the ticket."),
    )

    class Meta:
        verbose_name = _("CRM")
        verbose_name_plural = _("CRM")

    def __str__(self) -> str:
        return str(_("CRM"))

    @classmethod
    def load(cls) -> Self:
        """With its connection; the first call of an installation makes both."""
        row = cls.objects.select_related("connection").filter(pk=1).first()
        if row is not None:
            return row
        first = CrmConnection.objects.order_by("pk").first() or CrmConnection.objects.create()
        cls.objects.get_or_create(pk=1, defaults={"connection": first})
        return cls.objects.select_related("connection").get(pk=1)
