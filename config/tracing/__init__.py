"""What happened to a mail, and what would happen: for administrators and auditors."""
