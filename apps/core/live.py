"""What browsers hear: apps say which topics a user hears; news carry ids, never content.

The socket itself is live_socket.py. News that a browser misses are not kept anywhere: when it
returns it says how far it had come, and each app tells from its rows what changed since.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence

from apps.core.live_outgoing import News, outgoing
from apps.core.models import User

HANG_UP = "hang-up"
RESYNC = "resync"  # read everything anew
MOST_MISSED = 500  # news; reading anew is cheaper than more

Topics = Callable[[User], Iterable[str]]
Missed = Callable[[User, int], Sequence[News] | None]
Doorman = Callable[[User], bool]
_sources: list[Topics] = []
_missed: list[Missed] = []
_doormen: list[Doorman] = []


def register_topics(source: Topics) -> None:
    """SOURCE names the topics that a user may hear; the browser cannot ask for others."""
    if source not in _sources:
        _sources.append(source)


def register_resume(source: Missed) -> None:
    """SOURCE tells a user's news since a moment in milliseconds, or None: that cannot be told.

    It reads no more than MOST_MISSED + 1 rows of a kind, and tells nothing that the user may not
    hear. The moment lies some seconds before what the browser has seen: news may come twice.
    """
    if source not in _missed:
        _missed.append(source)


def refuse_if(doorman: Doorman) -> None:
    """DOORMAN says of whom the socket, like every page, wants something else first."""
    if doorman not in _doormen:
        _doormen.append(doorman)


def is_refused(user: User) -> bool:
    return any(doorman(user) for doorman in _doormen)


def topics_of(user: User) -> set[str]:
    return {user_topic(user.pk)}.union(*(source(user) for source in _sources))


def missed_by(user: User, since: int) -> list[News] | None:
    """None: too much, or unknown; the browser reads everything anew."""
    told: list[News] = []
    for source in _missed:
        news = source(user, since)
        if news is None or len(told) + len(news) > MOST_MISSED:
            return None
        told.extend(news)
    return told


def user_topic(user_id: int) -> str:
    return f"user.{user_id}"


def login_topic(session_key: str) -> str:
    """Of one signed-in browser; the key itself is a secret and never leaves for the broker."""
    return f"login.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def push(topic: str, kind: str, identity: str, version: int, **facts: object) -> None:
    """Fire and forget; call it after the commit.

    FACTS ride along for programs; they are never words of a mail.
    """
    outgoing.put(topic, news_of(kind, identity, version, **facts))


def hang_up(topic: str) -> None:
    """Closes the sockets of a user or a login: rights are read anew when the browser returns."""
    outgoing.put(topic, news_of(HANG_UP, "", 0))


def news_of(kind: str, identity: str, version: int, **facts: object) -> News:
    return {"type": kind, "id": identity, "version": version, **facts}
