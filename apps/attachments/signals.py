"""What this floor announces, after commit."""

from django.dispatch import Signal

attachments_screened = Signal()  # attachment_ids: list[int], those with a final verdict
found_later = Signal()  # attachment_ids: list[int], called clean before, infected now
