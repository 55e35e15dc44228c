"""Pages of this floor; each has a file of its own."""

import apps.tickets.admin_deletions
import apps.tickets.admin_moving
import apps.tickets.admin_quarantine
import apps.tickets.admin_reply_address  # noqa: F401 - it fills in a page's buttons
