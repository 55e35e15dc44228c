"""What the console announces once it is committed; only tasks.py listens."""

from django.dispatch import Signal

link_wanted = Signal()  # user_ids: who forgot a password; empty where the address is unknown
