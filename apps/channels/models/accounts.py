"""Servers and logins, how far their folders are read, and the addresses on them."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels import rules
from apps.core.models import Role, User
from apps.core.rules import refuse
from apps.core.secrets import SecretField


class Tls(models.TextChoices):
    NONE = "none", _("none")
    STARTTLS = "starttls", _("STARTTLS")
    IMPLICIT = "implicit", _("implicit TLS")


PORTS = [MinValueValidator(1), MaxValueValidator(65535)]


# Whose work needs the state of accounts; what they show is never a secret.
MAY_SEE_ACCOUNTS = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AUDITOR, Role.INTEGRATION)


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

    class AfterSilence(models.TextChoices):
        WAIT = "wait", _("wait until it is known")
        RESEND = "resend", _("send it again by itself")

    class Status(models.TextChoices):
        NEW = "new", _("not fetched yet")
        OK = "ok", _("working")
        THROTTLED = "throttled", _("slowed down by the server")
        FAILING = "failing", _("failing")

    # The two sides have the same fields; a history names the side.
    field_groups: ClassVar = {"receive_": _("incoming mail"), "send_": _("outgoing mail")}

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        help_text=_("For you and your colleagues; customers never see it."),
    )
    enabled = models.BooleanField(
        _("in use"),
        default=True,
        help_text=_("Off: nothing is fetched from here. Mail waits on its server."),
    )

    receive_kind = models.CharField(
        _("receive by"),
        max_length=10,
        choices=Receive.choices,
        default=Receive.IMAP,
        help_text=_("Choose “does not receive” for an account that only sends."),
    )
    receive_host = models.CharField(
        _("server"),
        max_length=255,
        blank=True,
        help_text=_("Its name, such as imap.example.com. Your mail provider tells it."),
    )
    receive_port = models.PositiveIntegerField(
        _("port"),
        default=993,
        validators=PORTS,
        help_text=_("993 with implicit TLS, 143 with STARTTLS."),
    )
    receive_tls = models.CharField(
        _("encryption"),
        max_length=10,
        choices=Tls.choices,
        default=Tls.IMPLICIT,
        help_text=_("Implicit TLS where the server offers it. None is for tests alone."),
    )
    receive_ca_file = models.CharField(
        _("CA file"),
        max_length=500,
        blank=True,
        help_text=_(
            "Empty for almost everybody. With a certificate authority of your own: the path of its"
            " certificate on this machine."
        ),
    )
    receive_user = models.CharField(
        _("user"),
        max_length=255,
        blank=True,
        help_text=_("Often the whole address, such as support@example.com."),
    )
    receive_password = SecretField(_("password"))
    folders = models.JSONField(_("folders"), default=list, blank=True)
    idle = models.BooleanField(
        _("hear of new mail at once (IDLE)"),
        default=True,
        help_text=_("If the server can. The look at intervals goes on beside it."),
    )
    every_seconds = models.PositiveIntegerField(
        _("look every (seconds)"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(86_400)],
        help_text=_("60 suits most servers; some slow down who asks more often."),
    )
    after = models.CharField(
        _("after storing"),
        max_length=10,
        choices=After.choices,
        default=After.SEEN,
        help_text=_("What happens on the server to a mail that is safe in Carteria."),
    )
    after_folder = models.CharField(
        _("move to"),
        max_length=255,
        blank=True,
        help_text=_("Only with “move to a folder”; the folder must be there."),
    )
    start = models.CharField(
        _("begin with"),
        max_length=10,
        choices=Start.choices,
        default=Start.NOW,
        help_text=_("Counts when a folder is read for the first time, and never again."),
    )
    start_date = models.DateField(
        _("since"),
        null=True,
        blank=True,
        help_text=_("Only with “mail since a date”: the first day that counts."),
    )
    trusted_servers = models.JSONField(
        _("servers that check senders"),
        default=list,
        blank=True,
        help_text=_(
            "The name that your own mail server writes first in Authentication-Results, such as"
            " mx.example.com, one on each line. Microsoft 365 writes no name: type none. Empty:"
            " nothing in a mail proves its sender. The server must remove such lines that arrive"
            " from outside; almost all do."
        ),
    )

    send_kind = models.CharField(
        _("send by"),
        max_length=10,
        choices=Send.choices,
        default=Send.SMTP,
        help_text=_("Choose “does not send” for an account that only receives."),
    )
    send_host = models.CharField(
        _("server"),
        max_length=255,
        blank=True,
        help_text=_("Its name, such as smtp.example.com."),
    )
    send_port = models.PositiveIntegerField(
        _("port"),
        default=587,
        validators=PORTS,
        help_text=_("587 with STARTTLS, 465 with implicit TLS."),
    )
    send_tls = models.CharField(
        _("encryption"),
        max_length=10,
        choices=Tls.choices,
        default=Tls.STARTTLS,
        help_text=_("STARTTLS where the server offers it. None is for tests alone."),
    )
    send_ca_file = models.CharField(
        _("CA file"),
        max_length=500,
        blank=True,
        help_text=_("As above: only with a certificate authority of your own."),
    )
    send_user = models.CharField(
        _("user"),
        max_length=255,
        blank=True,
        help_text=_("Empty only if the server lets this machine send without signing in."),
    )
    send_password = SecretField(_("password"))
    sends_per_minute = models.PositiveIntegerField(
        _("mails a minute"),
        default=0,
        validators=[MaxValueValidator(10_000)],
        help_text=_(
            "At most so many leave in a minute; the others wait their turn. 0: as many as come."
            " Providers tell their limit, Microsoft 365 for example 30."
        ),
    )
    after_silence = models.CharField(
        _("when nobody knows whether a mail arrived"),
        max_length=10,
        choices=AfterSilence.choices,
        default=AfterSilence.WAIT,
        help_text=_(
            "The server had the whole mail and then fell silent. Sending it again can make two"
            " of one; waiting can make none."
        ),
    )
    copy_to_sent = models.BooleanField(
        _("keep a copy in the folder of sent mail"),
        default=False,
        help_text=_("By IMAP, on the server above. Many providers do it by themselves."),
    )
    sent_folder = models.CharField(
        _("folder of sent mail"),
        max_length=255,
        blank=True,
        help_text=_("Empty: the one that the server calls so."),
    )
    announced_size = models.BigIntegerField(
        default=0, editable=False, help_text="SIZE as `announced_by` said it last; 0: no limit."
    )
    announced_by = models.CharField(max_length=270, blank=True, editable=False)

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.NEW, editable=False
    )
    status_code = models.CharField(max_length=40, blank=True, editable=False)
    status_sentence = models.TextField(_("trouble"), blank=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    next_fetch_at = models.DateTimeField(default=timezone.now, editable=False, db_index=True)
    last_fetched_at = models.DateTimeField(_("last fetched"), null=True, editable=False)
    receive_certificate_until = models.DateTimeField(null=True, editable=False)
    send_certificate_until = models.DateTimeField(null=True, editable=False)
    quota_used = models.BigIntegerField(null=True, editable=False, help_text="kB, as RFC 9208.")
    quota_limit = models.BigIntegerField(null=True, editable=False, help_text="kB; null: none.")
    quota_asked_at = models.DateTimeField(null=True, editable=False)
    quota_then = models.BigIntegerField(null=True, editable=False, help_text="kB, days before.")
    quota_then_at = models.DateTimeField(null=True, editable=False)
    canary = models.BooleanField(
        _("prove the way with a mail each hour"),
        default=False,
        help_text=_(
            "The account writes to itself, and the mail must come back within 15 minutes. It is"
            " recognised and makes no work; the server keeps it like any other mail."
        ),
    )
    canary_token = models.CharField(max_length=60, blank=True, editable=False)
    canary_asked_at = models.DateTimeField(null=True, editable=False)
    canary_sent_at = models.DateTimeField(null=True, editable=False)
    canary_proved_at = models.DateTimeField(null=True, editable=False)
    canary_sentence = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EmailAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.trusted_servers = rules.tidy_servers(self.trusted_servers)
        refuse(rules.account_problems(self))

    def doubts(self) -> list[str]:
        """What may stay as it is, and probably should not."""
        said = list(rules.account_doubts(self))
        if self.receive_kind != self.Receive.NONE and not self.mailboxes.exists():
            said.append(gettext("No mailbox belongs to this account yet: its mail would be held."))
        return said

    @property
    def watched_folders(self) -> list[str]:
        return self.folders or ["INBOX"]

    @property
    def sends_through(self) -> str:
        return f"{self.send_host}:{self.send_port}"

    @property
    def largest_mail(self) -> int:
        """Bytes that the server takes in one mail, as far as it has told us; 0: no limit known."""
        return self.announced_size if self.announced_by == self.sends_through else 0


class FolderCursor(models.Model):
    """How far one folder of an account has been read, under one UIDVALIDITY."""

    account = models.ForeignKey(EmailAccount, on_delete=models.CASCADE, related_name="cursors")
    folder = models.CharField(max_length=255)
    uidvalidity = models.BigIntegerField()
    first_uid = models.BigIntegerField(
        help_text="Mail below it was there before the start: left alone unless it is wanted."
    )
    noted_uid = models.BigIntegerField(
        default=0, help_text="Old mail up to here has its rows in the ledger."
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
    highest_modseq = models.BigIntegerField(
        default=0, help_text="HIGHESTMODSEQ (RFC 7162) when all was read; 0: not offered."
    )
    seen_uidnext = models.BigIntegerField(
        default=0, help_text="UIDNEXT when all was read; 0: not said, or not all was."
    )
    seen_exists = models.BigIntegerField(default=0, help_text="How many mails there were then.")

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

    class CustomerFrom(models.TextChoices):
        SENDER = "from", _("who sent the mail (From)")
        REPLY_TO = "reply-to", _("who wants the answer (Reply-To)")
        LISTED = "listed", _("who wants the answer, for web forms listed below")

    class ReplyToken(models.TextChoices):
        """Answers to address+token are used once a mail to such an address has arrived."""

        OFF = "off", _("off")
        ASKED = "asked", _("a trial mail is on its way")
        ON = "on", _("on")
        LOST = "lost", _("switched off: a mail did not arrive")

    address = models.EmailField(
        _("address"),
        unique=True,
        help_text=_("What customers write to, and what your answers come from."),
    )
    aliases = models.JSONField(
        _("further addresses"),
        default=list,
        blank=True,
        help_text=_("Old or other addresses whose mail arrives here too, one on each line."),
    )
    from_name = models.CharField(
        _("From name"),
        max_length=200,
        blank=True,
        help_text=_("What customers see as the sender, such as Acme Support."),
    )
    account = models.ForeignKey(
        EmailAccount,
        on_delete=models.PROTECT,
        related_name="mailboxes",
        verbose_name=_("account"),
        help_text=_("The login that fetches this address's mail and sends its answers."),
    )
    subject_id = models.BooleanField(
        _("session ID in the subject"),
        default=False,
        help_text=_(
            "Adds [E…] to the subject of the first answer, so that replies are recognised even "
            "where a mail program drops everything else."
        ),
    )
    customer_from = models.CharField(
        _("the customer is"),
        max_length=12,
        choices=CustomerFrom.choices,
        default=CustomerFrom.SENDER,
        help_text=_("Web forms often send from their own address and name the person in Reply-To."),
    )
    form_senders = models.JSONField(
        _("web forms"),
        default=list,
        blank=True,
        help_text=_("Addresses that web forms send from, one on each line; *@shop.example is all."),
    )
    reply_token = models.CharField(
        _("reply address with a token"),
        max_length=10,
        choices=ReplyToken.choices,
        default=ReplyToken.OFF,
        editable=False,
    )
    reply_token_nonce = models.CharField(max_length=32, blank=True, editable=False)
    reply_token_sentence = models.TextField(blank=True, editable=False)
    reply_token_asked_at = models.DateTimeField(null=True, editable=False)
    reply_token_proved_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = MailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")
        ordering: ClassVar = ["address"]

    def __str__(self) -> str:
        return self.address

    def clean(self) -> None:
        self.address = self.address.strip()
        self.aliases = rules.tidy_aliases(self.address, self.aliases)
        others = Mailbox.objects.exclude(pk=self.pk)
        taken = {address: other.address for other in others for address in other.addresses}
        self.form_senders = rules.tidy_forms(self.form_senders)
        listed = self.customer_from == self.CustomerFrom.LISTED
        refuse(
            [
                *rules.mailbox_problems(self.address, self.aliases, taken),
                *rules.form_problems(self.form_senders, needed=listed),
            ]
        )
        self._keep_only_what_was_proved()

    def _keep_only_what_was_proved(self) -> None:
        """A mail to address+token arrived at this address, by this account, and at no other."""
        before = Mailbox.objects.filter(pk=self.pk).first()
        if before is None or self._reached_by == before._reached_by:
            return
        self.reply_token, self.reply_token_nonce = self.ReplyToken.OFF, ""
        self.reply_token_sentence = ""
        self.reply_token_asked_at = self.reply_token_proved_at = None

    @property
    def _reached_by(self) -> tuple[str, int]:
        return self.address.lower(), self.account_id

    def doubts(self) -> list[str]:
        """What may stay as it is, and probably should not. Queues stand above this floor."""
        rows, said = Mailbox.objects.filter(pk=self.pk), []
        if rows.filter(route__isnull=True).exists():
            said.append(gettext("No queue takes the mail of this address yet, so it is held back."))
        elif rows.filter(route__queue__enabled=False).exists():
            said.append(
                gettext("The queue of this address is switched off, so its mail is held back.")
            )
        if self.account.send_kind == EmailAccount.Send.NONE:
            said.append(
                gettext("The account does not send: nobody could answer from this address.")
            )
        if self.form_senders and self.customer_from != self.CustomerFrom.LISTED:
            said.append(
                gettext("The web forms are listed, but “the customer is” does not ask for them.")
            )
        return said

    @property
    def addresses(self) -> set[str]:
        """Every address that is this mailbox, lower-cased."""
        return {self.address.lower(), *(alias.lower() for alias in self.aliases)}
