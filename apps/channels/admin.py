"""Settings > Email: the switch, accounts with *Test connection*, mailboxes, the ledger."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.channels import diagnose
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, Mailbox
from apps.core.admin_bases import OneRow, OnlyLook, Restricted
from apps.core.secrets import seal


class ChannelForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("enabled") and not data.get("external_url"):
            self.add_error(
                "external_url", _("Fill in the console address first: links in tickets need it.")
            )
        return data


@admin.register(ChannelSettings)
class ChannelAdmin(OneRow):
    form = ChannelForm
    fieldsets = (
        (
            None,
            {
                "fields": ("enabled", "external_url"),
                "description": _("The master switch. Nothing is lost while the channel is off."),
            },
        ),
        (_("Language and time"), {"fields": ("language", "time_zone")}),
        (
            _("Mail to your own people"),
            {
                "fields": ("notice_mailbox",),
                "description": _("Without one, you hand over invitations by hand."),
            },
        ),
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """Passwords go in and never come out: an empty field keeps the stored one."""

    new_receive_password = forms.CharField(
        label=_("Password"), required=False, widget=forms.PasswordInput
    )
    new_send_password = forms.CharField(
        label=_("Password"), required=False, widget=forms.PasswordInput
    )
    folder_names = forms.CharField(
        label=_("Folders"),
        required=False,
        help_text=_("Names separated by commas; empty means INBOX."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["folder_names"].initial = ", ".join(self.instance.folders)
        for side in ("receive", "send"):
            if getattr(self.instance, f"{side}_password"):
                self.fields[f"new_{side}_password"].help_text = _("Stored. Empty keeps it.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._need(data, "receive_kind", "none", ("receive_host", "receive_user"))
        self._need(data, "send_kind", "none", ("send_host",))
        self._need_if(data, "after", "move", "after_folder", _("Name the folder to move mail to."))
        self._need_if(data, "start", "date", "start_date", _("Say from which day on."))
        return data

    def save(self, commit: bool = True) -> Any:
        names = self.cleaned_data["folder_names"].split(",")
        self.instance.folders = [name.strip() for name in names if name.strip()]
        for side in ("receive", "send"):
            if typed := self.cleaned_data[f"new_{side}_password"]:
                setattr(self.instance, f"{side}_password", seal(typed))
        return super().save(commit)

    def _need(self, data: dict[str, Any], kind: str, off: str, fields: tuple[str, ...]) -> None:
        for name in fields:
            if data.get(kind) != off and not data.get(name):
                self.add_error(name, _("This is needed to connect."))

    def _need_if(
        self, data: dict[str, Any], choice: str, value: str, name: str, sentence: Any
    ) -> None:
        if data.get(choice) == value and not data.get(name):
            self.add_error(name, sentence)


class MailboxInline(admin.TabularInline):  # type: ignore[type-arg]
    model = Mailbox
    fields = ("address", "from_name")
    extra = 0


@admin.register(EmailAccount)
class AccountAdmin(Restricted):
    form = AccountForm
    list_display = ("name", "enabled", "receive_host", "send_host", "health", "last_fetched_at")
    search_fields = ("name",)
    inlines = (MailboxInline,)
    readonly_fields = ("health", "status_sentence", "last_fetched_at")
    fieldsets = (
        (None, {"fields": ("name", "enabled", "health", "status_sentence", "last_fetched_at")}),
        (
            _("Incoming mail"),
            {
                "fields": (
                    "receive_kind",
                    ("receive_host", "receive_port", "receive_tls"),
                    ("receive_user", "new_receive_password"),
                    "receive_ca_file",
                    "folder_names",
                    ("idle", "every_seconds"),
                    ("after", "after_folder"),
                    ("start", "start_date"),
                ),
                "description": _("Old mail stays untouched unless you choose to begin with it."),
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
            },
        ),
    )

    @admin.display(description=_("state"))
    def health(self, account: EmailAccount) -> str:
        return account.get_status_display()

    def response_add(
        self, request: HttpRequest, obj: EmailAccount, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._tested(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: EmailAccount) -> HttpResponse:
        return self._tested(request, obj) or super().response_change(request, obj)

    def _tested(self, request: HttpRequest, account: EmailAccount) -> HttpResponse | None:
        """*Save and test connection*: what was typed is stored, then tried."""
        if "_test" not in request.POST:
            return None
        if account.receive_kind != EmailAccount.Receive.NONE:
            self._say(request, _t("Incoming mail"), diagnose.test_receive(account))
        if account.send_kind != EmailAccount.Send.NONE:
            self._say(request, _t("Outgoing mail"), diagnose.test_send(account))
        return redirect(reverse("admin:email_channels_emailaccount_change", args=[account.pk]))

    def _say(self, request: HttpRequest, side: str, answer: diagnose.Diagnosis) -> None:
        level = messages.SUCCESS if answer.ok else messages.ERROR
        self.message_user(request, f"{side}: {answer.sentence}", level)


@admin.register(Mailbox)
class MailboxAdmin(Restricted):
    list_display = ("address", "from_name", "account", "queue")
    list_select_related = ("account", "route__queue")
    search_fields = ("address", "from_name")
    fields = ("address", "aliases", "from_name", "account")
    autocomplete_fields: ClassVar = ["account"]

    @admin.display(description=_("queue"))
    def queue(self, mailbox: Mailbox) -> str:
        route = getattr(mailbox, "route", None)
        return str(route.queue) if route else _t("none: its mail is held")


@admin.register(InboundEmail)
class LedgerAdmin(OnlyLook, Restricted):
    """Every mail that a server or a caller gave us, with its outcome."""

    list_display = (
        "id",
        "received_at",
        "source",
        "account",
        "mailbox",
        "status",
        "subject",
        "size",
    )
    list_filter = ("status", "source", "account", "mailbox")
    list_select_related = ("account", "mailbox")
    search_fields = ("=sender", "=sha256", "=id")
    date_hierarchy = "received_at"
    show_full_result_count = False
    fields = (
        ("source", "account", "mailbox"),
        ("folder", "uidvalidity", "uid"),
        ("received_at", "settled_at", "status", "duplicate_of"),
        "reason",
        ("sender", "subject"),
        ("size", "sha256"),
    )
