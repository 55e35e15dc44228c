"""Who must have a second factor, and that nobody of them gets on without."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.live import refuse_if
from apps.core.models import Role, SignInSettings, User
from apps.core.people import end_logins

Who = SignInSettings.SecondFactor
ROLES: dict[str, tuple[str, ...]] = {
    Who.NOBODY: (),
    Who.ADMINISTRATORS: (Role.ADMINISTRATOR,),
    Who.SUPERVISORS: (Role.ADMINISTRATOR, Role.SUPERVISOR),
}
OPEN_PATHS = ("/accounts/", "/healthz", "/readyz")


def is_required(user: User) -> bool:
    """Roles first: they are read on every page anyway."""
    if not user.has_role(Role.ADMINISTRATOR, Role.SUPERVISOR):
        return False
    return user.has_role(*ROLES.get(SignInSettings.load().second_factor, ()))


def has_one(user: User) -> bool:
    """Recovery codes alone are none: they only stand in for one."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def is_missing(user: User) -> bool:
    return is_required(user) and not has_one(user)


def consequences(admin: User) -> list[str]:
    """What the rule means from now on, for the administrator who has just made it."""
    roles = ROLES.get(SignInSettings.load().second_factor, ())
    if not roles:
        return [_("Nobody has to have a second factor any more; whoever has one keeps it.")]
    people = [user for user in User.objects.filter(is_active=True) if user.has_role(*roles)]
    without = [user for user in people if not has_one(user)]
    sentences = [
        ngettext(
            "%(n)d person needs a second factor and has none: the next page that they open leads"
            " to its set-up.",
            "%(n)d people need a second factor and have none: the next page that they open leads"
            " to its set-up.",
            len(without),
        )
        % {"n": len(without)}
    ]
    if admin in without:
        sentences.append(
            _("You are one of them. Have your phone at hand, and keep the recovery codes.")
        )
    if not User.objects.administrators().exclude(pk=admin.pk).exists():
        sentences.append(
            _(
                "You are the only administrator: if phone and recovery codes are lost, only the"
                " command “manage.py let_in %(user)s” on the server helps."
            )
            % {"user": admin.username}
        )
    return sentences


def remove(user: User) -> bool:
    """For somebody who lost phone and codes; whoever is in by it is out. True: there was one."""
    removed = bool(Authenticator.objects.filter(user=user).delete()[0])
    if removed:
        end_logins(user)
    return removed


def require_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: leads to the set-up. A program with a token has no second factor to show."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PATHS) or _has_token(request):
            return get_response(request)
        user = request.user
        if isinstance(user, User) and is_missing(user):
            return _lead(request)
        return get_response(request)

    return middleware


refuse_if(is_missing)


def _has_token(request: HttpRequest) -> bool:
    """The API then asks the token alone, never the browser's sign-in."""
    word = request.headers.get("Authorization", "").partition(" ")[0]
    return request.path.startswith("/api/") and word.lower() == "bearer"


def _lead(request: HttpRequest) -> HttpResponse:
    sentence = _("Set up your second factor first.")
    if request.path.startswith("/api/"):
        body = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": sentence}
        return JsonResponse(
            body | {"code": "second-factor-required"},
            status=403,
            content_type="application/problem+json",
        )
    wanted = {"next": request.get_full_path()} if request.method == "GET" else {}
    return redirect(f"{reverse('mfa_activate_totp')}?{urlencode(wanted)}".rstrip("?"))
