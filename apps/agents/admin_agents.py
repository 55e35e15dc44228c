"""People > Agents: who is in which state, and a supervisor's hand on it."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.agents import looks, states
from apps.agents.admin_agent_page import page_of
from apps.agents.admin_filters import PresentFilter, StateFilter, TeamFilter
from apps.agents.facts import Facts, facts_of
from apps.agents.models import Agent
from apps.agents.override import override_all
from apps.agents.set_state import SetStateForm, offers, told
from apps.agents.shift_csv import csv_answer
from apps.agents.shift_days import MOST_DAYS, span_of
from apps.agents.vocabulary import label
from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.errors import Problem
from apps.core.models import User

NO_TEAM = _("You supervise no team yet. An administrator can give you one: People > Teams.")
LIST = "admin:agents_agent_changelist"
PAGE = "admin:agents_agent_change"
SOURCE = "admin"


class Roster(ChangeList):
    """The rows of a page with what is shown beside them, asked for once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        agents: list[Agent] = list(self.result_list)
        custom, facts = looks.colours(), facts_of(agents, reader(request))
        for agent in agents:
            agent.__dict__.update(facts=facts[agent.pk], colours=custom)
        self.result_list = agents


def reader(request: HttpRequest) -> User:
    return cast(User, request.user)


def facts(agent: Agent) -> Facts:
    """What `Roster` put there."""
    return cast(Facts, agent.__dict__["facts"])


