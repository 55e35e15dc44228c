"""The CRMs: how each connection does, how far it is behind, and what was given up."""

from collections.abc import Iterator

from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.crm.condition import (
    Lag,
    clock,
    connections_in_use,
    lags,
    standing_of,
    total,
)
from apps.crm.models import CrmConnection
from config.condition.line import Cure, Line, State, span, waits
from config.condition.mail import MINUTE, backlog

LATE = 10 * MINUTE  # so long an entry may wait
SHOWN = 20
_STATES: dict[str, State] = {"refused": "down", "rests": "degraded"}


def crm() -> Iterator[Line]:
    found = lags()
    yield from _connections(found)
    yield _updates(total(found.values()))


def _connections(found: dict[int, Lag]) -> Iterator[Line]:
    used = connections_in_use(found)
    for one in used[:SHOWN]:
        yield _connection(one, found.get(one.pk, Lag()))
    if rest := used[SHOWN:]:
        words = ngettext("%(n)d more connection.", "%(n)d more connections.", len(rest))
        yield Line("crm-more", _("And"), "ok", words % {"n": len(rest)})


def _connection(one: CrmConnection, lag: Lag) -> Line:
    standing = standing_of(one)
    name = _("CRM: %(name)s") % {"name": one}
    state = _STATES.get(standing.state, "ok")
    fact = " ".join(filter(None, (_standing(one), _lag(lag))))
    if state == "ok":  # what is late for other reasons is told by the line of all updates
        return Line(f"crm-{one.pk}", name, state, fact)
    return Line(f"crm-{one.pk}", name, state, fact, one.failed_at, (_cure(one, standing.state),))


def _standing(one: CrmConnection) -> str:
    """One sentence: what it said last, and when it is asked again."""
    standing = standing_of(one)
    if standing.state in ("refused", "rests") and one.paused_until:
        if one.paused_until <= timezone.now():
            return _("It is asked again now: %(reason)s") % {"reason": one.error}
        told = {"time": clock(one.paused_until), "reason": one.error}
        return _("It rests until %(time)s: %(reason)s") % told
    if standing.state == "unsure":
        return f"{standing.words.capitalize()}: {one.error}"
    return f"{standing.words.capitalize()}."


def _lag(lag: Lag) -> str:
    if lag.waiting.oldest is None:
        return _("Nothing waits.")
    age = (timezone.now() - lag.waiting.oldest).total_seconds()
    oldest = _("The oldest for %(span)s.") % {"span": span(age)}
    return f"{waits(lag.waiting)} {oldest}"


def _cure(one: CrmConnection, state: str) -> Cure:
    page = reverse_lazy("admin:crm_crmconnection_change", args=[one.pk])
    sentence = _("It tries again by itself; “Save and test connection” tries now.")
    if state == "refused":
        sentence = _("Enter a new token or give its user the right, then test the connection.")
    return Cure(sentence, page=page, page_name=_("Open the connection"))


def _updates(all_of_them: Lag) -> Line:
    page = reverse_lazy("admin:crm_ticketupdate_changelist")
    cure = Cure(
        _("The list says why for each; “Tell the CRM again now” tries at once."),
        page=page,
        page_name=_("Open the updates"),
    )
    name = _("Updates for the CRM")
    stopped, waiting = all_of_them.failed, all_of_them.waiting
    if not stopped.count:
        return backlog("updates", name, waiting, late=LATE, cures=(cure,))
    fact = ngettext("%(n)d was given up.", "%(n)d were given up.", stopped.count)
    fact = f"{fact % {'n': stopped.count}} {waits(waiting)}"
    return Line("updates", name, "down", fact, stopped.oldest, (cure,), kind="work")
