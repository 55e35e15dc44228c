"""Tickets that are gone, locked or merged on the other side, and what the connection says of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.attachments.models import Attachment, Verdict
from apps.core import blobs
from apps.crm import lost
from apps.crm.connectors.base import CrmError, Entry, Most, TicketRef
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate
from apps.crm.posting import post_updates
from apps.crm.updates import Planned, leave_out, plan, rebuild
from tests.crm.scripted import TIMES_OUT_AFTER, TIMES_OUT_BEFORE, ScriptedCrm
from tests.people import crm_connection

pytestmark = pytest.mark.django_db

GONE = CrmError("Ticket 1 has been deleted.", code="gone", permanent=True)
SURVIVOR = TicketRef("99", "http://crm.test/99")
MERGED = CrmError("Merged.", code="merged", permanent=True, merged_into=SURVIVOR)


@pytest.fixture
def thread(crm: ScriptedCrm) -> ScriptedCrm:
    """With its ticket 1, and a second mail to be told."""
    plan([planned("standard", "first"), planned("link", "1")])
    post_updates(["T1"])
    plan([planned("link", "2")])
    return crm


def planned(kind: str, key: str) -> Planned:
    return Planned("T1", kind, key, "Subject", f"{kind} {key}")


def chosen(**choice: str) -> None:
    CrmConnection.objects.filter(pk=crm_connection().pk).update(**choice)


def told() -> list[tuple[str, str]]:
    return list(TicketUpdate.objects.order_by("pk").values_list("text", "status"))


def test_a_deleted_ticket_stops_the_thread_until_a_person_decides(thread: ScriptedCrm) -> None:
    thread.script, thread.error = [TIMES_OUT_BEFORE], GONE
    post_updates(["T1"])
    row = TicketUpdate.objects.last()
    assert row is not None
    assert (row.status, row.error) == ("failed", GONE.sentence)


def test_by_choice_a_new_ticket_is_opened_and_introduced(thread: ScriptedCrm) -> None:
    chosen(deleted_ticket="new")
    thread.script, thread.error = [TIMES_OUT_BEFORE], GONE
    post_updates(["T1"])
    assert [one[0] for one in thread.comments] == ["1", "1", "2", "2"]
    assert thread.texts() == ["standard first", "link 1", "standard first", "link 2"]
    link = TicketLink.objects.get()
    assert (link.ticket, link.marker) == ("2", "T1.2")
    assert [one["ticket"] for one in link.former] == ["1"]
    assert link.former[0]["why"] == GONE.sentence


def test_a_crash_while_opening_it_opens_no_third(thread: ScriptedCrm) -> None:
    chosen(deleted_ticket="new")
    thread.script, thread.error = [TIMES_OUT_BEFORE, TIMES_OUT_AFTER], GONE
    post_updates(["T1"])
    TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    TicketUpdate.objects.filter(status="failed").update(status="planned")
    thread.script = [TIMES_OUT_BEFORE]
    post_updates(["T1"])
    assert len(thread.tickets) == 2
    assert TicketLink.objects.get().ticket == "2"


def test_a_crash_before_it_is_introduced_leaves_the_thread_to_be_introduced(
    thread: ScriptedCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(deleted_ticket="new")
    tell = thread.add_comment

    def tell_all_but_the_first(entry: Entry) -> None:
        if entry.ticket.id == "1":
            raise GONE
        tell(entry)

    def die(_thread_key: str) -> None:
        raise SystemExit

    monkeypatch.setattr(thread, "add_comment", tell_all_but_the_first)
    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(lost, "_introduce_again", die)
        post_updates(["T1"])
    post_updates(["T1"])
    assert thread.texts()[2:] == ["standard first", "link 2"]
    assert len(thread.tickets) == 2


@pytest.mark.parametrize("code", ["gone", "merged"])
def test_a_thread_whose_every_ticket_is_lost_waits_for_a_person(
    thread: ScriptedCrm, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A rule of the CRM closes what we open, or two tickets are merged into each other."""
    chosen(deleted_ticket="new")
    asked: list[str] = []

    def lose(entry: Entry) -> None:
        asked.append(entry.ticket.id)
        assert len(asked) < 50
        into = SURVIVOR if code == "merged" else None
        raise CrmError("Lost.", code=code, permanent=True, merged_into=into)

    monkeypatch.setattr(thread, "add_comment", lose)
    post_updates(["T1"])
    assert len(asked) == lost.MOST_AN_HOUR + 1
    assert "failed" in {status for _text, status in told()}


