"""One sentence about mails that changed their thread, from the facts of its SessionEvent."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

AWAY, HERE, JOINED, ABSORBED = "away", "here", "joined", "absorbed"


def sentence(facts: Mapping[str, Any]) -> str:
    """In the reader's language; what a person wrote stands behind it."""
    told = _told(facts) % {"count": facts.get("count", 0), "session": facts.get("session", "")}
    why = str(facts.get("why") or "")
    return f"{told} {why}" if why else told


def _told(facts: Mapping[str, Any]) -> str:
    count = int(facts.get("count", 0))
    if facts.get("undone"):
        return _undone(facts, count)
    if facts.get("side") == JOINED:
        return _("This conversation goes on with %(session)s.")
    if facts.get("side") == ABSORBED:
        return _("The conversation %(session)s goes on here.")
    if facts.get("side") == HERE:
        return ngettext(
            "%(count)s mail came from %(session)s.", "%(count)s mails came from %(session)s.", count
        )
    if facts.get("closed"):
        return _("Closed: its mails are in %(session)s now.")
    return ngettext(
        "%(count)s mail went to %(session)s.", "%(count)s mails went to %(session)s.", count
    )


def _undone(facts: Mapping[str, Any], count: int) -> str:
    if facts.get("side") in (JOINED, ABSORBED):
        return _("Apart from %(session)s again.")
    if facts.get("side") == HERE:
        return ngettext(
            "%(count)s mail came back from %(session)s.",
            "%(count)s mails came back from %(session)s.",
            count,
        )
    if facts.get("closed"):
        return _("Closed: its mails are back in %(session)s.")
    return ngettext(
        "%(count)s mail went back to %(session)s.",
        "%(count)s mails went back to %(session)s.",
        count,
    )
