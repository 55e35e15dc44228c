"""The live round trip: an account writes to itself, and we look until the mail is there.

Each call of `advance` does one quick piece of work, and the row says what comes next. So whoever
watches drives it: nothing runs in the background, a restart loses nothing, and the channel may
stay off meanwhile. It was begun by a POST; watching it is harmless to repeat.
"""

import logging
from contextlib import suppress
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels import diagnose, probe
from apps.channels.compose import OutgoingMail, compose
from apps.channels.fetch import signed_in
from apps.channels.models import EmailAccount, InboundEmail
from apps.channels.parsed import Address
from apps.channels.send import Envelope, Outcome, send
from apps.channels.transports.errors import Refused, TransportError
from apps.channels.transports.imap import ImapInbox
from apps.channels.transports.pop3 import Pop3Inbox
from apps.core.errors import Problem
from apps.core.leases import Hold, held
from config.models import RoundTrip
from config.setup.steps import fingerprint_of_both

log = logging.getLogger(__name__)

GIVE_UP_AFTER = timedelta(minutes=2)
LEASE = 100  # seconds; longer than a server may be silent, see send.py and imap_wire.py
LOOKED_AT, LARGEST_LOOKED_AT = 20, 64 * 1024  # mails of a maildrop, and bytes of each
HOPELESS = {"password", "method-disabled", "folder-missing", "tls", "tls-name", "dns", "wrong-key"}

State = RoundTrip.State


def begin(account: EmailAccount, address: str) -> RoundTrip:
    """A new one, or the one that runs already: of two clicks the second joins the first."""
    with suppress(IntegrityError), transaction.atomic():
        return RoundTrip.objects.create(
            account=account,
            address=address,
            of=fingerprint_of_both(account),
            token=probe.new_token(),
        )
    running = RoundTrip.objects.filter(account=account, state__in=RoundTrip.RUNNING)
    return running.first() or begin(account, address)


def stop(account: EmailAccount) -> None:
    """Nobody looks any more; if the mail still comes, it is known and ignored."""
    running = RoundTrip.objects.filter(account=account, state__in=RoundTrip.RUNNING)
    running.update(state=State.STOPPED, settled_at=timezone.now())


def advance(trip: RoundTrip) -> RoundTrip:
    """Sends it, or looks once; whoever comes while somebody else does gets the row as it is."""
    if trip.running:
        with held(f"round-trip:{trip.pk}", seconds=LEASE) as hold:
            trip.refresh_from_db()
            if hold and trip.state == State.TO_SEND:
                _send(trip, hold)
            elif hold and trip.state == State.WAITING:
                _look(trip)
    return trip


# ---- out ------------------------------------------------------------------------------


def _send(trip: RoundTrip, hold: Hold) -> None:
    """A crash in here sends it a second time: both bear the same word, and both are removed."""
    try:
        outcome = send(
            trip.account,
            Envelope(trip.address, (trip.address,)),
            _letter(trip),
            before_data=lambda: None,
            alive=lambda: _renew(hold),
        )
    except Problem as problem:  # an address that cannot be written, a key that fits no more
        outcome = Outcome("failed", None, problem.sentence)
    log.info("a round trip was sent", extra={"round_trip": trip.pk, "outcome": outcome.kind})
    if outcome.kind in ("sent", "unknown"):
        doubt = outcome.sentence if outcome.kind == "unknown" else ""
        _note(trip, State.WAITING, sentence=doubt, sent_at=timezone.now())
    else:
        _settle(trip, State.NOT_SENT, sentence=_not_sent(trip, outcome))


def _renew(hold: Hold) -> None:
    hold.renew()  # even if it was lost: a second copy does no harm


def _letter(trip: RoundTrip) -> bytes:
    text = _(
        "Carteria sent this mail to itself to prove that mail goes out and comes back. It is"
        " removed as soon as it is found; you can delete it at any time."
    )
    return compose(
        OutgoingMail(
            sender=Address(email=trip.address, name=""),
            to=[Address(email=trip.address, name="")],
            subject=probe.subject_of(trip.token),
            message_id=probe.message_id_of(trip.token, trip.address.rpartition("@")[2]),
            date=timezone.now(),
            text=text,
        )
    )


