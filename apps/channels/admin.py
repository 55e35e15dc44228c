"""Settings > Email: the switch, accounts with *Test connection*, the ledger."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import apps.channels.admin_domains
import apps.channels.admin_ledger
import apps.channels.admin_mailboxes
import apps.channels.admin_oauth
import apps.channels.admin_suppressed  # noqa: F401 - they register their pages
from apps.channels import rules
from apps.channels.admin_connect import Connects, say_how_it_goes
from apps.channels.admin_providers import BringsMail, ProviderFields, told_secret
from apps.channels.forecast import forgotten
from apps.channels.grants import standing_of, waits_for_connect
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.channels.stamps import stamping_servers
from apps.core.admin_bases import OneRow, Restricted, SpeaksOfDoubts
from apps.core.rules import LinesField, RowForm
from apps.core.secrets import seal
from apps.core.zones import zones


class ChannelForm(RowForm):
    external_url = forms.URLField(
        label=_("Console address"),
        required=False,
        assume_scheme="https",
        max_length=200,
        help_text=ChannelSettings._meta.get_field("external_url").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if zone := self.fields.get("time_zone"):  # who only looks has no fields
            zone.widget = forms.Select(choices=[(name, name) for name in zones()])


@admin.register(ChannelSettings)
class ChannelAdmin(SpeaksOfDoubts, OneRow):
    form = ChannelForm
    fieldsets = (
        (
            None,
            {
                "fields": ("external_url", "enabled"),
                "description": _("First the address, then the switch. Nothing is lost while off."),
            },
        ),
        (
            _("Language and time"),
            {
                "fields": ("language", "time_zone"),
                "description": _("What counts for mails that nobody in particular reads."),
            },
        ),
        (
            _("Answers"),
            {
                "fields": ("undo_seconds", "auto_responses_per_day"),
                "description": _("What holds for every mail that your people write."),
            },
        ),
        (
            _("Mail to your own people"),
            {
                "fields": ("notice_mailbox", "alarms_by_mail"),
                "description": _(
                    "Without a mailbox, you hand over invitations by hand, and alarms stand on the"
                    " front page alone."
                ),
            },
        ),
    )


SIDES = ("receive", "send")


class AccountForm(RowForm):
    """Passwords go in and never come out: an empty field keeps the stored one."""

    new_receive_password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Of this user; some providers want an app password. It is stored encrypted."),
    )
    new_send_password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Often the same as for incoming mail. It is stored encrypted."),
    )
    trusted_servers = LinesField(
        label=_("Servers that check senders"),
        required=False,
        help_text=EmailAccount._meta.get_field("trusted_servers").help_text,
    )
    folder_names = forms.CharField(
        label=_("Folders"),
        required=False,
        help_text=_("Names separated by commas; empty means INBOX."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder_names"].initial = ", ".join(self.instance.folders)
        for side in SIDES:
            if getattr(self.instance, f"{side}_password"):
                self.fields[f"new_{side}_password"].help_text = _("Stored. Empty keeps it.")
        for name in {"sign_in", "sends_per_minute", "after_silence"} & set(self.fields):
            self.fields[name].required = False  # whoever does not say leaves them as they are

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        fetches = data.get("receive_kind") not in rules.WITHOUT_SERVER
        if fetches and not data.get("receive_user"):
            self.add_error("receive_user", _("Name the user; it is needed to connect."))
        asked = [side for side in SIDES if self._gives_away(data, side)]
        if (data.get("sign_in") or self.instance.sign_in) == EmailAccount.SignIn.OAUTH:
            self._forget_passwords(asked)
        else:
            for field in dict.fromkeys(map(self._password_field, asked)):
                self.add_error(field, _("The server changed: type the password again."))
        return data

    def _forget_passwords(self, sides: list[str]) -> None:
        """Nobody needs them any more, and they were typed for another server."""
        for side in sides:
            setattr(self.instance, f"{side}_password", "")

    def _password_field(self, side: str) -> str:
        return f"new_{side}_password"

    def _gives_away(self, data: dict[str, Any], side: str) -> bool:
        """A password that is only kept would go to a server that it was not typed for."""
        kept = getattr(self.instance, f"{side}_password") and not data.get(f"new_{side}_password")
        return bool(kept) and rules.leads_elsewhere(self.instance, data, side)

    def _post_clean(self) -> None:
        """Folders before the row's own rules, which look at them."""
        if self.add_prefix("folder_names") in self.data:
            names = self.cleaned_data.get("folder_names", "").split(",")
            self.instance.folders = [name.strip() for name in names if name.strip()]
        super()._post_clean()  # type: ignore[misc]

    def save(self, commit: bool = True) -> Any:
        for field in forgotten(self.changed_data):
            setattr(self.instance, field, None)
        if "receive_kind" in self.changed_data:
            self._forget_condition()
        for side in SIDES:
            if typed := self.cleaned_data[f"new_{side}_password"]:
                setattr(self.instance, f"{side}_password", seal(typed))
        return super().save(commit)

    def _forget_condition(self) -> None:
        """It was that of another way in."""
        account = self.instance
        account.status, account.failures = EmailAccount.Status.NEW, 0
        account.status_code = account.status_sentence = ""
        if account.receive_kind == EmailAccount.Receive.PROVIDER:
            account.last_fetched_at = None  # else nothing would have to come to call it working


