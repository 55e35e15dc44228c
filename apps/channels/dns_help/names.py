"""Names of domains as the DNS knows them."""

import idna


def wire_name(name: str) -> str:
    """Names of other scripts by IDNA (RFC 5891); underscores may stand in it."""
    return name if name.isascii() else idna.encode(name, uts46=True).decode()
