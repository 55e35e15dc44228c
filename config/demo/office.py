"""Our own side of the demo: who works there, which queues there are; the file for `configure`.

Plain data and no Django: the launcher asks for it before anything runs.
"""

from typing import Any

MAILBOX = "support"  # the one mailbox that Carteria fetches
ADDRESSES = {
    "support@almena.test": "Support",
    "billing@almena.test": "Billing",
    "soporte@almena.test": "Soporte",
}
ACCOUNT = "Demo mail"
TEAM = "Almena"
SUPERVISOR = "sofia"
# user: name, language
PEOPLE = {
    "sofia": ("Sofía Marín", "en"),
    "emma": ("Emma Clarke", "en"),
    "jonas": ("Jonas Weber", "en"),
    "lucia": ("Lucía Romero", "es"),
    "diego": ("Diego Navarro", "es"),
}
AGENTS = [user for user in PEOPLE if user != SUPERVISOR]
# name, path, routing, members
QUEUES = [
    ("Support", "Customer care/Support", "automatic", ["emma", "jonas", "lucia"]),
    ("Soporte", "Customer care/Soporte", "automatic", ["lucia", "diego"]),
    ("Billing", "Billing", "manual", ["emma", "jonas", "diego"]),
]


def role_of(user: str) -> str:
    return "supervisor" if user == SUPERVISOR else "agent"


def settings(
    *, url: str, imap: int, smtp: int, password: str, passwords: dict[str, str]
) -> dict[str, Any]:
    """What `configure` puts into the database; ports of the two servers, passwords by user."""
    server = {"host": "127.0.0.1", "tls": "none"}
    return {
        "version": 1,
        "users": [_user(user, passwords[user]) for user in PEOPLE],
        "teams": [{"name": TEAM, "members": AGENTS, "supervisors": [SUPERVISOR]}],
        "accounts": [
            {
                "name": ACCOUNT,
                "enabled": True,
                "receive": server
                | {"kind": "imap", "port": imap, "user": MAILBOX, "password": password}
                | {"folders": ["INBOX"], "idle": True, "every_seconds": 15}
                | {"after": "seen", "start": "all"},
                "send": server | {"kind": "smtp", "port": smtp},
            }
        ],
        "queues": [
            {"name": name, "path": path, "routing": routing, "members": members}
            for name, path, routing, members in QUEUES
        ],
        "mailboxes": [
            {
                "address": address,
                "account": ACCOUNT,
                "queue": queue,
                "from_name": f"Almena {queue}",
            }
            for address, queue in ADDRESSES.items()
        ],
        "channel": {"enabled": True, "external_url": url},
    }


def _user(user: str, password: str) -> dict[str, Any]:
    name, language = PEOPLE[user]
    return {
        "user": user,
        "email": f"{user}@almena.test",
        "password": password,
        "name": name,
        "roles": [role_of(user)],
        "language": language,
    }
