"""Signing in, second factor, passwords, sign-ins of one's own: allauth's flows in our words."""
