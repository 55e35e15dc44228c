"""What can go wrong with a mail server, in plain words and with the cure."""

import socket
import ssl


class TransportError(Exception):
    """`code` is for programs, `sentence` for people; `again`: trying later may help."""

    def __init__(self, code: str, sentence: str, *, again: bool = True) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.again = again


def connection_error(error: Exception, host: str, port: int) -> TransportError:
    """Names the cause of a connection that could not be made or was lost."""
    place = f"{host}:{port}"
    if isinstance(error, socket.gaierror):
        return TransportError("dns", f"The name {host} is not known; check the server's name.")
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_error(error, host)
    if isinstance(error, ssl.SSLError):
        return TransportError(
            "tls", f"{place} does not speak TLS like this; check port and encryption."
        )
    if isinstance(error, TimeoutError):
        return TransportError(
            "timeout", f"{place} did not answer in time; check host and firewall."
        )
    if isinstance(error, ConnectionRefusedError):
        return TransportError("refused", f"{place} refuses connections; check host and port.")
    return TransportError("lost", f"The connection to {place} was lost.")


def _certificate_error(error: ssl.SSLCertVerificationError, host: str) -> TransportError:
    if "match" in (error.verify_message or "") and "host" in error.verify_message.lower():
        return TransportError(
            "tls-name", f"The certificate is for another name than {host}; use the name it bears."
        )
    if "IP address mismatch" in (error.verify_message or ""):
        return TransportError(
            "tls-name", f"The certificate is not for the address {host}; use the name it bears."
        )
    return TransportError(
        "tls",
        f"The certificate of {host} is not trusted ({error.verify_message}); name its CA file.",
    )


def tls_context(ca_file: str) -> ssl.SSLContext:
    """Checks name and chain; a private authority is trusted only for this account."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError):
        raise TransportError(
            "ca-file", f"The CA file {ca_file} cannot be read; check its path.", again=False
        ) from None
