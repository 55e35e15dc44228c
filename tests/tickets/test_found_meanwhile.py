"""A file is found infected while its mail is planned for the storage and the ticket: neither gets it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.attachments import rescan
from apps.attachments.decide import Finding
from apps.attachments.models import Attachment, Verdict
from apps.attachments.scanner import Engine
from apps.attachments.signals import attachments_screened
from apps.channels.models import InboundEmail
from apps.core import blobs
from apps.core.announce import announce
from apps.crm.models import CrmSettings, TicketUpdate
from apps.storage.models import StorageSettings, StoredObject
from apps.tickets import comments, storing_outside
from apps.tickets.models import DeliveryAttempt, Message
from apps.tickets.sending import settling
from tests.agents.interleavings import done_or_waiting, pid_of
from tests.people import House, make_attachment, make_house, make_message, make_session

pytestmark = [pytest.mark.only_on("postgresql"), pytest.mark.django_db(transaction=True)]

Meanwhile = Callable[[Callable[[], object], Attachment], None]


@pytest.fixture
def house() -> House:
    StorageSettings.load()
    StorageSettings.objects.update(raw_on=True)
    CrmSettings.load()
    CrmSettings.objects.update(attach_files=True)
    return make_house()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """FILE is condemned after the work has looked at it, and before it commits."""
    plan = storing_outside.outbox.plan

    def run(work: Callable[[], object], file: Attachment) -> None:
        condemning: list[Future[None]] = []

        def looked(wanted: list[storing_outside.Wanted]) -> None:
            if wanted and not condemning:
                pid = pool.submit(pid_of).result(10)
                condemning.append(pool.submit(condemn, file.pk))
                done_or_waiting(condemning[0], pid)
            plan(wanted)

        monkeypatch.setattr(storing_outside.outbox, "plan", looked)
        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                work()
            condemning[0].result(20)
            pool.submit(lambda: connection.close()).result(10)

    return run


def condemn(file: int) -> None:
    rescan._condemn(Attachment.objects.get(pk=file), Finding("infected", "Bad"), Engine("c", "2"))


def test_an_answer_that_goes_out(house: House, meanwhile: Meanwhile) -> None:
    message = make_message(
        make_session(house.support, mailbox=house.mailbox),
        direction="out",
        status=Message.Status.SENDING,
        to=[{"email": "a@b.test", "name": ""}],
        author=house.alice.user,
    )
    file = make_attachment(message, decided_at=timezone.now())
    DeliveryAttempt.objects.create(
        message=message, number=1, outcome="sent", lease_until=timezone.now()
    )
    meanwhile(lambda: settling.settle(Message.objects.get(pk=message.pk), pause=0), file)
    assert stored() == {("attachments", "leaving")}
    assert posted() == {"skipped"}


def test_a_mail_whose_last_file_gets_its_verdict(house: House, meanwhile: Meanwhile) -> None:
    raw = blobs.store(b"From: a@b.test\r\n\r\nHello")
    row = InboundEmail.objects.create(source="api", raw=raw, sha256=raw.sha256, status="stored")
    message = make_message(make_session(house.support, mailbox=house.mailbox), inbound=row)
    early = make_attachment(message, decided_at=timezone.now())
    last = make_attachment(message, name="b.png", verdict=Verdict.WAITING)
    comments.plan_for([message])

    def decided() -> None:
        Attachment.objects.filter(pk=last.pk).update(verdict=Verdict.CLEAN)
        announce(attachments_screened, attachment_ids=[last.pk])

    meanwhile(decided, early)
    assert stored() == {("attachments", "planned"), ("raw", "leaving")}


def stored() -> set[tuple[str, str]]:
    return set(StoredObject.objects.values_list("kind", "status"))


def posted() -> set[str]:
    files = TicketUpdate.objects.filter(kind=TicketUpdate.Kind.FILE)
    return set(files.values_list("status", flat=True))
