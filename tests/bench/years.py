"""Years of a desk's work, put into the rows in minutes: threads, sessions, messages, their index.

Words come as often as in real mails: the first of the list everywhere, the last ones once or twice.
"""

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from apps.agents.models import Agent
from apps.channels.models import Mailbox
from apps.core.models import User
from apps.queues import loads
from apps.queues.models import AgentLoad, Queue
from apps.tickets import search
from apps.tickets.models import Message, Participant, Session, SessionEvent, Thread

FREQUENT, RARE = "shipment", "zanzibar"
ELSEWHERE = "boardroom"  # in each mail of the last queue, which agents do not see
NAMES = ("Ana López", "Bea Núñez", "Carl Weiß", "Dora Kim", "Émile Roux", "Farid Haddad", "王芳")
TOPICS = ("Facturá pendiente", "Where is my order", "Rückgabe", "Cambio de IBAN", "請求書の件")
SYLLABLES = (
    "ca",
    "de",
    "ti",
    "no",
    "re",
    "con",
    "pro",
    "ment",
    "ar",
    "es",
    "la",
    "in",
    "ver",
    "su",
)
VOCABULARY = 20_000
PER_LOT = 2_000  # sessions
YEARS = timedelta(days=730)
OPEN_SHARE = 0.03
RARE_SHARE = 0.0001
WORDS = 70  # in a mail


class Dice:
    """Repeatable chances, and words with the spread of a language."""

    def __init__(self, seed: int = 1) -> None:
        self.random = random.Random(seed)
        self.words = [self._word(number) for number in range(VOCABULARY)]
        self.weights = list(itertools.accumulate(1 / (n + 3) for n in range(VOCABULARY)))

    def text(self, number: int) -> str:
        words = self.random.choices(self.words, cum_weights=self.weights, k=WORDS)
        if number % 2:
            words.insert(9, FREQUENT)
        return f"Hello,\n\n{' '.join(words)}.\n\nOrder {number}, thank you."

    def _word(self, number: int) -> str:
        length = 1 + min(4, int(self.random.expovariate(0.5)))
        word = "".join(self.random.choice(SYLLABLES) for _n in range(length))
        return f"{word}{number}" if number > VOCABULARY - 2_000 else word


def fill(*, sessions: int, messages: int, long: int) -> str:
    """The first session has LONG messages, the others share the rest; answers its id.

    What was filled before is left as it is.
    """
    if known := Session.objects.order_by("-message_count").first():
        return known.public_id
    dice, house = Dice(), House()
    counts = [long, *_shares(messages - long, sessions - 1)]
    first = ""
    for start in range(0, sessions, PER_LOT):
        with transaction.atomic():
            made = _lot(dice, house, counts[start : start + PER_LOT], start / sessions)
        first = first or made[0].public_id
    house.keep_counters()
    _plan_anew()
    return first


class House:
    """Where sessions lie, and with whom."""

    def __init__(self) -> None:
        self.queues = list(Queue.objects.order_by("pk"))
        self.agents = list(Agent.objects.order_by("pk"))
        self.mailbox = Mailbox.objects.get()
        self.author = User.objects.get(username="agent0")
        self.open: Counter[tuple[int, int]] = Counter()

    def keep_counters(self) -> None:
        waiting = {queue: n for (queue, agent), n in self.open.items() if not agent}
        loads.shift_waiting(waiting)
        AgentLoad.objects.bulk_create(
            AgentLoad(queue_id=queue, agent_id=agent, open_sessions=n)
            for (queue, agent), n in self.open.items()
            if agent
        )


def _lot(dice: Dice, house: House, counts: Sequence[int], done: float) -> list[Session]:
    begin = timezone.now() - YEARS * (1 - done)
    threads = Thread.objects.bulk_create(
        Thread(subject=dice.random.choice(TOPICS), created_at=begin) for _count in counts
    )
    sessions = Session.objects.bulk_create(
        _session(dice, house, thread, count, begin + timedelta(minutes=10 * number))
        for number, (thread, count) in enumerate(zip(threads, counts, strict=True))
    )
    Participant.objects.bulk_create(
        Participant(thread=one.thread, address=one.customer) for one in sessions
    )
    SessionEvent.objects.bulk_create(
        SessionEvent(session=one, kind="status", after="unopened", why="A mail arrived.")
        for one in sessions
    )
    _messages(dice, house, sessions)
    return sessions


def _session(dice: Dice, house: House, thread: Thread, count: int, at: datetime) -> Session:
    """Few are open; most are closed, each by somebody."""
    is_open = dice.random.random() < OPEN_SHARE
    agent = dice.random.choice(house.agents) if not is_open or dice.random.random() < 0.8 else None
    queue = dice.random.choice(house.queues)
    if is_open:
        house.open[queue.pk, agent.pk if agent else 0] += 1
    name, number = dice.random.choice(NAMES), dice.random.randrange(60_000)
    return Session(
        thread=thread,
        queue=queue,
        agent=agent,
        status="unopened" if is_open else "closed",
        subject=f"{thread.subject} {number}",
        customer=f"person{number}@company{number % 900}.test",
        customer_name=name,
        message_count=count,
        created_at=at,
        updated_at=at + timedelta(minutes=dice.random.expovariate(1 / 3000)),
        waiting_since=at,
        finished_at=None if is_open else at + timedelta(days=2),
    )


def _messages(dice: Dice, house: House, sessions: Sequence[Session]) -> None:
    messages = Message.objects.bulk_create(
        (
            _message(dice, house, session, number)
            for session in sessions
            for number in range(session.message_count)
        ),
        batch_size=1000,
    )
    for session in sessions:
        session.newest_in = 0
    by_pk = {session.pk: session for session in sessions}
    for message in messages:
        if message.direction == Message.Direction.IN:
            by_pk[message.session_id].newest_in = message.pk
    Session.objects.bulk_update(sessions, ["newest_in"], batch_size=300)
    search.add(messages)


def _message(dice: Dice, house: House, session: Session, number: int) -> Message:
    customer = {"email": session.customer, "name": session.customer_name}
    ours = {"email": house.mailbox.address, "name": "Support"}
    incoming = number % 2 == 0
    sender, receiver = (customer, ours) if incoming else (ours, customer)
    text = dice.text(dice.random.randrange(10**6))
    if session.queue_id == house.queues[-1].pk:
        text = f"{text} {ELSEWHERE}"
    return Message(
        thread=session.thread,
        session=session,
        mailbox=house.mailbox,
        direction=Message.Direction.IN if incoming else Message.Direction.OUT,
        status=Message.Status.RECEIVED if incoming else Message.Status.SENT,
        from_email=sender["email"],
        from_name=sender["name"],
        to=[receiver],
        subject=session.subject,
        text=f"{text} {RARE}" if dice.random.random() < RARE_SHARE else text,
        message_id=f"{session.public_id}.{number}@outside.test",
        author=None if incoming else house.author,
        created_at=session.created_at + timedelta(minutes=number),
    )


def _shares(messages: int, sessions: int) -> list[int]:
    each, more = divmod(messages, max(1, sessions))
    return [each + (number < more) for number in range(sessions)]


def _plan_anew() -> None:
    """What autovacuum does within minutes."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
