"""The account page, and the list of one's own sign-ins."""

from typing import Any

from allauth.mfa.totp.views import ActivateTOTPView
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from apps.console.frame import Visit, page
from apps.console.people.browsers import browser_named
from apps.console.people.codes import use_code
from apps.core import logins, second_factor
from apps.core.client import UNKNOWN
from apps.core.models import Role


class SetUpCodes(ActivateTOTPView):  # type: ignore[misc]
    """The code that proves the app works counts once, as every other."""

    def form_valid(self, form: Any) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        use_code(self.request.user, form.cleaned_data["code"])
        return answer


@require_safe
@page
def account(request: Visit) -> HttpResponse:
    user = request.user
    facts = {
        "roles": [Role(name).label for name in sorted(user.role_names)],
        "has_second_factor": second_factor.has_one(user),
        "needs_second_factor": second_factor.is_required(user),
        "login_count": len(logins.logins_of(user)),
    }
    return render(request, "console/people/account.html", facts)


@require_safe
@page
def sign_ins(request: Visit) -> HttpResponse:
    here = request.session.session_key
    shown = [
        {
            "id": login.pk,
            "browser": browser_named(login.user_agent),
            "address": login.ip if login.ip != UNKNOWN else "",
            "begun": login.created_at,
            "seen": login.last_seen_at,
            "here": login.session_key == here,
        }
        for login in logins.logins_of(request.user)
    ]
    shown.sort(key=lambda login: not login["here"])
    return render(request, "console/people/sign_ins.html", {"logins": shown})


@require_POST
@page
def end_sign_in(request: Visit, login_id: int) -> HttpResponse:
    if logins.end_login(request.user, login_id):
        messages.success(request, _("That sign-in is ended."))
    else:
        messages.info(request, _("That sign-in was over already."))
    return redirect("sign-ins")


@require_POST
@page
def end_other_sign_ins(request: Visit) -> HttpResponse:
    count = logins.end_other_logins(request.user, keep=request.session.session_key)
    sentence = ngettext("%(n)d other sign-in is ended.", "%(n)d other sign-ins are ended.", count)
    messages.success(request, sentence % {"n": count})
    return redirect("sign-ins")
