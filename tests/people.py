"""The people and things that tests know: Alice, Bob in her team, Charlie outside, and their mail."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import F
from django.utils import timezone

from apps.agents.models import Agent, AgentState, Team
from apps.agents.vocabulary import IN_EMAIL
from apps.attachments.models import Attachment, Verdict
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.core import blobs
from apps.core.models import Role, User
from apps.core.people import set_roles
from apps.core.tokens import make_token
from apps.crm.models import CrmConnection, CrmSettings
from apps.queues import loads
from apps.queues.models import AgentLoad, MailboxRoute, Queue, QueueMembership
from apps.tickets.models import Message, MessageFile, Participant, Session, Thread
from tests.kept_rows import KeptRows

CONSOLE = "http://console.test"
_numbers = count(1)
_hashed = cache(make_password)  # a hash takes 0.2 s, and every test makes the same people


def make_user(username: str = "", *, roles: Iterable[str] = (), **fields: Any) -> User:
    """A user with exactly these roles; the password is the user name."""
    username = username or f"user{next(_numbers)}"
    fields.setdefault("first_name", username.capitalize())
    fields.setdefault("email", f"{username}@agents.test")
    user = User.objects.create(username=username, password=_hashed(username), **fields)
    set_roles(user, roles)
    return user


def make_agent(
    username: str = "",
    *,
    queues: Iterable[Queue] = (),
    teams: Iterable[Team] = (),
    state: str = IN_EMAIL,
    **fields: Any,
) -> Agent:
    """An agent of the role agent, a member of these queues and teams, present and in STATE.

    The state is put into the row as if it had been chosen long ago: nobody guards it here.
    """
    agent = Agent.objects.get(user=make_user(username, roles=[Role.AGENT], **fields))
    QueueMembership.objects.bulk_create(QueueMembership(queue=one, agent=agent) for one in queues)
    agent.teams.set(teams)
    put_in_state(agent, state)
    return agent


def put_in_state(agent: Agent, state: str, *, present: bool = True) -> None:
    until = timezone.now() + timedelta(hours=1) if present else None
    AgentState.objects.filter(agent=agent).update(
        chosen=state, effective=state, present_until=until, seen_at=timezone.now()
    )


def make_supervisor(username: str = "", *, teams: Iterable[Team] = (), **fields: Any) -> User:
    user = make_user(username, roles=[Role.SUPERVISOR], **fields)
    user.supervised_teams.set(teams)
    return user


def make_team(name: str = "", *, members: Iterable[Agent] = ()) -> Team:
    team = Team.objects.create(name=name or f"Team {next(_numbers)}")
    team.members.set(members)
    return team


def make_queue(
    name: str = "",
    *,
    routing: str = Queue.Routing.MANUAL,
    members: Iterable[Agent | Team] = (),
    **fields: Any,
) -> Queue:
    queue = Queue.objects.create(name=name or f"Queue {next(_numbers)}", routing=routing, **fields)
    for member in members:
        side = "team" if isinstance(member, Team) else "agent"
        QueueMembership.objects.create(queue=queue, **{side: member})
    return queue


def make_account(name: str = "", **fields: Any) -> EmailAccount:
    """An account that nobody can reach: nothing listens on port 9."""
    fields = {"receive_host": "127.0.0.1", "receive_port": 9, "send_host": "127.0.0.1"} | fields
    fields = {"send_port": 9, "receive_tls": "none", "send_tls": "none"} | fields
    return EmailAccount.objects.create(name=name or f"account{next(_numbers)}", **fields)


def make_mailbox(
    address: str = "",
    *,
    queue: Queue | None = None,
    account: EmailAccount | None = None,
    **fields: Any,
) -> Mailbox:
    """A support address, routed to QUEUE when one is given."""
    address = address or f"support{next(_numbers)}@carteria.test"
    fields.setdefault("from_name", "Support")
    mailbox = Mailbox.objects.create(address=address, account=account or make_account(), **fields)
    if queue:
        MailboxRoute.objects.create(mailbox=mailbox, queue=queue)
    return mailbox


def make_session(
    queue: Queue,
    *,
    agent: Agent | None = None,
    status: str = Session.Status.UNOPENED,
    subject: str = "Where is my parcel?",
    customer: str = "customer@outside.test",
    mailbox: Mailbox | None = None,
    thread: Thread | None = None,
    **fields: Any,
) -> Session:
    """A session on a thread with this customer, without messages; an agent's load is counted."""
    thread = thread or Thread.objects.create(subject=subject)
    Participant.objects.get_or_create(thread=thread, address=customer.lower())
    if mailbox:
        thread.mailboxes.add(mailbox)
    session = Session.objects.create(
        thread=thread,
        queue=queue,
        agent=agent,
        status=status,
        subject=subject,
        customer=customer,
        **fields,
    )
    if agent and status in Session.OPEN:
        _count_load(queue, agent)
    elif status in Session.OPEN:
        loads.shift_waiting({queue.pk: 1})
    return session


