"""What this floor announces."""

from django.dispatch import Signal

mail_received = Signal()  # account_id: int | None; ledger rows were committed
account_has_news = Signal()  # account_id: int; the server says that there is new mail
