"""The form of a connection: one set of fields for each kind of CRM, each refusal at its field."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core.rules import LinesField, RowForm
from apps.core.secrets import seal
from apps.crm import rules
from apps.crm.kind_words import words_of
from apps.crm.merge_fields import MERGE_FIELDS, MOST_FIELDS
from apps.crm.models import CrmConnection


def _merge_fields() -> str:
    return ", ".join(f"{{{name}}} ({words})" for name, words in MERGE_FIELDS.items())


def merge_fields_help() -> str:
    told = {"fields": _merge_fields()}
    return gettext("One a line, like Department = {QUEUE}. There are: %(fields)s.") % told


_merge_fields_help: Any = lazy(merge_fields_help, str)


class TicketFields(forms.CharField):
    """Lines `CRM field = template`, as a dict; each complaint names its line."""

    widget = forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "vLargeTextField"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{name} = {template}" for name, template in value.items())

    def to_python(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        return read_lines(super().to_python(value) or "")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data or "") != (initial or {}))
        except ValidationError:
            return True


def read_lines(text: str) -> dict[str, str]:
    """All that is wrong with them at once."""
    found: dict[str, str] = {}
    complaints: list[str] = []
    seen: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, equals, template = (part.strip() for part in line.partition("="))
        problem = rules.field_problem(name if equals else "", template, seen)
        if problem:
            told = {"n": number, "problem": problem}
            complaints.append(gettext("Line %(n)d: %(problem)s") % told)
        seen.add(name.casefold())
        found[name] = template
    if len(found) > MOST_FIELDS:
        complaints.append(rules.too_many(len(found)))
    if complaints:
        raise ValidationError(complaints)
    return found


class ConnectionForm(RowForm):
    """The token goes in and never comes out: an empty field keeps the stored one."""

    new_token = forms.CharField(
        label=_("Token"),
        required=False,
        strip=True,
        max_length=5000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("What Carteria signs in with. It is stored encrypted."),
    )
    sender_addresses = LinesField(
        label=_("The CRM's own addresses"),
        required=False,
        help_text=_("One a line. Mail that comes from them never opens a session."),
    )
    fields_of_ticket = TicketFields(
        label=_("Ticket fields"), required=False, help_text=_merge_fields_help()
    )

    kind_of_new = ""  # the page's choice for a row that is not there yet

    class Meta:
        model = CrmConnection
        fields = (
            "url",
            "user",
            "queue",
            "sender_addresses",
            "deleted_ticket",
            "merged_ticket",
        )
        help_texts = {
            "user": _("Who signs in there."),
            "merged_ticket": _("When the CRM has made one ticket out of two."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None and self.kind_of_new:
            self.instance.kind = self.kind_of_new
        self._words = words_of(self.instance.kind)
        if "fields_of_ticket" in self.fields:
            self.fields["fields_of_ticket"].initial = self.instance.fields
        self._explain()

    def _explain(self) -> None:
        """In the words of this kind of CRM."""
        for name, words in (
            ("url", self._words.url),
            ("user", self._words.user),
            ("new_token", self._words.token),
            ("queue", self._words.queue),
        ):
            if words and name in self.fields:
                self.fields[name].help_text = words
        token = self.fields.get("new_token")
        if token and self.instance.token:
            token.help_text = _("Stored, and never shown. Empty keeps it.")
        ticket_fields = self.fields.get("fields_of_ticket")
        if ticket_fields and self._words.fields:
            ticket_fields.help_text = f"{self._words.fields} {merge_fields_help()}"

    def clean_url(self) -> str:
        return rules.tidy_url(self.cleaned_data["url"])

    def clean_sender_addresses(self) -> list[str]:
        return rules.tidy_senders(self.cleaned_data["sender_addresses"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        before, kept = self.instance, not data.get("new_token")
        moves = data.get("url") and rules.goes_elsewhere(before.url, data["url"])
        if before.token and kept and moves:
            self.add_error("new_token", _("The address changed: type the token again."))
        return data

    def _post_clean(self) -> None:
        """The row as it is about to be, and then the rules that every way in shares."""
        super()._post_clean()  # type: ignore[misc]
        row, data = self.instance, self.cleaned_data
        if "fields_of_ticket" in data:
            row.fields = data["fields_of_ticket"]
        if data.get("new_token"):
            row.token = seal(data["new_token"])
        for field, sentence in rules.connection_problems(row):
            name = _PLACES.get(field, field)
            place = name if name in self.fields else None
            if place is None or place not in self.errors:
                self.add_error(place, sentence)


# What a rule names, and the form's field for it.
_PLACES = {"token": "new_token", "fields": "fields_of_ticket"}
