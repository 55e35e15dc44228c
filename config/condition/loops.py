"""Who may be a machine that answers ours: only when there is something to say."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.tickets.automatic.loops import looping
from config.condition.line import Cure, Line

MOST = 1000


def loops() -> Iterator[Line]:
    rows = looping().order_by("-at").values_list("after", "session__public_id", "at")
    found = list(rows[:MOST])
    if not found:
        return
    senders = len({sender for sender, _session, _at in found})
    said = ngettext(
        "%(n)d sender in the last 24 hours; the newest session is %(session)s.",
        "%(n)d senders in the last 24 hours; the newest session is %(session)s.",
        senders,
    )
    cure = Cure(
        _(
            "Their mail is kept, and nothing automatic answers them for a day. Open the session:"
            " if a program writes there, ask its owner to let it stop."
        )
    )
    fact = said % {"n": senders, "session": found[0][1]}
    yield Line("loops", _("Mail in a loop"), "degraded", fact, found[-1][2], (cure,), kind="work")
