"""Settings > Email > Storage with *Test connection*, and every object that was stored."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import Script
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.core.admin_bases import OneRow, OnlyLook, Restricted
from apps.storage import diagnose, outbox, rules
from apps.storage.backends.sftp import fingerprint
from apps.storage.forms import StorageForm
from apps.storage.models import Kind, StorageSettings, StorageTarget, StoredObject
from apps.storage.preview import preview_of

Backend = StorageTarget.Backend
Status = StoredObject.Status
VARIABLES = _(
    "Folders below the place above, with / between them. Variables, case matters: {DATE} {YEAR}"
    " {MONTH} {QUEUE} {SESSION_ID} {THREAD_ID} {DIRECTION} {TICKET_ID}. A path with {TICKET_ID}"
    " waits until the conversation has its ticket. A change counts for new files."
)


ABOUT = {
    "local": _("A folder of this machine, or one of a network that is mounted here."),
    "s3": _(
        "A bucket at Amazon, MinIO, Wasabi, Cloudflare or others that speak S3. Not verified live."
    ),
    "google": _("A bucket of Google Cloud. Not verified live."),
    "azure": _("A container of a storage account at Microsoft Azure. Not verified live."),
    "sftp": _("Any server that you reach by SSH; its key is remembered at the first test."),
}


def _of(backend: str, title: Any, *fields: Any) -> Any:
    """Shown while its kind of place is chosen: storage.css."""
    classes = ("place", f"place--{backend}")
    return title, {"fields": fields, "classes": classes, "description": ABOUT[backend]}


@admin.register(StorageSettings)
class StorageAdmin(OneRow):
    form = StorageForm
    readonly_fields = ("server_key", "place")
    fieldsets: ClassVar[Any] = (
        (
            None,
            {
                "fields": ("backend",),
                "description": _(
                    "Copies of clean files outside of the database, in folders that people can"
                    " find their way in. Files that are stored stay where they are when you"
                    " choose another place, and can still be read there."
                ),
            },
        ),
        _of("local", _("Local disk"), "local_root"),
        _of(
            "s3",
            _("Amazon S3 or compatible"),
            ("s3_bucket", "s3_region"),
            "s3_endpoint",
            "s3_root",
            ("s3_key", "s3_secret"),
        ),
        _of(
            "google",
            _("Google Cloud Storage"),
            "google_bucket",
            "google_root",
            "google_secret",
            "google_endpoint",
        ),
        _of(
            "azure",
            _("Azure Blob Storage"),
            ("azure_user", "azure_bucket"),
            "azure_root",
            "azure_secret",
            "azure_endpoint",
        ),
        _of(
            "sftp",
            _("SFTP server"),
            ("sftp_host", "sftp_port"),
            "sftp_root",
            ("sftp_user", "sftp_secret"),
            "sftp_key",
            "sftp_password_only",
            "server_key",
            "sftp_forget",
        ),
        (
            _("What is stored"),
            {
                "fields": tuple((f"{kind}_on", f"{kind}_path") for kind in rules.KINDS),
                "description": VARIABLES,
                "classes": ("stored-kinds",),
            },
        ),
    )

    class Media:
        css = {"all": ("storage.css",)}
        js = (Script("storage.js", defer=True),)

    def get_urls(self) -> list[Any]:
        preview = path("preview/", self.admin_site.admin_view(self.preview), name="storage-preview")
        return [preview, *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """What a path would look like, while somebody types it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        kind = request.GET.get("kind", "")
        if kind not in Kind.values:
            return JsonResponse({"path": "", "problem": ""}, status=400)
        shown = preview_of(kind, request.GET.get("path", "")[:500])
        return JsonResponse({"path": shown.path, "problem": shown.problem})

    @admin.display(description=_("The server's key"))
    def server_key(self, row: StorageSettings) -> str:
        key = row.target.host_key
        return fingerprint(key) if key else str(_("not known yet: the first test shows it"))

    @admin.display(description=_("Where files are stored"))
    def place(self, row: StorageSettings) -> str:
        return str(row.target)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks sees the place in one line."""
        shown = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return shown
        return [(None, {"fields": ("place",)}), shown[-1]]

    def response_change(self, request: HttpRequest, obj: StorageSettings) -> HttpResponse:
        return self._tested(request, obj) or super().response_change(request, obj)

    def _tested(self, request: HttpRequest, row: StorageSettings) -> HttpResponse | None:
        """*Save and test connection*: what was typed is stored, then tried."""
        if "_test" not in request.POST:
            return None
        found = diagnose.test(row.target)
        level = messages.SUCCESS if found.ok else messages.ERROR
        self.message_user(request, found.sentence, level)
        return redirect(reverse("admin:storage_storagesettings_change", args=[row.pk]))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "_test" not in request.POST:
            for sentence in rules.target_doubts(form.target):
                self.message_user(request, sentence, messages.WARNING)


TONES: dict[str, str] = {Status.STORED: "ok", Status.FAILED: "danger", Status.REMOVED: "quiet"}


@admin.register(StoredObject)
class StoredObjectAdmin(OnlyLook, Restricted):
    """What was put where, and what is still to be."""

    list_display = ("name", "kind", "state", "trouble", "where", "length", "created_at")
    list_filter = ("status", "kind", "target")
    search_fields = ("session", "path")
    search_help_text = _("A session ID, or how a path begins.")
    show_full_result_count = False
    ordering = ("-id",)
    actions = ("try_again",)
    fields = (
        ("kind", "name", "length"),
        ("state", "tries", "not_before", "stored_at"),
        "error",
        ("target", "path"),
        ("session", "thread_key", "queue", "direction", "day"),
        "sha256",
    )

    @admin.display(description=_("status"), ordering="status")
    def state(self, row: StoredObject) -> SafeString:
        tone = TONES.get(row.status, "warn" if row.error else "quiet")
        return format_html('<span class="tone tone--{}">{}</span>', tone, row.get_status_display())

    @admin.display(description=_("path"), ordering="path")
    def where(self, row: StoredObject) -> str:
        return row.path or "–"

    @admin.display(description=_("size"), ordering="size")
    def length(self, row: StoredObject) -> str:
        return filesizeformat(row.size)

    @admin.display(description=_("error"))
    def trouble(self, row: StoredObject) -> str:
        return row.error or "–"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the beginning of either, which an index answers."""
        for word in search_term.split():
            queryset = queryset.filter(Q(session__iexact=word) | Q(path__startswith=word))
        return queryset, False

    @admin.action(description=_("Store again now"), permissions=["again"])
    def try_again(self, request: HttpRequest, rows: QuerySet[StoredObject]) -> None:
        count = outbox.try_again(list(rows.values_list("pk", flat=True)))
        said = ngettext("%(count)d file is tried now.", "%(count)d files are tried now.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("storage.change_storedobject")
