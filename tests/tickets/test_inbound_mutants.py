"""PAINS 28: two thousand broken mails reach the rows of a real database, or quarantine; no error."""

from collections import Counter

import pytest

from apps.channels.models import ChannelSettings, InboundEmail, Mailbox
from apps.channels.receive import Arrival, receive
from apps.tickets import inbound
from apps.tickets.inbound import take_in
from apps.tickets.models import Message
from tests.mutants import mutants
from tests.people import make_mailbox, make_queue

COUNT = 2000
Status = InboundEmail.Status


@pytest.fixture
def mailbox(db: None) -> Mailbox:
    settings = ChannelSettings.load()
    settings.enabled, settings.external_url = True, "http://console.test"
    settings.save()
    return make_mailbox("support@example.com", queue=make_queue("Support"))


@pytest.mark.only_on("postgresql")  # it refuses what SQLite stores: NUL, lone surrogates, lengths
def test_two_thousand_mutants_are_stored_or_held_and_not_one_insert_fails(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound.log, "warning", pytest.fail)
    arrivals = [Arrival(raw) for raw in mutants(COUNT)]
    receive(arrivals, mailbox=mailbox, source=InboundEmail.Source.API)
    taken = take_in()
    settled = Counter(InboundEmail.objects.values_list("status", flat=True))
    codes = Counter(InboundEmail.objects.values_list("code", flat=True))
    assert taken + settled[Status.REJECTED] >= len({one.sha256 for one in arrivals})
    assert settled[Status.RECEIVED] == 0
    assert not {"not-storable", "three-tries", "unreadable", "no-bytes"} & set(codes)
    assert settled[Status.STORED] == Message.objects.count() > COUNT // 2
