"""Mail > Suppressed addresses: who is on the list and why; by hand onto it, and off it again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.channels import suppression
from apps.channels.models import EmailAccount, SuppressedAddress
from apps.core.admin_bases import Restricted, VisibleChoices
from apps.core.errors import Problem
from apps.core.models import Role, User

Reason = SuppressedAddress.Reason

TONES: dict[str, str] = {
    Reason.HARD: "warn",
    Reason.COMPLAINT: "danger",
    Reason.UNSUBSCRIBED: "danger",
    Reason.BY_HAND: "quiet",
}


class InForce(admin.SimpleListFilter):
    """What was removed stays as a record, and out of the way."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("removed", _("removed"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[SuppressedAddress]
    ) -> QuerySet[SuppressedAddress]:
        return queryset.filter(removed_at__isnull=self.value() != "removed")

    def choices(self, changelist: Any) -> Any:
        first, *rest = super().choices(changelist)
        yield {**first, "display": _("on the list")}
        yield from rest


class OfAccount(VisibleChoices):
    """Named after what is chosen; an address without an account counts for every one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = gettext("account")
        self.empty_value_display = conditional_escape(gettext("every account"))


class SuppressedForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = SuppressedAddress
        fields = ("address", "account", "evidence")
        labels = {"evidence": _("Why")}
        help_texts = {"account": "", "evidence": _("Whoever writes to the address reads this.")}
        widgets = {"evidence": forms.TextInput(attrs={"class": "vTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account: Any = self.fields.get("account")
        if account:
            account.empty_label = _("every account")
            for may in ("add", "change", "view"):  # accounts have a page of their own
                setattr(account.widget, f"can_{may}_related", False)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not self.errors:
            try:
                suppression.may_be_added(given["address"], given["account"], given["evidence"])
            except Problem as problem:
                self.add_error("address", problem.sentence.removeprefix("address: "))
        return given


@admin.register(SuppressedAddress)
class SuppressedAddressAdmin(Restricted):
    form = SuppressedForm
    list_display = ("address", "why", "evidence", "only_through", "conversation", "since", "ended")
    list_filter = (InForce, "reason", ("account", OfAccount))
    list_select_related = ("account", "removed_by")
    search_fields = ("address", "=conversation")
    search_help_text = _("A part of an address, or the ID of a session.")
    show_full_result_count = False
    actions = ("remove_them",)
    fields = ("address", "account", "evidence")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return _user(request).has_role(Role.ADMINISTRATOR)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fields
        return (
            ("address", "why"),
            "evidence",
            ("only_through", "conversation"),
            ("since", "by", "ended"),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = ("why", "only_through", "since", "by", "ended", "conversation")
        return () if obj is None else shown

    def get_list_display(self, request: HttpRequest) -> Any:
        """Who removed it, among the removed alone."""
        return self.list_display if request.GET.get("state") else self.list_display[:-1]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if row := kwargs.get("obj"):
            context["subtitle"] = row.address  # its name in logs does not tell it
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        account: EmailAccount | None = obj.account
        made = suppression.by_hand(
            obj.address, by=_user(request), account=account, why=obj.evidence
        )
        obj.pk, obj.address = made.pk, made.address

    @admin.action(description=_("Remove from the list"), permissions=["remove"])
    def remove_them(self, request: HttpRequest, rows: QuerySet[SuppressedAddress]) -> None:
        removed = suppression.remove(rows, by=_user(request))
        said = ngettext(
            "%(n)d address was removed; mail goes there again.",
            "%(n)d addresses were removed; mail goes there again.",
            removed,
        )
        self.message_user(request, said % {"n": removed}, messages.SUCCESS)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        title = {"title": gettext("Add an address to the list")}
        return super().add_view(request, form_url, title | (extra_context or {}))

    # ---- columns ------------------------------------------------------------------------------

    @admin.display(description=_("reason"), ordering="reason")
    def why(self, row: SuppressedAddress) -> SafeString:
        tone = TONES.get(row.reason, "quiet")
        return format_html('<span class="tone tone--{}">{}</span>', tone, row.get_reason_display())

    @admin.display(description=_("only through"), ordering="account")
    def only_through(self, row: SuppressedAddress) -> str:
        return row.account.name if row.account else gettext("every account")

    @admin.display(description=_("removed"), ordering="removed_at")
    def ended(self, row: SuppressedAddress) -> str:
        if row.removed_at is None:
            return "–"
        by = row.removed_by.display_name if row.removed_by else gettext("a mail that arrived")
        return gettext("by %(by)s") % {"by": by}


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
