"""What this floor announces, after commit."""

from django.dispatch import Signal

session_changed = Signal()  # session_ids: list[int], left: list[Left of sessions.py]
message_queued = Signal()  # message_id: int
message_settled = Signal()  # message_id: int
files_waiting = Signal()  # attachment_ids: list[int]
room_made = Signal()  # queue_id: int; somebody has one session less in hand
