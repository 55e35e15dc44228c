"""Names for the outside world that nobody can guess or mistake for each other."""

import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _random_id(prefix: str) -> str:
    """A byte is eight times 32, so its rest by 32 is as good as a choice of its own."""
    return prefix + "".join([CROCKFORD[byte % 32] for byte in secrets.token_bytes(12)])


def new_thread_key() -> str:
    return _random_id("T")


def new_session_id() -> str:
    return _random_id("E")


def new_draft_key() -> str:
    return _random_id("D")
