"""Settings > Email > OAuth profiles: applications that are registered at a provider.

Accounts sign in through them; `admin_connect.py` has the button that does.
"""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.channels.admin_connect import redirect_uri
from apps.channels.admin_providers import told_secret
from apps.channels.grants import ends_soon, standing_of
from apps.channels.models import OAuthProfile
from apps.core.admin_bases import Restricted
from apps.core.rules import RowForm
from apps.core.secrets import seal

# A secret that is only kept would go to a server that it was not typed for.
WHERE_IT_GOES = ("provider", "tenant", "client_id", "token_url")


class ProfileForm(RowForm):
    """The secret goes in and never comes out: an empty field keeps the stored one."""

    new_client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Its value, as the provider showed it once. It is stored encrypted."),
    )

    class Meta:
        model = OAuthProfile
        fields = "__all__"
        help_texts: ClassVar = {
            "provider": _("Whose servers hold the mail. The guides say what to do there.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.client_secret and "new_client_secret" in self.fields:
            self.fields["new_client_secret"].help_text = _("Stored. Empty keeps it.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed, stored = data.get("new_client_secret"), self.instance.client_secret
        if not typed and not stored:
            self.add_error("new_client_secret", _("Type the secret that the provider showed."))
        elif not typed and set(self.changed_data) & set(WHERE_IT_GOES):
            sentence = _("It would go to another server or application now: type it again.")
            self.add_error("new_client_secret", sentence)
        return data

    def save(self, commit: bool = True) -> Any:
        if typed := self.cleaned_data["new_client_secret"]:
            self.instance.client_secret = seal(typed)
        return super().save(commit)


@admin.register(OAuthProfile)
class ProfileAdmin(Restricted):
    form = ProfileForm
    list_display = ("name", "provider", "flow", "secret_state", "used")
    search_fields = ("name",)
    readonly_fields = ("used_by",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "provider", "flow"),
                "description": _(
                    "An application that you register at your mail provider. One is enough for all"
                    " accounts there."
                ),
            },
        ),
        (
            _("What the provider shows"),
            {
                "fields": ("tenant", "client_id", ("new_client_secret", "secret_until")),
                "description": _("After registering the application with the address above."),
            },
        ),
        (
            _("Only with another provider"),
            {
                "fields": ("authorize_url", "token_url", "scopes"),
                "classes": ("collapse",),
                "description": _("Google's and Microsoft's are known."),
            },
        ),
        (
            _("Used by"),
            {
                "fields": ("used_by",),
                "description": _("A new secret counts for all of them at their next sign-in."),
            },
        ),
    )

    class Media:
        css: ClassVar = {"all": ("account-admin.css",)}
        js: ClassVar = (Script("account-admin.js", defer=True),)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(account_count=Count("accounts"))
        return counted

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = super().get_fieldsets(request, obj)
        return shown if obj else [one for one in shown if "used_by" not in one[1]["fields"]]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["redirect_uri"] = redirect_uri()
        return super().render_change_form(request, context, *args, **kwargs)

    new_client_secret = told_secret("client_secret", _("Client secret"))

    @admin.display(description=_("secret ends on"), ordering="secret_until")
    def secret_state(self, profile: OAuthProfile) -> SafeString | str:
        if profile.secret_until is None:
            return _now("not told")
        tone = "warn" if ends_soon(profile.secret_until) else "quiet"
        day = date_format(profile.secret_until, "DATE_FORMAT")
        return format_html('<span class="tone tone--{}">{}</span>', tone, day)

    @admin.display(description=_("accounts"), ordering="account_count")
    def used(self, profile: OAuthProfile) -> int:
        return int(getattr(profile, "account_count", 0))

    @admin.display(description=_("accounts"))
    def used_by(self, profile: OAuthProfile) -> SafeString | str:
        rows = profile.accounts.select_related("oauth_profile", "oauth_grant")[:100]
        told = [(_page_of(one), one.name, _tone_of(one), _short_of(one)) for one in rows]
        if not told:
            return _now("None yet. Choose this profile on an account, then connect it there.")
        line = '<li><a href="{}"><bdi>{}</bdi></a> <span class="tone tone--{}">{}</span></li>'
        return format_html('<ul class="used-by">{}</ul>', format_html_join("", line, told))


def _page_of(account: Any) -> str:
    return reverse("admin:email_channels_emailaccount_change", args=[account.pk])


def _tone_of(account: Any) -> str:
    standing = standing_of(account)
    return standing.tone if standing else "quiet"


def _short_of(account: Any) -> str:
    standing = standing_of(account)
    return standing.short if standing else _now("signs in by password now")
