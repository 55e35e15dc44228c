"""What this floor announces."""

from django.dispatch import Signal

mail_received = Signal()  # account_id: int | None
