"""Why a mail can be held: each code with the step at which it was held, in words, and the cure.

Pure data; the page, the API and the docs read it. Whoever holds a mail for another reason adds a
line here, which a test asks for.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.tickets.stages import Stage

STAGES: dict[Stage, Promise] = {
    "fetch": _("fetching"),
    "read": _("reading"),
    "place": _("finding its queue"),
    "files": _("its files"),
    "store": _("storing"),
    "assign": _("giving it to an agent"),
    "crm": _("planning for the CRM"),
    "answer": _("its automatic answer"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    stage: Stage
    word: str | Promise
    cure: str | Promise


_TRY_AGAIN = _(
    "Release it: what failed may be over. Held again, it is a fault of the product: report it with"
    " the error's name; the log of the worker tells more."
)
_READ_SOURCE = _(
    "Look at its source. Released, it becomes a conversation that says that nobody could read it;"
    " else tell the sender to write plainly."
)

REASONS: dict[str, Reason] = {
    "too-big": Reason(
        "fetch",
        _("too big"),
        _("Release it to take it in all the same, or ask the sender for smaller files."),
    ),
    "no-bytes": Reason(
        "fetch",
        _("its bytes are missing"),
        _("Open it on the mail server, or bring its bytes back from a backup; then release it."),
    ),
    "empty": Reason("read", _("empty"), _("Nothing to read: delete it, or tell the sender.")),
    "not-a-mail": Reason("read", _("no mail at all"), _READ_SOURCE),
    "unreadable": Reason("read", _("cannot be read"), _READ_SOURCE),
    "too-heavy": Reason("read", _("takes too long to read"), _READ_SOURCE),
    "odd-structure": Reason(
        "read",
        _("odd structure"),
        _(
            "Mail programs may show it differently, which attackers use. Release it if you know"
            " the sender and expect it."
        ),
    ),
    "failed-read": Reason("read", _("reading failed"), _TRY_AGAIN),
    "no-mailbox": Reason(
        "place",
        _("no mailbox"),
        _("Give its account a mailbox under Settings > Email > Mailboxes, then release it."),
    ),
    "no-queue": Reason(
        "place",
        _("no queue"),
        _("Give its mailbox a queue in use under Settings > Email > Queues, then release it."),
    ),
    "failed-place": Reason("place", _("finding its queue failed"), _TRY_AGAIN),
    "failed-files": Reason(
        "files",
        _("its files could not be kept"),
        _("See on the health page whether the disk can be written to, then release it."),
    ),
    "not-storable": Reason("store", _("the database refused it"), _TRY_AGAIN),
    "failed-store": Reason("store", _("storing failed"), _TRY_AGAIN),
    "three-tries": Reason(
        "store",
        _("it stopped the worker three times"),
        _(
            "Something in it, or a worker that was killed just then. Release it once; held again,"
            " report it as a fault of the product."
        ),
    ),
    "failed-assign": Reason("assign", _("giving it to an agent failed"), _TRY_AGAIN),
    "failed-crm": Reason("crm", _("planning for the CRM failed"), _TRY_AGAIN),
    "failed-answer": Reason("answer", _("its automatic answer failed"), _TRY_AGAIN),
}


def reason_of(code: str) -> Reason:
    """A code of an older or newer release shows as it is."""
    return REASONS.get(code) or Reason("store", code, _TRY_AGAIN)


def codes_at(stage: str) -> list[str]:
    return [code for code, reason in REASONS.items() if reason.stage == stage]
