"""The history of settings in the admin: a list to read, and no way to change it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.change_words import Words, kind_words, model_of, words_of
from apps.core.changes import followed_fields
from apps.core.models import SettingsChange

SHOWN = 4  # fields of one change in the list; its own page shows all


class KindFilter(admin.SimpleListFilter):
    title = _("what")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = ((kind, kind_words(kind)) for kind in followed_fields())
        return sorted(named, key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class PersonFilter(admin.SimpleListFilter):
    """By the name that was kept, so that somebody who is gone can still be asked for."""

    title = _("who")
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = SettingsChange.objects.order_by("by_name").values_list("by_name", flat=True)
        return [(name, name) for name in names.exclude(by_name="").distinct()[:200]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(by_name=self.value()) if self.value() else queryset


@admin.register(SettingsChange)
class SettingsChangeAdmin(OnlyLook, Restricted):
    list_display = ("at", "who", "source", "what", "told")
    list_filter = (KindFilter, PersonFilter, "source", "action")
    search_fields = ("object_name", "by_name")
    date_hierarchy = "at"
    show_full_result_count = False
    list_per_page = 50
    actions = None
    fields: ClassVar = ("at", "who", "source", "what", "told_whole")

    @admin.display(description=_("who"), ordering="by_name")
    def who(self, change: SettingsChange) -> str:
        return change.by_name or gettext("nobody signed in")

    @admin.display(description=_("what"))
    def what(self, change: SettingsChange) -> SafeString:
        kind, action = kind_words(change.kind), change.get_action_display()
        name = change.object_name
        if link := _link(change):
            name = format_html('<a href="{}">{}</a>', link, name)
        return format_html('{} <bdi>{}</bdi><br><span class="quiet">{}</span>', kind, name, action)

    @admin.display(description=_("before → after"))
    def told(self, change: SettingsChange) -> SafeString:
        return _told(change, SHOWN)

    @admin.display(description=_("before → after"))
    def told_whole(self, change: SettingsChange) -> SafeString:
        return _told(change, len(change.changes))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Of one object, its name stands above the list."""
        kind, key = request.GET.get("kind", ""), request.GET.get("object_id", "")
        if not (kind and key):
            title = capfirst(gettext("changes of settings"))
            return super().changelist_view(request, {"title": title} | (extra_context or {}))
        last = SettingsChange.objects.filter(kind=kind, object_id=key).first()
        named = {"kind": kind_words(kind), "name": last.object_name if last else key}
        title = gettext("History of %(kind)s %(name)s") % named
        return super().changelist_view(request, {"title": title} | (extra_context or {}))


def _link(change: SettingsChange) -> str:
    """To the page of the object; a page without it would lead nowhere."""
    model = model_of(change.kind)
    if model is None or change.action == SettingsChange.Action.REMOVED:
        return ""
    try:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        return reverse(name, args=[change.object_id])
    except NoReverseMatch:
        return ""


def _told(change: SettingsChange, most: int) -> SafeString:
    words = words_of(change)
    lines = format_html_join("", "<li>{}</li>", ((_line(one),) for one in words[:most]))
    if (left := len(words) - most) > 0:
        more = ngettext("and %(n)d field more", "and %(n)d fields more", left) % {"n": left}
        page = reverse("admin:core_settingschange_change", args=[change.pk])
        lines += format_html('<li class="quiet"><a href="{}">{}</a></li>', page, more)
    return format_html('<ul class="changes">{}</ul>', lines)


def _line(words: Words) -> SafeString:
    label = format_html('<span class="changes-label">{}:</span>', words.label)
    if words.before and words.after:
        both = (words.before, words.after)
        return label + format_html(" <del><bdi>{}</bdi></del> → <ins><bdi>{}</bdi></ins>", *both)
    if words.before:
        return label + format_html(" <del><bdi>{}</bdi></del>", words.before)
    return label + format_html(" <ins><bdi>{}</bdi></ins>", words.after)
