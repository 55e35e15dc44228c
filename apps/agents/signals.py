"""What this floor announces, after commit."""

from django.dispatch import Signal

state_changed = Signal()  # agent_ids: list[int]; a state, or that somebody is there again
