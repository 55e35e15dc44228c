"""Names for the outside world that nobody can guess or mistake for each other."""

import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _random_id(prefix: str) -> str:
    return prefix + "".join(secrets.choice(CROCKFORD) for _digit in range(12))


def new_thread_key() -> str:
    return _random_id("T")


def new_session_id() -> str:
    return _random_id("E")


def new_draft_key() -> str:
    return _random_id("D")
