"""Writers against each other on PostgreSQL: one held after each of its statements while the other
runs.

A program of its own, since its threads need a database that commits: `test_draft_races.py` starts
it. It prints how many interleavings there were, in how many one waited for the other, and what was
wrong: an answer that is no refusal, like a deadlock, or a kept number that is not what rows say.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from tests.agents.interleavings import WAIT, Pause, Verb, Walk, _run, set_up


class AfterLocks(Pause):
    """Stops only where something was locked: reading is in nobody's way."""

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) or "FOR " in sql[-40:]:
            return super().__call__(execute, sql, params, many, context)
        return execute(sql, params, many, context)


@dataclass
class Desk:
    """The leaver has a session with a draft in it; the heir works in the queue, too."""

    leaver: Any
    heir: Any
    session: Any
    draft: Any

    def send(self) -> Any:
        from apps.channels.parsed import Address
        from apps.tickets.drafts import Content
        from apps.tickets.drafts_send import Wish, send

        content = Content(to=(Address("new@outside.test"),), html="<p>Hello</p>")
        return send(self.draft, content, Wish(then="resolved"), by=self.leaver.user)

    def discard(self) -> None:
        from apps.tickets.drafts import discard

        discard(self.draft)

    def undo(self) -> None:
        from apps.tickets.undo import undo

        undo(self.draft.sent_as, by=self.leaver.user)

    def leave(self) -> None:
        from apps.tickets.hand_over import hand_over
        from tests.people import User

        hand_over(self.leaver.user, to=self.heir, by=User.objects.get(username="admin"))

    def give(self) -> None:
        self._assign(self.session, self.heir)

    def give_back(self) -> None:
        """Another session the other way."""
        from apps.tickets.models import Session

        self._assign(Session.objects.get(agent=self.heir, subject="Other"), self.leaver)

    def _assign(self, session: Any, agent: Any) -> None:
        from apps.tickets.sessions import assign
        from tests.people import User

        assign(session, agent, by=User.objects.get(username="admin"))


def _agent(name: str, queue: Any) -> Any:
    """As on the first day: who left is back."""
    from apps.core.people import set_roles
    from tests import people

    agent = people.Agent.objects.filter(user__username=name).select_related("user").first()
    if agent is None:
        return people.make_agent(name, queues=[queue])
    agent.user.is_active = True
    agent.user.save()
    set_roles(agent.user, [people.Role.AGENT])
    people.QueueMembership.objects.get_or_create(queue=queue, agent=agent)
    return agent


def start() -> Desk:
    from apps.queues.models import WaitingShift
    from apps.tickets.drafts_begin import begin_reply
    from apps.tickets.models import Session, Thread
    from tests import people

    Thread.objects.all().delete()
    people.AgentLoad.objects.all().delete()
    queue = people.Queue.objects.get(name="Own")
    WaitingShift.objects.all().delete()
    leaver, heir = _agent("leaver", queue), _agent("heir", queue)
    mailbox = people.Mailbox.objects.first() or people.make_mailbox(queue=queue)
    active = Session.Status.ACTIVE
    session = people.make_session(queue, agent=leaver, mailbox=mailbox, status=active)
    people.make_message(session)
    people.make_session(queue, agent=heir, mailbox=mailbox, status=active, subject="Other")
    draft, _new = begin_reply(session, by=leaver.user, opening="")
    return Desk(leaver, heir, session, draft)


def sent() -> Desk:
    desk = start()
    desk.draft.sent_as = desk.send()
    return desk


# Of each pair either is held while the other runs.
PAIRS: list[tuple[Callable[[], Desk], str, str]] = [
    (start, "send", "leave"),
    (start, "discard", "leave"),
    (sent, "undo", "leave"),
    (start, "give", "give_back"),
]


def cross(walk: Walk, make: Callable[[], Desk], held: str, other: str) -> None:
    alone = AfterLocks(-1)
    walk.pools[0].submit(_run, getattr(make(), held), alone).result(WAIT)
    for after in range(alone.statements + 1):
        desk = make()
        failed: list[str] = []
        walk._cross(
            told(getattr(desk, held), failed),
            told(getattr(desk, other), failed),
            AfterLocks(after),
        )
        walk.interleavings += 1
        where = f"{held} held after {after} statements, {other}"
        walk.wrong += [f"{where}: {it}" for it in (*failed, *drifts_of())]


def told(verb: Verb, failed: list[str]) -> Verb:
    def run() -> None:
        try:
            verb()
        except DatabaseError as error:
            failed.append(str(error).partition("\n")[0])

    return run


def drifts_of() -> Iterator[str]:
    from tests.counted import drifts

    yield from drifts()


if __name__ == "__main__":
    set_up()
    walk = Walk()
    for make, first, second in PAIRS:
        cross(walk, make, first, second)
        cross(walk, make, second, first)
    told_at_end = {
        "interleavings": walk.interleavings,
        "waited": walk.waited,
        "wrong": walk.wrong[:20],
    }
    print(json.dumps(told_at_end))
