"""What allauth asks of us: our sentences, our lock, our seals."""

import time
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from qrcode import QRCode
from qrcode.image.svg import SvgPathImage

from apps.core import lockout, second_factor
from apps.core.actors import Source, acting
from apps.core.client import client_address
from apps.core.models import User
from apps.core.secrets import seal, unseal

FRESH = 300  # seconds in which nobody is asked for the password again

WRONG_CODE = _("That code is not right, or it was used already. Wait for the next one.")
SENTENCES = {
    "username_password_mismatch": _("That name and password do not match. Try again."),
    "too_many_login_attempts": _("Too many tries. Wait a little, then try again."),
    "enter_current_password": _("This is not your password."),
    "incorrect_password": _("This is not your password."),
    "incorrect_code": WRONG_CODE,
    "invalid_password_reset": _("This link is no longer valid."),
}
MESSAGES = {
    "account/messages/password_changed.txt": _("Your password is changed."),
    "mfa/messages/totp_activated.txt": _("Your second factor is set up."),
    "mfa/messages/totp_deactivated.txt": _("Your second factor is removed."),
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | SENTENCES

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_safe_url(self, url: str) -> bool:
        """Of this host only, whatever other names we go by."""
        host = context.request.get_host()
        return url_has_allowed_host_and_scheme(url, allowed_hosts={host})

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        return redirect("account_login")

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(context.request, username=user.username, password=password)
        return cast(User | None, found) == user

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """Who has just signed in has just said the password."""
        request = context.request
        records = get_authentication_records(request, request.user)
        return not records or time.time() - records[-1]["at"] > FRESH

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        with acting(Source.CONSOLE, user):  # a link proves who it is without a sign-in
            user.save(update_fields=["password"])
        lockout.unlock(user)  # who chooses a new one has proved to be the user

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Few, and in our words: "signed in" is seen without being said."""
        if sentence := message or MESSAGES.get(message_template or ""):
            messages.add_message(request, level, sentence, extra_tags=extra_tags)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Nothing leaves this way: mails go through a mailbox (mails.py)."""
        raise NotImplementedError(template_prefix)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": WRONG_CODE,
        "cannot_delete_authenticator": _(
            "Your role needs a second factor, so it cannot be removed."
        ),
        "cannot_generate_recovery_codes": _("Set up the second factor first."),
    }

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def get_totp_label(self, user: User) -> str:
        return user.username

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not second_factor.is_required(authenticator.user)

    def build_totp_svg(self, url: str) -> str:
        """For the page itself, so without the head of an XML file."""
        code = QRCode(border=2, image_factory=SvgPathImage)
        code.add_data(url)
        return str(code.make_image().to_string(encoding="unicode"))
