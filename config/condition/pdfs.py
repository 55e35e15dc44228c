"""PDFs of conversations: those that could not be made, and how many are still to come."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.tickets.condition import pdfs_given_up, pdfs_late
from config.condition.line import Cure, Line, waits


def pdfs() -> Iterator[Line]:
    name = _("PDFs of conversations")
    late, stopped = pdfs_late(), pdfs_given_up()
    if stopped.count:
        fact = ngettext("%(n)d could not be made.", "%(n)d could not be made.", stopped.count)
        fact %= {"n": stopped.count}
        cure = Cure(_("Its conversation says why. The next change of it tries again."))
        yield Line("pdfs", name, "degraded", fact, stopped.oldest, (cure,), kind="work")
    elif late.count:
        cure = Cure(_("A worker of the queue pdf makes them; is it running?"))
        yield Line("pdfs", name, "degraded", waits(late), late.oldest, (cure,), kind="work")
    else:
        yield Line("pdfs", name, "ok", _("None waits."), kind="work")
