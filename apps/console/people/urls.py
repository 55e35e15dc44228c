"""The addresses under /accounts/. Whatever allauth has beside these is not reachable."""

from collections.abc import Callable

from allauth.account import views as door
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from django.http import HttpResponseBase
from django.urls import path, re_path
from django.views.decorators.cache import never_cache
from django.views.generic import View

from apps.console.people import views


def _page(view: type[View], template: str) -> Callable[..., HttpResponseBase]:
    return never_cache(view.as_view(template_name=f"console/people/{template}.html"))


urlpatterns = [
    path("", views.account, name="account"),
    path("login/", _page(door.LoginView, "sign_in"), name="account_login"),
    path("logout/", door.LogoutView.as_view(http_method_names=["post"]), name="account_logout"),
    path("reauthenticate/", _page(door.ReauthenticateView, "again"), name="account_reauthenticate"),
    path(
        "password/change/",
        _page(door.PasswordChangeView, "password_change"),
        name="account_change_password",
    ),
    path(
        "password/reset/",
        _page(door.PasswordResetView, "forgotten"),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        _page(door.PasswordResetDoneView, "forgotten_done"),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        _page(door.PasswordResetFromKeyView, "password_choose"),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        _page(door.PasswordResetFromKeyDoneView, "password_chosen"),
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", _page(factor.IndexView, "second_factor"), name="mfa_index"),
    path("2fa/code/", _page(factor.AuthenticateView, "code"), name="mfa_authenticate"),
    path("2fa/again/", _page(factor.ReauthenticateView, "again"), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", _page(views.SetUpCodes, "totp_on"), name="mfa_activate_totp"),
    path(
        "2fa/totp/deactivate/",
        _page(totp.DeactivateTOTPView, "totp_off"),
        name="mfa_deactivate_totp",
    ),
    path(
        "2fa/recovery-codes/",
        _page(codes.ViewRecoveryCodesView, "recovery_codes"),
        name="mfa_view_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/generate/",
        _page(codes.GenerateRecoveryCodesView, "recovery_codes_new"),
        name="mfa_generate_recovery_codes",
    ),
    path("sessions/", views.sign_ins, name="sign-ins"),
    path("sessions/end-others/", views.end_other_sign_ins, name="end-other-sign-ins"),
    path("sessions/<int:login_id>/end/", views.end_sign_in, name="end-sign-in"),
]
