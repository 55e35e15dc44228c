"""Signing in and out, by Django's own views with our form and page."""

from django.contrib.auth.views import LoginView

from apps.console.forms import SignInForm


class SignIn(LoginView):
    """`next` is followed only to an address of this site: Django checks it."""

    template_name = "console/sign_in.html"
    authentication_form = SignInForm  # type: ignore[assignment]
    redirect_authenticated_user = True
