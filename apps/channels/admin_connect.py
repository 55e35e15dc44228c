"""*Connect* on an account's page: to the provider, back to the callback, and a test at once.

Nothing of the account changes before the provider has said yes; *Reconnect* is the same way.
"""

from typing import Any, cast
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.channels import diagnose
from apps.channels.grants import connected_as, standing_of
from apps.channels.guides import guide_to
from apps.channels.models import ChannelSettings, EmailAccount, OAuthGrant, OAuthProfile
from apps.channels.oauth import consent
from apps.channels.rules import leads_elsewhere
from apps.channels.transports.errors import TransportError
from apps.core.models import User

SIDES = ("receive", "send")
CONNECTING = "oauth_connecting"  # in the session: the account whose button was pressed last


class Connects:
    """For the account's page: how its sign-in stands, the button, the guides beside the form."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        account: EmailAccount | None = kwargs.get("obj")
        may = self.has_change_permission(request, account)  # type: ignore[attr-defined]
        stored = account if not context.get("errors") else None  # else it is what was typed
        context |= {
            "redirect_uri": redirect_uri(),
            "standing": standing_of(stored) if stored else None,
            "guide_here": guide_to(account.receive_host).key if account and account.fetches else "",
            "may_connect": may and account is not None,
            "may_fill": may,
        }
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc,no-any-return]

    def save_model(self, request: HttpRequest, obj: EmailAccount, form: Any, change: bool) -> None:
        """A token is for the server and the mailbox that it was granted for, like a password."""
        before = EmailAccount.objects.filter(pk=obj.pk).first() if change else None
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        sides = (leads_elsewhere(before, form.cleaned_data, one) for one in SIDES if before)
        if any(sides) and consent.forget(obj):
            messages.warning(request, _("Server or user changed: press “Connect” once more."))

    def get_urls(self) -> list[Any]:
        wrap = self.admin_site.admin_view  # type: ignore[attr-defined]
        page = path("<int:pk>/connect/", wrap(require_POST(self.connect)), name="account-connect")
        return [page, *super().get_urls()]  # type: ignore[misc]

    def connect(self, request: HttpRequest, pk: int) -> HttpResponse:
        account = get_object_or_404(_accounts(), pk=pk)
        if not self.has_change_permission(request, account):  # type: ignore[attr-defined]
            raise PermissionDenied
        by = cast(User, request.user)
        try:
            if by_itself(account):
                consent.connect_app(account, by)
                return say_connected(request, account)
            return _lead_to_the_provider(request, account, by)
        except TransportError as error:
            messages.error(request, in_words(error))
            return redirect(_page_of(account.pk))


def by_itself(account: EmailAccount) -> bool:
    profile = account.oauth_profile
    return profile is not None and profile.flow == OAuthProfile.Flow.APP


def redirect_uri() -> str:
    """Empty while nobody has said where Carteria is."""
    return consent.callback_url() if ChannelSettings.load().external_url else ""


def _lead_to_the_provider(request: HttpRequest, account: EmailAccount, by: User) -> HttpResponse:
    """By a page of ours: the security policy lets a form lead to our own pages alone."""
    if problem := _way_back_problem(request):
        messages.error(request, problem)
        return redirect(_page_of(account.pk))
    address = consent.begin(request.session, account, by)
    request.session[CONNECTING] = account.pk
    context = {
        **admin.site.each_context(request),
        "title": _("Connect %(account)s") % {"account": account},
        "account": account,
        "page": _page_of(account.pk),
        "address": address,
        "host": urlsplit(address).hostname,
        "mailbox": account.receive_user or account.send_user,
    }
    return TemplateResponse(request, "admin/email_channels/emailaccount/connect.html", context)


def _way_back_problem(request: HttpRequest) -> str:
    """Whoever is signed in at another address is a stranger at the one we are led back to."""
    address = ChannelSettings.load().external_url
    if not address:
        return _(
            "First say the console address under Settings > Email > Channel: the provider leads"
            " back there."
        )
    if urlsplit(address).netloc.lower() != request.get_host().lower():
        sentence = _("Open Carteria at %(address)s to connect: the provider leads back there.")
        return sentence % {"address": address}
    return ""


@require_GET
@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """What the provider sends the browser back to, at /settings/oauth/callback/."""
    if not admin.site.has_permission(request):
        return redirect("admin:email_channels_emailaccount_changelist")  # it asks for the sign-in
    if not request.user.has_perm("email_channels.change_emailaccount"):
        raise PermissionDenied
    back = _page_of(request.session.pop(CONNECTING, None))
    try:
        account = consent.finish(request.session, request.GET.dict(), cast(User, request.user))
    except TransportError as error:
        messages.error(request, in_words(error))
        return redirect(back)
    return say_connected(request, _accounts().get(pk=account.pk))


def say_connected(request: HttpRequest, account: EmailAccount) -> HttpResponse:
    """And what both servers say to it now."""
    grant = OAuthGrant.objects.get(account=account)
    messages.success(request, f"{connected_as(grant)}.")
    say_how_it_goes(request, account)
    return redirect(_page_of(account.pk))


def say_how_it_goes(request: HttpRequest, account: EmailAccount) -> None:
    if account.receive_kind != EmailAccount.Receive.NONE:
        _say(request, _("Incoming mail"), diagnose.test_receive(account))
    if account.send_kind != EmailAccount.Send.NONE:
        _say(request, _("Outgoing mail"), diagnose.test_send(account))


def _say(request: HttpRequest, side: str, answer: diagnose.Diagnosis) -> None:
    level = messages.SUCCESS if answer.ok else messages.ERROR
    messages.add_message(request, level, f"{side}: {answer.sentence}")


def in_words(error: TransportError) -> str:
    return _(error.template) % error.facts if error.facts else _(error.template)


def _accounts() -> Any:
    return EmailAccount.objects.select_related("oauth_profile", "oauth_grant")


def _page_of(pk: object) -> str:
    known = isinstance(pk, int) and EmailAccount.objects.filter(pk=pk).exists()
    if known:
        return reverse("admin:email_channels_emailaccount_change", args=[pk])
    return reverse("admin:email_channels_emailaccount_changelist")
