"""What an account keeps of a mail provider: its own keys, ours for the webhook, and what came."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.secrets import SecretField


class Provider(models.TextChoices):
    SES = "ses", "Amazon SES"
    BREVO = "brevo", "Brevo"
    MAILGUN = "mailgun", "Mailgun"
    POSTMARK = "postmark", "Postmark"
    SENDGRID = "sendgrid", "SendGrid"


class ProviderFields(models.Model):
    """An account has one provider, for what it receives and for what it sends."""

    provider = models.CharField(
        _("mail provider"),
        max_length=10,
        choices=Provider.choices,
        blank=True,
        help_text=_("Who receives or sends for this account by its own interface."),
    )
    provider_key = SecretField(
        _("key of the provider"), help_text="API key; of Amazon SES the secret access key."
    )
    provider_options = models.JSONField(
        _("options of the provider"),
        default=dict,
        blank=True,
        help_text="No secrets: region, domain, stream … by name, as `channels/providers` reads.",
    )
    webhook_key = models.CharField(
        max_length=60,
        unique=True,
        null=True,
        editable=False,
        help_text="256 bits, in the webhook's address; null: none was needed yet.",
    )
    webhook_secret = SecretField(help_text="Made by us; the password of the webhook's address.")
    webhook_signing_key = SecretField(
        _("signing key"), help_text="The provider's, which proves that a webhook is from it."
    )

    class Meta:
        abstract = True


class ProviderEvent(models.Model):
    """What a provider told by a webhook: once each, whatever it repeats."""

    class Kind(models.TextChoices):
        MAIL = "mail", _("a mail")
        SENDING = "sending", _("news of a sent mail")
        OTHER = "other", _("something else")

    class Outcome(models.TextChoices):
        TAKEN = "taken", _("taken in")
        IGNORED = "ignored", _("ignored")
        REFUSED = "refused", _("refused")

    account = models.ForeignKey(
        "email_channels.EmailAccount", on_delete=models.CASCADE, related_name="provider_events"
    )
    kind = models.CharField(_("about"), max_length=10, choices=Kind.choices)
    event_id = models.CharField(
        max_length=255, null=True, help_text="The provider's, or made from the bytes; null: none."
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices)
    code = models.CharField(max_length=40, blank=True)
    sentence = models.TextField(_("reason"), blank=True)
    inbound = models.ForeignKey(
        "email_channels.InboundEmail", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(_("came"), default=timezone.now)

    class Meta:
        verbose_name = _("webhook of a provider")
        verbose_name_plural = _("webhooks of providers")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "kind", "event_id"],
                condition=Q(event_id__isnull=False),
                name="one_row_per_provider_event",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["account", "-id"], name="event_by_account")]

    def __str__(self) -> str:
        return f"{self.pk}"