def test_a_merged_ticket_is_followed(thread: ScriptedCrm) -> None:
    thread.script, thread.error = [TIMES_OUT_BEFORE], MERGED
    post_updates(["T1"])
    assert thread.comments[-1][0] == "99"
    assert len(thread.comments) == 3  # the survivor is not introduced: it knows the thread
    assert TicketLink.objects.get().url == SURVIVOR.url


def test_after_a_merge_nothing_is_written_twice(thread: ScriptedCrm) -> None:
    thread.script, thread.error = [TIMES_OUT_BEFORE], MERGED
    post_updates(["T1"])
    moved = [(SURVIVOR.id, *one[1:]) for one in thread.comments]  # as a CRM does it
    thread.comments = list(dict.fromkeys(moved))
    rebuild("T1")
    post_updates(["T1"])
    assert thread.texts() == ["standard first", "link 1", "link 2"]


def test_a_merge_stops_by_choice(thread: ScriptedCrm) -> None:
    chosen(merged_ticket="stop")
    thread.script, thread.error = [TIMES_OUT_BEFORE], MERGED
    post_updates(["T1"])
    assert told()[-1] == ("link 2", "failed")


def test_what_is_left_out_lets_the_others_pass(thread: ScriptedCrm) -> None:
    thread.script, thread.error = [TIMES_OUT_BEFORE], CrmError("No.", permanent=True)
    plan([planned("link", "3")])
    post_updates(["T1"])
    assert leave_out([TicketUpdate.objects.get(text="link 2").pk]) == 1
    post_updates(["T1"])
    assert told()[-2:] == [("link 2", "skipped"), ("link 3", "posted")]
    assert thread.texts()[-1] == "link 3"


def test_rebuilding_writes_only_what_is_missing(thread: ScriptedCrm) -> None:
    post_updates(["T1"])
    del thread.comments[1]
    assert rebuild("T1") == 3
    post_updates(["T1"])
    assert thread.texts() == ["standard first", "link 2", "link 1"]
    assert {status for _text, status in told()} == {"posted"}


def test_a_file_too_large_for_the_crm_is_left_out_with_its_reason(crm: ScriptedCrm) -> None:
    crm.most = Most(file=2 * 2**20)
    large = blobs.store(bytes(2 * 2**20 + 1))
    plan([Planned("T1", "file", "1", "Subject", "scan.pdf", blob=large), planned("link", "1")])
    post_updates(["T1"])
    row = TicketUpdate.objects.get(kind="file")
    assert (row.status, row.error) == (
        "skipped",
        "scan.pdf is larger than the CRM takes (2 MB).",
    )
    assert crm.texts() == ["link 1"]


def test_the_pdf_of_a_thread_takes_the_place_of_the_one_before(crm: ScriptedCrm) -> None:
    for number in ("1", "2"):
        pdf = blobs.store(b"%PDF " + number.encode())
        plan([Planned("T1", "pdf", number, "Subject", f"email-E1-{number}.pdf", blob=pdf)])
        post_updates(["T1"])
    assert [name for _marker, name, _content in crm.files] == ["email-E1-2.pdf"]
    rebuild("T1")
    post_updates(["T1"])
    assert [name for _marker, name, _content in crm.files] == ["email-E1-2.pdf"]


def test_the_one_before_goes_although_the_answer_was_lost(crm: ScriptedCrm) -> None:
    for number, script in (("1", []), ("2", [TIMES_OUT_AFTER])):
        crm.script = script
        pdf = blobs.store(b"%PDF " + number.encode())
        plan([Planned("T1", "pdf", number, "Subject", f"email-E1-{number}.pdf", blob=pdf)])
        post_updates(["T1"])
    TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    post_updates(["T1"])
    assert [name for _marker, name, _content in crm.files] == ["email-E1-2.pdf"]


def test_a_file_found_infected_since_is_not_written_again(crm: ScriptedCrm) -> None:
    blob = blobs.store(b"%PDF")
    plan([Planned("T1", "file", "1", "Subject", "a.pdf", blob=blob), planned("link", "1")])
    post_updates(["T1"])
    Attachment.objects.create(
        name="a.pdf", size=4, sha256=blob.sha256, blob=blob, verdict=Verdict.INFECTED
    )
    crm.files.clear()  # by an agent of the CRM, for good reason
    assert rebuild("T1") == 1
    post_updates(["T1"])
    assert crm.files == []
