"""The outbox of the storage: planned with its cause, put once, tried again, removed again."""

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import blobs
from apps.core.models import Blob
from apps.storage import outbox, places, placing, storing
from apps.storage.backends.base import Content, StorageError
from apps.storage.backends.local import LocalBackend
from apps.storage.models import StorageSettings, StorageTarget, StoredObject
from apps.storage.outbox import Wanted, plan
from apps.storage.tasks import store_waiting
from tests.storage.conftest import Place

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 26)
Status = StoredObject.Status


def wanted(key: str = "1", **other: Any) -> Wanted:
    fields: dict[str, Any] = {
        "kind": "attachments",
        "name": "invoice.pdf",
        "day": DAY,
        "thread_key": "T1",
        "session_id": "E1",
        "queue": "Support",
        "direction": "in",
        "content": b"invoice",
    }
    return Wanted(key=key, **fields | other)


def use(place: Place, **other: Any) -> StorageTarget:
    target = place.target(**other)
    places.choose(target)
    return target


def put_all() -> None:
    """What the worker does, without the broker."""
    placing.place_due()
    for target_id in storing.targets_due():
        storing.put_due(target_id)


def due_again() -> None:
    StoredObject.objects.update(not_before=timezone.now() - timedelta(seconds=1))


def row(key: str = "1") -> StoredObject:
    return StoredObject.objects.get(key=key)


# ---- planning -----------------------------------------------------------------------------------


@pytest.mark.contract("1.4.c")
def test_pdfs_and_attachments_are_on_messages_and_raw_mails_off() -> None:
    assert outbox.wanted_kinds() == {"pdf", "attachments"}
    StorageSettings.objects.update(raw_on=True, pdf_on=False)
    assert outbox.wanted_kinds() == {"raw", "attachments"}


def test_what_is_planned_twice_is_one_object() -> None:
    plan([wanted(content=b"a")])
    plan([wanted(content=b"b"), wanted("2")])
    assert [(one.key, one.size) for one in StoredObject.objects.order_by("pk")] == [
        ("1", 1),
        ("2", 7),
    ]
    assert Blob.objects.count() == 2


def test_planning_asks_as_little_for_many_as_for_one() -> None:
    def asked(some: Sequence[Wanted]) -> int:
        with CaptureQueriesContext(connection) as queries:
            plan(some)
        return len(queries)

    blob = blobs.store(b"x")
    few = asked([wanted("0", content=None, blob=blob)])
    many = asked([wanted(str(n), content=None, blob=blob) for n in range(1, 30)])
    assert few == many <= 2


# ---- putting ------------------------------------------------------------------------------------


@pytest.mark.contract("1.3.h", "1.4.a")
def test_a_planned_file_is_put_below_the_default_path(place: Place) -> None:
    target = use(place)
    plan([wanted()])
    put_all()
    assert place.held() == {"2026/11/Support/E1/invoice.pdf": b"invoice"}
    there = row()
    assert (there.status, there.target, there.blob_id) == (Status.STORED, target, None)
    assert storing.read(there) == b"invoice"


@pytest.mark.contract("1.4.c")
def test_each_kind_has_its_own_path(local: Place) -> None:
    use(local)
    StorageSettings.objects.update(pdf_path="pdf/{THREAD_ID}", raw_path="raw/{DIRECTION}/{DATE}")
    plan([wanted("1", kind="pdf"), wanted("1", kind="raw", name="m.eml"), wanted("1")])
    put_all()
    assert set(local.held()) == {
        "pdf/T1/invoice.pdf",
        "raw/in/2026-11-26/m.eml",
        "2026/11/Support/E1/invoice.pdf",
    }


def test_what_was_made_for_the_storage_alone_is_not_kept_beside_it(local: Place) -> None:
    use(local)
    kept = blobs.store(b"kept")
    plan([wanted("1"), wanted("2", content=None, blob=kept)])
    put_all()
    assert [one.pk for one in Blob.objects.all()] == [kept.pk]


def test_files_of_one_name_get_numbers_and_queues_that_look_alike_their_own_folder(
    local: Place,
) -> None:
    use(local)
    plan([wanted("1"), wanted("2", content=b"other"), wanted("3", name="INVOICE.pdf")])
    plan([wanted("4", queue="A/B"), wanted("5", queue="A_B")])
    put_all()
    paths = [one.path for one in StoredObject.objects.order_by("pk")]
    assert paths[:3] == [
        f"2026/11/Support/E1/{name}" for name in ("invoice.pdf", "invoice-2.pdf", "INVOICE.pdf")
    ]
    assert paths[3].startswith("2026/11/A_B~") and paths[4] == "2026/11/A_B/E1/invoice.pdf"
    assert len(local.held()) == 5


