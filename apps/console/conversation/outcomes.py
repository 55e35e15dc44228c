"""What became of a sent mail after the server had taken it, for each recipient, on the mail itself.

Who sees the mail here sees its blind copies, too, so they are told of like the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from django.utils.translation import gettext as _

from apps.channels.lookalikes import visible
from apps.console.desk.rows import moment
from apps.tickets.delivery_reports import standing
from apps.tickets.delivery_words import sentence_of, word_of
from apps.tickets.models import DeliveryReport, Message

Kind = DeliveryReport.Kind

FAILED, UNWANTED, DELAYED, ARRIVED = WORST_FIRST = ("failed", "unwanted", "delayed", "arrived")
LOOKS = {
    Kind.HARD: FAILED,
    Kind.SOFT: FAILED,
    Kind.COMPLAINT: UNWANTED,
    Kind.OPTED_OUT: UNWANTED,
    Kind.DELAYED: DELAYED,
    Kind.DELIVERED: ARRIVED,
    Kind.READ: ARRIVED,
}
MOST_SHOWN = 50


class ReportJson(TypedDict):
    recipient: str
    look: str
    word: str
    sentence: str
    said: str
    at: str


class OutcomeJson(TypedDict):
    look: str
    word: str
    reports: list[ReportJson]


def outcome_of(message: Message) -> OutcomeJson | None:
    """The worst of it in a word, and what holds for each recipient; None as long as nobody told
    anything. MESSAGE comes with its reports."""
    holds = list(standing(message.reports.all()).values())
    if not holds:
        return None
    people = {one["email"].lower() for one in (*message.to, *message.cc, *message.bcc)}
    look, word = _in_a_word(holds, len(people))
    worst_first = sorted(holds, key=lambda one: WORST_FIRST.index(_look(one)))
    return OutcomeJson(
        look=look, word=word, reports=[_report(one) for one in worst_first[:MOST_SHOWN]]
    )


def _in_a_word(holds: Collection[DeliveryReport], people: int) -> tuple[str, str]:
    """Nothing is said of those of whom nothing is known: to be silent is to have arrived."""
    failed = [one for one in holds if _look(one) == FAILED]
    if failed:
        if len(failed) >= people:
            return FAILED, _("Not delivered")
        return FAILED, _("Not delivered to %(n)d of %(all)d") % {"n": len(failed), "all": people}
    for kind in (Kind.COMPLAINT, Kind.OPTED_OUT, Kind.DELAYED):
        if telling := next((one for one in holds if one.kind == kind), None):
            return _look(telling), word_of(telling)
    read = [one for one in holds if one.kind == Kind.READ]
    if read:
        some = _("Read by %(n)d of %(all)d") % {"n": len(read), "all": people}
        return ARRIVED, _("Read") if len(read) >= people else some
    if len(holds) >= people:
        return ARRIVED, _("Delivered")
    return ARRIVED, _("Delivered to %(n)d of %(all)d") % {"n": len(holds), "all": people}


def _look(report: DeliveryReport) -> str:
    return LOOKS[Kind(report.kind)]


def _report(report: DeliveryReport) -> ReportJson:
    return ReportJson(
        recipient=visible(report.recipient),
        look=_look(report),
        word=word_of(report),
        sentence=sentence_of(report),
        said=report.sentence,
        at=moment(report.at),
    )
