"""Settings > Email > Attachments, and the list of files with their verdicts."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from apps.attachments.models import Attachment, AttachmentSettings
from apps.core.admin_bases import OneRow, OnlyLook


@admin.register(AttachmentSettings)
class AttachmentSettingsAdmin(OneRow):
    fieldsets = (
        (
            _("Mail that agents write"),
            {"fields": ("max_files", "max_inline", "max_total_mb")},
        ),
        (_("Every file"), {"fields": ("scan_limit_mb", "also_block")}),
    )


@admin.register(Attachment)
class AttachmentAdmin(OnlyLook, admin.ModelAdmin):  # type: ignore[type-arg]
    """No bytes here: a file is read where its mail is read."""

    list_display = ("name", "verdict", "reason", "detected_type", "size", "engine", "created_at")
    list_filter = ("verdict", "engine")
    show_full_result_count = False
    fields = (
        ("name", "names"),
        ("declared_type", "detected_type", "size", "sha256"),
        ("verdict", "reason", "tries"),
        ("engine", "signature_version"),
        ("created_at", "decided_at"),
    )
