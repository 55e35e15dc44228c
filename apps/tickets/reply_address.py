"""The token in a mailbox's reply address (SPEC 2.2): tried, proved again each day, or lost.

Some servers refuse mail to address+token, some drop it, and only a mail that arrived proves that
one does neither. So the mailbox writes to such an address of its own. While that mail arrives
every day, answers are asked for at address+token; From stays the plain address. Whatever else
happens, the other signs of a thread still work, so losing the token loses nobody's answer.
"""

import hmac
import logging
import secrets
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from apps.channels.compose import OutgoingMail, compose, wire_address
from apps.channels.models import ChannelSettings, InboundEmail, Mailbox
from apps.channels.parsed import Address, ParsedEmail
from apps.channels.rules import WITHOUT_SERVER
from apps.channels.send import Envelope, Outcome, send
from apps.channels.tagged import plain, tag_of, tagged_in, with_tag
from apps.core.errors import Guarded, Invalid, Problem
from apps.tickets.models import CROCKFORD, Thread
from apps.tickets.tokens import reply_tag, thread_key_of_tag

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(minutes=15)
PROVED_FOR = timedelta(hours=24)
TRIED_AGAIN_AFTER = timedelta(hours=1)  # a proof that could not even be sent
SENT_AT_ONCE = 5  # a server that hangs costs half a minute each

State = Mailbox.ReplyToken


def of_thread(mailbox: Mailbox, thread: Thread) -> tuple[Address, ...]:
    """Where answers in the thread are wanted; nothing: at the sender's address, as ever."""
    if mailbox.reply_token != State.ON:
        return ()
    address = with_tag(mailbox.address, reply_tag(thread))
    return (Address(address, mailbox.from_name),) if address else ()


# ---- the trial ------------------------------------------------------------------------------


def try_out(mailbox: Mailbox) -> Mailbox:
    """The mailbox writes to address+token; outside any transaction. Answers the row as it is then.

    A token that is in use stays in use meanwhile; of two who try at once, one does. Raises
    Guarded `channel-off`, Invalid `address-too-long`.
    """
    if not ChannelSettings.load().enabled:
        sentence = _("The email channel is switched off, so the trial mail would not be fetched.")
        raise Guarded("channel-off", sentence)
    tag = new_probe_tag()
    address = with_tag(mailbox.address, tag)
    if not address:
        sentence = _("The part before the @ is too long: with a token, servers would refuse it.")
        raise Invalid("address-too-long", sentence)
    before = mailbox.reply_token
    asked = State.ON if before == State.ON else State.ASKED
    as_seen = _row(mailbox).filter(reply_token_nonce=mailbox.reply_token_nonce)
    if as_seen.update(
        reply_token=asked,
        reply_token_nonce=tag,
        reply_token_asked_at=Now(),
        reply_token_sentence="",
    ):
        _note(mailbox, tag, before, _send(mailbox, address, tag))
    mailbox.refresh_from_db()
    return mailbox


def switch_off(mailbox: Mailbox) -> Mailbox:
    """By a person; mail to the addresses that are out there is still recognised."""
    _row(mailbox).update(
        reply_token=State.OFF,
        reply_token_nonce="",
        reply_token_sentence="",
        reply_token_asked_at=None,
        reply_token_proved_at=None,
    )
    mailbox.refresh_from_db()
    return mailbox


def _send(mailbox: Mailbox, address: str, tag: str) -> Outcome:
    raw = compose(
        OutgoingMail(
            sender=Address(mailbox.address, mailbox.from_name),
            to=[Address(address)],
            subject=_("Does a reply address with a token arrive?"),
            message_id=f"carteria-reply.{tag.lower()}@{wire_address(mailbox.address).partition('@')[2]}",
            date=timezone.now(),
            text=_(
                "Carteria sent this mail to itself. If it arrives, answers of customers find their"
                " conversation even where a mail program drops every other sign. You can delete"
                " it at any time."
            ),
            by_machine=True,
        )
    )
    envelope = Envelope(mailbox.address, (address,))
    return send(mailbox.account, envelope, raw, before_data=lambda: None)


def _note(mailbox: Mailbox, tag: str, before: str, outcome: Outcome) -> None:
    """What the server said when the mail was handed over; the rest is seen when it arrives."""
    log.info("a reply address is tried", extra={"mailbox": mailbox.pk, "outcome": outcome.kind})
    waiting = _row(mailbox).filter(reply_token_nonce=tag)
    if outcome.kind == "failed":
        _lose(waiting, _("The trial mail was refused: %(said)s") % {"said": outcome.sentence})
    elif outcome.kind == "retry":
        said = _("The trial mail could not be sent: %(said)s") % {"said": outcome.sentence}
        waiting.update(reply_token=before, reply_token_nonce="", reply_token_sentence=said)


