"""The channel's switch, mail accounts, mailboxes, and the ledger of every mail that came in."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.models import Blob, Role, User
from apps.core.secrets import SecretField


class ChannelSettings(models.Model):
    """One row: Settings > Email > Channel."""

    enabled = models.BooleanField(
        _("email channel"),
        default=False,
        help_text=_("Off: no mail is fetched, routed or answered; queued answers still leave."),
    )
    external_url = models.URLField(
        _("console address"),
        blank=True,
        help_text=_(
            "The public address of this console, used in links, e.g. https://support.example.com"
        ),
    )
    language = models.CharField(
        _("language"), max_length=10, choices=[("en", "English"), ("es", "Español")], default="en"
    )
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    notice_mailbox = models.ForeignKey(
        "Mailbox",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mailbox for invitations"),
        help_text=_("Invitations and links for forgotten passwords leave from here."),
    )
    sign_in_state = models.CharField(max_length=40, default="Available", editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channel")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(enabled=False) | ~Q(external_url=""),
                name="on_only_with_console_address",
            )
        ]

    def __str__(self) -> str:
        return str(_("Email channel"))

    @classmethod
    def load(cls) -> Self:
        return cls.objects.get_or_create(pk=1)[0]


class Tls(models.TextChoices):
    NONE = "none", _("none")
    STARTTLS = "starttls", _("STARTTLS")
    IMPLICIT = "implicit", _("implicit TLS")


# Whose work needs the state of accounts; what they show is never a secret.
MAY_SEE_ACCOUNTS = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR, Role.INTEGRATION)
MAY_SEE_LEDGER = (Role.ADMINISTRATOR, Role.AUDITOR, Role.INTEGRATION)


class EmailAccountQuerySet(models.QuerySet["EmailAccount"]):
    def visible_to(self, user: User) -> EmailAccountQuerySet:
        return self if user.has_role(*MAY_SEE_ACCOUNTS) else self.none()


class EmailAccount(models.Model):
    """A server and a login that we fetch from and send through."""

    class Receive(models.TextChoices):
        IMAP = "imap", _("IMAP")
        NONE = "none", _("does not receive")

    class Send(models.TextChoices):
        SMTP = "smtp", _("SMTP")
        NONE = "none", _("does not send")

    class After(models.TextChoices):
        KEEP = "keep", _("leave as it is")
        SEEN = "seen", _("mark as read")
        MOVE = "move", _("move to a folder")
        DELETE = "delete", _("delete on the server")

    class Start(models.TextChoices):
        NOW = "now", _("only mail that arrives from now on")
        UNSEEN = "unseen", _("unread mail too")
        ALL = "all", _("all mail in the folder")
        DATE = "date", _("mail since a date")

    class Status(models.TextChoices):
        NEW = "new", _("not fetched yet")
        OK = "ok", _("working")
        THROTTLED = "throttled", _("slowed down by the server")
        FAILING = "failing", _("failing")

    # The two sides have the same fields; a history names the side.
    field_groups: ClassVar = {"receive_": _("incoming mail"), "send_": _("outgoing mail")}

    name = models.CharField(_("name"), max_length=100, unique=True)
    enabled = models.BooleanField(_("in use"), default=True)

    receive_kind = models.CharField(
        _("receive by"), max_length=10, choices=Receive.choices, default=Receive.IMAP
    )
    receive_host = models.CharField(_("server"), max_length=255, blank=True)
    receive_port = models.PositiveIntegerField(_("port"), default=993)
    receive_tls = models.CharField(
        _("encryption"), max_length=10, choices=Tls.choices, default=Tls.IMPLICIT
    )
    receive_ca_file = models.CharField(
        _("CA file"),
        max_length=500,
        blank=True,
        help_text=_("Only for a private certificate authority."),
    )
    receive_user = models.CharField(_("user"), max_length=255, blank=True)
    receive_password = SecretField(_("password"))
    folders = models.JSONField(_("folders"), default=list, blank=True)
    idle = models.BooleanField(
        _("IDLE"), default=True, help_text=_("The server tells us of new mail at once, if it can.")
    )
    every_seconds = models.PositiveIntegerField(_("look every (seconds)"), default=60)
    after = models.CharField(
        _("after storing"), max_length=10, choices=After.choices, default=After.SEEN
    )
    after_folder = models.CharField(_("move to"), max_length=255, blank=True)
    start = models.CharField(
        _("begin with"), max_length=10, choices=Start.choices, default=Start.NOW
    )
    start_date = models.DateField(_("since"), null=True, blank=True)

    send_kind = models.CharField(
        _("send by"), max_length=10, choices=Send.choices, default=Send.SMTP
    )
    send_host = models.CharField(_("server"), max_length=255, blank=True)
    send_port = models.PositiveIntegerField(_("port"), default=587)
    send_tls = models.CharField(
        _("encryption"), max_length=10, choices=Tls.choices, default=Tls.STARTTLS
    )
    send_ca_file = models.CharField(_("CA file"), max_length=500, blank=True)
    send_user = models.CharField(_("user"), max_length=255, blank=True)
    send_password = SecretField(_("password"))

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.NEW, editable=False
    )
    status_code = models.CharField(max_length=40, blank=True, editable=False)
    status_sentence = models.TextField(_("trouble"), blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    next_fetch_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    last_fetched_at = models.DateTimeField(_("last fetched"), null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EmailAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def watched_folders(self) -> list[str]:
        return self.folders or ["INBOX"]


class FolderCursor(models.Model):
    """How far one folder of an account has been read, under one UIDVALIDITY."""

    account = models.ForeignKey(EmailAccount, on_delete=models.CASCADE, related_name="cursors")
    folder = models.CharField(max_length=255)
    uidvalidity = models.BigIntegerField()
    first_uid = models.BigIntegerField(
        help_text="Mail below it was there before the start and is left alone."
    )
    last_uid = models.BigIntegerField()
    pending_uids = models.JSONField(default=list, help_text="Mail below last_uid that is wanted.")
    held_back = models.JSONField(
        default=dict, help_text="Pending UIDs that failed: [tries, time of the next try]."
    )
    old_until = models.DateTimeField(
        null=True, help_text="The server's time of the newest mail from before the start."
    )
    old_sizes = models.JSONField(default=list, help_text="Sizes of the mails of that second.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "folder"], name="one_cursor_per_folder")
        ]

    def __str__(self) -> str:
        return f"cursor {self.pk}"


class MailboxQuerySet(models.QuerySet["Mailbox"]):
    def visible_to(self, user: User) -> MailboxQuerySet:
        return self if user.has_role(*MAY_SEE_ACCOUNTS) else self.none()


class Mailbox(models.Model):
    """One support address."""

    address = models.EmailField(_("address"), unique=True)
    aliases = models.JSONField(_("further addresses"), default=list, blank=True)
    from_name = models.CharField(_("From name"), max_length=200, blank=True)
    account = models.ForeignKey(
        EmailAccount, on_delete=models.PROTECT, related_name="mailboxes", verbose_name=_("account")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering: ClassVar = ["address"]

    def __str__(self) -> str:
        return self.address

    @property
    def addresses(self) -> set[str]:
        """Every address that is this mailbox, lower-cased."""
        return {self.address.lower(), *(alias.lower() for alias in self.aliases)}


class InboundEmailQuerySet(models.QuerySet["InboundEmail"]):
    def visible_to(self, user: User) -> InboundEmailQuerySet:
        return self if user.has_role(*MAY_SEE_LEDGER) else self.none()


class InboundEmail(models.Model):
    """The ledger: one row for each mail that a server or a caller gave us, with its outcome."""

    class Source(models.TextChoices):
        FETCH = "fetch", _("fetched")
        PIPE = "pipe", _("command line")
        API = "api", _("API")

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        STORED = "stored", _("stored")
        DUPLICATE = "duplicate", _("duplicate")
        QUARANTINED = "quarantined", _("quarantined")
        REJECTED = "rejected", _("rejected")

    source = models.CharField(_("came by"), max_length=10, choices=Source.choices)
    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("account"),
    )
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("mailbox")
    )
    folder = models.CharField(_("folder"), max_length=255, blank=True)
    uidvalidity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    raw = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    size = models.BigIntegerField(_("size"), default=0)
    sha256 = models.CharField(max_length=64, db_index=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    status = models.CharField(
        _("outcome"), max_length=12, choices=Status.choices, default=Status.RECEIVED
    )
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    sender = models.CharField(_("sender"), max_length=320, blank=True)
    subject = models.TextField(_("subject"), blank=True)
    duplicate_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    released = models.BooleanField(default=False)
    settled_at = models.DateTimeField(_("settled"), null=True)

    objects = InboundEmailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail received")
        verbose_name_plural = _("ledger")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "folder", "uidvalidity", "uid"],
                condition=Q(uid__isnull=False),
                name="one_ledger_row_per_uid",
            ),
            models.UniqueConstraint(
                fields=["mailbox", "sha256"],
                condition=Q(status="stored"),
                name="same_bytes_stored_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(status="received"), name="inbound_to_take_in"),
            models.Index(
                fields=["-id"], condition=Q(status="quarantined"), name="inbound_in_quarantine"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class HeldQuerySet(models.QuerySet["QuarantinedEmail"]):
    def visible_to(self, user: User) -> HeldQuerySet:
        return self if user.sees_settings else self.none()


class HeldManager(models.Manager["QuarantinedEmail"]):
    def get_queryset(self) -> HeldQuerySet:
        rows = HeldQuerySet(self.model, using=self._db)
        return rows.filter(status=InboundEmail.Status.QUARANTINED)

    def visible_to(self, user: User) -> HeldQuerySet:
        return self.get_queryset().visible_to(user)


class QuarantinedEmail(InboundEmail):
    """The ledger's rows that somebody has to look at."""

    objects: ClassVar[HeldManager] = HeldManager()  # type: ignore[assignment]  # a proxy narrows

    class Meta:
        proxy = True
        verbose_name = _("held mail")
        verbose_name_plural = _("quarantine")
        ordering: ClassVar = ["-id"]
