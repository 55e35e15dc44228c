"""The quarantine: every held mail with the step and the reason, a safe look at it, and what can be
done: release, delete, tell the sender. Each asks once more, for one mail as for many.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.timezone import localtime
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.channels.models import InboundEmail, QuarantinedEmail
from apps.core import blobs
from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.models import User
from apps.tickets.admin_held_elsewhere import held_elsewhere
from apps.tickets.harmless import one_line
from apps.tickets.held import notice as sender_notice
from apps.tickets.held import quarantine
from apps.tickets.held.preview import Preview, preview_of
from apps.tickets.held.reasons import STAGES, codes_at, reason_of

SHOWN = 20  # mails that a question names one by one
MOST_TOLD = 100  # senders at once
FOLDER = "admin/email_channels/quarantinedemail"


def _codes() -> list[str]:
    codes = QuarantinedEmail.objects.order_by().values_list("code", flat=True).distinct()
    return sorted(codes)


class StageFilter(admin.SimpleListFilter):
    """Those that there are, in the order of a mail's way."""

    title = _("step")
    parameter_name = "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        present = {reason_of(code).stage for code in _codes()}
        return [(stage, word) for stage, word in STAGES.items() if stage in present]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(code__in=codes_at(chosen)) if chosen else queryset


class ReasonFilter(admin.SimpleListFilter):
    """Those that there are."""

    title = _("reason")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(code, reason_of(code).word) for code in _codes()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.filter(code=chosen) if chosen else queryset


