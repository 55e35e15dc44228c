"""Settings > Email > Sending domains: what the DNS says of each, in words, with what to add."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.forms import Script
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from apps.channels import sending_domains
from apps.channels.dns_help.answers import Answer, Said, Tone, Verdict
from apps.channels.lookalikes import readable
from apps.channels.models import SendingDomain
from apps.core.admin_bases import Restricted
from apps.core.rules import LinesField, RowForm

NAMES: dict[str, str] = {"spf": "SPF", "dkim": "DKIM", "dmarc": "DMARC", "mx": "MX"}
PURPOSES: dict[str, Promise] = {
    "spf": _("Which servers may send your mail."),
    "dkim": _("The signature that proves that a mail is yours and was not changed."),
    "dmarc": _("What receivers do with mail that only pretends to come from you."),
    "mx": _("Where answers of your customers arrive."),
    "domain": _("The domain itself."),
}
WORDS: dict[Tone, Promise] = {
    "ok": _("good"),
    "quiet": _("nothing known"),
    "warn": _("could be better"),
    "danger": _("needs you"),
}


def said(one: Said) -> str:
    """In the reader's language, and the domain in its letters."""
    template, facts = gettext(one.template), one.facts
    if "domain" in facts:
        facts = facts | {"domain": readable(facts["domain"])}
    return template % facts if facts else template


@dataclass(frozen=True, slots=True)
class Card:
    """A verdict as the page shows it."""

    verdict: Verdict

    @property
    def name(self) -> str:
        return NAMES.get(self.verdict.kind, "") or gettext("Domain")

    @property
    def purpose(self) -> str:
        return str(PURPOSES[self.verdict.kind])

    @property
    def tone(self) -> Tone:
        return self.verdict.tone

    @property
    def word(self) -> str:
        if self.verdict.stands is None and self.verdict.tone == "warn":
            return gettext("not known")
        return str(WORDS[self.verdict.tone])

    @property
    def lines(self) -> list[tuple[Tone, str]]:
        return [(one.tone, said(one)) for one in self.verdict.said]

    @property
    def found(self) -> list[Answer]:
        return [one for one in self.verdict.found if one.texts]


def judge(rows: list[SendingDomain]) -> None:
    """Puts the cards at the rows; one question, however many there are."""
    how = sending_domains.sendings(rows)
    for row in rows:
        found = sending_domains.verdicts_of(row, how[row.pk])
        row.cards = [Card(one) for one in found]  # type: ignore[attr-defined]


class JudgedList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        judge(self.result_list)


class DomainForm(RowForm):
    selectors = LinesField(
        label=_("DKIM selectors"),
        required=False,
        help_text=SendingDomain._meta.get_field("selectors").help_text,
    )


@admin.register(SendingDomain)
class SendingDomainAdmin(Restricted):
    form = DomainForm
    list_display = ("domain", "spf", "dkim", "dmarc", "mx", "looked_at")
    show_full_result_count = False
    actions = None
    fieldsets = (
        (
            _("Keys that sign your mail"),
            {
                "fields": ("selectors",),
                "description": _(
                    "Only if the key of your mail was not found by itself. Saving looks it up."
                ),
            },
        ),
    )
    verbs: ClassVar[dict[str, Callable[[SendingDomain], Any]]] = {
        "look-up": sending_domains.look_up,
        "accept": sending_domains.accept,
    }

    class Media:
        css = {"all": ("dns-admin.css",)}
        js = (Script("copy.js", defer=True),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # ---- pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view
        page = path("<int:pk>/do/<slug:verb>/", wrap(require_POST(self.do)), name="domain-do")
        return [page, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return JudgedList

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """The DNS is asked here, outside of any transaction, for some seconds at most."""
        row = get_object_or_404(self.get_queryset(request), pk=pk)
        if verb not in self.verbs or not self.has_change_permission(request, row):
            raise PermissionDenied
        self.verbs[verb](row)
        return redirect(reverse("admin:email_channels_sendingdomain_change", args=[pk]))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who only looks reads of the keys above."""
        asked = obj is None or not sending_domains.is_not_asked(obj)
        may_type = asked and self.has_change_permission(request)
        return super().get_fieldsets(request, obj) if may_type else ()

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs["obj"]
        judge([row])
        why = sending_domains.is_not_asked(row)
        context |= {
            "title": str(row),
            "subtitle": None,
            "cards": row.cards,
            "why_not": gettext(why) % {"domain": row} if why else "",
            "adds": any(card.verdict.to_add for card in row.cards),
            "show_save": not why,
            "show_save_and_continue": False,
            "worse": [(NAMES[kind], since) for kind, since in sending_domains.worse_since(row)],
            "servers": row.found.get("servers", ()),
            "may_do": self.has_change_permission(request, row),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """After the transaction that saved other selectors, they are looked up."""
        answer = super().changeform_view(request, object_id, form_url, extra_context)
        row = getattr(request, "saved_domain", None)
        if row is not None and answer.status_code == 302:
            sending_domains.look_up(row)
            return redirect(reverse("admin:email_channels_sendingdomain_change", args=[row.pk]))
        return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Only what the form has: a look-up may write the rest meanwhile."""
        obj.save(update_fields=["selectors"])
        request.saved_domain = obj  # type: ignore[attr-defined]

    # ---- the list -----------------------------------------------------------------------------

    @admin.display(description=_("domain"), ordering="name")
    def domain(self, row: SendingDomain) -> str:
        return str(row)

    @admin.display(description="SPF")
    def spf(self, row: Any) -> SafeString | str:
        return _shown(row.cards, "spf")

    @admin.display(description="DKIM")
    def dkim(self, row: Any) -> SafeString | str:
        return _shown(row.cards, "dkim")

    @admin.display(description="DMARC")
    def dmarc(self, row: Any) -> SafeString | str:
        return _shown(row.cards, "dmarc")

    @admin.display(description="MX")
    def mx(self, row: Any) -> SafeString | str:
        return _shown(row.cards, "mx")


def _shown(cards: list[Card], kind: str) -> SafeString | str:
    """What says it all stands for each of them."""
    for card in cards:
        if card.verdict.kind in (kind, "domain"):
            return format_html('<span class="tone tone--{}">{}</span>', card.tone, card.word)
    return ""
