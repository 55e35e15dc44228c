"""Mails that are held back, and what people do with them."""
