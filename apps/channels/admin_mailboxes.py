"""Settings > Email > Mailboxes: support addresses, who writes to them, how answers find home."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.channels.models import EmailAccount, Mailbox
from apps.core.admin_bases import Restricted, SpeaksOfDoubts
from apps.core.rules import LinesField, RowForm

TOKEN_TONES: dict[str, str] = {
    Mailbox.ReplyToken.ON: "ok",
    Mailbox.ReplyToken.ASKED: "warn",
    Mailbox.ReplyToken.LOST: "danger",
}


class MailboxForm(RowForm):
    aliases = LinesField(
        label=_("Further addresses"),
        required=False,
        help_text=Mailbox._meta.get_field("aliases").help_text,
    )


class WholeMailboxForm(MailboxForm):
    """The mailbox's own page, where the set-up asks for less."""

    form_senders = LinesField(
        label=_("Web forms"),
        required=False,
        help_text=_(
            "Addresses that web forms send from, one on each line; *@shop.example stands for every"
            " address there. They count only with “for web forms listed below”."
        ),
    )


@admin.register(Mailbox)
class MailboxAdmin(SpeaksOfDoubts, Restricted):
    form = WholeMailboxForm
    list_display = ("address", "from_name", "account", "queue")
    list_select_related = ("account", "route__queue")
    search_fields = ("address", "from_name")
    fieldsets = (
        (
            None,
            {
                "fields": ("address", "from_name", "account"),
                "description": _("One support address, as your customers know it."),
            },
        ),
        (
            _("Other names of it"),
            {
                "fields": ("aliases",),
                "description": _("Mail to these counts as mail to the address above."),
            },
        ),
        (
            _("Who the customer is"),
            {
                "fields": ("customer_from", "form_senders"),
                "description": _(
                    "Decides whom the session and the ticket are for. An answer goes to Reply-To"
                    " wherever a mail names one. An address of yours or of the CRM is never the"
                    " customer."
                ),
            },
        ),
        (
            _("How answers find their conversation"),
            {
                "fields": ("subject_id", "reply_address"),
                "description": _(
                    "Every answer carries the Message-IDs of its conversation. These two help where"
                    " a mail program drops them."
                ),
            },
        ),
    )
    readonly_fields = ("reply_address",)
    # Buttons below the form, which floors above fill in: the last part of an address, and what
    # is done. Each is a page of its own, since Django saves a form inside a transaction.
    verbs: ClassVar[dict[str, Callable[[Mailbox], tuple[int, str]]]] = {}
    autocomplete_fields: ClassVar = ["account"]
    inlines: ClassVar[list[Any]] = []  # queues add theirs

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Another account is a move, which has a page of its own (a floor above)."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "account") if obj else fixed

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of a new address nothing is proved yet."""
        shown = super().get_fieldsets(request, obj)
        if obj is None:
            for _name, options in (shown := deepcopy(shown)):
                options["fields"] = [one for one in options["fields"] if one != "reply_address"]
        return shown

    @admin.display(description=_("reply address with a token"))
    def reply_address(self, mailbox: Mailbox) -> SafeString:
        shown = {"mailbox": mailbox, "tone": TOKEN_TONES.get(mailbox.reply_token, "quiet")}
        return render_to_string("admin/email_channels/mailbox/_reply_address.html", shown)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        mailbox = kwargs.get("obj")
        if mailbox is not None and self.has_change_permission(request, mailbox):
            context["may_move"] = request.user.has_perm("email_channels.add_mailboxmove")
            context["may_try"] = mailbox.account.send_kind != EmailAccount.Send.NONE
            context["may_switch_off"] = mailbox.reply_token != Mailbox.ReplyToken.OFF
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        page = path("<int:pk>/do/<slug:verb>/", wrap(require_POST(self.do)), name="mailbox-do")
        return [page, *super().get_urls()]

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        rows = self.get_queryset(request).select_related("account")
        mailbox = get_object_or_404(rows, pk=pk)
        if verb not in self.verbs:
            raise Http404
        if not self.has_change_permission(request, mailbox):
            raise PermissionDenied
        level, sentence = self.verbs[verb](mailbox)
        self.message_user(request, sentence, level)
        return redirect(reverse("admin:email_channels_mailbox_change", args=[pk]))

    @admin.display(description=_("queue"))
    def queue(self, mailbox: Mailbox) -> str:
        route = getattr(mailbox, "route", None)
        return str(route.queue) if route else gettext("none: its mail is held")
