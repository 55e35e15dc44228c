"""One conversation: its head, its mails and files, what happened, and what can be done with it."""
