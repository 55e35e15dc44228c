"""The web address, bound by the launcher: a taken port shows at once, a restart loses nobody."""

import errno
import socket

from config.launch.progress import Failure

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
CAUSES = {
    errno.EADDRINUSE: "something else listens there already",
    errno.EACCES: "only root may use a port below 1024",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        cause = CAUSES.get(getattr(error, "errno", 0) or 0, str(error))
        raise Failure(
            f"Port {port} on {host} cannot be used: {cause}. Choose another with --port."
        ) from None
    return listener


def url(host: str, port: int) -> str:
    """How a browser on this machine gets there."""
    shown = EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def probe_host(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