def test_a_stranger_at_the_path_stays_and_ours_gets_a_number(place: Place) -> None:
    use(place)
    path = "2026/11/Support/E1/invoice{}.pdf"
    place.put(path.format(""), b"a stranger's")
    place.put(path.format("-2"), b"another stranger's")
    plan([wanted()])
    put_all()
    assert row().path == path.format("-3")
    assert place.held()[path.format("")] == b"a stranger's"
    assert storing.read(row()) == b"invoice"


def test_what_a_crash_left_there_is_found_and_not_sent_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(place)
    plan([wanted()])
    with monkeypatch.context() as patch:
        patch.setattr(storing, "crashpoint", _crash)
        with pytest.raises(KeyboardInterrupt):
            put_all()
    assert (row().status, row().tries) == (Status.PLANNED, 1)
    with monkeypatch.context() as patch:
        patch.setattr(f"{_class(place)}.create", _never)
        put_all()
    assert (row().status, len(place.held())) == (Status.STORED, 1)


def _crash(name: str) -> None:
    raise KeyboardInterrupt


def _never(*_words: object) -> None:
    raise AssertionError("sent again")


def _class(place: Place) -> str:
    names = {"s3": "S3", "sftp": "Sftp", "azure": "Azure", "google": "Google", "local": "Local"}
    return f"apps.storage.backends.{place.backend}.{names[place.backend]}Backend"


# ---- trouble ------------------------------------------------------------------------------------


def failing(monkeypatch: pytest.MonkeyPatch, code: str, *, permanent: bool = False) -> None:
    def create(*_words: object) -> None:
        raise StorageError("No luck.", code=code, permanent=permanent)

    monkeypatch.setattr(LocalBackend, "create", create)


def waits() -> float:
    return (row().not_before - timezone.now()).total_seconds()


def test_each_try_waits_longer_an_hour_at_most(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted()])
    failing(monkeypatch, "damaged")
    seen = []
    for _try in range(storing.MAX_TRIES - 1):
        put_all()
        seen.append(round(waits(), -1))
        due_again()
    assert seen == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    put_all()
    assert (row().status, row().error) == (Status.FAILED, "No luck.")


def test_what_cannot_ever_work_fails_at_once_and_may_be_tried_again(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted()])
    with monkeypatch.context() as patch:
        failing(patch, "refused", permanent=True)
        put_all()
    assert (row().status, row().error, row().tries) == (Status.FAILED, "No luck.", 1)
    assert outbox.try_again([row().pk]) == 1
    put_all()
    assert row().status == Status.STORED


def test_a_place_that_is_down_is_asked_once_and_uses_up_no_tries(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted(str(number)) for number in range(50)])
    failing(monkeypatch, "unreachable")
    for _try in range(30):
        put_all()
        due_again()
    planned = StoredObject.objects.filter(status=Status.PLANNED)
    assert planned.count() == 50
    assert sum(planned.values_list("tries", flat=True)) == storing.TRIES_OF_PLACE
    assert set(planned.values_list("error", flat=True)) == {"No luck."}
    failing(monkeypatch, "damaged")
    put_all()
    assert planned.count() == 50


