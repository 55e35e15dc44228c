"""A deleted conversation: nothing of it is left but tombstones, and what answers it begins anew."""

from pathlib import Path

import pytest
from django.conf import settings

from apps.attachments.models import Attachment
from apps.channels.models import InboundEmail
from apps.channels.receive import Arrival, receive, receive_one
from apps.core import blobs
from apps.core.errors import Conflict, Forbidden
from apps.core.models import Blob
from apps.crm.models import TicketUpdate
from apps.queues.loads import open_sessions
from apps.storage import outbox
from apps.storage.models import Kind, StoredObject
from apps.storage.outbox import Wanted
from apps.tickets import search
from apps.tickets.deleting import delete_thread
from apps.tickets.inbound import take_in
from apps.tickets.models import Draft, Message, Session, Thread, ThreadDeletion
from tests.people import House, make_attachment, make_house, make_message, token_of

pytestmark = pytest.mark.django_db

SECRET = "Xylophone"


@pytest.fixture
def house() -> House:
    return make_house()


def a_mail(number: int, **headers: str) -> bytes:
    fields = {
        "From": "carla@outside.test",
        "To": "support@carteria.test",
        "Subject": f"About {SECRET} {number}",
        "Message-ID": f"<m{number}@outside.test>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    body = "\r\n".join(f"{SECRET}, line {n} of {number}" for n in range(40))
    return f"{head}\r\n{body}\r\n".encode()


def fetched(house: House, *raws: bytes, uidvalidity: int = 5, first: int = 1) -> list[InboundEmail]:
    account = house.mailbox.account
    rows = receive(
        [Arrival(raw, uid) for uid, raw in enumerate(raws, first)],
        source=InboundEmail.Source.FETCH,
        account=account,
        folder="INBOX",
        uidvalidity=uidvalidity,
    )
    take_in()
    return rows


def pack_of(blob: Blob | None) -> Path:
    assert blob is not None
    return Path(settings.DATA_DIR, "blobs", blob.pack[:2], f"{blob.pack}.pack")


def in_work(house: House) -> int:
    return open_sessions([house.support.pk]).of(house.support.pk)


def a_conversation(house: House) -> Thread:
    fetched(house, a_mail(1), a_mail(2, In_Reply_To="<m1@outside.test>"))
    return Thread.objects.get()


def test_everything_goes_but_the_tombstones_and_the_receipt(
    house: House, django_capture_on_commit_callbacks
) -> None:
    thread = a_conversation(house)
    session = thread.sessions.get()
    file = make_attachment(thread.messages.first(), content=f"a file of {SECRET}".encode())
    Draft.objects.create(author=house.alice.user, kind="reply", session=session, text=SECRET)
    assert in_work(house) == 1
    planned = TicketUpdate.objects.count()
    with django_capture_on_commit_callbacks(execute=True):
        receipt = delete_thread(thread, by=house.admin)
    assert (receipt.messages, receipt.files, receipt.sources) == (2, 1, 2)
    assert (receipt.updates, receipt.by) == (planned, house.admin)
    left = (Thread, Session, Message, Draft, Attachment, TicketUpdate, Blob)
    assert [model.objects.count() for model in left] == [0] * len(left)
    assert in_work(house) == 0
    assert not pack_of(file.blob).exists()
    rows = InboundEmail.objects.values_list("status", "code", "raw", "sender", "subject")
    assert set(rows) == {("stored", "deleted", None, "", "")}
    assert all(InboundEmail.objects.values_list("sha256", flat=True))


def test_bytes_between_those_of_others_are_overwritten(
    house: House, django_capture_on_commit_callbacks
) -> None:
    mine, others = a_mail(1), a_mail(7, Subject="Another matter", From="dora@outside.test")
    fetched(house, mine, others)
    pack = pack_of(InboundEmail.objects.get(uid=1).raw)
    before = pack.read_bytes()
    thread = Thread.objects.get(messages__from_email="carla@outside.test")
    with django_capture_on_commit_callbacks(execute=True):
        delete_thread(thread, by=house.admin)
    other = InboundEmail.objects.get(uid=2).raw
    assert other is not None
    assert blobs.read(other) == others
    rest = slice(other.offset, other.offset + other.length)
    assert before[rest].strip(b"\0")
    assert pack.read_bytes().replace(before[rest], b"").strip(b"\0") == b""


def test_it_stays_deleted_however_the_server_shows_it(house: House) -> None:
    raws = a_mail(1), a_mail(2, In_Reply_To="<m1@outside.test>")
    fetched(house, *raws)
    delete_thread(Thread.objects.get(), by=house.admin)
    for _time in range(10):
        fetched(house, *raws)
    fetched(house, *raws, uidvalidity=6, first=20)
    receive_one(raws[0], mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    assert not Thread.objects.exists()
    again = InboundEmail.objects.filter(uidvalidity=6)
    assert {(row.status, row.code, row.raw_id) for row in again} == {("duplicate", "deleted", None)}


def test_an_answer_to_it_opens_a_new_conversation(house: House) -> None:
    thread = a_conversation(house)
    delete_thread(thread, by=house.admin)
    fetched(
        house, a_mail(3, In_Reply_To="<m2@outside.test>", References="<m1@outside.test>"), first=9
    )
    assert Thread.objects.get().key != thread.key
    assert Message.objects.count() == 1


def test_others_keep_their_mail_and_the_same_bytes(house: House) -> None:
    thread = a_conversation(house)
    fetched(house, a_mail(8, From="dora@outside.test", Subject="Else"), first=8)
    other = Message.objects.get(from_email="dora@outside.test")
    shared = make_attachment(thread.messages.first(), content=b"a logo")
    kept = make_attachment(other, content=b"a logo")
    Attachment.objects.filter(pk=kept.pk).update(blob=shared.blob)
    delete_thread(thread, by=house.admin)
    kept.refresh_from_db()
    assert blobs.read(kept.blob) == b"a logo"
    assert Thread.objects.get() == other.thread
    assert TicketUpdate.objects.filter(thread_key=other.thread.key).exists()


def test_threads_that_were_merged_into_it_go_too(house: House) -> None:
    thread = a_conversation(house)
    Thread.objects.create(subject="x", merged_into=thread)
    delete_thread(thread, by=house.admin)
    assert not Thread.objects.exists()


def test_what_is_being_sent_is_waited_for(house: House) -> None:
    thread = a_conversation(house)
    make_message(thread.sessions.get(), direction="out", status="sending")
    with pytest.raises(Conflict) as refused:
        delete_thread(thread, by=house.admin)
    assert (refused.value.code, ThreadDeletion.objects.count()) == ("being-sent", 0)
    assert thread.messages.count() == 3


def test_only_an_administrator_deletes(house: House) -> None:
    thread = a_conversation(house)
    for user in (house.irene, house.alice.user, house.auditor, house.robot):
        with pytest.raises(Forbidden):
            delete_thread(thread, by=user)
    assert thread.messages.count() == 2


def test_the_storage_gives_its_copies_back(house: House) -> None:
    thread = a_conversation(house)
    day = thread.created_at.date()
    outbox.plan(
        [
            Wanted(
                kind=Kind.JSON, key=key, name=f"{key}.json", day=day, thread_key=of, content=b"{}"
            )
            for key, of in (("mine", thread.key), ("another", "T0"))
        ]
    )
    delete_thread(thread, by=house.admin)
    rows = {row.key: (row.status, row.blob_id is None) for row in StoredObject.objects.all()}
    assert rows == {"mine": ("leaving", True), "another": ("planned", False)}


def test_the_search_finds_nothing_of_it(house: House) -> None:
    thread = a_conversation(house)
    pks = list(thread.messages.values_list("pk", flat=True))
    assert search.MESSAGES.known(pks) == set(pks)
    delete_thread(thread, by=house.admin)
    assert search.MESSAGES.known(pks) == set()


def test_by_the_api_with_a_confirmation(house: House, client) -> None:
    session = a_conversation(house).sessions.get()
    url = f"/api/v1/sessions/{session.public_id}/"
    headers = token_of(house.admin)
    assert client.delete(url, headers=headers).json()["code"] == "confirm"
    confirmed = f"{url}?confirm={session.public_id}"
    assert client.delete(confirmed, headers=token_of(house.irene)).status_code == 403
    assert client.delete(confirmed, headers=token_of(house.charlie.user)).status_code == 404
    assert Thread.objects.exists()
    receipt = client.delete(confirmed, headers=headers)
    assert (receipt.status_code, receipt.json()["messages"], receipt.json()["by"]) == (
        200,
        2,
        "admin",
    )
    assert client.delete(confirmed, headers=headers).status_code == 404
