"""Undo against delivery on PostgreSQL: one held after each of its statements while the other runs.

A program of its own, since its threads need a database that commits: `test_undo.py` starts it. It
prints how many interleavings there were, in how many one waited for the other, how often each side
won, and what was wrong afterwards.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.agents.interleavings import WAIT, Pause, Walk, _run, set_up


@dataclass
class Race:
    """One mail of Alice's that both want, and what each of them said."""

    message: Any
    said: dict[str, str] = field(default_factory=dict)

    def undo(self) -> None:
        from apps.core.errors import Conflict
        from apps.tickets.undo import undo

        try:
            undo(self.message, by=self.message.author)
            self.said["undo"] = "won"
        except Conflict as conflict:
            self.said["undo"] = conflict.code

    def claim(self) -> None:
        """As delivery does once the waiting time is over by its own look at the clock."""
        from apps.tickets.sending import delivery

        self.said["claim"] = "won" if delivery._claim(self.message) else "lost"

    def wrong(self) -> Iterator[str]:
        from apps.tickets.models import Draft, Message

        there = Message.objects.filter(pk=self.message.pk).values_list("status", flat=True).first()
        drafts = Draft.objects.unsent().count()
        ends = {
            ("won", "lost"): (None, 1),
            ("too-late", "won"): ("sending", 0),
        }
        said = self.said.get("undo", "?"), self.said.get("claim", "?")
        if ends.get(said) != (there, drafts):
            yield f"{said} left {there} and {drafts} drafts"


def start() -> Race:
    from apps.channels.parsed import Address
    from apps.tickets.drafts import Content
    from apps.tickets.drafts_begin import begin_reply
    from apps.tickets.drafts_send import Wish, send
    from apps.tickets.models import Draft, Session, Thread
    from tests import people

    Draft.objects.all().delete()
    Thread.objects.all().delete()
    agent = people.Agent.objects.get(user__username="alice")
    queue = people.Queue.objects.get(name="Own")
    mailbox = people.Mailbox.objects.first() or people.make_mailbox(queue=queue)
    session = people.make_session(queue, mailbox=mailbox, status=Session.Status.UNOPENED)
    people.make_message(session)
    draft, _new = begin_reply(session, by=agent.user, opening="")
    content = Content(to=(Address("new@outside.test"),), html="<p>Hello</p>")
    message = send(draft, content, Wish(then="resolved"), by=agent.user)
    return Race(type(message).objects.select_related("author", "session").get(pk=message.pk))


def run(walk: Walk, first: str, second: str, won: Counter[str]) -> None:
    alone = Pause(-1)
    walk.pools[0].submit(_run, getattr(start(), first), alone).result(WAIT)
    for after in range(alone.statements + 1):
        race = start()
        walk._cross(getattr(race, first), getattr(race, second), Pause(after))
        walk.interleavings += 1
        won += Counter(name for name, word in race.said.items() if word == "won")
        walk.wrong += [f"{first} held after {after} statements: {it}" for it in race.wrong()]


if __name__ == "__main__":
    set_up()
    walk, won = Walk(), Counter[str]()
    run(walk, "undo", "claim", won)
    run(walk, "claim", "undo", won)
    told = {"interleavings": walk.interleavings, "waited": walk.waited, "wrong": walk.wrong}
    print(json.dumps(told | {"won": won}))
