"""Messages are put into another thread, threads become one, and both can be undone.

Inside a transaction that the caller holds, and before it locks any session; by_hand.py asks who
may.
"""

from apps.tickets.regrouping.undo import undo
from apps.tickets.regrouping.verbs import head_of, merge, move

__all__ = ["head_of", "merge", "move", "undo"]
