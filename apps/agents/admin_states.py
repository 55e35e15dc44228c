"""Settings > Email > Agent states: how states follow signing in, and the house's own states."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.models import AgentSettings, CustomState, sign_in_states
from apps.agents.vocabulary import label
from apps.core.admin_bases import OneRow, OwnHistory, SpeaksOfDoubts
from apps.core.rules import RowForm


class AgentSettingsForm(RowForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sign_in_state" in self.fields:  # who only looks has no fields
            self.fields["sign_in_state"] = forms.ChoiceField(
                label=_("State after sign-in"),
                choices=[(name, label(name)) for name in sign_in_states()],
                help_text=self.fields["sign_in_state"].help_text,
            )


@admin.register(AgentSettings)
class AgentSettingsAdmin(OneRow):
    form = AgentSettingsForm
    fieldsets = (
        (
            _("Coming and going"),
            {
                "fields": ("sign_in_state", "absent_after_minutes"),
                "description": _("What an agent's state becomes without a hand on it."),
            },
        ),
        (
            _("Calls and chats"),
            {
                "fields": ("stale_after_hours",),
                "description": _("Other systems report them, and may forget to report an end."),
            },
        ),
    )


class CustomStateForm(RowForm):
    class Meta:
        widgets: ClassVar = {"colour": forms.TextInput(attrs={"type": "color"})}


@admin.register(CustomState)
class CustomStateAdmin(SpeaksOfDoubts, OwnHistory, admin.ModelAdmin):  # type: ignore[type-arg]
    form = CustomStateForm
    list_display = ("look", "accepts_calls", "accepts_chats", "enabled")
    list_display_links = ("look",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "colour"),
                "description": _("Beside Available, In-Email, Break, Unavailable and Offline."),
            },
        ),
        (
            _("What comes in"),
            {
                "fields": ("accepts_calls", "accepts_chats"),
                "description": _("Mail comes by queue: see “states that take mail” there."),
            },
        ),
        (
            _("Use"),
            {
                "fields": ("enabled",),
                "description": _("A state is never deleted, since the history names it."),
            },
        ),
    )

    @admin.display(description=_("state"), ordering="name")
    def look(self, state: CustomState) -> SafeString:
        return format_html('<span class="state {}">{}</span>', state.css_class, state.name)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """Django gives fixed fields their help only when told to."""
        kw.setdefault(
            "help_texts", {"name": gettext("As agents see it. History names it, so it stays.")}
        )
        return super().get_form(request, obj, change, **kw)