@admin.register(Agent)
class AgentAdmin(OnlyLook, Restricted):
    """The role makes agents; nobody adds or deletes one here, since history names them."""

    sight = "watched_by"
    nothing_yours = NO_TEAM
    list_display = (
        "agent",
        "shown_state",
        "since",
        "set_by",
        "presence",
        "open_sessions",
        "in_teams",
    )
    list_display_links = ("agent",)
    list_filter = (StateFilter, PresentFilter, TeamFilter)
    list_select_related = ("user", "state")
    search_fields = ("user__username", "user__first_name", "user__last_name")
    ordering = ("user__first_name", "user__last_name", "user__username")
    autocomplete_fields: ClassVar = ["user"]
    actions = ("set_state",)
    actions_selection_counter = True

    class Media:
        css: ClassVar = {"all": ["agents-admin.css"]}

    # ---- the list --------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Roster

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        span = span_of({}, reader(request))
        more = {
            "title": gettext("Agents"),
            "as_of": timezone.now(),
            "today": span.last,
            "most_days": MOST_DAYS,
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description=_("agent"), ordering="user__first_name")
    def agent(self, agent: Agent) -> SafeString:
        return format_html("<bdi>{}</bdi>", agent.name)

    @admin.display(description=_("state"), ordering="state__effective")
    def shown_state(self, agent: Agent) -> SafeString:
        look = looks.full_look(facts(agent).told, agent.__dict__["colours"])
        if not facts(agent).stale:
            return look
        return format_html('{} <span class="doubt">{}</span>', look, gettext("silent for long"))

    @admin.display(description=_("since"), ordering="-state__since")
    def since(self, agent: Agent) -> SafeString:
        return looks.age_look(facts(agent).told.since)

    @admin.display(description=_("set by, and why"))
    def set_by(self, agent: Agent) -> SafeString:
        told = facts(agent).told
        kind = "by by--other" if told.set_by_name and not told.by_agent else "by"
        words = [("", told.reason), ("by--other", looks.after_what(told))]
        lines = ((look, word) for look, word in words if word)
        why = format_html_join("", '<small class="{}" dir="auto">{}</small>', lines)
        return format_html('<span class="{}"><bdi>{}</bdi></span>{}', kind, looks.setter(told), why)

    @admin.display(description=_("present"), ordering="state__present_until")
    def presence(self, agent: Agent) -> SafeString:
        return looks.presence_look(present=facts(agent).told.present)

    @admin.display(description=_("open sessions"))
    def open_sessions(self, agent: Agent) -> SafeString:
        """On a phone no column head says what the number is."""
        count, unit = facts(agent).workload.open_sessions, gettext("open sessions")
        return format_html('{} <span class="unit">{}</span>', count, unit)

    @admin.display(description=_("teams"))
    def in_teams(self, agent: Agent) -> str:
        return ", ".join(facts(agent).teams)

    def get_action_choices(self, request: HttpRequest, default_choices: Any = None) -> Any:
        """There is one: nobody needs to choose it first."""
        return super().get_action_choices(request, default_choices or [])

    # ---- setting a state -------------------------------------------------------------------------

    def has_steer_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("agents.override_state")

    @admin.action(description=_("Set state…"), permissions=["steer"])
    def set_state(self, request: HttpRequest, agents: "QuerySet[Agent]") -> HttpResponse:
        """Leads to the form, which says beforehand what will be refused."""
        chosen = [int(one) for one in request.POST.getlist("_selected_action") if one.isdecimal()]
        if request.POST.get("select_across") == "1":
            chosen = list(agents.values_list("pk", flat=True))
        return self._form_page(request, self._steered(request, chosen), SetStateForm())

    def set_state_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_steer_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(LIST)
        agents = self._steered(request, _numbers(request.POST.get("agents", "")))
        form = SetStateForm(request.POST)
        if not form.is_valid():
            return self._form_page(request, agents, form)
        wanted = form.cleaned_data["state"]
        reason = form.cleaned_data["reason"]
        outcomes = override_all(agents, wanted, by=reader(request), source=SOURCE, reason=reason)
        for level, sentence in told(outcomes, wanted):
            self.message_user(request, sentence, level)
        return redirect(_back(request, [one.agent.pk for one in outcomes]))

    def _steered(self, request: HttpRequest, chosen: list[int]) -> "QuerySet[Agent]":
        """Exactly these, or there is nothing here: one that is not yours hides all of them."""
        mine = Agent.objects.steered_by(reader(request)).filter(pk__in=chosen)
        if not chosen or mine.count() != len(set(chosen)):
            raise Http404
        return mine.order_by(*self.ordering)

    def _form_page(
        self, request: HttpRequest, agents: "QuerySet[Agent]", form: SetStateForm
    ) -> HttpResponse:
        people = list(agents.select_related("user"))
        known, custom = facts_of(people, reader(request)), looks.colours()
        rows = [(one, looks.full_look(known[one.pk].told, custom)) for one in people]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": gettext("Set state"),
            "form": form,
            "offers": offers(agents),
            "agents": rows,
            "ids": ",".join(str(one.pk) for one in people),
            "back": request.POST.get("back", ""),
            "query": request.POST.get("query", request.GET.urlencode()),
            "during": any(known[one.pk].told.overlay for one in people),
        }
        return TemplateResponse(request, "admin/agents/agent/set_state.html", context)

    def end_stale_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_steer_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return redirect(PAGE, pk)
        agent = self._steered(request, [pk]).get()
        try:
            after = states.end_stale(
                agent, by=reader(request), source=SOURCE, reason=request.POST.get("reason", "")
            )
        except Problem as problem:
            self.message_user(request, problem.sentence, messages.ERROR)
        else:
            facts = {"agent": agent.name, "state": label(after.effective)}
            sentence = gettext("Ended. %(agent)s is in %(state)s now.") % facts
            self.message_user(request, sentence, messages.SUCCESS)
        return redirect(PAGE, pk)

    # ---- one agent -------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A page to read, instead of a form that nobody may send."""
        if request.method == "POST":
            raise PermissionDenied
        agent = self.get_object(request, object_id)
        if not self.has_view_permission(request, agent):
            raise PermissionDenied
        if agent is None:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": agent.name,
            "form": SetStateForm(),
            "offers": offers(Agent.objects.filter(pk=agent.pk)),
            "page": page_of(agent, reader(request), request.GET.get("p", "")),
            "as_of": timezone.now(),
        }
        return TemplateResponse(request, "admin/agents/agent/page.html", context)

    # ---- time in state ---------------------------------------------------------------------------

    def time_in_state_view(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_view_permission(request):
            raise PermissionDenied
        agents, name = self.get_queryset(request), "time-in-state"
        if chosen := request.GET.get("agent", ""):
            agents = agents.filter(pk__in=_numbers(chosen))
            name = f"{name}-{agents.get().user.username}" if agents.count() == 1 else ""
        if not name:
            raise Http404
        try:
            span = span_of(request.GET.dict(), reader(request))
        except Problem as problem:
            self.message_user(request, problem.sentence, messages.ERROR)
            return redirect(LIST)
        return csv_answer(request, agents, span, name)

    def get_urls(self) -> list[URLPattern]:
        def page(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
            return self.admin_site.admin_view(view)

        name = partial("agents_agent_{}".format)
        return [
            path("set-state/", page(self.set_state_view), name=name("set_state")),
            path("time-in-state/", page(self.time_in_state_view), name=name("time_in_state")),
            path("<int:pk>/end-stale/", page(self.end_stale_view), name=name("end_stale")),
            *super().get_urls(),
        ]


def _numbers(text: str) -> list[int]:
    """Ids parted by commas; anything else names nobody."""
    words = text.split(",")
    return [int(one) for one in words] if all(_is_id(one) for one in words) else []


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= 18


def _back(request: HttpRequest, agents: list[int]) -> str:
    """To the agent's page, when the form was there; else to the list as it was filtered."""
    if request.POST.get("back") == "page" and len(agents) == 1:
        return reverse(PAGE, args=agents)
    query = request.POST.get("query", "")
    return f"{reverse(LIST)}?{query}" if query else reverse(LIST)
