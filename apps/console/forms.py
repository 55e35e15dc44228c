"""The form of the console: answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; how many and how large is checked where the mail is made."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        one = super().clean
        return [one(file, initial) for file in data or []]


class ReplyForm(forms.Form):
    """`key` is made with the page, so that a second click on Send is not a second mail."""

    text = forms.CharField(
        max_length=1_000_000,
        strip=False,
        error_messages={"required": _("Message: write your answer first.")},
    )
    uploads = FilesField(
        required=False,
        error_messages={"empty": _("Files: one of them is empty. Choose the files again.")},
    )
    key = forms.CharField(max_length=64)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        return text
