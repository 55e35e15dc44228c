"""Forms of the door: allauth's, with our rules."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ResetPasswordForm,
    UserTokenForm,
)
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.http import HttpRequest, HttpResponse

from apps.console.people.codes import use_code
from apps.console.people.links import AnyLinkTokens
from apps.console.signals import link_wanted
from apps.core import lockout, logins
from apps.core.announce import announce
from apps.core.models import Role, User


class SignInForm(LoginForm):  # type: ignore[misc]
    """By user name or email address; the error does not say which of the two was wrong."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(max_length=254, strip=True)
        self.fields["password"] = forms.CharField(
            max_length=4096, strip=False, widget=forms.PasswordInput
        )

    def clean(self) -> dict[str, Any]:
        if self._errors:  # too long, or empty: as wrong as any other
            raise get_adapter().validation_error("username_password_mismatch")
        cleaned: dict[str, Any] = super().clean()
        return cleaned

    def user_credentials(self) -> dict[str, str]:
        login, password = self.cleaned_data["login"], self.cleaned_data["password"]
        return {"username": _username(login), "password": password}

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """allauth gives every sign-in the length of a setting of Django; ours is a row."""
        response: HttpResponse = super().login(request, redirect_url)
        if request.user.is_authenticated:
            logins.set_end(request)
        return response


def _username(login: str) -> str:
    """The user's name, where one address belongs to one user; else as it was typed."""
    if "@" not in login:
        return login
    names = list(User.objects.filter(email__iexact=login).values_list("username", flat=True)[:2])
    return names[0] if len(names) == 1 else login


class _OnceMixin:
    """Counts wrong codes with the lock, and takes each code once."""

    user: User
    cleaned_data: dict[str, Any]
    authenticator: Authenticator

    def clean_code(self) -> str:
        if not lockout.may_try_code(context.request, self.user):
            raise get_adapter().validation_error("too_many_login_attempts")
        used = use_code(self.user, self.cleaned_data["code"])
        if used is None:
            lockout.code_failed(context.request, self.user)
            raise get_adapter().validation_error("incorrect_code")
        lockout.code_succeeded(self.user)
        self.authenticator = used
        return str(self.cleaned_data["code"])


class CodeForm(_OnceMixin, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class CodeAgainForm(_OnceMixin, ReauthenticateForm):  # type: ignore[misc]
    """Before something delicate."""


class ChangeForm(ChangePasswordForm):  # type: ignore[misc]
    """Whoever finds a browser signed in guesses no more often than at the door."""

    def clean_oldpassword(self) -> str:
        password = str(self.cleaned_data["oldpassword"])
        if not get_adapter().reauthenticate(self.user, password):
            raise get_adapter().validation_error("enter_current_password")
        return password


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    """Says the same, as quickly, whether the address is known or not."""

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"])

    def save(self, request: HttpRequest, **options: Any) -> str:
        address = self.cleaned_data["email"]
        known = User.objects.filter(email__iexact=address, is_active=True)
        people = known.exclude(grants__role=Role.INTEGRATION).order_by("pk")
        announce(link_wanted, user_ids=list(people.values_list("pk", flat=True)[:5]))
        return str(address)


class LinkForm(UserTokenForm):  # type: ignore[misc]
    token_generator = AnyLinkTokens()
