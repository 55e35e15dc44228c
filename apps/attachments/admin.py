"""Settings > Email > Attachments, and the list of files with their verdicts, without bytes."""

import re
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from apps.attachments.families import RECOMMENDED_BLOCK
from apps.attachments.models import Attachment, AttachmentSettings, Verdict, VerdictChange
from apps.core.admin_bases import OneRow, OnlyLook, Restricted

ADD_RECOMMENDED = "_add_recommended"  # the button that adds the list in one click
_EXTENSION = re.compile(r"[^\s.,/\\]{1,20}")


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The block list as words, since nobody should have to write JSON."""

    blocked = forms.CharField(
        label=_("Also block"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Further file extensions, separated by spaces. Recommended: %(recommended)s")
        % {"recommended": " ".join(sorted(RECOMMENDED_BLOCK))},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["blocked"].initial = " ".join(self.instance.also_block)

    def clean_blocked(self) -> list[str]:
        words = self.cleaned_data["blocked"].replace(",", " ").split()
        recommended = RECOMMENDED_BLOCK if ADD_RECOMMENDED in self.data else frozenset()
        endings = sorted(({word.strip("*.").lower() for word in words} - {""}) | recommended)
        for ending in endings:
            if not _EXTENSION.fullmatch(ending):
                raise forms.ValidationError(
                    _("%(ending)s is no file extension: write it like iso."),
                    params={"ending": ending},
                )
        return endings

    def save(self, commit: bool = True) -> Any:
        self.instance.also_block = self.cleaned_data["blocked"]
        return super().save(commit)


@admin.register(AttachmentSettings)
class LimitsAdmin(OneRow):
    form = LimitsForm
    fieldsets = (
        (
            _("Files that agents send"),
            {
                "fields": ("max_files", "max_inline", "max_total_mb"),
                "description": _("Counted before encoding; the mail server may allow less."),
            },
        ),
        (
            _("Files in both directions"),
            {
                "fields": ("scan_limit_mb", "rescan_days", "blocked"),
                "description": _(
                    "EXE, DLL, BAT, ZIP, RAR, SCR and BIN are always refused, by name and content."
                ),
            },
        ),
    )

    def response_change(self, request: HttpRequest, obj: AttachmentSettings) -> HttpResponse:
        if ADD_RECOMMENDED not in request.POST:
            return super().response_change(request, obj)
        self.message_user(request, _("The recommended types are on the list now."))
        return redirect(request.path)


@admin.register(Attachment)
class AttachmentAdmin(OnlyLook, Restricted):
    list_display = ("name", "verdict", "reason", "how_large", "detected_type", "created_at")
    list_filter = ("verdict",)
    search_fields = ("name", "sha256")
    ordering = ("-id",)
    show_full_result_count = False
    fields: ClassVar = (
        "name",
        "size",
        "declared_type",
        "detected_type",
        "sha256",
        "verdict",
        "reason",
        "tries",
        "engine",
        "signature_version",
        "created_at",
        "decided_at",
    )

    @admin.display(description=_("size"), ordering="size")
    def how_large(self, file: Attachment) -> str:
        return filesizeformat(file.size)


class NewVerdict(admin.SimpleListFilter):
    """Only what a final verdict can turn into."""

    title = _("new verdict")
    parameter_name = "after"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(one.value, one.label) for one in (Verdict.CLEAN, Verdict.INFECTED)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(after=self.value()) if self.value() else queryset


@admin.register(VerdictChange)
class VerdictChangeAdmin(OnlyLook, Restricted):
    """Files that were released, and files that newer signatures found infected."""

    list_display = ("attachment_name", "before", "after", "reason", "by", "since", "at")
    list_filter = (NewVerdict,)
    search_fields = ("attachment__name", "attachment__sha256")
    list_select_related = ("attachment", "by")
    ordering = ("-id",)
    show_full_result_count = False
    fields: ClassVar = (
        "attachment_name",
        "before",
        "after",
        "reason",
        "engine",
        "signature_version",
        "since",
        "by",
        "at",
    )
    readonly_fields = ("attachment_name",)

    @admin.display(description=_("attachment"))
    def attachment_name(self, change: VerdictChange) -> str:
        return change.attachment.name
