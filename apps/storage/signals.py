"""What this floor announces."""

from django.dispatch import Signal

objects_planned = Signal()  # something may be put or removed now
