"""What reports on our mail say of an address: it goes onto the list of suppressed ones, or off."""

from collections.abc import Iterable

from apps.channels import suppression
from apps.channels.models import SuppressedAddress
from apps.channels.suppression import Found
from apps.tickets.models import DeliveryReport, Message

Kind, Reason = DeliveryReport.Kind, SuppressedAddress.Reason

_SAID_BY_SOMEBODY = {Kind.COMPLAINT: Reason.COMPLAINT, Kind.OPTED_OUT: Reason.UNSUBSCRIBED}


def note(reports: Iterable[DeliveryReport]) -> None:
    """Inside the transaction that stores them; no statement where nothing follows from them."""
    named = [one for one in reports if one.recipient]
    if there := {one.recipient for one in named if one.kind in (Kind.DELIVERED, Kind.READ)}:
        suppression.arrived(there)
    against = [(one, reason) for one in named if (reason := _reason(one))]
    if against:
        suppression.add(_found(against))


def _reason(report: DeliveryReport) -> str:
    if report.kind == Kind.HARD:
        gone = suppression.is_gone(report.status, report.smtp_code)
        return Reason.HARD if gone else ""
    return _SAID_BY_SOMEBODY.get(Kind(report.kind), "")


def _found(against: list[tuple[DeliveryReport, str]]) -> list[Found]:
    """An end of all mail is said to one provider: it counts for the account that sent."""
    mails = Message.objects.filter(pk__in={report.message_id for report, _reason in against})
    facts = mails.values_list("pk", "session__public_id", "mailbox__account")
    where = {pk: (session, account) for pk, session, account in facts}
    return [
        Found(
            report.recipient,
            reason,
            report.sentence,
            where[report.message_id][1] if reason == Reason.UNSUBSCRIBED else None,
            where[report.message_id][0],
        )
        for report, reason in against
    ]
