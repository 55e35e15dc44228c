"""The story of a mail that nobody can tell of whether it arrived: what proves it, and who decides.

It is resolved by the folder of sent mail (sent_copies.py), by a report or an answer that refers to
it, by a mail provider (the caller of `arrived`), or by a person. Each leaves a row that says how.
"""

from contextlib import suppress

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from apps.channels.models import EmailAccount
from apps.core.announce import announce
from apps.core.errors import Conflict, Invalid
from apps.core.models import User
from apps.tickets import writers
from apps.tickets.delivery_words import doubt_event_of
from apps.tickets.models import (
    DeliveryAttempt,
    DeliveryReport,
    Message,
    MessageReference,
    SessionEvent,
)
from apps.tickets.sending import settling
from apps.tickets.signals import message_queued

Ended = DeliveryAttempt.Ended

# How it became known, or who wanted it so.
BY_PERSON, BY_SETTING = "person", "setting"
SENT_FOLDER, REPORT, ANSWER, PROVIDER = "sent-folder", "report", "answer", "provider"

OUTCOMES = ("arrived", "resend")
LOOKED_AT_ONCE = 100
PAUSE_BY_SETTING = 30  # seconds until the account's own second try


def resolve(message: Message, outcome: str, *, by: User) -> Message:
    """A person decides, who may write in its session. Raises Invalid `outcome`, Conflict
    `not-yours` or `too-late`."""
    if outcome not in OUTCOMES:
        raise Invalid("outcome", _("outcome: arrived or resend."))
    writers.own_or_refuse(message.session, by)
    if outcome == "arrived":
        arrived(message, evidence=BY_PERSON, by=by)
    else:
        send_again(message, evidence=BY_PERSON, by=by)
    return Message.objects.get(pk=message.pk)


def arrived(message: Message, *, evidence: str, by: User | None = None, said: str = "") -> None:
    """SAID: where the proof was found. Raises Conflict `too-late`: it is in doubt no more."""
    with transaction.atomic():
        _end(message, Ended.ARRIVED)
        _remember(message, "arrived", evidence, by, said)
        settling.settle(message, pause=0)


def told_by_provider(message: Message) -> None:
    """It has news of the mail, so it has the mail: whatever was in doubt has arrived there, and is
    not sent once more. Inside a transaction. An attempt that is not over yet is marked, in case
    that its answer never comes."""
    tries = DeliveryAttempt.objects.filter(message=message)
    if not tries.filter(proved=False).update(proved=True):
        return
    Message.objects.select_for_update().get(pk=message.pk)
    waiting = Q(message__status=Message.Status.QUEUED, outcome=Ended.AGAIN)
    over = tries.filter(Q(outcome=Ended.UNKNOWN) | waiting)
    in_hand = tries.filter(outcome="").exists()
    if not in_hand and over.update(outcome=Ended.ARRIVED):
        _remember(message, "arrived", PROVIDER, None, "")
        settling.settle(message, pause=0)


def send_again(message: Message, *, evidence: str, by: User | None = None) -> None:
    """With the same Message-ID, to those of whom it is not known. Raises Conflict `too-late`."""
    with transaction.atomic():
        _end(message, Ended.AGAIN)
        why = _remember(message, "resend", evidence, by, "")
        pause = PAUSE_BY_SETTING if by is None else 0
        settling.settle(message, pause=pause, because=why)
        announce(message_queued, message_id=message.pk, after=pause)


def is_to_be_sent_again(message: Message, attempt: DeliveryAttempt) -> bool:
    """By the setting of the account that it went by, and once."""
    account = attempt.account or (message.mailbox.account if message.mailbox else None)
    if account is None or account.after_silence != EmailAccount.AfterSilence.RESEND:
        return False
    return not message.tries.filter(outcome=Ended.AGAIN).exists()


def look_for_proofs() -> None:
    """A report that came back, or an answer that names its Message-ID: the server had taken it."""
    unknown = Message.objects.filter(~Exists(others_have_it()), status=Message.Status.UNKNOWN)
    reports = DeliveryReport.objects.filter(message=OuterRef("pk"), told_by__isnull=False)
    answers = MessageReference.objects.filter(
        hash=OuterRef("message_id_hash"), message__direction=Message.Direction.IN
    )
    told = DeliveryAttempt.objects.filter(
        message=OuterRef("pk"), outcome=Ended.UNKNOWN, proved=True
    )
    for evidence, proofs in ((REPORT, reports), (ANSWER, answers), (PROVIDER, told)):
        proved = unknown.filter(Exists(proofs)).select_related(*settling.NEEDED)
        for message in proved[:LOOKED_AT_ONCE]:
            with suppress(Conflict):  # a person was quicker
                arrived(message, evidence=evidence)


def others_have_it() -> QuerySet[DeliveryAttempt]:
    """Of a message: then a copy or an answer proves nothing for those that are in doubt."""
    return DeliveryAttempt.objects.filter(message=OuterRef("pk"), outcome=Ended.SENT)


def _end(message: Message, how: str) -> None:
    unknown = DeliveryAttempt.objects.filter(message=message, outcome=Ended.UNKNOWN)
    if not unknown.update(outcome=how):
        raise Conflict("too-late", _("This mail is in doubt no more; look at it again."))


def _remember(message: Message, outcome: str, evidence: str, by: User | None, said: str) -> str:
    facts = {"message": message.pk, "outcome": outcome, "evidence": evidence, "said": said}
    session_id = Message.objects.values_list("session", flat=True).get(pk=message.pk)
    why = doubt_event_of(facts)
    SessionEvent.objects.create(
        session_id=session_id, kind=SessionEvent.Kind.DELIVERY, by=by, why=why, facts=facts
    )
    return why
