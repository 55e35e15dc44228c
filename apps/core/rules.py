"""Rules of a settings row: told at their field, whichever page, wizard or file breaks them.

A model's `clean()` calls `refuse`; the code of each error is the name of its field. So a form that
shows only some of the fields still says the sentence, above them.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

Problem = tuple[str, Any]  # field, sentence that names the cure


def refuse(problems: Iterable[Problem]) -> None:
    if errors := [ValidationError(sentence, code=field) for field, sentence in problems]:
        raise ValidationError(errors)


def told(error: ValidationError) -> list[tuple[str, str]]:
    """Field and sentence of each problem, for who has no form to put them in."""
    return [
        (one.code or "" if name == NON_FIELD_ERRORS else name, " ".join(one.messages))
        for name, listed in error.update_error_dict({}).items()
        for one in listed
    ]


class RowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Puts what `refuse` said next to its field."""

    def _update_errors(self, errors: ValidationError) -> None:
        placed: dict[str, list[ValidationError]] = {}
        for name, listed in errors.update_error_dict({}).items():
            for one in listed:
                here = name == NON_FIELD_ERRORS and one.code in self.fields
                told = placed.setdefault(str(one.code) if here else name, [])
                if one.messages not in [other.messages for other in told]:
                    told.append(one)  # a rule and the database's own check say the same
        super()._update_errors(ValidationError(placed))  # type: ignore[misc]


class LinesField(forms.CharField):
    """A list of words, one on each line; commas and semicolons part them too."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "vLargeTextField"})
    parting = ",;"  # what ends a line, too

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        text = (super().to_python(value) or "").translate(
            dict.fromkeys(map(ord, self.parting), "\n")
        )
        return [word for line in text.splitlines() if (word := line.strip())]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data or "") != (initial or []))
