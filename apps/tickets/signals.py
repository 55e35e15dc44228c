"""What this floor announces, after commit."""

from django.dispatch import Signal

session_changed = Signal()  # session_ids: list[int], left: list[Left of sessions.py]
session_vanished = Signal()  # public_id: str, left: Left of sessions.py
message_queued = Signal()  # message_id: int, after: seconds before which it may not leave
message_settled = Signal()  # message_id: int
files_waiting = Signal()  # attachment_ids: list[int]
room_made = Signal()  # queue_id: int; somebody has one session less in hand
draft_changed = Signal()  # key: str, user_ids: list[int]; written, sent, undone, handed on, gone
pdf_asked = Signal()  # a thread's PDF is due at once
notice_queued = Signal()  # a sender of held mail is to be told
