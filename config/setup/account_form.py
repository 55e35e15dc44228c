"""The step *Connect the account*: a provider or two servers, an address, a password."""

from typing import Any, ClassVar

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels.admin import AccountForm
from apps.channels.guides import GUIDES, OTHER, guide_named, guide_to
from apps.channels.models import EmailAccount, Mailbox, Tls
from apps.channels.rules import PORTS, port_side
from apps.core.errors import Invalid
from apps.core.secrets import unseal
from config.setup.steps import SIDES
from config.setup.stored import StoredForm

ENCRYPTION = [
    (Tls.IMPLICIT, _("TLS from the start")),
    (Tls.STARTTLS, _("STARTTLS")),
    (Tls.NONE, _("none: everybody on the way can read along")),
]


class AccountStep(StoredForm, AccountForm):
    """The account form of the settings, with the few fields that a newcomer has to know."""

    provider = forms.ChoiceField(
        label=_("Where does your mail live?"),
        choices=[(one.key, one.label) for one in GUIDES],
        widget=forms.RadioSelect,
        initial=OTHER,
    )
    address = forms.EmailField(
        label=_("Support address"), help_text=_("The address that customers write to.")
    )
    same_login = forms.BooleanField(
        label=_("Sending uses the same user and password"), required=False, initial=True
    )

    class Meta:
        model = EmailAccount
        fields: ClassVar = [
            "name",
            *(f"receive_{name}" for name in ("host", "port", "tls", "user", "ca_file")),
            *(f"send_{name}" for name in ("host", "port", "tls", "user", "ca_file")),
        ]

    def __init__(self, *args: Any, address: str, enabled: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._enabled = enabled
        self.fields["address"].initial = address
        self.fields["provider"].initial = guide_to(self.instance.receive_host).key
        if self.instance.pk:
            self.fields["same_login"].initial = _logs_in_alike(self.instance)
        self.fields["name"].required = False
        self.fields["name"].help_text = _("How it is called in the settings; empty: the address.")
        for side in SIDES:
            for name in ("host", "port", "tls", "user"):
                self.fields[f"{side}_{name}"].help_text = ""  # the provider's words say it
            if not getattr(self.instance, f"{side}_password"):
                self.fields[f"new_{side}_password"].help_text = ""
            self.fields[f"{side}_port"].required = False
            self.fields[f"{side}_tls"].choices = ENCRYPTION  # type: ignore[attr-defined]
        self.fields["receive_user"].help_text = _("Empty: the address.")
        self._guess_hosts(address.rpartition("@")[2] or "example.com")

    def _guess_hosts(self, domain: str) -> None:
        """A guess stays a guess: it shows in grey and is never sent."""
        for side, word in (("receive", "imap"), ("send", "smtp")):
            self.fields[f"{side}_host"].widget.attrs["placeholder"] = f"{word}.{domain}"

    # ---- what was typed ---------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        self._fill_in(self.cleaned_data)
        data = super().clean()
        self._refuse_taken(data.get("address", ""))
        by_password = self.instance.sign_in == EmailAccount.SignIn.PASSWORD
        missing = by_password and data.get("receive_user") and not self._password("receive")
        if missing and not self.has_error("new_receive_password"):
            self.add_error("new_receive_password", _("Type the password of this user."))
        return data

    def _password_field(self, side: str) -> str:
        """With one login for both, only one field is shown."""
        return super()._password_field("receive" if self.cleaned_data.get("same_login") else side)

    def _gives_away(self, data: dict[str, Any], side: str) -> bool:
        """Also the password of receiving, which sending did not use until now."""
        joined = data.get("same_login") and not _logs_in_alike(self.instance)
        if side == "send" and joined and not data.get("new_receive_password"):
            return bool(self.instance.receive_password)
        return super()._gives_away(data, side)

    def _fill_in(self, data: dict[str, Any]) -> None:
        """What was left empty is what the provider or the custom says."""
        known = guide_named(data.get("provider", "")).fields
        for side in SIDES:
            host, port, tls = (f"{side}_{name}" for name in ("host", "port", "tls"))
            if not data.get(host) and known[host]:
                data |= {name: known[name] for name in (host, port, tls)}
            way = port_side(self.instance, side)
            data[port] = data.get(port) or PORTS[way, str(data.get(tls) or known[tls])]
        data["receive_user"] = data.get("receive_user") or data.get("address", "")
        data["name"] = data.get("name") or data.get("address", "")[:100]
        if data.get("same_login"):
            data["send_user"] = data["receive_user"]
            data["new_send_password"] = data.get("new_receive_password", "")

    def _refuse_taken(self, address: str) -> None:
        taken = Mailbox.objects.filter(address__iexact=address).exclude(account=self.instance.pk)
        if address and (mailbox := taken.select_related("account").first()):
            sentence = gettext("This address belongs to the account “%(account)s” already.")
            self.add_error("address", sentence % {"account": mailbox.account})

    def _password(self, side: str) -> str:
        return self.cleaned_data.get(f"new_{side}_password") or _stored(self.instance, side)

    def typed_anew(self) -> set[str]:
        """A password that is stored already is nothing new."""
        secrets = {f"new_{side}_password": _stored(self.instance, side) for side in SIDES}
        typed = {name for name in secrets if self.cleaned_data.get(name)}
        changed = super().typed_anew() - secrets.keys() - {"provider"}
        return changed | {name for name in typed if self.cleaned_data[name] != secrets[name]}

    def save(self, commit: bool = True) -> EmailAccount:
        account: EmailAccount = super().save(commit=False)
        if self.cleaned_data["same_login"]:
            account.send_password = account.receive_password
        if account._state.adding:
            account.enabled = self._enabled
        account.status, account.status_code, account.status_sentence = "new", "", ""
        account.failures, account.next_fetch_at = 0, timezone.now()  # a mended one need not wait
        account.save()
        return account


def _logs_in_alike(account: EmailAccount) -> bool:
    alike = account.send_user == account.receive_user
    return alike and _stored(account, "send") == _stored(account, "receive")


def _stored(account: EmailAccount, side: str) -> str:
    try:
        return unseal(getattr(account, f"{side}_password"))
    except Invalid:
        return ""  # sealed with a key that is gone: it has to be typed again
