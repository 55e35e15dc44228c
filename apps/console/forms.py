"""The two forms of the console: sign in, and answer."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.core.models import User


class SignInForm(forms.Form):
    """By user name or email address; the error does not say which of the two was wrong."""

    login = forms.CharField(max_length=254, strip=True)
    password = forms.CharField(max_length=4096, strip=False, widget=forms.PasswordInput)

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("login") and data.get("password"):
            found = authenticate(
                self.request, username=_username(data["login"]), password=data["password"]
            )
            self.user = found if isinstance(found, User) else None
        if self.user is None:
            raise forms.ValidationError(_("That name and password do not match. Try again."))
        return data

    def get_user(self) -> User | None:
        return self.user


def _username(login: str) -> str:
    """The user's name, where one address belongs to one user; else as it was typed."""
    if "@" not in login:
        return login
    names = list(User.objects.filter(email__iexact=login).values_list("username", flat=True)[:2])
    return names[0] if len(names) == 1 else login


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
