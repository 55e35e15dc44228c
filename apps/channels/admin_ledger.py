"""The ledger's pages: every mail with its outcome, the counts against the servers, old mail."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.channels import imports, ledger_words
from apps.channels.models import EmailAccount, InboundEmail, LedgerCheck, MailImport
from apps.channels.signals import count_asked
from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.announce import announce
from apps.core.errors import Problem
from apps.core.models import Role, User

Status, State = InboundEmail.Status, MailImport.State
ALL = "all"
TONES: dict[str, str] = {
    State.WAITING: "warn",
    State.RUNNING: "warn",
    State.DONE: "ok",
}


class OutcomeFilter(admin.SimpleListFilter):
    """Old mail that nobody asked for would bury the others; it is there when asked for."""

    title = _("outcome")
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*Status.choices, (ALL, _("everything"))]

    def choices(self, changelist: ChangeList) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": _("all but old mail")}
        yield from rest

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[InboundEmail]
    ) -> QuerySet[InboundEmail]:
        chosen = self.value()
        if chosen in Status.values:
            return queryset.filter(status=chosen)
        if chosen == ALL or request.GET.get("q"):
            return queryset
        return queryset.exclude(status=Status.BEFORE_START)


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
    list_filter = (OutcomeFilter, "source", "from_junk", "account", "mailbox")
    list_select_related = ("account", "mailbox")
    search_fields = ("=sender", "=sha256", "=id")
    date_hierarchy = "received_at"
    show_full_result_count = False
    fields = (
        ("source", "account", "mailbox"),
        ("folder", "uidvalidity", "uid", "uidl", "from_junk"),
        ("received_at", "settled_at", "status", "duplicate_of"),
        ("server_date", "gone_at", "answers_nobody", "rebuilt"),
        "reason",
        ("sender", "subject"),
        ("size", "sha256"),
        "journey",
    )

    @admin.display(description=_("journey"))
    def journey(self, mail: InboundEmail) -> SafeString:
        page = reverse("admin:email-journey", args=[mail.pk])
        return format_html('<a href="{}">{}</a>', page, gettext("Every step and why"))


# ---- counts ---------------------------------------------------------------------------


@admin.register(LedgerCheck)
class LedgerCheckAdmin(OnlyLook, Restricted):
    """Each night and on demand; the last thirty of every folder."""

    list_display = ("place", "state", "found", "at")
    list_filter = ("account",)
    list_select_related = ("account",)
    show_full_result_count = False
    change_list_template = "admin/email_channels/ledgercheck/list.html"
    fields = (
        ("account", "folder", "at"),
        "found",
        ("on_server", "in_ledger", "waiting", "gone"),
        ("missing_rows", "uids"),
        ("missing_raws", "rows"),
    )
    readonly_fields = ("found", "uids", "rows")

    class Media:
        css = {"all": ("ledger.css",)}

    def get_urls(self) -> list[Any]:
        count = path("count/", self.admin_site.admin_view(self.count), name="ledger-count")
        return [count, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        more = {"may_count": _is_administrator(request)}
        return super().changelist_view(request, more | (extra_context or {}))

    def count(self, request: HttpRequest) -> HttpResponse:
        """*Count now*: every account that receives, each by a worker."""
        if request.method != "POST" or not _is_administrator(request):
            raise PermissionDenied
        receiving = EmailAccount.objects.fetching().filter(enabled=True)
        accounts = list(receiving.values_list("pk", flat=True))
        with transaction.atomic():
            for account_id in accounts:
                announce(count_asked, account_id=account_id)
        words = ngettext(
            "%(count)s account is being counted; load this page again in a moment.",
            "%(count)s accounts are being counted; load this page again in a moment.",
            len(accounts),
        )
        self.message_user(request, words % {"count": len(accounts)})
        return redirect("admin:email_channels_ledgercheck_changelist")

    @admin.display(description=_("folder"), ordering="folder")
    def place(self, check: LedgerCheck) -> str:
        return ledger_words.place_of(check)

    @admin.display(description=_("state"))
    def state(self, check: LedgerCheck) -> SafeString:
        tone, word = ("ok", gettext("all well"))
        if check.is_alarm:
            tone, word = ("danger", gettext("alarm"))
        elif check.sentence:
            tone, word = ("warn", gettext("not counted"))
        return format_html('<span class="tone tone--{}">{}</span>', tone, word)

    @admin.display(description=_("found"))
    def found(self, check: LedgerCheck) -> str:
        return ledger_words.sentence_of(check)

    @admin.display(description=_("UIDs"))
    def uids(self, check: LedgerCheck) -> str:
        return ledger_words.named(check.without_row, len(check.without_row)) or "–"

    @admin.display(description=_("rows"))
    def rows(self, check: LedgerCheck) -> str:
        return ledger_words.named(check.without_raw, len(check.without_raw)) or "–"


# ---- old mail -------------------------------------------------------------------------


class ImportForm(forms.Form):
    account = forms.ModelChoiceField(
        EmailAccount.objects.filter(enabled=True, receive_kind=EmailAccount.Receive.IMAP),
        label=_("Account"),
        help_text=_("Its folders that are read. By IMAP alone: POP3 tells no dates of old mail."),
    )
    since = forms.DateField(
        label=_("Since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The first day that counts, in the channel's time zone."),
    )


@admin.register(MailImport)
class MailImportAdmin(Restricted):
    """Old mail is asked for here, counted first, and watched as it comes."""

    list_display = ("account", "since", "state_shown", "progress", "asked_by", "asked_at")
    list_select_related = ("account", "asked_by")
    list_filter = ("account",)
    actions = None
    show_full_result_count = False
    change_list_template = "admin/email_channels/mailimport/list.html"
    change_form_template = "admin/email_channels/mailimport/page.html"
    fields = (
        ("account", "since", "state_shown"),
        "progress",
        "sentence",
        ("asked_by", "asked_at", "ended_at"),
    )
    readonly_fields = ("state_shown", "progress")

    class Media:
        css = {"all": ("ledger.css",)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        stop = self.admin_site.admin_view(self.stop)
        return [path("<int:pk>/stop/", stop, name="mail-import-stop"), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Asked by GET how many would come; by POST they do."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        given = request.POST if posted else request.GET
        form = ImportForm(given if "since" in given else None, initial=_initial(given))
        if form.is_valid() and posted and (asked := self._ask(request, form)):
            return redirect("admin:email_channels_mailimport_change", asked.pk)
        context = {
            **self.admin_site.each_context(request),
            **_preview(form),
            "title": gettext("Bring in old mail"),
            "opts": self.opts,
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/email_channels/mailimport/ask.html", context)

    def _ask(self, request: HttpRequest, form: ImportForm) -> MailImport | None:
        asked = form.cleaned_data
        try:
            return imports.ask(asked["account"], asked["since"], by=_user(request))
        except Problem as problem:
            form.add_error(None, problem.sentence)
            return None

    def stop(self, request: HttpRequest, pk: int) -> HttpResponse:
        if request.method != "POST" or not self.has_add_permission(request):
            raise PermissionDenied
        job = MailImport.objects.filter(pk=pk).first()
        if job is None:
            raise Http404
        try:
            imports.stop(job, by=_user(request))
            self.message_user(request, gettext("Stopped. What is here stays here."))
        except Problem as problem:
            self.message_user(request, problem.sentence, messages.ERROR)
        return redirect("admin:email_channels_mailimport_change", pk)

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, job: MailImport) -> SafeString:
        tone = TONES.get(job.state, "quiet")
        return format_html('<span class="tone tone--{}">{}</span>', tone, job.get_state_display())

    @admin.display(description=_("brought in"))
    def progress(self, job: MailImport) -> SafeString:
        words = gettext("%(done)s of %(wanted)s") % {"done": job.done, "wanted": job.wanted}
        return format_html(
            '<progress max="100" value="{}" aria-label="{}"></progress> {}',
            job.percent,
            gettext("brought in"),
            words,
        )


def _initial(given: Any) -> dict[str, Any]:
    first_of_year = timezone.localdate().replace(month=1, day=1)
    return {"account": given.get("account"), "since": first_of_year}


def _preview(form: ImportForm) -> dict[str, Any]:
    """How many would come, once the form says of what."""
    if not form.is_bound or not form.is_valid():
        return {}
    account, since = form.cleaned_data["account"], form.cleaned_data["since"]
    return {"count": imports.count(account, since), "all_noted": imports.all_noted(account)}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _is_administrator(request: HttpRequest) -> bool:
    return _user(request).has_role(Role.ADMINISTRATOR)
