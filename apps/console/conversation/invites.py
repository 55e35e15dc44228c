"""The appointment of a mail as a small card: what, when, where and who, in the reader's language.

Read from the file when it is shown, so that nothing is read of a file that is not clean.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from zstandard import ZstdError

from apps.attachments.models import Attachment, Verdict
from apps.channels.parsing.invites import (
    MOST_BYTES,
    Invite,
    Moment,
    Person,
    Repeats,
    is_calendar,
    person_words,
    read_invite,
)
from apps.core import blobs
from apps.tickets.models import Message


class Row(TypedDict):
    label: str
    value: str


class InviteJson(TypedDict):
    title: str
    summary: str
    rows: list[Row]
    cancelled: bool


def with_invites(bodies: Mapping[int, dict[str, Any]], messages: Iterable[Message]) -> None:
    """Into each of BODIES whose mail carries a clean calendar; one more query where any does."""
    first: dict[int, int] = {}
    for message in messages:
        for one in message.files.all() if message.pk in bodies else ():
            if _is_to_be_read(one.attachment):
                first.setdefault(message.pk, one.attachment_id)
    if not first:
        return
    files = Attachment.objects.select_related("blob").in_bulk(first.values())
    for pk, attachment in first.items():
        if attachment in files and (invite := _read(files[attachment])):
            bodies[pk]["invite"] = invite_json(invite)


def _is_to_be_read(file: Attachment) -> bool:
    if file.verdict != Verdict.CLEAN or file.size > MOST_BYTES:
        return False
    return is_calendar(file.detected_type, file.name)


def _read(file: Attachment) -> Invite | None:
    try:
        return read_invite(blobs.read(file.blob)) if file.blob else None
    except (OSError, ZstdError):  # the bytes are gone or damaged; the mail is there all the same
        return None


def invite_json(invite: Invite) -> InviteJson:
    rows = [
        (_("When"), _when(invite)),
        (_("Repeats"), _repeat_words(invite.repeats) if invite.repeats else ""),
        (_("Where"), invite.location),
        (_("Organizer"), person_words(invite.organizer) if invite.organizer else ""),
        *_people(invite),
        (_("In the same file"), _more(invite.more) if invite.more else ""),
    ]
    return InviteJson(
        title=_title(invite),
        summary=invite.summary,
        rows=[Row(label=label, value=value) for label, value in rows if value],
        cancelled=invite.is_cancelled,
    )


def _title(invite: Invite) -> str:
    if invite.is_cancelled:
        return _("Cancelled appointment")
    return {"REQUEST": _("Invitation"), "REPLY": _("Answer to an invitation")}.get(
        invite.method, _("Appointment")
    )


def _people(invite: Invite) -> list[tuple[str, str]]:
    if invite.method == "REPLY":
        return [(_("Who answers"), _answer(one)) for one in invite.attendees[:1]]
    count = len(invite.attendees)
    words = ngettext("%(n)d person", "%(n)d people", count) % {"n": count}
    return [(_("Invited"), words)] if count else []


def _answer(person: Person) -> str:
    sentence = {
        "ACCEPTED": _("%(who)s accepted"),
        "DECLINED": _("%(who)s declined"),
        "TENTATIVE": _("%(who)s may come"),
    }.get(person.answer, _("%(who)s answered"))
    return sentence % {"who": person_words(person)}


def _more(count: int) -> str:
    return ngettext("%(n)d more appointment", "%(n)d more appointments", count) % {"n": count}


# ---- times --------------------------------------------------------------------------------


def _when(invite: Invite) -> str:
    """In the reader's zone where the zone is known, else as it was written."""
    start, end = invite.start, invite.end
    if start is None:
        return ""
    if end is None or end == start:
        return _moment_words(start)
    if not start.whole_day and _shown(start).date() == _shown(end).date():
        until = date_format(_shown(end), "TIME_FORMAT")
        return f"{_moment_words(start, with_zone=False)} \u2013 {until}{_zone_words(end)}"
    return f"{_moment_words(start, with_zone=False)} \u2013 {_moment_words(end)}"


def _moment_words(moment: Moment, *, with_zone: bool = True) -> str:
    if moment.whole_day:
        return date_format(moment.at, "DATE_FORMAT")
    words = date_format(_shown(moment), "DATETIME_FORMAT")
    return words + (_zone_words(moment) if with_zone else "")


def _shown(moment: Moment) -> datetime:
    zone = _zone(moment)
    if zone is None:
        return moment.at
    try:
        return localtime(moment.at.replace(tzinfo=zone))
    except OverflowError:
        return moment.at


def _zone(moment: Moment) -> ZoneInfo | None:
    """Names are of the IANA or of some calendar; only those of the IANA say the time."""
    try:
        return ZoneInfo(moment.zone) if moment.zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _zone_words(moment: Moment) -> str:
    return f" ({moment.zone})" if moment.zone and _zone(moment) is None else ""


def _repeat_words(repeats: Repeats) -> str:
    every = repeats.every
    words = {
        "DAILY": ngettext("every day", "every %(n)d days", every),
        "WEEKLY": ngettext("every week", "every %(n)d weeks", every),
        "MONTHLY": ngettext("every month", "every %(n)d months", every),
        "YEARLY": ngettext("every year", "every %(n)d years", every),
    }[repeats.frequency] % {"n": every}
    if repeats.times:
        times = ngettext("%(n)d time", "%(n)d times", repeats.times) % {"n": repeats.times}
        return f"{words}, {times}"
    if repeats.until:
        until = _("until %(date)s") % {"date": date_format(repeats.until.at, "DATE_FORMAT")}
        return f"{words}, {until}"
    return words
