"""The addresses that customers write to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels import rules
from apps.channels.models.accounts import MAY_SEE_ACCOUNTS, EmailAccount
from apps.core.models import User
from apps.core.rules import refuse


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

    class MoveState(models.TextChoices):
        """Moved: the same mail may come by two accounts, and is one mail all the same."""

        NEVER = "", _("never moved")
        MOVING = "moving", _("being moved")
        MOVED = "moved", _("moved")

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
    move_state = models.CharField(
        max_length=10,
        choices=MoveState.choices,
        default=MoveState.NEVER,
        blank=True,
        editable=False,
    )
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
        self.forget_proof()

    def forget_proof(self) -> None:
        """The address with a token has to be tried anew."""
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
