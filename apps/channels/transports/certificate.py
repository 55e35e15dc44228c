"""Until when the certificate of a server counts."""

import socket
import ssl
from datetime import UTC, datetime


def certificate_until(line: socket.socket | None) -> datetime | None:
    """None: the line is not encrypted. A certificate that is over never gets as far as this."""
    if not isinstance(line, ssl.SSLSocket):
        return None
    shown = line.getpeercert() or {}
    ends = shown.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None
