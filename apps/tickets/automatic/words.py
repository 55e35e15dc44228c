"""One sentence about an automatic answer: that it was sent, or why none was; told from facts."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.tickets.automatic.loops import MINUTES

ANSWERED, LIMIT = "answered", "limit"

# Why none was sent, by code: of the mail itself (channels/answerable.py), then of what is known.
_WHY = {
    "bounce": gettext_lazy("it reports that a mail did not arrive"),
    "receipt": gettext_lazy("it is a receipt"),
    "complaint": gettext_lazy("it is a complaint of a mail server"),
    "auto-submitted": gettext_lazy("a program wrote it, by its own headers"),
    "list": gettext_lazy("it is list or bulk mail"),
    "empty-return-path": gettext_lazy("its return path is empty"),
    "spam": gettext_lazy("a server on its way marked it as spam"),
    "machine": gettext_lazy("its sender's address is one that nobody reads"),
    "circular": gettext_lazy("it is a circular to many people"),
    "forged": gettext_lazy("its sender is forged, by the check of a trusted server"),
    "junk": gettext_lazy("it lay in the junk folder"),
    "no-address": gettext_lazy("it has no address that can be answered"),
    "ours": gettext_lazy("it comes from an address of ours or of the CRM"),
    "agent": gettext_lazy("it comes from an agent's address"),
    "stranger": gettext_lazy("its sender joined the conversation unverified"),
    "import": gettext_lazy("it is old mail that was brought in"),
    "moving": gettext_lazy("its mailbox was being moved to another account"),
    "late": gettext_lazy("it is more than a day old"),
    "restored": gettext_lazy(
        "a backup was restored after it had come, so that it may have had one already"
    ),
    "channel-off": gettext_lazy("the channel is off"),
    "suppressed": gettext_lazy("its sender's address is on the list of suppressed addresses"),
    "session": gettext_lazy("this session has had one"),
    "in-person": gettext_lazy("somebody has written to the customer in this session"),
    "loop": gettext_lazy("its sender may be a machine that answers ours"),
    "no-sender": gettext_lazy("its sending mailbox is gone, or its account does not send"),
}


def sentence(facts: Mapping[str, Any]) -> str:
    code = str(facts.get("code", ""))
    if code == ANSWERED:
        out = _("An automatic answer was sent (outside the opening hours).")
        return out if facts.get("closed") else _("An automatic answer was sent.")
    return _("No automatic answer: %(why)s.") % {"why": _why(code, facts)}


def _why(code: str, facts: Mapping[str, Any]) -> str:
    if code != LIMIT:
        return str(_WHY.get(code, code))
    most = int(facts.get("most", 0))
    if not most:
        return _("the settings of the channel allow none")
    said = ngettext(
        "its sender has had %(most)s within a day, the most there may be",
        "its sender has had %(most)s within a day, the most there may be",
        most,
    )
    return said % {"most": most}


def loop_sentence(facts: Mapping[str, Any]) -> str:
    told = {"mails": facts.get("mails", 0), "minutes": MINUTES}
    return (
        _(
            "%(mails)s mails of one sender in %(minutes)s minutes: this may be a machine that"
            " answers ours. For a day, nothing automatic answers it."
        )
        % told
    )
