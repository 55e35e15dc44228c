"""Who else has this conversation open, and who is writing: kept as rows, told as they change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.console.answers import Answer, as_json, body_of
from apps.console.frame import Visit
from apps.console.live import tell_viewers
from apps.console.models import Viewing
from apps.console.places import find_session
from apps.console.who import person_of
from apps.core.errors import Invalid
from apps.core.leases import in_seconds
from apps.core.models import User
from apps.tickets.models import Session

SECONDS = 45  # so long a tab counts after its last word; it says one every 20 s
MOST_TABS = 20  # of one user in one conversation
FORGOTTEN_AFTER = 24 * 3600  # seconds

_TAB = re.compile(r"[\w-]{1,32}", re.ASCII)


@require_POST
@as_json
def here(request: Visit, public_id: str) -> Answer:
    session, said = find_session(request.user, public_id), body_of(request)
    rows = _alive(session)
    mine = [row for row in rows if row.user_id == request.user.pk]
    stay(session, request.user, mine, tab=_tab(said), writing=said.get("writing") is True)
    return _others(rows, request.user)


@require_POST
@as_json
def gone(request: Visit, public_id: str) -> Answer:
    """Of one's own rows only, so it works for a conversation that has moved out of sight, too."""
    tab = _tab(body_of(request))
    own = Viewing.objects.filter(session__public_id=public_id, user=request.user)
    mine = list(own.alive().select_related("session__agent"))
    if not mine:
        find_session(request.user, public_id)
        return {}
    own.filter(tab=tab).delete()
    rest = [row for row in mine if row.tab != tab]
    if _seen(mine) != _seen(rest):
        tell_viewers(mine[0].session)
    return {}


@require_safe
@as_json
def viewers(request: Visit, public_id: str) -> Answer:
    return _others(_alive(find_session(request.user, public_id)), request.user)


def viewers_of(session: Session, reader: User) -> list[dict[str, Any]]:
    """Others who have it open now."""
    told: list[dict[str, Any]] = _others(_alive(session), reader)["viewers"]
    return told


def stay(session: Session, user: User, mine: Sequence[Viewing], *, tab: str, writing: bool) -> None:
    """MINE are the tabs of USER that are there; others hear only of what they would see."""
    others = [row for row in mine if row.tab != tab]
    if len(others) >= MOST_TABS:
        return
    row = Viewing(session=session, user=user, tab=tab, writing=writing)
    row.since, row.until = Now(), in_seconds(SECONDS)
    is_new = len(others) == len(mine)
    Viewing.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["session", "user", "tab"],
        update_fields=["writing", "until", *(["since"] if is_new else [])],
    )
    if _seen(mine) != _seen([*others, row]):
        tell_viewers(session)


def forget_old() -> None:
    Viewing.objects.filter(until__lt=in_seconds(-FORGOTTEN_AFTER)).delete()


def _alive(session: Session) -> list[Viewing]:
    rows = Viewing.objects.alive().filter(session=session)
    return list(rows.select_related("user").order_by("user", "since"))


def _seen(rows: Sequence[Viewing]) -> tuple[bool, bool]:
    """What others see of one user: there, and writing."""
    return bool(rows), any(row.writing for row in rows)


def _others(rows: Sequence[Viewing], reader: User) -> dict[str, Any]:
    """Tabs of one user count once; `now` is the clock that `until` was read from."""
    tabs = groupby(rows, key=lambda row: row.user)
    told = [_viewer(user, list(of_user)) for user, of_user in tabs if user.pk != reader.pk]
    told.sort(key=lambda viewer: str(viewer["since"]))
    return {"viewers": told, "now": timezone.now().isoformat()}


def _viewer(user: User, tabs: Sequence[Viewing]) -> dict[str, Any]:
    return {
        **person_of(user),
        "writing": any(row.writing for row in tabs),
        "since": timezone.localtime(min(row.since for row in tabs)).isoformat(),
        "until": timezone.localtime(max(row.until for row in tabs)).isoformat(),
    }


def _tab(said: dict[str, Any]) -> str:
    tab = said.get("tab")
    if not isinstance(tab, str) or not _TAB.fullmatch(tab):
        raise Invalid("no-tab", _("A tab is named by up to 32 letters, digits, - or _."))
    return tab
