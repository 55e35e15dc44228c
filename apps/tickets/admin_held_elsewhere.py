"""What waits or was stopped elsewhere, counted beside the quarantine: one question each."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.models import Attachment, Verdict
from apps.channels.models import ChannelSettings, InboundEmail
from apps.crm.models import TicketUpdate
from apps.tickets.condition import REMEMBERED
from apps.tickets.models import Message

ABOUT_A_FILE = (Verdict.WITHHELD, Verdict.INFECTED)
NOT_SURE = (Message.Status.FAILED, Message.Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    words: str
    why: str
    url: str


def held_elsewhere() -> list[Elsewhere]:
    """Only what is there; empty in a house where nothing is held."""
    return [*_waiting(), *_files(), *_updates(), *_sends()]


def _waiting() -> Iterator[Elsewhere]:
    """No fault of theirs: they are taken in by themselves, so nobody has to release them."""
    received = InboundEmail.objects.filter(status=InboundEmail.Status.RECEIVED)
    counted = received.aggregate(n=Count("pk"), told=Count("pk", filter=~Q(reason="")))
    if not counted["n"]:
        return
    words = ngettext("%(n)d mail waits", "%(n)d mails wait", counted["n"]) % {"n": counted["n"]}
    why = _("They are taken in by themselves.")
    if not ChannelSettings.load().enabled:
        why = _("The channel is off; they are taken in once it is on.")
    elif counted["told"]:
        why = _("The disk is full, or taking them in failed; each row says why.")
    yield Elsewhere(words, why, _list("email_channels_inboundemail", "status__exact=received"))


def _files() -> Iterator[Elsewhere]:
    since = timezone.now() - REMEMBERED
    stopped = Attachment.objects.filter(verdict__in=ABOUT_A_FILE, created_at__gte=since).count()
    if stopped:
        words = ngettext("%(n)d file stopped", "%(n)d files stopped", stopped) % {"n": stopped}
        why = _("Withheld or infected, in the last seven days. Their mails are with the agents.")
        yield Elsewhere(words, why, _list("attachments_attachment", "verdict__exact=withheld"))


def _updates() -> Iterator[Elsewhere]:
    failed = TicketUpdate.objects.filter(status=TicketUpdate.Status.FAILED).count()
    if failed:
        words = ngettext("%(n)d ticket update failed", "%(n)d ticket updates failed", failed)
        why = _("The CRM has not heard them; there they are tried again or left out.")
        yield Elsewhere(words % {"n": failed}, why, _list("crm_ticketupdate", "status=failed"))


def _sends() -> Iterator[Elsewhere]:
    since = timezone.now() - REMEMBERED
    open_ones = Message.objects.filter(status__in=NOT_SURE, created_at__gte=since).count()
    if open_ones:
        words = ngettext("%(n)d answer not sent", "%(n)d answers not sent", open_ones)
        why = _("Failed, or nobody knows, in the last seven days. Their sessions say it on top.")
        yield Elsewhere(words % {"n": open_ones}, why, _health())


def _list(name: str, query: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{query}"


def _health() -> str:
    """The roof has that page, if there is one."""
    try:
        return reverse("admin:email-health")
    except NoReverseMatch:
        return ""
