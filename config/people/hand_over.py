"""/admin/core/user/ID/hand-over/: somebody leaves; who takes over, and what happened."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents.models import Agent
from apps.core.errors import Problem
from apps.core.models import Role, User
from apps.tickets.hand_over import HandedOver, hand_over, holdings_of


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(
        queryset=Agent.objects.none(),
        label=_("Who takes over"),
        required=False,
        empty_label=_("Nobody: everything goes back to its queue"),
        help_text=_("Sessions of queues in which this agent does not work go back to the queue."),
    )
    sure = forms.BooleanField(
        label=_("This person leaves and signs in no more"),
        error_messages={"required": _("Tick this box to go on: it ends all sign-ins at once.")},
    )

    def __init__(self, leaver: User, *args: Any) -> None:
        super().__init__(*args)
        agents = Agent.objects.working().exclude(user=leaver).select_related("user")
        field = self.fields["to"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = agents.order_by("user__first_name", "user__last_name", "user__username")


def hand_over_page(request: HttpRequest, pk: int) -> HttpResponse:
    """GET asks, POST does it and tells what happened; a second POST finds nothing left."""
    by = request.user
    if not (isinstance(by, User) and by.has_role(Role.ADMINISTRATOR)):
        raise PermissionDenied
    leaver = get_object_or_404(User.objects.visible_to(by), pk=pk)
    form = HandOverForm(leaver, request.POST or None)
    done = _do(form, leaver, by) if form.is_valid() else None
    context = {
        **admin.site.each_context(request),
        "title": gettext("Hand over: %(user)s") % {"user": leaver.display_name},
        "leaver": leaver,
        "himself": leaver.pk == by.pk,
        "form": form,
        "done": told(done) if done else None,
        "holdings": None if done else holdings_of(leaver),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/people/hand_over.html", context, status=status)


def _do(form: HandOverForm, leaver: User, by: User) -> HandedOver | None:
    try:
        return hand_over(leaver, to=form.cleaned_data["to"], by=by)
    except Problem as problem:
        form.add_error(None, problem.sentence)
        return None


def told(done: HandedOver) -> list[tuple[str, int]]:
    """What happened, line by line, and what was not there is left out."""
    lines = [
        (gettext("Sessions given to the new agent"), done.given),
        (gettext("Sessions back in their queues"), done.returned),
        (gettext("Drafts given to the new agent"), done.drafts),
        (gettext("Memberships in queues ended"), done.memberships),
        (gettext("Memberships in teams ended"), done.teams),
        (gettext("Teams without this supervisor now"), done.supervised),
        (gettext("API tokens deleted"), done.tokens),
        (gettext("Sign-ins ended"), done.logins),
    ]
    return [(what, count) for what, count in lines if count]
