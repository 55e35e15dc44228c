"""What this floor announces, after commit."""

from django.dispatch import Signal

updates_planned = Signal()  # thread_keys: list[str]
