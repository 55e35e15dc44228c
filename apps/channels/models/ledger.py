"""The ledger: every mail that came in, with its outcome; and those that are held."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.channels.models.accounts import EmailAccount
from apps.channels.models.mailboxes import Mailbox
from apps.core.models import Blob, Role, User

MAY_SEE_LEDGER = (Role.ADMINISTRATOR, Role.AUDITOR, Role.INTEGRATION)


class InboundEmailQuerySet(models.QuerySet["InboundEmail"]):
    def visible_to(self, user: User) -> InboundEmailQuerySet:
        return self if user.has_role(*MAY_SEE_LEDGER) else self.none()


class InboundEmail(models.Model):
    """The ledger: one row for each mail that a server or a caller gave us, with its outcome."""

    DELETED = "deleted"  # code of a tombstone: its conversation was deleted, its bytes are gone

    class Source(models.TextChoices):
        FETCH = "fetch", _("fetched")
        PIPE = "pipe", _("command line")
        API = "api", _("API")
        WEBHOOK = "webhook", _("webhook")

    class Status(models.TextChoices):
        RECEIVED = "received", _("received")
        STORED = "stored", _("stored")
        DUPLICATE = "duplicate", _("duplicate")
        QUARANTINED = "quarantined", _("quarantined")
        REJECTED = "rejected", _("rejected")
        BEFORE_START = "before-start", _("before the start")

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
    uidl = models.CharField(
        max_length=255, blank=True, help_text="Its name at a POP3 server, in place of a UID."
    )
    from_junk = models.BooleanField(
        _("came from the junk folder"), default=False, help_text="Nothing automatic answers it."
    )
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
    server_date = models.DateTimeField(null=True, help_text="INTERNALDATE of an old mail.")
    gone_at = models.DateTimeField(
        null=True, help_text="When the server was seen without this UID (the ledger check)."
    )
    answers_nobody = models.BooleanField(
        default=False, help_text="Brought in from before the start: nothing automatic answers it."
    )

    rebuilt = models.BooleanField(
        _("rebuilt"),
        default=False,
        help_text="Put together from what a provider told of it: not the original bytes.",
    )

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
            # A server may give the name of a mail that is gone to another one (RFC 1939, 7).
            models.UniqueConstraint(
                fields=["account", "uidl"],
                condition=Q(gone_at=None) & ~Q(uidl=""),
                name="one_ledger_row_per_uidl",
            ),
            models.UniqueConstraint(
                fields=["mailbox", "sha256"],
                condition=Q(status="stored"),
                name="same_bytes_stored_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["account", "uidl"], condition=~Q(uidl=""), name="inbound_by_uidl"),
            models.Index(fields=["id"], condition=Q(status="received"), name="inbound_to_take_in"),
            models.Index(
                fields=["-id"], condition=Q(status="quarantined"), name="inbound_in_quarantine"
            ),
            models.Index(
                fields=["account", "server_date"],
                condition=Q(status="before-start"),
                name="inbound_before_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    def servers_to_trust(self, account: EmailAccount | None) -> tuple[str, ...]:
        """Whose word in it on its sender counts; in a rebuilt mail nobody's."""
        return () if self.rebuilt or account is None else tuple(account.trusted_servers)


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


class MailImportQuerySet(models.QuerySet["MailImport"]):
    def visible_to(self, user: User) -> MailImportQuerySet:
        return self if user.sees_settings else self.none()


class MailImport(models.Model):
    """Old mail that is brought in since a date: *before-start* becomes *received*, in pieces."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped")

    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.CASCADE,
        related_name="imports",
        verbose_name=_("account"),
        help_text=_("Whose old mail is brought in, from all its folders that are read."),
    )
    since = models.DateField(
        _("since"), help_text=_("The first day that counts, in the channel's time zone.")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING, editable=False
    )
    wanted = models.PositiveIntegerField(_("mails"), default=0, editable=False)
    done = models.PositiveIntegerField(_("brought in"), default=0, editable=False)
    sentence = models.TextField(_("trouble"), blank=True, editable=False)
    asked_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = MailImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of old mail")
        verbose_name_plural = _("imports of old mail")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account"],
                condition=Q(state__in=["waiting", "running"]),
                name="one_running_import_per_account",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}, {self.since}"

    @property
    def is_living(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        return min(100, 100 * self.done // self.wanted) if self.wanted else 0


class LedgerCheckQuerySet(models.QuerySet["LedgerCheck"]):
    def visible_to(self, user: User) -> LedgerCheckQuerySet:
        return self if user.sees_settings else self.none()


class LedgerCheck(models.Model):
    """One count of a folder against its server, and what it found (SPEC 3.1)."""

    account = models.ForeignKey(EmailAccount, on_delete=models.CASCADE, related_name="checks")
    folder = models.CharField(_("folder"), max_length=255)
    uidvalidity = models.BigIntegerField(null=True)
    on_server = models.PositiveIntegerField(_("on the server"), default=0)
    in_ledger = models.PositiveIntegerField(_("in the ledger"), default=0)
    without_row = models.JSONField(default=list, help_text="UIDs, the first thousand.")
    without_raw = models.JSONField(default=list, help_text="Ids of rows, the first thousand.")
    missing_rows = models.PositiveIntegerField(_("without a row"), default=0)
    missing_raws = models.PositiveIntegerField(_("without its source"), default=0)
    waiting = models.PositiveIntegerField(_("still to be fetched"), default=0)
    gone = models.PositiveIntegerField(_("gone from the server"), default=0)
    sentence = models.TextField(_("trouble"), blank=True, help_text="Why it could not be counted.")
    at = models.DateTimeField(_("counted"), default=timezone.now)

    objects = LedgerCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("ledger check")
        verbose_name_plural = _("ledger checks")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["account", "folder", "-id"], name="check_by_folder")
        ]

    def __str__(self) -> str:
        return f"{self.folder} {self.at:%Y-%m-%d %H:%M}".strip()

    @property
    def is_alarm(self) -> bool:
        return bool(self.missing_rows or self.missing_raws)
