"""*Move to another account* on a mailbox's page: looked at first, then done, and kept for good."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.channels.models import EmailAccount, Mailbox, MailboxMove
from apps.core.admin_bases import Restricted
from apps.core.errors import Problem
from apps.core.models import User
from apps.tickets.moving import words
from apps.tickets.moving.look import Seen, look
from apps.tickets.moving.move import move, refuse

SALT = "carteria.mailbox-move"
SEEN_FOR = 3600  # seconds that a look may be old
PATIENCE = 10  # seconds until somebody else has fetched


class MoveForm(forms.Form):
    mailbox = forms.ModelChoiceField(
        Mailbox.objects.select_related("account"),
        label=_("Mailbox"),
        help_text=_("The address whose mail is to come and go by another account."),
    )
    account = forms.ModelChoiceField(
        EmailAccount.objects.all(),
        label=_("New account"),
        help_text=_("Connect and test it first. Another password alone needs no move."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("mailbox") and data.get("account"):
            try:
                refuse(data["mailbox"], data["account"])
            except Problem as problem:
                self.add_error("account", problem.sentence.removeprefix("account: "))
        return data


@admin.register(MailboxMove)
class MailboxMoveAdmin(Restricted):
    """Who moved which address, from where to where, and how far it is."""

    list_display = ("mailbox", "from_name", "to_name", "by_shown", "at", "state")
    list_select_related = ("mailbox", "by", "from_account", "to_account")
    list_filter = ("mailbox",)
    actions = None
    show_full_result_count = False
    change_list_template = "admin/email_channels/mailboxmove/list.html"
    fields = (
        ("mailbox", "from_name", "to_name"),
        ("by_shown", "at", "settled_at"),
        "state",
        "found",
        "known_until",
    )
    readonly_fields = ("by_shown", "state", "found")

    class Media:
        css = {"all": ("ledger.css",)}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Asked by GET what would happen; by POST it does."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        given = request.POST if posted else request.GET
        form = MoveForm(given if given.get("account") else None, initial=dict(given.items()))
        if form.is_valid() and posted and (done := self._moved(request, form)):
            self.message_user(request, gettext("Moved. This page says when all of it is settled."))
            return redirect("admin:email_channels_mailboxmove_change", done.pk)
        context = {
            **self.admin_site.each_context(request),
            **_preview(form),
            "title": gettext("Move a mailbox to another account"),
            "opts": self.opts,
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/email_channels/mailboxmove/ask.html", context)

    def _moved(self, request: HttpRequest, form: MoveForm) -> MailboxMove | None:
        asked, seen = form.cleaned_data, _seen_before(request.POST.get("seen", ""))
        assert isinstance(request.user, User)
        try:
            return move(
                asked["mailbox"], asked["account"], by=request.user, seen=seen, patience=PATIENCE
            )
        except Problem as problem:
            form.add_error("account", problem.sentence.removeprefix("account: "))
            return None

    @admin.display(description=_("by"))
    def by_shown(self, done: MailboxMove) -> str:
        return done.by_name or gettext("a settings file")

    @admin.display(description=_("state"))
    def state(self, done: MailboxMove) -> SafeString:
        tone = "ok" if done.settled_at else "warn"
        word = gettext("settled") if done.settled_at else gettext("on its way")
        mark = format_html('<span class="tone tone--{}">{}</span>', tone, word)
        return format_html("{}<br>{}", mark, words.how_it_is(done))

    @admin.display(description=_("found"))
    def found(self, done: MailboxMove) -> SafeString:
        return format_html_join("", "<p>{}</p>", ((one,) for one in words.what_was_found(done)))


def _preview(form: MoveForm) -> dict[str, Any]:
    """What would happen, once the form says what is to go where."""
    if not form.is_bound or not form.is_valid():
        return {}
    mailbox, target = form.cleaned_data["mailbox"], form.cleaned_data["account"]
    seen: Seen = look(mailbox, target)
    return {
        "happens": words.what_happens(mailbox, target, seen),
        "warnings": words.warnings(mailbox, target, seen),
        "seen": signing.dumps(seen.as_counts, salt=SALT),
        "mailbox_page": reverse("admin:email_channels_mailbox_change", args=[mailbox.pk]),
    }


def _seen_before(signed: str) -> dict[str, int]:
    """What the page had counted; nothing where it is old, or another's."""
    try:
        counted: dict[str, int] = signing.loads(signed, salt=SALT, max_age=SEEN_FOR)
    except signing.BadSignature:
        return {}
    return counted