def _signs_in_nowhere(*kinds: str | None) -> bool:
    return all(one in rules.WITHOUT_SERVER for one in kinds)


class WholeAccountForm(ProviderFields, AccountForm):
    """The account's own page, where nothing else asks for the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        trusted = self.fields.get("trusted_servers")
        if trusted and self.instance.pk:
            trusted.help_text = format_lazy("{} {}", trusted.help_text, self._seen())

    def _seen(self) -> str:
        """What an administrator could only find out by reading the source of mails."""
        names, read = stamping_servers(self.instance)
        if not names:
            return ""
        told = {"n": read, "servers": ", ".join(names)}
        return _("Most of the last %(n)s mails carry on top: %(servers)s.") % told

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if _signs_in_nowhere(data.get("receive_kind"), data.get("send_kind")):
            data["sign_in"] = EmailAccount.SignIn.PASSWORD  # nothing to be connected
        fetches = data.get("receive_kind") not in rules.WITHOUT_SERVER
        known = data.get("new_receive_password") or self.instance.receive_password
        by_password = data.get("sign_in") != EmailAccount.SignIn.OAUTH
        if by_password and fetches and data.get("receive_user") and not known:
            self.add_error("new_receive_password", _("Type the password of this user."))
        return data

    def clean_sign_in(self) -> str:
        return str(self.cleaned_data["sign_in"] or self.instance.sign_in)


TONES: dict[str, str] = {
    EmailAccount.Status.OK: "ok",
    EmailAccount.Status.THROTTLED: "warn",
    EmailAccount.Status.FAILING: "danger",
}


class MailboxInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Mailbox
    form = RowForm
    fields = ("address", "from_name")
    extra = 0
    verbose_name_plural = _("Mailboxes: the addresses whose mail this account fetches and sends")


@admin.register(EmailAccount)
class AccountAdmin(BringsMail, Connects, SpeaksOfDoubts, Restricted):
    form = WholeAccountForm
    list_display = (
        *("name", "enabled", "incoming", "outgoing", "signs_in", "health", "last_fetched_at"),
    )
    list_select_related = ("oauth_profile", "oauth_grant")
    search_fields = ("name",)
    inlines = (MailboxInline,)
    readonly_fields = ("health", "status_sentence", "last_fetched_at")
    new_receive_password = told_secret("receive_password", _("Password"))
    new_send_password = told_secret("send_password", _("Password"))

    class Media:
        css: ClassVar = {"all": ("account-admin.css",)}
        js: ClassVar = (
            Script("account-admin.js", defer=True),
            Script("account-provider.js", defer=True),
            Script("account-way.js", defer=True),
        )

    fieldsets = (
        (
            None,
            {
                "fields": ("name", "enabled"),
                "description": _("One login at your mail provider, for one or several addresses."),
            },
        ),
        (
            _("Signing in"),
            {
                "fields": (("sign_in", "oauth_profile"),),
                "description": _("By password, or as the provider wants it; a guide helps."),
            },
        ),
        (
            _("How it is"),
            {
                "fields": ("health", "status_sentence", "last_fetched_at"),
                "description": _("As the last visit to the server found it."),
            },
        ),
        (
            _("Incoming mail"),
            {
                "fields": (
                    "receive_kind",
                    ("receive_host", "receive_port", "receive_tls"),
                    ("receive_user", "new_receive_password"),
                    "receive_ca_file",
                ),
                "description": _(
                    "Where mail is fetched from, and who signs in there. Choose IMAP where the"
                    " server has both: POP3 knows no folders and not which mail was read."
                ),
            },
        ),
        (
            _("Mail provider"),
            {
                "fields": (
                    "provider",
                    ("new_provider_key", "new_webhook_signing_key"),
                    ("option_access_key", "option_region"),
                    ("option_domain", "option_stream", "option_configuration_set"),
                ),
                "description": _(
                    "Only if a provider brings the mail by its webhook, or sends it by its own"
                    " interface."
                ),
            },
        ),
        (
            _("Fetching"),
            {
                "fields": (
                    "folder_names",
                    ("watch_junk", "junk_folder"),
                    ("idle", "every_seconds"),
                    ("after", "after_folder"),
                    ("start", "start_date"),
                ),
                "description": _("Old mail stays untouched unless you choose to begin with it."),
            },
        ),
        (
            _("Trust"),
            {
                "fields": ("trusted_servers",),
                "description": _("Who says whether a mail really comes from its sender."),
            },
        ),
        (
            _("Outgoing mail"),
            {
                "fields": (
                    "send_kind",
                    ("send_host", "send_port", "send_tls"),
                    ("send_user", "new_send_password"),
                    "send_ca_file",
                ),
                "description": _("Where answers leave. Often the same provider and login."),
            },
        ),
        (
            _("How mail leaves"),
            {
                "fields": ("sends_per_minute", "after_silence", ("copy_to_sent", "sent_folder")),
                "description": _(
                    "How fast mail leaves, and what happens when nobody knows whether it arrived."
                ),
            },
        ),
        (
            _("Proof"),
            {
                "fields": ("canary",),
                "description": _("The health page shows how long each mail was away."),
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new account has no condition yet."""
        shown = super().get_fieldsets(request, obj)
        return shown if obj else [one for one in shown if "health" not in one[1]["fields"]]

    @admin.display(description=_("Folders"))
    def folder_names(self, account: EmailAccount) -> str:
        """For who only looks: the form has a box of this name."""
        return ", ".join(account.folders) or "INBOX"

    @admin.display(description=_("incoming mail"), ordering="receive_host")
    def incoming(self, account: EmailAccount) -> str:
        if account.receive_kind == EmailAccount.Receive.PROVIDER:
            return account.get_provider_display()
        return account.receive_host if account.fetches else account.get_receive_kind_display()

    @admin.display(description=_("outgoing mail"), ordering="send_host")
    def outgoing(self, account: EmailAccount) -> str:
        if account.send_kind == EmailAccount.Send.ANYMAIL:
            return account.get_provider_display()
        sends = account.send_kind != EmailAccount.Send.NONE
        return account.send_host if sends else account.get_send_kind_display()

    @admin.display(description=_("signs in"), ordering="sign_in")
    def signs_in(self, account: EmailAccount) -> SafeString | str:
        if _signs_in_nowhere(account.receive_kind, account.send_kind):
            return "–"
        standing = standing_of(account)
        if standing is None:
            return gettext("by password")
        return format_html('<span class="tone tone--{}">{}</span>', standing.tone, standing.short)

    @admin.display(description=_("state"), ordering="status")
    def health(self, account: EmailAccount) -> SafeString:
        tone, word = TONES.get(account.status, "quiet"), account.get_status_display()
        return format_html('<span class="tone tone--{}">{}</span>', tone, word)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Django saves inside a transaction; the servers are asked once it is over."""
        answer = super().changeform_view(request, *args, **kwargs)
        if account := getattr(request, "to_be_tested", None):
            say_how_it_goes(request, account)
        return answer

    def response_add(
        self, request: HttpRequest, obj: EmailAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._stays(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: EmailAccount) -> HttpResponse:
        return self._stays(request, obj) or super().response_change(request, obj)

    def _stays(self, request: HttpRequest, account: EmailAccount) -> HttpResponse | None:
        """*Save and test connection*: what was typed is stored, then tried. Who has to connect
        is left where the button is."""
        if "_test" in request.POST:
            request.to_be_tested = account  # type: ignore[attr-defined]
        elif waits_for_connect(account):
            self.message_user(request, gettext("Saved. Now press “Connect”."), messages.SUCCESS)
        else:
            return None
        return redirect(reverse("admin:email_channels_emailaccount_change", args=[account.pk]))
