"""How much a mail may carry and how much of that is used, in words beside the files."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.models import Verdict
from apps.tickets import staging
from apps.tickets.limits import Limits, rounded_down, rounded_up, use_of
from apps.tickets.models import StagedFile


def limit_words(rows: Sequence[StagedFile], limits: Limits) -> str:
    return " ".join(filter(None, [_amounts(rows, limits), _server(limits), _scan(rows)]))


def _amounts(rows: Sequence[StagedFile], limits: Limits) -> str:
    use = use_of(rows)
    told: dict[str, Any] = {"files": limits.max_files, "most": rounded_down(limits.most_bytes)}
    if not rows:
        sentence = ngettext(
            "Up to %(files)s file, %(most)s MB.",
            "Up to %(files)s files, %(most)s MB in all.",
            limits.max_files,
        )
        return sentence % told
    sentence = ngettext(
        "%(used)s of %(files)s file, %(size)s of %(most)s MB used.",
        "%(used)s of %(files)s files, %(size)s of %(most)s MB used.",
        limits.max_files,
    )
    return sentence % (told | {"used": use.files, "size": rounded_up(use.bytes)})


def _server(limits: Limits) -> str:
    """Only where it is the stricter one: else nobody needs to know."""
    if not limits.server_is_stricter:
        return ""
    sentence = _("The mail server of %(address)s takes no more than %(limit)s MB in one mail.")
    limit = rounded_down(limits.server_bytes)
    return sentence % {"address": limits.address, "limit": limit}


def _scan(rows: Sequence[StagedFile]) -> str:
    verdicts = {row.attachment.verdict for row in rows}
    if verdicts & {*staging.STOPPED}:
        return ""  # the row says what to do before anything is sent
    if Verdict.WAITING in verdicts:
        return _("You can send already: the mail leaves when all files are clean.")
    return "" if rows else _("Each is scanned before it leaves.")