def test_a_place_that_is_down_is_asked_less_and_less(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever files there are: a server that is asked too often locks us out."""
    use(local)
    plan([wanted(str(number)) for number in range(1, 30)])
    failing(monkeypatch, "key")
    seen = []
    for _try in range(8):
        put_all()
        seen.append(round(waits(), -1))
        StoredObject.objects.update(not_before=F("not_before") - timedelta(hours=1))
    assert seen == [30, 60, 120, 240, 480, 600, 600, 600]


def test_what_cannot_be_removed_is_counted_within_bounds(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted()])
    put_all()
    outbox.withdraw("attachments", ["1"])
    StoredObject.objects.update(tries=32_000)  # of 32,767 that PostgreSQL can count

    def delete(*_words: object) -> None:
        raise StorageError("No luck.", code="refused")

    monkeypatch.setattr(LocalBackend, "delete", delete)
    put_all()
    assert (row().status, row().tries) == (Status.LEAVING, storing.MAX_TRIES)
    assert round(waits(), -1) == storing.LONGEST_WAIT


def test_a_place_that_is_down_holds_up_no_other(local: Place, s3: Place) -> None:
    old = use(s3)
    plan([wanted(str(number)) for number in range(30)])
    put_all()
    use(local)
    StorageTarget.objects.filter(pk=old.pk).update(endpoint="http://127.0.0.1:9")
    outbox.withdraw("attachments", [str(number) for number in range(30)])
    plan([wanted("new")])
    put_all()
    assert row("new").status == Status.STORED
    assert StoredObject.objects.filter(status=Status.LEAVING, target=old).count() == 30


def test_bytes_that_are_lost_here_fail_visibly(local: Place) -> None:
    use(local)
    plan([wanted()])
    Blob.objects.update(pack="0" * 32)
    put_all()
    assert (row().status, "cannot be read" in row().error) == (Status.FAILED, True)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EIO, errno.ESTALE])
def test_a_machine_in_trouble_is_not_the_fault_of_the_bytes(
    local: Place, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    use(local)
    plan([wanted()])

    def pieces(*_words: object) -> Iterator[bytes]:
        raise OSError(number, "for a while")
        yield b""

    with monkeypatch.context() as patch:
        patch.setattr(blobs, "pieces", pieces)
        put_all()
    assert (row().status, "cannot be read" in row().error) == (Status.PLANNED, True)
    due_again()
    put_all()
    assert row().status == Status.STORED


def test_a_secret_that_no_key_opens_makes_the_files_wait(s3: Place) -> None:
    target = use(s3)
    StorageTarget.objects.filter(pk=target.pk).update(secret="gAAAA-of-another-key")
    plan([wanted()])
    put_all()
    assert (row().status, "CARTERIA_KEY" in row().error) == (Status.PLANNED, True)


def test_many_small_files_are_asked_about_as_little_as_one(local: Place) -> None:
    def asked(keys: range) -> int:
        plan([wanted(str(n), name=f"{n}.pdf", content=None, blob=blob) for n in keys])
        with CaptureQueriesContext(connection) as queries:
            put_all()
        return len([one for one in queries if "SAVEPOINT" not in one["sql"]])

    use(local)
    blob = blobs.store(b"x")
    asked(range(1))  # the lease of the place is new
    one, many = asked(range(1, 2)), asked(range(2, storing.AT_ONCE + 2))
    assert one == many <= 12


def test_a_slow_file_does_not_keep_back_what_is_done(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some seconds what is there is recorded; each is tried once all the same."""
    use(local)
    plan([wanted(str(number)) for number in range(5)])
    monkeypatch.setattr(storing, "TICK", -1)
    seen: list[int] = []
    real = LocalBackend.create

    def create(self: LocalBackend, path: str, content: Any) -> None:
        seen.append(StoredObject.objects.filter(status=Status.STORED).count())
        real(self, path, content)

    monkeypatch.setattr(LocalBackend, "create", create)
    put_all()
    assert seen == [0, 1, 2, 3, 4]
    assert set(StoredObject.objects.values_list("status", "tries")) == {(Status.STORED, 1)}


@pytest.mark.django_db(transaction=True)
def test_a_file_that_takes_longer_than_a_lease_stays_ours_and_its_place_too(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """25 MB on a slow line: a second worker at the same part would spoil what the first writes."""
    target = use(local)
    plan([wanted(content=bytes(3 * blobs.PIECE))])
    placing.place_due()
    monkeypatch.setattr(storing, "LEASE", 1)
    monkeypatch.setattr(storing, "TICK", 0.2)
    due: list[bool] = []
    real = LocalBackend.create

    def create(self: LocalBackend, path: str, content: Content) -> None:
        for _piece in content.pieces():
            time.sleep(0.7)
        due.append(storing._due().exists())
        with storing._one_of_the_workers(target.pk), storing._one_of_the_workers(target.pk) as two:
            due.append(two is not None)
        real(self, path, content)

    monkeypatch.setattr(LocalBackend, "create", create)
    storing.put_due(target.pk)
    assert due == [False, False]
    assert row().status == Status.STORED


def test_one_file_that_fails_keeps_back_no_other(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted(str(number), name=f"{number}.pdf") for number in range(5)])
    real = LocalBackend.create

    def create(self: LocalBackend, path: str, content: Any) -> None:
        if path.endswith("2.pdf"):
            raise StorageError("No luck.", code="damaged")
        real(self, path, content)

    monkeypatch.setattr(LocalBackend, "create", create)
    put_all()
    rows = StoredObject.objects.order_by("pk").values_list("status", "tries", "holder")
    stored, planned = (Status.STORED, 1, ""), (Status.PLANNED, 1, "")
    assert list(rows) == [stored, stored, planned, stored, stored]


def test_what_nobody_foresaw_is_a_failure_of_that_file_alone(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would break off each round, count no try, and keep back whatever comes after it."""
    use(local)
    plan([wanted(str(number), name=f"{number}.pdf") for number in range(5)])
    real = LocalBackend.create

    def create(self: LocalBackend, path: str, content: Any) -> None:
        if path.endswith("0.pdf"):
            raise ValueError("garbage")
        real(self, path, content)

    monkeypatch.setattr(LocalBackend, "create", create)
    put_all()
    assert [row(key).status for key in "01234"] == [Status.PLANNED] + [Status.STORED] * 4
    assert "could not do it: ValueError" in row("0").error
    for _try in range(storing.MAX_TRIES):
        due_again()
        put_all()
    assert (row("0").status, row("0").tries) == (Status.FAILED, storing.MAX_TRIES)


def test_one_path_that_is_taken_costs_no_other_file_its_own(local: Place) -> None:
    use(local)
    plan([wanted("1")])
    put_all()
    plan([wanted("2"), wanted("3"), wanted("4", name="b.pdf")])
    put_all()
    names = [row(key).path.rpartition("/")[2] for key in "234"]
    assert names == ["invoice-2.pdf", "invoice-3.pdf", "b.pdf"]


def test_two_workers_put_each_file_once(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one comes while the first has its rows."""
    target = use(local)
    plan([wanted(str(number)) for number in range(5)])
    placing.place_due()
    sent: list[str] = []
    real = LocalBackend.create

    def create(self: LocalBackend, path: str, content: Any) -> None:
        if not sent:
            sent.append(path)
            storing.put_due(target.pk)
        else:
            sent.append(path)
        real(self, path, content)

    monkeypatch.setattr(LocalBackend, "create", create)
    storing.put_due(target.pk)
    assert len(sent) == len(set(sent)) == 5


def test_a_name_too_often_in_one_folder_stops_nobody(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's logo below each mail, and a path without the session."""
    use(local)
    StorageSettings.objects.update(attachments_path="{YEAR}")
    monkeypatch.setattr(placing, "MOST_OF_ONE_NAME", 3)
    monkeypatch.setattr(placing, "TRIED_AT_ONCE", 1)
    plan([wanted(str(number), content=b"%d" % number) for number in range(5)])
    plan([wanted("other", name="other.pdf")])
    put_all()
    assert set(StoredObject.objects.values_list("status", flat=True)) == {Status.STORED}
    assert sorted(local.held().values()) == [b"0", b"1", b"2", b"3", b"4", b"invoice"]


# ---- tickets ------------------------------------------------------------------------------------


@pytest.fixture
def tickets(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    known: dict[str, str] = {}
    monkeypatch.setattr(
        outbox, "_tickets", lambda keys: {key: known[key] for key in keys if key in known}
    )
    return known


@pytest.mark.contract("1.4.a")
def test_a_path_with_the_ticket_waits_for_it_visibly(local: Place, tickets: dict[str, str]) -> None:
    use(local)
    StorageSettings.objects.update(attachments_path="{TICKET_ID}/{QUEUE}")
    plan([wanted(), wanted("2", thread_key="T2")])
    tickets["T2"] = "17"
    put_all()
    assert row("2").path == "17/Support/invoice.pdf"
    assert (row().status, row().tries, row().path) == (Status.PLANNED, 0, "")
    assert "Waits for the number of its ticket" in row().error
    tickets["T1"] = "a/b"
    due_again()
    put_all()
    assert (row().status, row().error) == (Status.STORED, "")
    assert row().path.startswith("a_b~")


def test_another_path_frees_what_waits_for_a_ticket(local: Place, tickets: dict[str, str]) -> None:
    use(local)
    StorageSettings.objects.update(attachments_path="{TICKET_ID}")
    plan([wanted()])
    put_all()
    StorageSettings.objects.update(attachments_path="{QUEUE}")
    due_again()
    put_all()
    assert row().path == "Support/invoice.pdf"


# ---- another place, and away again --------------------------------------------------------------


@pytest.mark.contract("1.4.b")
def test_after_a_change_of_place_old_files_are_read_where_they_are(
    local: Place, place: Place
) -> None:
    if place.backend == "local":
        place.fields["root"] += "-other"
    use(place)
    plan([wanted("old")])
    put_all()
    use(local)
    plan([wanted("new")])
    put_all()
    assert row("old").target != row("new").target
    assert [storing.read(row(key)) for key in ("old", "new")] == [b"invoice"] * 2


def test_what_never_arrived_goes_to_the_new_place(s3: Place, local: Place) -> None:
    use(s3, endpoint="http://127.0.0.1:9")
    plan([wanted()])
    put_all()
    assert "nobody answers there" in row().error
    use(local)
    put_all()
    assert (row().status, len(local.held())) == (Status.STORED, 1)


def test_what_was_just_being_tried_at_the_old_place_follows(
    s3: Place, local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that does not answer holds its files for a while: that is when it is changed."""
    old = use(s3)
    plan([wanted(str(number)) for number in range(3)])
    placing.place_due()

    def create(*_words: object) -> None:
        use(local)
        raise StorageError("No luck.", code="timeout")

    monkeypatch.setattr("apps.storage.backends.s3.S3Backend.create", create)
    storing.put_due(old.pk)
    put_all()
    assert {row(key).status for key in "012"} == {Status.STORED}
    assert len(local.held()) == 3


@pytest.mark.contract("1.3.g")
def test_a_newer_pdf_takes_the_place_of_the_older_one(place: Place) -> None:
    use(place)
    plan([wanted("1", kind="pdf", name="email-E1-1.pdf")])
    put_all()
    plan([wanted("2", kind="pdf", name="email-E1-2.pdf", replaces="1", content=b"newer")])
    put_all()
    put_all()
    assert place.held() == {"2026/11/Support/E1/email-E1-2.pdf": b"newer"}
    assert row("1").status == Status.REMOVED


def test_an_older_pdf_that_was_not_put_yet_is_left_out(local: Place) -> None:
    use(local)
    plan([wanted("2", kind="pdf", replaces="1"), wanted("1", kind="pdf", content=b"older")])
    StoredObject.objects.filter(key="1").update(not_before=timezone.now() + timedelta(hours=1))
    put_all()
    put_all()
    assert (row("1").status, list(local.held().values())) == (Status.REMOVED, [b"invoice"])


def test_what_is_withdrawn_leaves_its_place(place: Place) -> None:
    use(place)
    plan([wanted("1"), wanted("2", name="b.pdf"), wanted("3", name="c.pdf")])
    StoredObject.objects.filter(key="3").update(not_before=timezone.now() + timedelta(hours=1))
    put_all()
    assert outbox.withdraw("attachments", ["1", "3", "nothing"]) == 2
    put_all()
    assert list(place.held()) == ["2026/11/Support/E1/b.pdf"]
    assert [row(key).status for key in "123"] == [Status.REMOVED, Status.STORED, Status.REMOVED]


def test_a_stranger_in_the_place_of_a_withdrawn_file_stays(local: Place) -> None:
    use(local)
    plan([wanted()])
    put_all()
    local.put(row().path, b"changed by hand")
    outbox.withdraw("attachments", ["1"])
    put_all()
    assert (row().status, list(local.held().values())) == (Status.REMOVED, [b"changed by hand"])


def test_what_is_withdrawn_while_it_is_put_leaves_afterwards(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(local)
    plan([wanted()])
    with monkeypatch.context() as patch:
        patch.setattr(storing, "crashpoint", lambda _n: outbox.withdraw("attachments", ["1"]))
        put_all()
    assert (row().status, local.held()) == (Status.REMOVED, {})


# ---- waking -------------------------------------------------------------------------------------


def test_a_plan_wakes_the_worker_once_it_is_committed(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(store_waiting, "apply_async", lambda *_a, **_k: woken.append("woken"))
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        plan([wanted()])
        assert woken == []
    assert woken == ["woken"]


def test_the_sweep_wakes_one_task_for_each_place(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = use(local)
    plan([wanted(str(number)) for number in range(3)])
    woken: list[int] = []
    monkeypatch.setattr("apps.storage.tasks.wake", lambda _task, place: woken.append(place))
    store_waiting()
    assert woken == [target.pk]


@pytest.mark.django_db(transaction=True)
def test_no_more_than_two_workers_put_files_in_one_place(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = use(local)
    plan([wanted(str(number)) for number in range(3)])
    placing.place_due()
    with storing._one_of_the_workers(target.pk), storing._one_of_the_workers(target.pk) as two:
        assert two is not None
        storing.put_due(target.pk)
        assert local.held() == {}
    storing.put_due(target.pk)
    assert len(local.held()) == 3
