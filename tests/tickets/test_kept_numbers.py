"""Numbers that are kept with every move: after any walk of moves they are what the rows say."""

import random
from collections.abc import Callable
from itertools import count

import pytest

from apps.channels.models import InboundEmail
from apps.channels.parsed import Address
from apps.channels.receive import receive_one
from apps.core.errors import Problem
from apps.core.models import Role
from apps.core.people import set_roles
from apps.queues.models import Queue, QueueMembership
from apps.tickets import sessions
from apps.tickets.assignment import assign_waiting
from apps.tickets.drafts import Content, discard
from apps.tickets.drafts_begin import begin_new, begin_reply
from apps.tickets.drafts_send import Wish, send
from apps.tickets.hand_over import hand_over
from apps.tickets.inbound import take_in
from apps.tickets.models import Draft, Message, Regrouping, Session
from apps.tickets.regrouping import by_hand as by_hand
from apps.tickets.sending.settling import bring_back
from apps.tickets.undo import undo
from tests.counted import drifts
from tests.people import House, make_house, make_session

Status = Session.Status
CUSTOMER = Address("new@outside.test", "New")


class Day:
    """What happens at a desk, in any order; what is refused has not happened."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.dice = house, random.Random(seed)
        self.agents = [house.alice, house.bob]
        self.numbers = count(1)
        self.happened = set[str]()

    def moves(self) -> list[Callable[[], object]]:
        return [
            *([self.mail_comes] * 3),
            *([self.answer] * 3),
            *([self.take, self.assign, self.transfer, self.status] * 2),
            *([self.write_first, self.call_back, self.call_back, self.bounce, self.give_out]),
            *([self.throw_away, self.leave, self.switch_queue]),
            *([self.move, self.split, self.merge, self.undo_regrouping] * 2),
        ]

    def go(self, steps: int) -> None:
        for _step in range(steps):
            move = self.dice.choice(self.moves())
            try:
                if move() is not None:
                    self.happened.add(move.__name__)
            except Problem:
                continue
            assert drifts() == [], move.__name__

    def _session(self, *statuses: str) -> Session | None:
        known = Session.objects.select_related("queue", "agent__user", "thread").order_by("pk")
        rows = list(known.filter(status__in=statuses or Status.values))
        return self.dice.choice(rows) if rows else None

    def mail_comes(self) -> object:
        session = self._session() if self.dice.random() < 0.7 else None
        told = f"<{next(self.numbers)}@outside.test>"
        answers = session.messages.order_by("-pk").first() if session else None
        head = f"From: c@outside.test\r\nTo: support@carteria.test\r\nMessage-ID: {told}\r\n"
        head += f"In-Reply-To: <{answers.message_id}>\r\n" if answers else ""
        raw = f"{head}Subject: Parcel\r\n\r\nWhere is it? {told}\r\n".encode()
        receive_one(raw, mailbox=self.house.mailbox, source=InboundEmail.Source.API)
        return take_in()

    def take(self) -> object:
        session = self._session()
        return session and sessions.take(session, self.dice.choice(self.agents))

    def assign(self) -> object:
        session, agent = self._session(), self.dice.choice(self.agents)
        return session and sessions.assign(session, agent, by=self.house.admin)

    def transfer(self) -> object:
        session = self._session()
        queue = self.dice.choice([self.house.support, self.house.other])
        queue.refresh_from_db()
        return session and sessions.transfer(session, queue, by=self.house.admin)

    def status(self) -> object:
        session, wanted = self._session(), self.dice.choice(Status.values)
        return session and sessions.set_status(session, wanted, by=self.house.admin)

    def answer(self) -> object:
        session, agent = self._session(), self.dice.choice(self.agents)
        if session is None:
            return None
        draft, _new = begin_reply(session, by=agent.user, opening="")
        then = self.dice.choice(["", "paused", "resolved", "closed"])
        content = Content(to=(CUSTOMER,), html="<p>Yes</p>", mailbox=draft.mailbox_id)
        return send(draft, content, Wish(then=then), by=agent.user)

    def write_first(self) -> object:
        agent, queue = self.dice.choice(self.agents), self.house.support
        draft = begin_new(queue, by=agent.user, opening="")
        content = Content(to=(CUSTOMER,), subject="Hello", text="Yes", queue=queue.pk)
        return send(draft, content, Wish(then=self.dice.choice(["", "paused"])), by=agent.user)

    def call_back(self) -> object:
        last = Message.objects.filter(status="queued", direction="out").order_by("-pk").first()
        return last and last.author and undo(last, by=last.author)

    def bounce(self) -> object:
        """A mail of ours failed: its session comes back."""
        gone = Message.objects.filter(direction="out").select_related("session").first()
        return gone and (bring_back(gone, "No such address.") or gone)

    def give_out(self) -> object:
        queue = self.house.support
        routing = self.dice.choice(Queue.Routing.values)
        Queue.objects.filter(pk=queue.pk).update(routing=routing)
        queue.refresh_from_db()
        return assign_waiting(queue) or None

    def throw_away(self) -> object:
        draft = Draft.objects.unsent().select_related("author", "session").first()
        return draft and (discard(draft) or draft)

    def leave(self) -> object:
        """Bob leaves, and is back on the next day."""
        bob, to = self.house.bob, self.dice.choice([self.house.alice, None])
        done = hand_over(bob.user, to=to, by=self.house.admin)
        bob.user.is_active = True
        bob.user.save()
        set_roles(bob.user, [Role.AGENT])
        QueueMembership.objects.get_or_create(queue=self.house.support, agent=bob)
        return done

    def move(self) -> object:
        session = self._session()
        mail, other = self._mail(), session and session.public_id
        return mail and other and by_hand.move(mail, other, by=self.house.admin)

    def split(self) -> object:
        mail, later = self._mail(), self.dice.random() < 0.5
        return mail and by_hand.move(mail, None, by=self.house.admin, with_later=later)

    def merge(self) -> object:
        one, other = self._session(), self._session()
        return one and other and by_hand.merge(one, other.public_id, by=self.house.admin)

    def undo_regrouping(self) -> object:
        rows = list(Regrouping.objects.filter(undone_at=None).order_by("pk"))
        return by_hand.undo(self.dice.choice(rows), by=self.house.admin) if rows else None

    def _mail(self) -> Message | None:
        mails = list(Message.objects.select_related("session").order_by("pk"))
        return self.dice.choice(mails) if mails else None

    def switch_queue(self) -> object:
        queue = self.house.other
        Queue.objects.filter(pk=queue.pk).update(enabled=self.dice.random() < 0.5)
        return queue


@pytest.fixture
def house(db: None) -> House:
    return make_house()


@pytest.mark.parametrize("seed", range(4))
def test_after_any_walk_the_kept_numbers_are_right(house: House, seed: int) -> None:
    day = Day(house, seed)
    day.go(80)
    assert {"mail_comes", "answer", "call_back"} <= day.happened
    assert {"move", "split", "merge"} & day.happened


def test_a_number_that_drifts_is_seen(house: House) -> None:
    session = make_session(house.support, agent=house.alice)
    make_session(house.support)
    Session.objects.update(status=Status.PAUSED, message_count=3)
    said = "\n".join(drifts())
    assert f"'in hand', {house.support.pk}, {house.alice.pk}): kept 1, counted 0" in said
    assert f"'waiting', {house.support.pk}, 0): kept 1, counted 0" in said
    assert f"{session}: 3 mails kept, 0 counted" in said