def _not_sent(trip: RoundTrip, outcome: Outcome) -> str:
    """Signing in tells more, and with the cure; if that works, this mail itself was refused."""
    answer = diagnose.test_send(trip.account)
    if not answer.ok:
        return answer.sentence
    cure = _("Check that this user may send as %(address)s.") % {"address": trip.address}
    return f"{outcome.sentence} {cure}"


# ---- back -----------------------------------------------------------------------------


def _look(trip: RoundTrip) -> None:
    """Last look first, then the clock: a mail that came while nobody watched has come."""
    try:
        found = _was_fetched(trip) or _found_on_server(trip)
    except TransportError as error:
        _trouble(trip, error.code, _(error.template) % error.facts)
    except Problem as problem:
        _trouble(trip, problem.code, problem.sentence)
    else:
        if not found and _is_late(trip):
            _settle(trip, State.MISSING)


def _trouble(trip: RoundTrip, code: str, sentence: str) -> None:
    if code in HOPELESS or _is_late(trip):
        _settle(trip, State.NO_LOOK, sentence=sentence)
    else:
        _note(trip, State.WAITING, sentence=sentence)


def _is_late(trip: RoundTrip) -> bool:
    return trip.sent_at is not None and timezone.now() - trip.sent_at > GIVE_UP_AFTER


def _was_fetched(trip: RoundTrip) -> bool:
    """With the channel on, the fetcher may be quicker than we are."""
    row = InboundEmail.objects.filter(
        account=trip.account_id, code=probe.CODE, subject=probe.subject_of(trip.token)
    ).first()
    if row is None:
        return False
    _settle(trip, State.ARRIVED, folder=row.folder)
    return True


def _found_on_server(trip: RoundTrip) -> bool:
    if trip.account.receive_kind == EmailAccount.Receive.POP3:
        return _found_in_maildrop(trip)
    with signed_in(trip.account, ImapInbox) as inbox:
        watched = trip.account.watched_folders
        places = [(folder, State.ARRIVED) for folder in watched]
        junk = (folder for folder in inbox.junk_folders() if folder not in watched)
        places += [(folder, State.IN_JUNK) for folder in junk]
        for folder, state in places:
            inbox.select(folder)
            if uids := inbox.with_subject(trip.token):
                found_at = timezone.now()
                removed = _remove(inbox, uids)
                _settle(trip, state, folder=folder, removed=removed, settled_at=found_at)
                return True
    return False


def _found_in_maildrop(trip: RoundTrip) -> bool:
    """Among the newest small mails: POP3 knows no search."""
    with signed_in(trip.account, Pop3Inbox) as inbox:
        small = [mail for mail in inbox.listing()[-LOOKED_AT:] if mail.size < LARGEST_LOOKED_AT]
        for batch in inbox.new_messages(small):
            found = {number for number, raw in batch.mails if probe.token_in(raw) == trip.token}
            if found:
                found_at = timezone.now()
                inbox.delete([mail for mail in small if mail.number in found])
                removed = inbox.leave()
                _settle(trip, State.ARRIVED, folder="INBOX", removed=removed, settled_at=found_at)
                return True
    return False


def _remove(inbox: ImapInbox, uids: list[int]) -> bool:
    try:
        inbox.delete(uids)
    except Refused:
        return False  # a folder that may only be read; the mail is ignored all the same
    return True


# ---- the row --------------------------------------------------------------------------


def _settle(trip: RoundTrip, state: str, **fields: object) -> None:
    _note(trip, state, **({"settled_at": timezone.now()} | fields))
    log.info("a round trip ended", extra={"round_trip": trip.pk, "state": state})


def _note(trip: RoundTrip, state: str, **fields: object) -> None:
    """Only a running one moves: whoever pressed Stop meanwhile is obeyed."""
    running = RoundTrip.objects.filter(pk=trip.pk, state__in=RoundTrip.RUNNING)
    running.update(state=state, **fields)
    trip.refresh_from_db()
