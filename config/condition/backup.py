"""A restored backup: mails that may have left before, until somebody has said whether they did."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.tickets.condition import backup_restored
from config.condition.line import Cure, Line, State


def restored() -> Iterator[Line]:
    """Nothing where none was restored in the last days."""
    found = backup_restored()
    if found is None:
        return
    fact = ngettext(
        "%(n)d mail that it held as unsent may have left since the backup was made, or not.",
        "%(n)d mails that it held as unsent may have left since the backup was made, or not.",
        found.doubted,
    ) % {"n": found.doubted}
    cure = Cure(
        _(
            "They are not sent again by themselves. The folder of sent mail is asked; in the"
            " conversation, somebody may say “It arrived” or send it again. What was written after"
            " the backup was made is known to your mail server alone."
        )
    )
    state: State = "degraded" if found.left else "ok"
    cures = (cure,) if found.left else ()
    yield Line("restored", _("Restored backup"), state, fact, found.at, cures, kind="work")
