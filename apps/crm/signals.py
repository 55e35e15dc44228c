"""What this floor announces."""

from django.dispatch import Signal

updates_planned = Signal()  # thread_keys: list[str]
updates_changed = Signal()  # thread_keys: list[str]; some posted, put off, given up, tried again