def _count_load(queue: Queue, agent: Agent) -> None:
    load, _made = AgentLoad.objects.get_or_create(queue=queue, agent=agent)
    AgentLoad.objects.filter(pk=load.pk).update(open_sessions=F("open_sessions") + 1)


def make_message(session: Session, **fields: Any) -> Message:
    """A mail from the customer, or with direction="out" a sent answer."""
    incoming = fields.setdefault("direction", Message.Direction.IN) == Message.Direction.IN
    fields.setdefault("status", Message.Status.RECEIVED if incoming else Message.Status.SENT)
    fields.setdefault("from_email", session.customer if incoming else "support@carteria.test")
    fields.setdefault("subject", session.subject)
    fields.setdefault("text", "Hello, where is it?")
    fields.setdefault("message_id", f"{next(_numbers)}@outside.test")
    fields.setdefault("mailbox", session.thread.mailboxes.first())
    message = Message.objects.create(session=session, thread=session.thread, **fields)
    newest = {"newest_in": message.pk} if incoming else {}
    Session.objects.filter(pk=session.pk).update(message_count=F("message_count") + 1, **newest)
    session.refresh_from_db()
    return message


def make_attachment(
    message: Message,
    *,
    name: str = "photo.png",
    content: bytes = b"not really a picture",
    verdict: str = Verdict.CLEAN,
    **fields: Any,
) -> Attachment:
    """A file of MESSAGE whose bytes lie on disk."""
    blob = blobs.store(content)
    fields.setdefault("detected_type", "image/png")
    attachment = Attachment.objects.create(
        name=name,
        names=[name],
        size=len(content),
        sha256=blob.sha256,
        blob=blob,
        verdict=verdict,
        **fields,
    )
    MessageFile.objects.create(
        message=message, attachment=attachment, position=message.files.count()
    )
    return attachment


def switch_channel_on() -> ChannelSettings:
    channel = ChannelSettings.load()
    channel.enabled, channel.external_url = True, CONSOLE
    channel.save()
    return channel


def token_of(user: User, *scopes: str) -> dict[str, str]:
    """Headers of a request of USER: `client.get(url, headers=token_of(user))`."""
    return {"Authorization": f"Bearer {make_token(user, scopes=list(scopes))}"}


@dataclass(frozen=True, slots=True)
class House:
    """One queue with its people, and one beside it."""

    support: Queue
    mailbox: Mailbox
    other: Queue
    alice: Agent  # in support, in the team North
    bob: Agent  # as Alice
    charlie: Agent  # in another queue only
    irene: User  # supervises North
    admin: User
    auditor: User
    robot: User  # an integration


def keep_a_house() -> None:
    """Asked once in a new database, before any test changes the clock."""
    _kept_houses[:] = [KeptRows(_build_house)]


def make_house(*, routing: str = Queue.Routing.MANUAL, channel_on: bool = True) -> House:
    usual = routing == Queue.Routing.MANUAL and channel_on
    kept = _kept_houses[0].copy() if usual and _kept_houses else None
    if kept is None:
        return _build_house(routing=routing, channel_on=channel_on)
    for agent in (kept.alice, kept.bob, kept.charlie):
        put_in_state(agent, IN_EMAIL)
    return kept


def _build_house(*, routing: str = Queue.Routing.MANUAL, channel_on: bool = True) -> House:
    if channel_on:
        switch_channel_on()
    alice, bob, charlie = make_agent("alice"), make_agent("bob"), make_agent("charlie")
    north = make_team("North", members=[alice, bob])
    support = make_queue("Support", routing=routing, members=[north])
    return House(
        support=support,
        mailbox=make_mailbox("support@carteria.test", queue=support),
        other=make_queue("Other", routing=routing, members=[charlie]),
        alice=alice,
        bob=bob,
        charlie=charlie,
        irene=make_supervisor("irene", teams=[north]),
        admin=make_user("admin", roles=[Role.ADMINISTRATOR]),
        auditor=make_user("auditor", roles=[Role.AUDITOR]),
        robot=make_user("robot", roles=[Role.INTEGRATION]),
    )


_kept_houses: list[
    KeptRows[House]
] = []  # one takes 174 queries, and thousands of tests begin with it


def crm_connection() -> CrmConnection:
    """The present one, which is the built-in CRM unless a test has said otherwise."""
    return CrmSettings.load().connection
