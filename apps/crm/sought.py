"""Which conversation a Session ID belongs to: this floor knows a thread only by its key."""

from collections.abc import Callable, Mapping

from apps.crm.models import TicketUpdate

Answer = Callable[[str], str]
_answers: list[Answer] = []

EXAMPLE: Mapping[str, str] = {
    "SESSION_ID": "E7K2M9QX4B1TD",
    "THREAD_ID": "T3V8",
    "SUBJECT": "Where is my parcel?",
    "QUEUE": "Support",
    "AGENT": "Alice",
    "CUSTOMER_EMAIL": "ana@example.com",
    "CUSTOMER_NAME": "Ana Ruiz",
    "MAILBOX": "support@example.com",
    "DIRECTION": "in",
    "LINK": "https://console.example.com/e/1/",
}


def lend_thread_of(answer: Answer) -> None:
    """ANSWER gives the key of the thread that a Session ID is of, or nothing."""
    _answers[:] = [answer]


def thread_of(session_id: str) -> str:
    """Of any session where a floor above knows them; else of the first of a conversation."""
    if found := next(iter(_answers), _no_answer)(session_id):
        return found
    rows = TicketUpdate.objects.filter(kind=TicketUpdate.Kind.STANDARD)
    told = rows.filter(facts__SESSION_ID=session_id)
    return told.values_list("thread_key", flat=True).first() or ""


def _no_answer(session_id: str) -> str:
    return ""


def facts_of_session(session_id: str = "") -> Mapping[str, str]:
    """What stands in merge fields for this session, or for the newest that a CRM was told of."""
    rows = TicketUpdate.objects.filter(kind=TicketUpdate.Kind.STANDARD).exclude(facts={})
    if session_id:
        rows = rows.filter(thread_key=thread_of(session_id))
    return rows.order_by("-pk").values_list("facts", flat=True).first() or {}
