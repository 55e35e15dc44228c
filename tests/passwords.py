"""Passwords that cost nothing: tests make thousands of people, and no secret hangs on them."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Quick(PBKDF2PasswordHasher):
    """Processes that a test starts can read what it hashed, and the other way round."""

    iterations = 1
