"""Who gets the waiting sessions of an automatic queue: decided under the queue's lock."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.channels.models import ChannelSettings
from apps.core.db.locks import lock_all_until_commit, lock_until_commit
from apps.core.db.rows import add_all, update_each
from apps.queues import loads
from apps.queues.models import Queue
from apps.queues.routing import Choice, eligible, line_of
from apps.tickets.models import Session, SessionEvent
from apps.tickets.sessions import say_changed

AT_ONCE = 200  # sessions per transaction: the lock is short even with a long line


def assign_waiting(queue: Queue, *, limit: int = AT_ONCE) -> list[Session]:
    """As `decide`, and whoever looks hears of it."""
    with transaction.atomic():
        sessions = decide(queue, limit=limit)
        say_changed(sessions)
    return sessions


def decide(queue: Queue, *, limit: int = AT_ONCE) -> list[Session]:
    """Oldest first to the least loaded eligible agent, until nobody has room; the caller says it.

    Nobody is given anything while the channel is off; the sweep goes on when it is on again.
    """
    if queue.routing != Queue.Routing.AUTOMATIC or not queue.enabled:
        return []
    if not ChannelSettings.load().enabled:
        return []
    with transaction.atomic():
        lock_until_commit(f"assign:{queue.pk}")
        line = line_of(queue)
        room = min(line.room, limit)
        sessions = _oldest_waiting(queue, room) if room else []
        _give(queue, [(session, choice) for session in sessions if (choice := line.choose_agent())])
    return sessions


def lock(queue_ids: Iterable[int]) -> None:
    """Until the transaction ends. Before loads: whoever gives out holds its queue when it counts
    them, so that nobody waits in a circle."""
    lock_all_until_commit(f"assign:{pk}" for pk in queue_ids)


def queues_with_waiting() -> list[Queue]:
    """Automatic queues that somebody waits in, for the sweep; none while the channel is off."""
    if not ChannelSettings.load().enabled:
        return []
    waiting = Session.objects.waiting().values("queue")
    queues = Queue.objects.filter(enabled=True, routing=Queue.Routing.AUTOMATIC)
    return list(queues.filter(pk__in=waiting))


def undecided(session: Session) -> set[int]:
    """Its queue, when somebody there has room for it and it has not been given to anybody yet."""
    if session.agent_id or session.queue.routing != Queue.Routing.AUTOMATIC:
        return set()
    return {session.queue_id} if line_of(session.queue).room else set()


def why_waiting(queue: Queue) -> str:
    """The routing decision for a session that nobody was given."""
    if queue.routing == Queue.Routing.MANUAL:
        return _("Waiting: the queue is manual, any member can take it.")
    if not eligible(queue).exists():
        return _("Waiting: no member of the queue is present and in In-Email.")
    return _("Waiting: nobody in the queue has room.")


def _oldest_waiting(queue: Queue, room: int) -> list[Session]:
    waiting = Session.objects.waiting().filter(queue=queue).order_by("waiting_since", "id")
    return list(waiting.select_for_update(skip_locked=True)[:room])


def _give(queue: Queue, pairs: list[tuple[Session, Choice]]) -> None:
    if not pairs:
        return
    now = timezone.now()
    for session, choice in pairs:
        _hand_over(session, choice.agent, why_given(choice), now)
    sessions = [session for session, _choice in pairs]
    update_each(sessions, "agent", "status", "why", "assigned_at", "updated_at")
    add_all(_event(session, choice) for session, choice in pairs)
    _keep_loads(queue, [choice.agent for _session, choice in pairs])


def _hand_over(session: Session, agent: Agent, why: str, now: datetime) -> None:
    session.agent = agent
    session.why = why
    session.assigned_at = session.updated_at = now


def why_given(choice: Choice) -> str:
    """Computed from the facts alone, so that it can be told again from the stored ones."""
    candidates = choice.facts["candidates"]
    assert isinstance(candidates, list)
    return _("Given to %(agent)s: fewest open sessions (%(open)s) of %(eligible)s with room.") % {
        "agent": choice.agent.name,
        "open": candidates[0]["open"],
        "eligible": choice.facts["eligible"],
    }


def _event(session: Session, choice: Choice) -> SessionEvent:
    return SessionEvent(
        session=session,
        kind=SessionEvent.Kind.ASSIGNED,
        after=str(choice.agent.pk),
        why=session.why,
        facts=choice.facts,
    )


def _keep_loads(queue: Queue, agents: list[Agent]) -> None:
    loads.shift_waiting({queue.pk: -len(agents)})
    loads.shift_all(Counter((queue.pk, agent.pk) for agent in agents))
    loads.given(queue.pk, (agent.pk for agent in agents))
