"""Servers and logins that mail is fetched from and sent through."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels import rules
from apps.channels.models.providers import ProviderFields
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

    def fetching(self) -> EmailAccountQuerySet:
        """Those whose server we ask for mail."""
        return self.exclude(receive_kind__in=rules.WITHOUT_SERVER)


class EmailAccount(ProviderFields):
    """A server and a login that we fetch from and send through."""

    class Receive(models.TextChoices):
        IMAP = "imap", _("IMAP")
        POP3 = "pop3", _("POP3")
        PROVIDER = "provider", _("webhook of a mail provider")
        NONE = "none", _("does not receive")

    class Send(models.TextChoices):
        SMTP = "smtp", _("SMTP")
        ANYMAIL = "anymail", _("interface of a mail provider")
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

    class SignIn(models.TextChoices):
        PASSWORD = "password", _("user and password")
        OAUTH = "oauth", _("OAuth, as Google and Microsoft ask for")

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

    sign_in = models.CharField(
        _("sign in by"),
        max_length=10,
        choices=SignIn.choices,
        default=SignIn.PASSWORD,
        help_text=_("Counts for incoming and outgoing mail. Google and Microsoft 365 want OAuth."),
    )
    oauth_profile = models.ForeignKey(
        "email_channels.OAuthProfile",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        verbose_name=_("OAuth profile"),
        help_text=_("Only with OAuth: the application that is registered at the provider."),
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
        help_text=_("993 with implicit TLS, 143 with STARTTLS; by POP3 995 and 110."),
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
    watch_junk = models.BooleanField(
        _("also watch the folder of junk mail"),
        default=False,
        help_text=_(
            "Mail that the server took for junk comes in too, from now on alone. Your people see"
            " that it lay there, and nothing automatic answers it. It is never moved or deleted"
            " there; it is marked as read where that is chosen below."
        ),
    )
    junk_folder = models.CharField(
        _("folder of junk mail"),
        max_length=255,
        blank=True,
        help_text=_("Empty: the one that the server calls so."),
    )
    junk_found = models.CharField(
        max_length=255, blank=True, editable=False, help_text="What the server calls so."
    )
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
    moved_until = models.DateTimeField(
        null=True,
        editable=False,
        help_text="A mailbox moved here: mail that is older came by the account before, or never.",
    )
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
    def fetches(self) -> bool:
        """We ask its server for mail; else nobody does, or a provider brings it."""
        return self.receive_kind not in rules.WITHOUT_SERVER

    def try_at_once(self) -> None:
        """Once mended, it does not wait until its last pause is over."""
        EmailAccount.objects.filter(pk=self.pk).update(
            status=self.Status.NEW,
            status_code="",
            status_sentence="",
            failures=0,
            next_fetch_at=Now(),
        )

    @property
    def watched_folders(self) -> list[str]:
        """Of POP3, which knows no folders, the inbox; the folder of junk mail comes last."""
        if self.receive_kind == self.Receive.POP3:
            return ["INBOX"]
        named = self.folders or ["INBOX"]
        return [*named, self.junk] if self.junk and self.junk not in named else named

    @property
    def junk(self) -> str:
        """The folder of junk mail that is watched; empty: none is, or none is known yet."""
        by_imap = self.watch_junk and self.receive_kind == self.Receive.IMAP
        return (self.junk_folder or self.junk_found) if by_imap else ""

    def after_in(self, folder: str) -> str:
        """Nothing is moved out of junk, nor deleted there: the server learns by what lies in it."""
        keeps = folder == self.junk and self.after != self.After.SEEN
        return self.After.KEEP if keeps else self.after

    def start_in(self, folder: str) -> str:
        """The junk of years is nobody's work."""
        return self.Start.NOW if folder == self.junk else self.start

    @property
    def sends_through(self) -> str:
        return f"{self.send_host}:{self.send_port}"

    @property
    def largest_mail(self) -> int:
        """Bytes that the server takes in one mail, as far as it has told us; 0: no limit known."""
        return self.announced_size if self.announced_by == self.sends_through else 0
