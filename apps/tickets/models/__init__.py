"""Threads, sessions and messages: the conversation and the work on it."""

from apps.tickets.models.automatic import AutomaticAnswer
from apps.tickets.models.drafts import Draft, DraftQuerySet, StagedFile
from apps.tickets.models.keys import CROCKFORD, new_draft_key, new_session_id, new_thread_key
from apps.tickets.models.messages import (
    DeliveryAttempt,
    DeliveryReport,
    Message,
    MessageFile,
    MessageQuerySet,
    SentCopy,
    SentId,
)
from apps.tickets.models.outbox_mark import OutboxMark
from apps.tickets.models.sessions import Session, SessionEvent, SessionQuerySet
from apps.tickets.models.thread_pdf import ThreadPdf
from apps.tickets.models.threads import (
    MessageReference,
    Participant,
    Regrouping,
    Thread,
    ThreadDeletion,
)

__all__ = [
    "CROCKFORD",
    "AutomaticAnswer",
    "DeliveryAttempt",
    "DeliveryReport",
    "Draft",
    "DraftQuerySet",
    "Message",
    "MessageFile",
    "MessageQuerySet",
    "MessageReference",
    "OutboxMark",
    "Participant",
    "Regrouping",
    "SentCopy",
    "SentId",
    "Session",
    "SessionEvent",
    "SessionQuerySet",
    "StagedFile",
    "Thread",
    "ThreadDeletion",
    "ThreadPdf",
    "new_draft_key",
    "new_session_id",
    "new_thread_key",
]
