"""Asks the web process how everybody is."""

import http.client
import json

NEEDED = ("database", "broker", "worker", "beat")


def missing(host: str, port: int) -> list[str]:
    """What does not answer yet: `web`, or the components that /readyz does not call ok."""
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/readyz", headers={"Host": f"127.0.0.1:{port}"})
        answer = json.loads(connection.getresponse().read())
        states = answer["components"]
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException):
        return ["web"]
    finally:
        connection.close()
    return [name for name in NEEDED if states.get(name) != "ok"]
