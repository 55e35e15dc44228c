"""Two verbs at once on PostgreSQL: one held after each of its statements while the other runs.

A program of its own, since its threads need a database that commits: `test_two_at_once.py` starts
it. It prints how many interleavings there were, in how many one waited for the other's lock, and
what was wrong afterwards.
"""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

WAIT = 20  # seconds; longer is a deadlock of this program
LATE = 11  # minutes

Verb = Callable[[], object]


class NoMigrations:
    """The tables as the models say."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


class Pause:
    """Stops its thread after the n-th statement until it is released."""

    def __init__(self, after: int) -> None:
        self.after, self.statements = after, 0
        self.reached, self.released = threading.Event(), threading.Event()

    def __call__(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        answer = execute(sql, params, many, context)
        self.statements += 1
        self.stop()
        return answer

    def stop(self) -> None:
        if self.statements == self.after and not self.reached.is_set():
            self.reached.set()
            assert self.released.wait(WAIT), "never released"


@dataclass
class Pair:
    """RIGHT says what is wrong afterwards."""

    name: str
    start: Callable[[], object]
    first: Verb
    second: Verb
    wrong: Callable[[], Iterator[str]]


@dataclass
class Walk:
    """Two threads that keep their connections."""

    interleavings: int = 0
    waited: int = 0
    wrong: list[str] = field(default_factory=list)
    pools: tuple[ThreadPoolExecutor, ThreadPoolExecutor] = field(
        default_factory=lambda: (ThreadPoolExecutor(1), ThreadPoolExecutor(1))
    )

    def walk(self, pair: Pair) -> None:
        for held, other in ((pair.first, pair.second), (pair.second, pair.first)):
            pair.start()
            alone = Pause(-1)
            self.pools[0].submit(_run, held, alone).result(WAIT)
            for after in range(alone.statements + 1):
                pair.start()
                self._cross(held, other, Pause(after))
                self.interleavings += 1
                order = "first" if held is pair.first else "second"
                where = f"{pair.name}, the {order} held after {after} statements"
                found = [*pair.wrong(), *broken_chain()]
                self.wrong += [f"{where}: {it}" for it in found]

    def _cross(self, held: Verb, other: Verb, pause: Pause) -> None:
        one = self.pools[0].submit(_run, held, pause)
        while not (pause.reached.wait(0.01) or one.done()):
            pass
        pid = self.pools[1].submit(pid_of).result(WAIT)
        two = self.pools[1].submit(_run, other, Pause(-1))
        self.waited += done_or_waiting(two, pid)
        pause.released.set()
        one.result(WAIT)
        two.result(WAIT)


def _run(verb: Verb, pause: Pause) -> None:
    """A refusal is an answer, too."""
    from apps.core.errors import Problem

    with connection.execute_wrapper(pause):
        pause.stop()
        try:
            verb()
        except Problem:
            return


def pid_of() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def done_or_waiting(running: "Future[None]", pid: int) -> bool:
    """True: it waits for a lock."""
    ended = threading.Event()
    running.add_done_callback(lambda _future: ended.set())
    question = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
    while not ended.wait(0.005):
        with connection.cursor() as cursor:
            cursor.execute(question, [pid])
            if cursor.fetchone():
                return True
    return False


# ---- what is crossed -----------------------------------------------------------------------------


def put(chosen: str, *contacts: str, late: bool = False) -> None:
    """Alice as she stands before, with her role, her queue and a channel that is on."""
    from apps.agents.models import AgentState, Contact, StateChange
    from apps.channels.models import ChannelSettings
    from apps.core.models import Role, RoleGrant
    from apps.queues.models import Queue, QueueMembership
    from tests.people import CONSOLE

    agent, then = alice(), timezone.now() - timedelta(hours=1)
    ChannelSettings.objects.update(enabled=True, external_url=CONSOLE)
    Queue.objects.update(enabled=True)
    RoleGrant.objects.get_or_create(user=agent.user, role=Role.AGENT)
    queue = Queue.objects.get(name="Own")
    QueueMembership.objects.get_or_create(queue=queue, agent=agent)
    Contact.objects.all().delete()
    StateChange.objects.all().delete()
    for kind in contacts:
        Contact.objects.create(agent=agent, kind=kind, session=f"{kind}1", entered_at=then)
    overlay = {"call": "In-Call", "chat": "In-Chat"}[contacts[0]] if contacts else ""
    fields = {"chosen": chosen, "overlay": overlay, "effective": overlay or chosen}
    seen_at = timezone.now() - timedelta(minutes=LATE if late else 0)
    fields |= {"pending": False, "since": then, "chosen_at": then, "version": 0}
    fields |= {"seen_at": seen_at, "present_until": None, "set_by": None}
    AgentState.objects.update_or_create(agent=agent, defaults=fields)


def forget_row() -> None:
    from apps.agents.models import AgentState

    put("Offline")
    AgentState.objects.all().delete()


def alice() -> Any:
    from apps.agents.models import Agent

    return Agent.objects.select_related("user").get(user__username="alice")


def stands() -> Any:
    from apps.agents.models import AgentState

    return AgentState.objects.get(agent=alice())


def broken_chain() -> Iterator[str]:
    """Each row goes on where the one before ended, and the last is where the agent stands."""
    from apps.agents.models import StateChange

    rows, state = list(StateChange.objects.order_by("pk")), stands()
    for one, following in pairwise(rows):
        if following.before != one.after or following.at < one.at:
            yield f"the chain breaks: {one} ({one.code}), {following} ({following.code})"
    if rows:
        last = rows[-1]
        told = (last.after, last.chosen, last.overlay, last.pending)
        if told != (state.effective, state.chosen, state.overlay, state.pending):
            yield f"the last row says {told}"
        if state.version != len(rows):
            yield f"version {state.version} after {len(rows)} rows"
    if state.effective != (state.overlay or state.chosen):
        yield f"effective {state.effective}"


def should_be(**wanted: object) -> Iterator[str]:
    state = stands()
    for name, want in wanted.items():
        if (got := getattr(state, name)) != want:
            yield f"{name} is {got!r}, not {want!r}"


def rows_should_be(*codes: str) -> Iterator[str]:
    from apps.agents.models import StateChange

    got = sorted(StateChange.objects.values_list("code", flat=True))
    if got != sorted(codes):
        yield f"rows {got}"


def call_and_override() -> Iterator[str]:
    """Pending if the call was first; else it applied at once, and the call came after."""
    from apps.agents.models import StateChange

    codes = list(StateChange.objects.order_by("pk").values_list("code", flat=True))
    yield from rows_should_be("entered-call", "overridden")
    pending = codes == ["entered-call", "overridden"]
    yield from should_be(chosen="In-Email", overlay="In-Call", pending=pending)


def not_in_email() -> Iterator[str]:
    if stands().chosen == "In-Email":
        yield "still in In-Email"


def no_longer_working() -> Iterator[str]:
    yield from should_be(chosen="Offline")


def here_and_on_break() -> Iterator[str]:
    yield from should_be(chosen="Break", effective="Break")
    until = stands().present_until
    if until is None or until < timezone.now():
        yield "the presence was lost"


def one_contact(**wanted: bool) -> Iterator[str]:
    from apps.agents.models import Contact

    contacts = [{"left": one.left_at is not None} for one in Contact.objects.all()]
    if contacts != [wanted]:
        yield f"contacts {contacts}"


def both(*checks: Callable[[], Iterator[str]]) -> Callable[[], Iterator[str]]:
    return lambda: (it for check in checks for it in check())


def pairs() -> Iterator[Pair]:
    from apps.agents import states, upkeep
    from apps.agents.presence import seen
    from apps.channels.models import ChannelSettings
    from apps.core.people import set_roles
    from apps.queues.models import Queue, QueueMembership
    from tests.people import User

    irene, admin = (User.objects.get(username=name) for name in ("irene", "admin"))

    def choose(state: str) -> Verb:
        return lambda: states.choose_state((a := alice()), state, by=a.user, source="x")

    def override(state: str, by: User = irene) -> Verb:
        return lambda: states.override_state(alice(), state, by=by, source="x")

    def tell(verb: Any, session: str) -> Verb:
        return lambda: verb(alice(), session)

    def channel_off() -> None:
        channel = ChannelSettings.load()
        channel.enabled = False
        channel.save()

    def queue_off() -> None:
        queue = Queue.objects.get(name="Own")
        queue.enabled = False
        queue.save()

    def leave_queue() -> None:
        for row in QueueMembership.objects.filter(agent=alice()):
            row.delete()

    enter, leave = states.enter_call, states.leave_call
    available, in_email = partial(put, "Available"), override("In-Email")
    after_call = partial(should_be, chosen="In-Email", overlay="", pending=False)
    busy = partial(should_be, chosen="Available", overlay="In-Call", pending=False)
    free = partial(should_be, chosen="Available", overlay="", pending=False)
    yield Pair("call, override", available, tell(enter, "c"), in_email, call_and_override)
    yield Pair(
        "end of call, override",
        partial(put, "Available", "call"),
        tell(leave, "call1"),
        in_email,
        both(after_call, partial(rows_should_be, "left-call", "overridden")),
    )
    yield Pair(
        "a call told twice",
        available,
        tell(enter, "c"),
        tell(enter, "c"),
        both(busy, partial(rows_should_be, "entered-call"), partial(one_contact, left=False)),
    )
    yield Pair(
        "a call and its end",
        available,
        tell(enter, "c"),
        tell(leave, "c"),
        both(free, partial(one_contact, left=True)),
    )
    yield Pair(
        "an end told twice",
        partial(put, "Available", "call"),
        tell(leave, "call1"),
        tell(leave, "call1"),
        both(free, partial(rows_should_be, "left-call")),
    )
    yield Pair(
        "two chats",
        available,
        tell(states.enter_chat, "a"),
        tell(states.enter_chat, "b"),
        both(
            partial(should_be, overlay="In-Chat", effective="In-Chat"),
            partial(rows_should_be, "entered-chat"),
        ),
    )
    yield Pair(
        "sign-out, call",
        available,
        lambda: states.signed_out(alice()),
        tell(enter, "c"),
        both(
            partial(should_be, chosen="Offline", overlay="In-Call", pending=False),
            partial(rows_should_be, "signed-out", "entered-call"),
        ),
    )
    yield Pair(
        "sign-in, override",
        partial(put, "Offline"),
        lambda: states.signed_in(alice()),
        in_email,
        partial(should_be, chosen="In-Email", effective="In-Email"),
    )
    yield Pair(
        "two overrides",
        available,
        override("Break"),
        override("In-Email", by=admin),
        partial(rows_should_be, "overridden", "overridden"),
    )
    yield Pair("channel off, In-Email", available, channel_off, choose("In-Email"), not_in_email)
    yield Pair("channel off, override", available, channel_off, in_email, not_in_email)
    yield Pair("queue off, In-Email", available, queue_off, choose("In-Email"), not_in_email)
    yield Pair("out of queue, In-Email", available, leave_queue, choose("In-Email"), not_in_email)
    yield Pair(
        "role taken away, choice",
        available,
        lambda: set_roles(alice().user, []),
        choose("Break"),
        no_longer_working,
    )
    here = partial(seen, [alice().user_id])
    yield Pair("presence, choice", available, here, choose("Break"), here_and_on_break)
    yield Pair(
        "presence after too long, choice",
        partial(put, "In-Email", late=True),
        here,
        choose("Break"),
        here_and_on_break,
    )
    yield Pair(
        "sweep, choice",
        partial(put, "In-Email", late=True),
        upkeep.end_absences,
        choose("Break"),
        partial(should_be, chosen="Break"),
    )
    yield Pair(
        "the first two words of an agent",
        forget_row,
        tell(enter, "c"),
        lambda: states.signed_in(alice()),
        both(busy, partial(rows_should_be, "entered-call", "signed-in")),
    )


def set_up() -> None:
    django.setup()
    settings.MIGRATION_MODULES = NoMigrations()
    call_command("migrate", run_syncdb=True, verbosity=0)
    from apps.agents import live, signals
    from tests import people

    signals.state_changed.disconnect(live._on_state_changed)  # only reads
    people.switch_channel_on()
    agent = people.make_agent("alice", state="Available")
    people.make_queue("Own", members=[agent])
    people.make_supervisor("irene", teams=[people.make_team("North", members=[agent])])
    people.make_user("admin", roles=[people.Role.ADMINISTRATOR])


if __name__ == "__main__":
    set_up()
    walk = Walk()
    for pair in pairs():
        walk.walk(pair)
    told = {"interleavings": walk.interleavings, "waited": walk.waited, "wrong": walk.wrong}
    print(json.dumps(told))
