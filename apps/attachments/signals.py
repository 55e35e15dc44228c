"""What this floor announces."""

from django.dispatch import Signal

attachment_screened = Signal()  # attachment_id: int, verdict: str
