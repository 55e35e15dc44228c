"""A form over stored rows that notices when somebody else has changed them meanwhile."""

import hashlib
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class StoredForm(forms.BaseForm):
    """Carries a stamp of what was shown. If the rows differ from it by now, and from what was
    typed as well, two administrators are at it: the second one is told before anything is lost.
    The same form sent twice is no such case: what it says is stored already."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seen"] = forms.CharField(widget=forms.HiddenInput, required=False)

    @property
    def stamp(self) -> str:
        told = [(name, self._comparable(self._shown(name))) for name in self._told()]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]

    def is_current(self) -> bool:
        """After is_valid(). False: the form now says what happened and bears the new stamp."""
        if self.cleaned_data["seen"] in ("", self.stamp) or not self.typed_anew():
            return True
        self.add_error(None, MEANWHILE)
        return False

    def typed_anew(self) -> set[str]:
        return {
            name
            for name in self._told()
            if self._comparable(self._shown(name)) != self._comparable(self.cleaned_data.get(name))
        }

    def _told(self) -> list[str]:
        return [name for name in self.fields if name != "seen"]

    def _shown(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    def _comparable(self, value: Any) -> Any:
        """As text: a choice and its value, a number and its digits, none and nothing are alike."""
        if value is None or value is False:
            return ""
        if isinstance(value, str | int):
            return str(value)
        if hasattr(value, "__iter__"):
            return sorted(str(getattr(one, "pk", one)) for one in value) or ""
        return str(getattr(value, "pk", value))


MEANWHILE = _(
    "Somebody else changed this step while you were typing. Look at it again: what you typed is"
    " still here, and saving once more puts it in place of theirs."
)
