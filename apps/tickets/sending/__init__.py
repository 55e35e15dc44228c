"""Mails that leave: attempts, recipients, turns, doubts, copies."""
