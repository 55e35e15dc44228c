"""The live board of agents, and the override of a state from it.

Supervisors see their teams with those below, administrators and auditors everybody; for all
others there is no such page.
"""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST

from apps.agents.models import Agent, supervised_teams
from apps.agents.override import override_all
from apps.agents.set_state import SetStateForm, told
from apps.channels.models import ChannelSettings
from apps.core.models import Role, User
from apps.reports.board import board_of

SOURCE = "board"


@login_required
@cache_control(private=True, no_store=True)
def board(request: HttpRequest) -> HttpResponse:
    user = _watcher(request)
    with timezone.override(ChannelSettings.load().zone_for(user)):
        facts = {
            "board": board_of(user),
            "no_team": not user.sees_settings and not supervised_teams(user),
        }
        return render(request, "reports/board.html", facts)


@login_required
@require_POST
def set_state(request: HttpRequest, agent_id: int) -> HttpResponse:
    """Back to the board, which says in a sentence what became of it."""
    user = _watcher(request)
    agent = Agent.objects.working().steered_by(user).filter(pk=agent_id)
    if not user.has_perm("agents.override_state") or not agent.exists():
        raise Http404
    form = SetStateForm(request.POST)
    if form.is_valid():
        wanted, reason = form.cleaned_data["state"], form.cleaned_data["reason"]
        outcomes = override_all(agent, wanted, by=user, source=SOURCE, reason=reason)
        for level, sentence in told(outcomes, wanted):
            messages.add_message(request, level, sentence)
    for problems in form.errors.values():
        messages.warning(request, " ".join(map(str, problems)))
    return redirect(f"{reverse('board')}#agent-{agent_id}")


def _watcher(request: HttpRequest) -> User:
    user = cast(User, request.user)
    if not user.has_role(Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR):
        raise Http404
    return user
