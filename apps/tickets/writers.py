"""Who may write a mail in a session, and from which of our addresses."""

from django.utils.translation import gettext as _

from apps.agents.models import Agent
from apps.channels.models import ChannelSettings, EmailAccount, Mailbox
from apps.core.errors import Conflict, Guarded
from apps.core.models import User
from apps.queues.models import Queue
from apps.tickets import sessions
from apps.tickets.models import Message, Session


def channel_is_on_or_refuse() -> None:
    if not ChannelSettings.load().enabled:
        raise Guarded(
            "channel-off", _("The email channel is switched off: mail can be read, not written.")
        )


def own_or_refuse(session: Session, by: User) -> None:
    """The assignee; anybody of the queue if there is none; whoever steers what he can see."""
    if session.agent is not None and session.agent.user_id == by.pk:
        return
    if session.agent is None and member(session.queue, by) is not None:
        return
    if not sessions.may_steer(by, session.queue_id):
        raise Conflict("not-yours", _("This session is not assigned to you."))


def not_closed_or_refuse(session: Session) -> None:
    if session.status == Session.Status.CLOSED:
        raise Conflict("closed", _("This session is closed; write a new mail instead."))


def member(queue: Queue, user: User) -> Agent | None:
    """The user as an agent, if he works in the queue."""
    if Queue.objects.worked_by(user).filter(pk=queue.pk).exists():
        return Agent.objects.select_related("user").filter(user=user).first()
    return None


def mailbox_of(session: Session, answered: Message | None) -> Mailbox:
    """The address that the customer wrote to; else one that the thread has used."""
    if answered is not None and answered.mailbox is not None:
        return sending(answered.mailbox)
    used = session.thread.mailboxes.select_related("account").order_by("id").first()
    return sending(used) if used else mailbox_of_queue(session.queue)


def mailbox_of_queue(queue: Queue) -> Mailbox:
    route = queue.routes.select_related("mailbox__account").order_by("id").first()
    if route is None:
        raise Guarded(
            "no-mailbox",
            _("The queue %(queue)s has no mailbox to write from; give it one.") % {"queue": queue},
        )
    return sending(route.mailbox)


def sending(mailbox: Mailbox) -> Mailbox:
    account = mailbox.account
    if not account.enabled or account.send_kind == EmailAccount.Send.NONE:
        raise Guarded(
            "cannot-send",
            _("The account of %(address)s does not send; an administrator can change that.")
            % {"address": mailbox.address},
        )
    return mailbox
