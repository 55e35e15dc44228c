"""Signing in by OAuth: how a provider is asked, and what it granted to each account."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels import oauth_rules
from apps.channels.models.accounts import MAY_SEE_ACCOUNTS, EmailAccount
from apps.core.models import User
from apps.core.rules import refuse
from apps.core.secrets import SecretField


class OAuthProfileQuerySet(models.QuerySet["OAuthProfile"]):
    def visible_to(self, user: User) -> OAuthProfileQuerySet:
        return self if user.has_role(*MAY_SEE_ACCOUNTS) else self.none()


class OAuthProfile(models.Model):
    """An application registered at a provider; several accounts may sign in through one."""

    class Provider(models.TextChoices):
        GOOGLE = "google", _("Google Workspace")
        MICROSOFT = "microsoft", _("Microsoft 365")
        OTHER = "other", _("another provider")

    class Flow(models.TextChoices):
        CODE = "code", _("a person signs in")
        APP = "app", _("the application itself")

    name = models.CharField(
        _("name"),
        max_length=100,
        unique=True,
        help_text=_("For you and your colleagues; customers never see it."),
    )
    provider = models.CharField(
        _("provider"), max_length=10, choices=Provider.choices, default=Provider.MICROSOFT
    )
    flow = models.CharField(
        _("who signs in"),
        max_length=10,
        choices=Flow.choices,
        default=Flow.CODE,
        help_text=_(
            "A person signs in once in the browser, for each account. The application itself suits"
            " shared mailboxes of Microsoft 365: an administrator there allows it, and nobody"
            " signs in."
        ),
    )
    tenant = models.CharField(
        _("tenant"),
        max_length=100,
        blank=True,
        help_text=_(
            "Only with Microsoft 365: the directory (tenant) ID or its domain. Empty: any, which"
            " only a person can use."
        ),
    )
    client_id = models.CharField(
        _("client ID"),
        max_length=255,
        help_text=_("The provider shows it where the application is registered."),
    )
    client_secret = SecretField(_("client secret"))
    secret_until = models.DateField(
        _("secret ends on"),
        null=True,
        blank=True,
        help_text=_("The provider shows it beside the secret; you are warned 30 days before."),
    )
    authorize_url = models.CharField(
        _("address of the sign-in page"),
        max_length=500,
        blank=True,
        help_text=_("Empty: the one of the provider. Needed only with another provider."),
    )
    token_url = models.CharField(
        _("address of the token server"),
        max_length=500,
        blank=True,
        help_text=_("Empty: the one of the provider. Needed only with another provider."),
    )
    scopes = models.CharField(
        _("scopes"),
        max_length=1000,
        blank=True,
        help_text=_("Empty: those that mail needs. Needed only with another provider."),
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = OAuthProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("OAuth profile")
        verbose_name_plural = _("OAuth profiles")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        refuse(oauth_rules.profile_problems(self))


class OAuthGrantQuerySet(models.QuerySet["OAuthGrant"]):
    def visible_to(self, user: User) -> OAuthGrantQuerySet:
        return self if user.has_role(*MAY_SEE_ACCOUNTS) else self.none()


class OAuthGrant(models.Model):
    """What a provider granted to one account. `apps.channels.oauth` alone writes it."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("not connected yet")
        WORKING = "working", _("working")
        FAILING = "failing", _("failing")
        REVOKED = "revoked", _("has to be connected again")

    account = models.OneToOneField(
        EmailAccount, on_delete=models.CASCADE, related_name="oauth_grant"
    )
    profile = models.ForeignKey(OAuthProfile, on_delete=models.PROTECT, related_name="grants")
    user = models.CharField(
        _("signed in as"),
        max_length=255,
        blank=True,
        help_text="Whose token it is, as the provider says it; empty: it does not.",
    )
    access_token = SecretField(_("access token"))
    refresh_token = SecretField(_("refresh token"))
    access_until = models.DateTimeField(null=True, editable=False, help_text="Null: ask anew.")
    scopes = models.TextField(_("granted scopes"), blank=True)
    status = models.CharField(
        _("state"), max_length=10, choices=Status.choices, default=Status.WAITING
    )
    code = models.CharField(max_length=40, blank=True, help_text="As in TransportError.")
    template = models.TextField(blank=True, help_text="The sentence of the trouble, to translate.")
    facts = models.JSONField(default=dict, help_text="What the template names.")
    failing_since = models.DateTimeField(_("failing since"), null=True)
    ask_after = models.DateTimeField(
        null=True, help_text="The token server is not asked before, unless the profile changed."
    )
    asked_with = models.CharField(
        max_length=64, blank=True, help_text="Digest of the profile as it was asked with last."
    )
    refreshed_at = models.DateTimeField(_("refreshed"), null=True)
    connected_at = models.DateTimeField(_("connected"), null=True)
    connected_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("connected by")
    )
    version = models.PositiveIntegerField(default=0, help_text="Grows with each new token.")

    objects = OAuthGrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("OAuth grant")
        verbose_name_plural = _("OAuth grants")

    def __str__(self) -> str:
        return f"OAuth grant {self.pk}"

    @property
    def sentence(self) -> str:
        """The trouble in the language of whoever reads; empty: none."""
        return gettext(self.template) % self.facts if self.template else ""
