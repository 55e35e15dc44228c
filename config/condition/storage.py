"""Files that are on their way to the storage."""

from collections.abc import Iterator

from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.storage import condition
from config.condition.line import Cure, Line, waits
from config.condition.mail import HOUR, MINUTE, backlog


def storage() -> Iterator[Line]:
    name = _("Files for the storage")
    page = reverse_lazy("admin:storage_storedobject_changelist")
    again = _("The list says why for each; “Store again now” tries at once.")
    stopped, found = condition.given_up(), condition.not_yet_stored()
    if stopped.count:
        fact = ngettext("%(n)d was given up.", "%(n)d were given up.", stopped.count)
        fact = f"{fact % {'n': stopped.count}} {waits(found)}"
        cure = Cure(again, page=f"{page}?status__exact=failed", page_name=_("Open the files"))
        yield Line("storage", name, "down", fact, stopped.oldest, (cure,), kind="work")
        return
    place = reverse_lazy("admin:storage_storagesettings_changelist")
    trouble = condition.last_trouble() if found.count else ""
    cure = Cure(
        trouble or _("The worker does it. If it runs, its log names the error."),
        page=place,
        page_name=_("Open the storage"),
    )
    yield backlog("storage", name, found, late=10 * MINUTE, very_late=6 * HOUR, cures=(cure,))
