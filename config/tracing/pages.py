"""Admin pages under Settings > Email: dry run, replay, and the journey of a mail."""

from datetime import date
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.channels.models import InboundEmail, Mailbox
from apps.channels.receive import MAX_MAIL_BYTES
from apps.core import blobs
from apps.core.models import Role, User
from apps.tickets.models import Thread
from config.tracing.delete_page import delete_page
from config.tracing.journey import steps_of
from config.tracing.replay import MOST_MAILS, replay
from config.tracing.trial import try_mail


def pages(site: AdminSite) -> list[Any]:
    return [
        path("email/dry-run/", site.admin_view(dry_run_page), name="email-dry-run"),
        path("email/replay/", site.admin_view(replay_page), name="email-replay"),
        path("email/journey/<int:pk>/", site.admin_view(journey_page), name="email-journey"),
        path(
            "email/conversation/<str:key>/delete/",
            site.admin_view(delete_page),
            name="email-delete-conversation",
        ),
    ]


class MailboxChoice(forms.Form):
    mailbox = forms.ModelChoiceField(
        Mailbox.objects.order_by("address"),
        label=gettext_lazy("Given to"),
        required=False,
        empty_label=gettext_lazy("whom its headers name"),
    )


class TrialForm(MailboxChoice):
    file = forms.FileField(
        label=gettext_lazy("Mail file (.eml)"),
        required=False,
        help_text=gettext_lazy("As mail programs save it: “Save as”, “Download original”."),
    )

    field_order = ("file", "mailbox")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is None:
            raise forms.ValidationError(_("Choose the file of a mail."))
        if file.size > MAX_MAIL_BYTES:
            said = _("The file is larger than any mail that is taken in (%(most)d MB).")
            raise forms.ValidationError(said % {"most": MAX_MAIL_BYTES // 2**20})
        return file


class ReplayForm(MailboxChoice):
    day = forms.DateField(
        label=gettext_lazy("Came on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Empty: the newest ones."),
    )

    field_order = ("day", "mailbox")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mailbox"].label = _("Mailbox")
        cast("forms.ModelChoiceField[Mailbox]", self.fields["mailbox"]).empty_label = _("all")


def dry_run_page(request: HttpRequest) -> HttpResponse:
    """A file that was chosen, or a stored mail named by `?mail=`; nothing of it is kept."""
    _require_sight(request)
    steps, what = None, ""
    posted = request.method == "POST"
    form = TrialForm(request.POST, request.FILES) if posted else TrialForm()
    if posted and form.is_valid():
        file, mailbox = form.cleaned_data["file"], form.cleaned_data["mailbox"]
        steps, what = try_mail(file.read(), to=mailbox.address if mailbox else ""), file.name
    elif not posted and (number := request.GET.get("mail", "")):
        row = _with_bytes(number)
        given = row.mailbox.address if row.mailbox and row.account_id is None else ""
        steps = try_mail(blobs.read(row.raw), to=given) if row.raw else None
        what = _("Mail %(number)s") % {"number": row.pk}
    context = {"title": _("Dry run"), "form": form, "steps": steps, "what": what}
    return _page(request, "dry_run", context)


def _with_bytes(number: str) -> InboundEmail:
    rows = InboundEmail.objects.filter(raw__isnull=False).select_related("raw", "mailbox")
    return get_object_or_404(rows, pk=number if number.isdecimal() and len(number) < 19 else 0)


def replay_page(request: HttpRequest) -> HttpResponse:
    """Asked by GET, since it changes nothing; only with `run`, since it takes some seconds."""
    _require_sight(request)
    asked = "run" in request.GET
    form = ReplayForm(request.GET if asked else None)
    outcome = None
    if asked and form.is_valid():
        day: date | None = form.cleaned_data["day"]
        mailbox = form.cleaned_data["mailbox"]
        outcome = replay(day, mailbox=mailbox.pk if mailbox else None)
    context = {"title": _("Replay"), "form": form, "replay": outcome, "most": MOST_MAILS}
    return _page(request, "replay", context)


def journey_page(request: HttpRequest, pk: int) -> HttpResponse:
    _require_sight(request)
    rows = InboundEmail.objects.select_related("account", "mailbox")
    row = get_object_or_404(rows, pk=pk)
    title = _("Journey of mail %(number)s") % {"number": row.pk}
    context = {
        "title": title,
        "row": row,
        "steps": steps_of(row),
        "thread": _deletable(request, row),
    }
    return _page(request, "journey", context)


def _deletable(request: HttpRequest, row: InboundEmail) -> Thread | None:
    """The conversation, for who may delete it."""
    may = cast(User, request.user).has_role(Role.ADMINISTRATOR)
    return Thread.objects.filter(messages__inbound=row).first() if may else None


def _require_sight(request: HttpRequest) -> None:
    user = cast(object, request.user)
    if not (isinstance(user, User) and user.has_role(Role.ADMINISTRATOR, Role.AUDITOR)):
        raise Http404


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    whole = {**admin.site.each_context(request), **context}
    return TemplateResponse(request, f"admin/tracing/{name}.html", whole)
