"""The form of a queue: its opening hours by lines, its automatic answer by parts."""

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.choices import choosable_states
from apps.agents.vocabulary import IN_EMAIL, OFFLINE, OVERLAYS, label
from apps.channels.models import EmailAccount, Mailbox
from apps.core.rules import LinesField, RowForm
from apps.core.zones import zones
from apps.queues.auto_response import (
    LONGEST_SUBJECT,
    MERGE_FIELDS,
    OPENS_AT,
    PARTS,
    QUEUE,
    SESSION_ID,
    AutoResponse,
    moment_words,
    rendered,
)
from apps.queues.hours import BadLine, shown_hours
from apps.queues.models import Queue

PREFIX = "auto_response_"
EXAMPLE_ID = "E7K2M9QX4B1TD"


class WholeLinesField(LinesField):
    """Lines in which commas stay."""

    parting = ""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data or "") != self.to_python(self.prepare_value(initial or [])))


class HoursField(WholeLinesField):
    def prepare_value(self, value: Any) -> Any:
        """Days in the reader's language; what is wrong stays as it was typed."""
        try:
            return super().prepare_value(shown_hours(value) if isinstance(value, list) else value)
        except BadLine:
            return super().prepare_value(value)


def _text(rows: int, **fields: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows, "class": "vLargeTextField"})
    return forms.CharField(required=False, widget=widget, **fields)


class QueueForm(RowForm):
    eligible_states = forms.MultipleChoiceField(
        label=_("States that take mail"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=Queue._meta.get_field("eligible_states").help_text,
    )
    hours = HoursField(
        label=_("Opening hours"),
        required=False,
        help_text=Queue._meta.get_field("hours").help_text,
    )
    holidays = WholeLinesField(
        label=_("Holidays"),
        required=False,
        help_text=Queue._meta.get_field("holidays").help_text,
    )
    auto_response_from = forms.ChoiceField(
        label=_("From"),
        required=False,
        help_text=_(
            "One of your addresses; it may be one that only sends, such as no-reply@example.com."
            " What customers answer comes to the address that they wrote to."
        ),
    )
    auto_response_subject = forms.CharField(
        label=_("Subject"),
        required=False,
        max_length=LONGEST_SUBJECT,
        help_text=_("Such as: We have got your mail [{SESSION_ID}]"),
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
    )
    auto_response_text = _text(
        6,
        label=_("Text"),
        help_text=_("Subject and text empty: no automatic answer is sent."),
    )
    auto_response_out_of_hours_text = _text(
        6,
        label=_("Text outside the opening hours"),
        help_text=_("Empty: the same text at any hour."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("eligible_states"):
            field.choices = _state_choices(self.instance.eligible_states)  # type: ignore[attr-defined]
        if field := self.fields.get("time_zone"):  # who only looks has no fields
            named = [("", _("that of the house")), *((name, name) for name in zones())]
            field.widget = forms.Select(choices=named)
        said = self.instance.auto_response or {}
        for part in PARTS:
            if field := self.fields.get(PREFIX + part):
                field.initial = said.get(part, "")
        if field := self.fields.get("auto_response_from"):
            field.choices = _sender_choices(said.get("from", ""))  # type: ignore[attr-defined]

    def _post_clean(self) -> None:
        """Its parts before the row's own rules, which look at the whole."""
        if self.add_prefix("auto_response_text") in self.data:
            self.instance.auto_response = answer_of(self.cleaned_data)
        super()._post_clean()  # type: ignore[misc]


def answer_of(typed: dict[str, Any]) -> dict[str, str] | None:
    """As it is stored; nothing where nothing is written."""
    parts = {part: str(typed.get(PREFIX + part) or "").strip() for part in PARTS}
    written = parts["subject"] or parts["text"] or parts["out_of_hours_text"]
    return {key: text.replace("\r\n", "\n") for key, text in parts.items()} if written else None


def _state_choices(stored: Sequence[str]) -> list[tuple[str, str]]:
    """Whoever is Offline is given nothing; what was ticked and is gone can only be unticked."""
    choosable = [name for name in choosable_states() if name not in (IN_EMAIL, OFFLINE)]
    offered = [*choosable, *reversed(OVERLAYS)]
    gone = [name for name in stored if name not in (*offered, IN_EMAIL)]
    named = [(name, label(name)) for name in offered]
    return named + [
        (name, gettext("%(state)s (not in use)") % {"state": label(name)}) for name in gone
    ]


def _sender_choices(stored: str) -> list[tuple[str, str]]:
    boxes = Mailbox.objects.exclude(account__send_kind=EmailAccount.Send.NONE)
    boxes = boxes.filter(account__enabled=True).select_related("account").order_by("address")
    offered = {box.address: _sender_words(box) for box in boxes}
    if stored and stored not in offered:
        offered[stored] = gettext("%(address)s (does not send)") % {"address": stored}
    return [("", gettext("the address that was written to")), *offered.items()]


def _sender_words(box: Mailbox) -> str:
    receives = box.account.receive_kind != EmailAccount.Receive.NONE
    words = box.address if receives else gettext("%(address)s (sends only)")
    return words if receives else words % {"address": box.address}


# ---- preview ------------------------------------------------------------------------------------


def preview_of(queue: Queue, house: tzinfo, now: datetime, language: str) -> dict[str, Any]:
    """Both texts, filled in with an example; of a queue that keeps its rules, saved or not."""
    said = AutoResponse.of(queue.auto_response)
    if said is None:
        return {}
    hours = queue.opening_hours(house)
    opens = moment_words(hours.next_opening(now), hours.zone, language)
    facts = {SESSION_ID: EXAMPLE_ID, QUEUE: queue.name, OPENS_AT: opens}
    return {
        "sender": said.sender,
        "subject": rendered(said.subject, facts),
        "text": rendered(said.text, facts),
        "late": rendered(said.out_of_hours_text, facts) if hours.spans else "",
        "is_open": hours.is_open(now),
        "always": not hours.spans,
    }


def merge_fields() -> list[tuple[str, Any]]:
    return [(f"{{{name}}}", words) for name, words in MERGE_FIELDS.items()]
