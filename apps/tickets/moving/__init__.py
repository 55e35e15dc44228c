"""A mailbox goes to another account: looked at, moved, settled; and mails that come twice."""