@admin.register(QuarantinedEmail)
class QuarantineAdmin(OnlyLook, Restricted):
    list_display = ("mail", "came_for", "received", "why")
    list_filter = (StageFilter, ReasonFilter, "mailbox", "account")
    list_select_related = ("mailbox", "account")
    search_fields = ("sender", "subject")
    search_help_text = _("A part of the sender or the subject.")
    show_full_result_count = False
    change_list_template = f"{FOLDER}/list.html"
    change_form_template = f"{FOLDER}/mail.html"
    fields = ("reason",)
    actions = ("release_them", "delete_them", "tell_senders")

    class Media:
        css = {"all": ("quarantine.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("account__mailboxes")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"elsewhere": held_elsewhere()} if request.method == "GET" else {}
        return super().changelist_view(request, context | (extra_context or {}))

    # ---- columns --------------------------------------------------------------------------------

    @admin.display(description=_("mail"), ordering="subject")
    def mail(self, row: InboundEmail) -> SafeString:
        subject = one_line(row.subject)[:200] or gettext("no subject")
        sender = row.sender or gettext("no sender")
        return format_html("<bdi>{}</bdi> <small><bdi>{}</bdi></small>", subject, sender)

    @admin.display(description=_("mailbox"), ordering="mailbox")
    def came_for(self, row: InboundEmail) -> str:
        """Where reading did not get so far: those of the account that it came by."""
        if row.mailbox or row.account is None:
            return str(row.mailbox or "")
        return ", ".join(str(one) for one in row.account.mailboxes.all()) or str(row.account)

    @admin.display(description=_("received"), ordering="received_at")
    def received(self, row: InboundEmail) -> SafeString:
        day = date_format(localtime(row.received_at), "DATETIME_FORMAT")
        size = filesizeformat(row.size)
        words = '<span title="{}">{}</span> <small>{}</small>'
        return format_html(words, day, _age(row.received_at), size)

    @admin.display(description=_("held at, and why"), ordering="code")
    def why(self, row: InboundEmail) -> SafeString:
        reason = reason_of(row.code)
        where = gettext("Held at: %(stage)s.") % {"stage": STAGES[reason.stage]}
        words = "<strong>{}</strong> <small>{} {}</small>"
        return format_html(words, reason.word, where, row.reason)

    # ---- one mail -------------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row: InboundEmail = context["original"]
        seen = _preview(row)
        may = self.has_handle_permission(request)
        context |= {
            "title": one_line(row.subject or seen.subject)[:200] or gettext("no subject"),
            "subtitle": None,
            "row": row,
            "sender": row.sender or seen.sender,
            "came_for": self.came_for(row),
            "stage": STAGES[reason_of(row.code).stage],
            "reason": reason_of(row.code),
            "seen": seen,
            "acts": may,
            "why_not_told": sender_notice.why_not(row) if may else "",
            "done": row.actions.select_related("by"),
            "journey_url": _journey(row),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    # ---- what can be done -----------------------------------------------------------------------

    @admin.action(description=_("Release…"), permissions=["handle"])
    def release_them(
        self, request: HttpRequest, mails: QuerySet[InboundEmail]
    ) -> HttpResponse | None:
        if not _is_confirmed(request):
            return self._ask(request, "release", mails)
        verb = partial(quarantine.release, by=_user(request))
        self._do(request, verb, _chosen(request, mails), _released)
        return None

    @admin.action(description=_("Delete…"), permissions=["handle"])
    def delete_them(
        self, request: HttpRequest, mails: QuerySet[InboundEmail]
    ) -> HttpResponse | None:
        if not _is_confirmed(request):
            return self._ask(request, "delete", mails)
        verb = partial(quarantine.delete, by=_user(request))
        self._do(request, verb, _chosen(request, mails), _deleted)
        return None

    @admin.action(description=_("Tell sender…"), permissions=["handle"])
    def tell_senders(
        self, request: HttpRequest, mails: QuerySet[InboundEmail]
    ) -> HttpResponse | None:
        if not _is_confirmed(request):
            return self._ask_for_text(request, mails)
        text = request.POST.get("text", "")
        verb = partial(sender_notice.tell, text=text, by=_user(request))
        self._do(request, verb, _chosen(request, mails)[:MOST_TOLD], _told)
        return None

    def has_handle_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("email_channels.change_inboundemail")

    def _ask(
        self, request: HttpRequest, what: str, mails: QuerySet[InboundEmail], **more: Any
    ) -> HttpResponse:
        keys = list(mails.values_list("pk", flat=True))
        context = {
            **self.admin_site.each_context(request),
            "title": {"release": gettext("Release"), "delete": gettext("Delete")}.get(
                what, gettext("Tell sender")
            ),
            "what": what,
            "opts": self.opts,
            "media": self.media,
            "count": len(keys),
            "ids": ",".join(map(str, keys)),
            "shown": mails[:SHOWN],
            "rest": max(0, len(keys) - SHOWN),
            "kept_days": quarantine.RAW_KEPT.days,
            **more,
        }
        return TemplateResponse(request, f"{FOLDER}/confirm.html", context)

    def _ask_for_text(self, request: HttpRequest, mails: QuerySet[InboundEmail]) -> HttpResponse:
        """Only of those whose sender may be told; of the others, why not."""
        chosen = list(mails[:MOST_TOLD])
        refused = _refused(chosen)
        able = [mail for mail in chosen if mail.pk not in refused]
        one = able[0] if len(able) == 1 else None
        return self._ask(
            request,
            "tell",
            mails.filter(pk__in=[mail.pk for mail in able]),
            text=sender_notice.usual_text(one),
            many=one is None,
            longest=sender_notice.LONGEST_TEXT,
            refused=Counter(refused.values()).items(),
        )

    def _do(
        self,
        request: HttpRequest,
        verb: Callable[[InboundEmail], object],
        mails: Iterable[InboundEmail],
        words: Callable[[int], str],
    ) -> None:
        """One sentence for what was done, one for each reason why something was not."""
        outcomes = quarantine.each(mails, verb)
        problems = Counter(one.problem.sentence for one in outcomes if one.problem)
        if count := len(outcomes) - problems.total():
            self.message_user(request, words(count), messages.SUCCESS)
        for sentence, number in problems.items():
            self.message_user(request, _not_done(number, sentence), messages.WARNING)


def _age(moment: datetime) -> str:
    if timezone.now() - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment, depth=1)}


def _refused(mails: Iterable[InboundEmail]) -> dict[int, str]:
    """By key; whoever sent several of them is told of the first one."""
    refused: dict[int, str] = {}
    told: set[str] = set()
    for mail in mails:
        why = sender_notice.why_not(mail)
        if not why and mail.sender and mail.sender.lower() in told:
            why = gettext("The sender is told of another of these mails, and once a day only.")
        if why:
            refused[mail.pk] = why
        else:
            told.add(mail.sender.lower())
    return refused


def _is_confirmed(request: HttpRequest) -> bool:
    return request.POST.get("post") == "yes"


def _chosen(request: HttpRequest, mails: QuerySet[InboundEmail]) -> list[InboundEmail]:
    """The question carries all keys in one field; Django's own field takes a thousand at most."""
    named = request.POST.get("ids", "")
    if not named:
        return list(mails)
    keys = [int(one) for one in named.split(",") if one.isdecimal() and len(one) < 19]
    return list(QuarantinedEmail.objects.visible_to(_user(request)).filter(pk__in=keys))


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _released(count: int) -> str:
    said = ngettext(
        "%(count)d mail was released and is taken in now.",
        "%(count)d mails were released and are taken in now.",
        count,
    )
    return said % {"count": count}


def _deleted(count: int) -> str:
    said = ngettext(
        "%(count)d mail was deleted; its row stays in the ledger.",
        "%(count)d mails were deleted; their rows stay in the ledger.",
        count,
    )
    return said % {"count": count}


def _told(count: int) -> str:
    said = ngettext(
        "%(count)d sender is told; the mail says how it went.",
        "%(count)d senders are told; each mail says how it went.",
        count,
    )
    return said % {"count": count}


def _not_done(count: int, sentence: str) -> str:
    told = {"count": count, "why": sentence}
    return ngettext("%(count)d not: %(why)s", "%(count)d not: %(why)s", count) % told


def _preview(row: InboundEmail) -> Preview:
    if row.raw is None:
        return Preview(can_be_read=False)
    try:
        return preview_of(blobs.read(row.raw))
    except OSError:
        return Preview(can_be_read=False)


def _journey(row: InboundEmail) -> str:
    """The roof has that page, if there is one."""
    try:
        return reverse("admin:email-journey", args=[row.pk])
    except NoReverseMatch:
        return ""
