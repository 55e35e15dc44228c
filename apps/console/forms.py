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


class IdsField(forms.Field):
    """Hidden numbers, in their order."""

    widget = forms.MultipleHiddenInput
    most = 100

    def clean(self, value: Any) -> tuple[int, ...]:
        words = [str(word) for word in value or []]
        if len(words) > self.most or not all(map(_is_id, words)):
            raise forms.ValidationError(_("Files: the list of files is damaged; reload the page."))
        return tuple(map(int, words))


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 18


class ReplyForm(forms.Form):
    """`key` is made with the page, so that a second click on Send is not a second mail; `staging`
    names the form to which files were uploaded, and stays the same when Send was refused.
    """

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
    staging = forms.CharField(max_length=64, required=False)
    staged = IdsField(required=False)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        return text
