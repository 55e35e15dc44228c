"""What this floor announces."""

from django.dispatch import Signal

mail_received = Signal()  # account_id: int | None; ledger rows were committed
account_has_news = Signal()  # account_id: int; the server says that there is new mail
count_asked = Signal()  # account_id: int; somebody wants its ledger counted now
sent_mail_news = Signal()  # event_id: int, news: News; recorded in the transaction of the event
import_asked = Signal()  # old mail is to be brought in