# ---- what arrives ---------------------------------------------------------------------------


def is_trial(parsed: ParsedEmail) -> bool:
    """A trial mail of ours is nobody's work, however late; nor is its bounce."""
    return any(map(_is_probe, map(tag_of, _named(parsed))))


def take_note(parsed: ParsedEmail) -> None:
    """By intake, outside its transaction, of every mail; the same mail twice changes nothing."""
    if bounced := [one for one in _bounced(parsed) if _is_sealed(tag_of(one))]:
        _lose_bounced({plain(one) for one in bounced})
        return
    tags = [tag for tag in map(tag_of, tagged_in(parsed)) if _is_probe(tag)]
    if tags and not parsed.is_bounce:
        asked = Mailbox.objects.filter(reply_token_nonce__in=tags)
        asked.update(
            reply_token=State.ON,
            reply_token_nonce="",
            reply_token_sentence="",
            reply_token_proved_at=Now(),
        )


def _named(parsed: ParsedEmail) -> Iterator[str]:
    yield from tagged_in(parsed)
    yield from _bounced(parsed)


def _bounced(parsed: ParsedEmail) -> Iterator[str]:
    """Recipients that a server refused for good."""
    if parsed.bounce and parsed.bounce.kind == "hard":
        yield from parsed.bounce.recipients
    yield from (one.recipient for one in parsed.fates if one.kind == "hard")


def _lose_bounced(addresses: set[str]) -> None:
    in_use = Mailbox.objects.filter(reply_token__in=(State.ASKED, State.ON))
    lost = [one.pk for one in in_use if addresses & one.addresses]
    sentence = _("A mail to the address with a token came back as not delivered.")
    _lose(Mailbox.objects.filter(pk__in=lost), sentence)


# ---- every minute ---------------------------------------------------------------------------


def keep_proved() -> None:
    """Trials that did not come back are lost; whatever is in use is proved again once a day."""
    if not ChannelSettings.load().enabled:
        return
    sentence = _("The trial mail had not arrived after 15 minutes.")
    _lose(_overdue(), sentence)
    for mailbox in _due().select_related("account")[:SENT_AT_ONCE]:
        try:
            try_out(mailbox)
        except Problem as problem:
            _lose(_row(mailbox), problem.sentence)


def _overdue() -> QuerySet[Mailbox]:
    """A folder that nobody has looked into since says nothing about the mail, nor does one whose
    mail of that time waits to be taken in."""
    late = Mailbox.objects.exclude(reply_token_nonce="").filter(
        reply_token_asked_at__lte=Now() - GIVE_UP_AFTER
    )
    looked = Q(account__last_fetched_at__gte=F("reply_token_asked_at") + GIVE_UP_AFTER)
    waiting = InboundEmail.objects.filter(
        account=OuterRef("account"),
        status=InboundEmail.Status.RECEIVED,
        received_at__lte=OuterRef("reply_token_asked_at") + GIVE_UP_AFTER,
    )
    known = looked | Q(account__receive_kind__in=WITHOUT_SERVER)
    return late.filter(known, ~Exists(waiting))


def _due() -> QuerySet[Mailbox]:
    used = Mailbox.objects.filter(reply_token=State.ON, reply_token_nonce="")
    old = Q(reply_token_proved_at__lte=Now() - PROVED_FOR)
    rested = Q(reply_token_asked_at=None) | Q(reply_token_asked_at__lte=Now() - TRIED_AGAIN_AFTER)
    return used.filter(old, rested).order_by("reply_token_proved_at")


def _lose(mailboxes: QuerySet[Mailbox], sentence: str) -> None:
    """The alarm is the state itself: the health page shows it until somebody acts."""
    if lost := mailboxes.update(
        reply_token=State.LOST, reply_token_nonce="", reply_token_sentence=sentence
    ):
        log.warning("reply addresses with a token were lost", extra={"mailboxes": lost})


def _row(mailbox: Mailbox) -> QuerySet[Mailbox]:
    return Mailbox.objects.filter(pk=mailbox.pk)


# ---- tags of trial mails ----------------------------------------------------------------------


def new_probe_tag() -> str:
    """As long as a thread's, so that it proves the same; sealed, so that nobody else makes one."""
    word = "P" + "".join(secrets.choice(CROCKFORD) for _digit in range(12))
    return word + _seal(word)


def _is_probe(tag: str) -> bool:
    word, seal = tag[:13], tag[13:]
    return word.startswith("P") and hmac.compare_digest(seal, _seal(word))


def _is_sealed(tag: str) -> bool:
    return _is_probe(tag) or (bool(tag) and thread_key_of_tag(tag) is not None)


def _seal(word: str) -> str:
    digest = salted_hmac("carteria.reply-address", word, algorithm="sha256").digest()
    return "".join(CROCKFORD[byte & 31] for byte in digest[:16])
