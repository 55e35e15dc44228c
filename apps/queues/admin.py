"""Settings > Email > Queues: who works in them and which addresses feed them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.choices import choosable_states
from apps.agents.vocabulary import IN_EMAIL, OFFLINE, OVERLAYS, label
from apps.channels.admin_mailboxes import MailboxAdmin
from apps.core.admin_bases import Restricted, SpeaksOfDoubts, VisibleFields
from apps.core.rules import RowForm
from apps.queues.models import MailboxRoute, Queue, QueueMembership


class MemberForm(RowForm):
    """A row of the table; the database asks for exactly one of the two."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if bool(data.get("agent")) == bool(data.get("team")) and not self.errors:
            self.add_error("agent", _("Choose an agent or a team, one of the two in each row."))
        return data


class MemberInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = QueueMembership
    form = MemberForm
    extra = 1
    autocomplete_fields: ClassVar = ["agent", "team"]
    verbose_name_plural = _("Members: an agent or a whole team in each row")


class RouteInline(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    model = MailboxRoute
    extra = 1
    autocomplete_fields: ClassVar = ["mailbox"]
    verbose_name = _("address")
    verbose_name_plural = _("Addresses whose mail comes here")


class QueueOfMailbox(VisibleFields, admin.TabularInline):  # type: ignore[type-arg]
    """On the page of a mailbox, which stands a floor below and cannot ask for it."""

    model = MailboxRoute
    max_num = 1
    autocomplete_fields: ClassVar = ["queue"]
    verbose_name = verbose_name_plural = _("Queue")


MailboxAdmin.inlines.append(QueueOfMailbox)


class QueueForm(RowForm):
    eligible_states = forms.MultipleChoiceField(
        label=_("States that take mail"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=Queue._meta.get_field("eligible_states").help_text,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("eligible_states"):
            field.choices = _state_choices(self.instance.eligible_states)  # type: ignore[attr-defined]


def _state_choices(stored: list[str]) -> list[tuple[str, str]]:
    """Whoever is Offline is given nothing; what was ticked and is gone can only be unticked."""
    choosable = [name for name in choosable_states() if name not in (IN_EMAIL, OFFLINE)]
    offered = [*choosable, *reversed(OVERLAYS)]
    gone = [name for name in stored if name not in (*offered, IN_EMAIL)]
    named = [(name, label(name)) for name in offered]
    return named + [
        (name, gettext("%(state)s (not in use)") % {"state": label(name)}) for name in gone
    ]


@admin.register(Queue)
class QueueAdmin(SpeaksOfDoubts, Restricted):
    form = QueueForm
    list_display = ("name", "path", "routing", "capacity", "enabled")
    list_filter = ("routing", "enabled")
    search_fields = ("name", "path")
    inlines = (MemberInline, RouteInline)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "path", "enabled"),
                "description": _("A line in which mail waits, with the people who answer it."),
            },
        ),
        (
            _("Routing"),
            {
                "fields": ("routing", "capacity", "eligible_states"),
                "description": _(
                    "Manual: every member sees all sessions and takes them. Automatic: the oldest"
                    " session goes to the member with the fewest open ones, up to the capacity."
                ),
            },
        ),
    )
