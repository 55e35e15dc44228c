"""A mail provider on an account's page: its keys, and the webhook's address with what to do."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.channels.models import EmailAccount, Provider, ProviderEvent
from apps.channels.providers import keys
from apps.core.secrets import seal

SHOWN = 5  # of what was not taken in
# How an option is called among `provider_options`, and whose it is.
OPTIONS: dict[str, tuple[Provider, ...]] = {
    "region": (Provider.SES, Provider.MAILGUN, Provider.SENDGRID),
    "access_key": (Provider.SES,),
    "configuration_set": (Provider.SES,),
    "domain": (Provider.MAILGUN,),
    "stream": (Provider.POSTMARK,),
}
SECRETS = {"new_provider_key": "provider_key", "new_webhook_signing_key": "webhook_signing_key"}


def _secret(label: Any, help_text: Any, *providers: Provider) -> forms.CharField:
    shown = {"autocomplete": "new-password", "data-of": " ".join(providers)}
    widget = forms.PasswordInput(attrs=shown)
    return forms.CharField(label=label, required=False, widget=widget, help_text=help_text)


def _option(name: str, label: Any, help_text: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"spellcheck": "false", "data-of": " ".join(OPTIONS[name])})
    return forms.CharField(
        label=label, required=False, max_length=100, widget=widget, help_text=help_text
    )


class ProviderFields(forms.Form):
    """Secrets go in and never come out; an option left empty is the provider's usual one."""

    new_provider_key = _secret(
        _("API key"),
        _("For sending, and for files that have to be fetched. It is stored encrypted."),
        *Provider,
    )
    new_webhook_signing_key = _secret(
        _("Webhook signing key"),
        _("Mailgun shows it as “HTTP webhook signing key”. It is stored encrypted."),
        Provider.MAILGUN,
    )
    option_region = _option(
        "region",
        _("Region"),
        _("Such as eu-west-1; of Mailgun and SendGrid: eu. Empty: the usual."),
    )
    option_access_key = _option(
        "access_key", _("Access key ID"), _("Its secret goes into the field “API key”.")
    )
    option_configuration_set = _option(
        "configuration_set", _("Configuration set"), _("Only to hear what becomes of sent mail.")
    )
    option_domain = _option("domain", _("Sending domain"), _("Empty: that of the sender."))
    option_stream = _option("stream", _("Message stream"), _("Empty: the usual one, outbound."))

    instance: EmailAccount

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {f"option_{one}" for one in OPTIONS} & set(self.fields):
            stored = self.instance.provider_options or {}
            self.fields[name].initial = stored.get(name.removeprefix("option_"), "")
        for name in SECRETS.keys() & set(self.fields):
            if getattr(self.instance, SECRETS[name]):
                self.fields[name].help_text = _("Stored. Empty keeps it.")

    def clean_provider(self) -> str:
        """Whoever does not say leaves it as it is."""
        said = self.add_prefix("provider") in self.data
        return str(self.cleaned_data["provider"] if said else self.instance.provider)

    def clean(self) -> dict[str, Any]:
        """What is only kept was typed for another provider."""
        data = super().clean() or {}
        stored = self.initial.get("provider", "")
        if "provider" in data and stored and data["provider"] != stored:
            for name in SECRETS:
                setattr(self.instance, SECRETS[name], "")
        return data

    def save(self, commit: bool = True) -> Any:
        account = self.instance
        for name, field in SECRETS.items():
            if typed := self.cleaned_data.get(name):
                setattr(account, field, seal(typed.strip()))
        account.provider_options = self._options()
        if account.receive_kind == EmailAccount.Receive.PROVIDER or account.send_kind == "anymail":
            keys.prepare(account)
        return super().save(commit)  # type: ignore[misc]  # the form of a row comes behind this one

    def _options(self) -> dict[str, Any]:
        """Those of the chosen provider, and what only the command line sets."""
        kept = dict(self.instance.provider_options)
        for name, providers in OPTIONS.items():
            typed = self.cleaned_data.get(f"option_{name}", "").strip()
            if self.add_prefix(f"option_{name}") in self.data:
                kept[name] = typed
            if self.instance.provider not in providers:
                kept[name] = ""
        return {name: one for name, one in kept.items() if one}


# ---- for who only looks: the form has boxes of these names ---------------------------------------


def told_secret(field: str, label: Any) -> Any:
    @admin.display(description=label)
    def told(_page: Any, row: Any) -> str:
        return gettext("stored, never shown") if getattr(row, field) else gettext("none")

    return told


def _told_option(name: str, label: Any) -> Any:
    @admin.display(description=label)
    def told(_page: Any, account: EmailAccount) -> str:
        return str((account.provider_options or {}).get(name, "–"))

    return told


class BringsMail:
    """For the account's page: the webhook's card, and *Make a new address*."""

    new_provider_key = told_secret("provider_key", _("API key"))
    new_webhook_signing_key = told_secret("webhook_signing_key", _("Webhook signing key"))
    option_region = _told_option("region", _("Region"))
    option_access_key = _told_option("access_key", _("Access key ID"))
    option_configuration_set = _told_option("configuration_set", _("Configuration set"))
    option_domain = _told_option("domain", _("Sending domain"))
    option_stream = _told_option("stream", _("Message stream"))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        account: EmailAccount | None = kwargs.get("obj")
        may = self.has_change_permission(request, account)  # type: ignore[attr-defined]
        if account and may and not context.get("errors"):  # else it is what was typed
            context |= {"webhook": webhook_of(account), "news": news_of(account)}
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc,no-any-return]

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        page = path("<int:pk>/webhook/", wrap(require_POST(self.renew)), name="account-webhook")
        return [page, *super().get_urls()]  # type: ignore[misc]

    def renew(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(EmailAccount, pk=pk)
        if not self.has_change_permission(request, account):  # type: ignore[attr-defined]
            raise PermissionDenied
        keys.renew(account)
        account.save(update_fields=keys.FIELDS)
        said = gettext("The webhook has a new address. Paste it at %(provider)s.")
        messages.success(request, said % {"provider": account.get_provider_display()})
        return redirect(reverse("admin:email_channels_emailaccount_change", args=[pk]))


def news_of(account: EmailAccount) -> dict[str, Any] | None:
    """Where the provider tells what becomes of sent mail."""
    if account.send_kind != EmailAccount.Send.ANYMAIL or not account.webhook_key:
        return None
    return {
        "address": keys.address_of(account, ending="events/"),
        "provider": account.provider,
        "name": account.get_provider_display(),
    }


def webhook_of(account: EmailAccount) -> dict[str, Any] | None:
    if account.receive_kind != EmailAccount.Receive.PROVIDER or not account.webhook_key:
        return None
    events = ProviderEvent.objects.filter(account=account, kind=ProviderEvent.Kind.OTHER)
    return {
        "address": keys.address_of(account),
        "provider": account.provider,
        "name": account.get_provider_display(),
        "works": account.last_fetched_at is not None,
        "fails": account.status == EmailAccount.Status.FAILING,
        "lacks_key": account.provider == Provider.MAILGUN and not account.webhook_signing_key,
        "events": list(events.order_by("-id")[:SHOWN]),
    }
