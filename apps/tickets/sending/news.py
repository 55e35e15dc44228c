"""What a provider tells of a mail of ours, written on the mail as a bounce or a receipt would be.

Runs in the transaction that keeps the event, so that each is told once. News may come in any
order, before the provider has answered our own request, and of a mail that nobody knows here.
"""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.models import ProviderEvent
from apps.channels.sent_news import TOLD, News
from apps.tickets.models import DeliveryReport, Message, SentId
from apps.tickets.sending import doubts, settling, suppressing
from apps.tickets.tokens import hash_of


def take(event_id: int, news: News) -> None:
    message = _mail_of(news)
    if message is None:
        ProviderEvent.objects.filter(pk=event_id).update(
            outcome=ProviderEvent.Outcome.IGNORED,
            sentence=_("It tells of a mail that no conversation here knows."),
        )
        return
    remember_ids(message, news.ids)
    doubts.told_by_provider(message)
    if news.kind in TOLD and _tell(message, news):
        settling.message_changed(message)


def remember_ids(message: Message, ids: Iterable[str]) -> None:
    """So that later news find the mail, and answers that name what stands in its header."""
    hashes = {hash_of(one) for one in ids} - {"", message.message_id_hash}
    rows = [SentId(message=message, hash=one) for one in sorted(hashes)]
    if rows:
        SentId.objects.bulk_create(rows, ignore_conflicts=True)


def _mail_of(news: News) -> Message | None:
    ours = Message.objects.filter(direction=Message.Direction.OUT).select_related(*settling.NEEDED)
    named = {hash_of(one) for one in news.ids}
    own = ours.filter(message_id_hash__in={news.mark, *named} - {""})
    return own.first() or ours.filter(sent_ids__hash__in=named).order_by("-pk").first()


def _tell(message: Message, news: News) -> bool:
    """One row for each kind and recipient; answers whether it is news to those who look."""
    people = {one["email"].lower() for one in (*message.to, *message.cc, *message.bcc)}
    recipient = news.recipient if news.recipient in people else ""
    if not recipient and len(people) == 1:
        recipient = next(iter(people))
    Message.objects.select_for_update().get(pk=message.pk)  # of two events, one is the first
    known = message.reports.filter(recipient=recipient)
    kinds = DeliveryReport.FAILED if news.kind == "soft" else (news.kind,)
    if known.filter(kind__in=kinds).exists():
        return False
    report = DeliveryReport.objects.create(
        message=message,
        recipient=recipient,
        kind=news.kind,
        status=news.status[:12],
        smtp_code=news.smtp_code,
        sentence=news.words[: settling.MOST_WORDS],
        at=min(news.at or timezone.now(), timezone.now()),
    )
    suppressing.note([report])
    if news.kind in DeliveryReport.FAILED:
        settling.bring_back(message, settling.not_delivered(message, [recipient], news.words))
    return True
