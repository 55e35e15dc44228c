"""Who may release which file, and what a session remembers of its files."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.attachments import rescan
from apps.attachments.models import Attachment, Verdict, VerdictChange
from apps.tickets import file_verdicts
from apps.tickets.models import Message, SessionEvent
from tests.calls import Caller, problem
from tests.people import House, make_attachment, make_house, make_message, make_session
from tests.servers.clamd import FOUND, FakeClamd, well

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


@pytest.fixture
def message(house: House) -> Message:
    return make_message(make_session(house.support, agent=house.alice))


@pytest.fixture
def locked(message: Message) -> Attachment:
    known = {"engine": "ClamAV 1.4.6", "signature_version": "27800"}
    return make_attachment(message, verdict="withheld", reason="encrypted", **known)


@pytest.mark.contract("1.5.e")
def test_a_supervisor_releases_a_locked_file_and_the_session_remembers(
    house: House, locked: Attachment
) -> None:
    answer = Caller(house.irene).post(f"attachments/{locked.pk}/release/").json()
    assert (answer["verdict"], answer["reason"]) == ("clean", "released:irene")
    assert answer["content_url"]
    locked.refresh_from_db()
    assert (locked.engine, locked.signature_version) == ("ClamAV 1.4.6", "27800")
    event = SessionEvent.objects.get(kind="released")
    assert (event.by, event.before, event.after) == (house.irene, "withheld", "clean")
    assert event.facts["attachment"] == locked.pk
    change = VerdictChange.objects.get()
    assert (change.by, change.before_reason) == (house.irene, "encrypted")


@pytest.mark.contract("1.5.e")
def test_then_its_agent_may_download_it(house: House, locked: Attachment) -> None:
    alice = Caller(house.alice.user)
    assert alice.get(f"attachments/{locked.pk}/content/").status_code == 403
    Caller(house.admin).post(f"attachments/{locked.pk}/release/")
    assert alice.get(f"attachments/{locked.pk}/content/").status_code == 200


@pytest.mark.contract("1.5.e")
def test_nobody_else_releases_it(house: House, locked: Attachment) -> None:
    refusals = {
        house.alice.user: (403, "role-required"),
        house.charlie.user: (404, "not-found"),
        house.auditor: (403, "read-only"),
        house.robot: (403, "person-required"),
    }
    for user, refusal in refusals.items():
        assert problem(Caller(user).post(f"attachments/{locked.pk}/release/")) == refusal
    locked.refresh_from_db()
    assert locked.verdict == Verdict.WITHHELD


@pytest.mark.contract("1.5.e")
@pytest.mark.parametrize(
    ("verdict", "reason", "refusal"),
    [
        ("infected", "infected:Eicar", (422, "not-releasable")),
        ("refused", "type-denied", (422, "not-releasable")),
        ("withheld", "too-big", (422, "not-releasable")),
        ("withheld", "unscannable", (422, "not-releasable")),
        ("waiting", "scanner-down", (409, "file-waiting")),
        ("clean", "", (409, "already-clean")),
    ],
)
def test_no_other_file_is_ever_released(
    house: House, locked: Attachment, verdict: str, reason: str, refusal: tuple[int, str]
) -> None:
    Attachment.objects.update(verdict=verdict, reason=reason)
    assert problem(Caller(house.admin).post(f"attachments/{locked.pk}/release/")) == refusal
    locked.refresh_from_db()
    assert (locked.verdict, locked.reason) == (verdict, reason)


@pytest.mark.contract("1.5.e")
def test_a_locked_file_that_no_scanner_has_read_is_not_released(
    house: House, locked: Attachment
) -> None:
    Attachment.objects.update(engine="")
    answer = Caller(house.admin).post(f"attachments/{locked.pk}/release/")
    assert problem(answer) == (422, "not-releasable")


@pytest.mark.contract("1.5.e")
def test_the_second_of_two_supervisors_is_too_late(house: House, locked: Attachment) -> None:
    Caller(house.irene).post(f"attachments/{locked.pk}/release/")
    answer = Caller(house.admin).post(f"attachments/{locked.pk}/release/")
    assert problem(answer) == (409, "already-clean")
    locked.refresh_from_db()
    assert locked.reason == "released:irene"


# ---- the console ----------------------------------------------------------------------------------


@pytest.mark.contract("1.5.e")
def test_the_console_offers_it_to_those_who_may(
    house: House, message: Message, locked: Attachment, client: Client
) -> None:
    address = reverse("desk-session", args=[message.session.public_id])
    for user, offered in ((house.irene, True), (house.admin, True), (house.alice.user, False)):
        client.force_login(user)
        file = client.get(address).json()["messages"][0]["files"][0]
        assert file["may_release"] == offered


@pytest.mark.contract("1.5.e")
def test_its_button_releases_and_says_so(
    house: House, message: Message, locked: Attachment, client: Client
) -> None:
    client.force_login(house.irene)
    said = _release(client, message.session.public_id, locked).json()["said"]
    told = client.get(reverse("desk-session", args=[message.session.public_id])).json()
    file = told["messages"][0]["files"][0]
    assert said.startswith("Released: the file can be downloaded")
    assert (file["reason"], file["may_release"]) == ("released by irene", False)


def test_a_file_of_another_conversation_is_not_there(
    house: House, message: Message, locked: Attachment, client: Client
) -> None:
    client.force_login(house.irene)
    other = make_session(house.support)
    assert _release(client, other.public_id, locked).status_code == 404


def _release(client: Client, session: str, file: Attachment) -> Any:
    address = reverse("desk-release", args=[session])
    body = {"attachment": str(file.pk)}
    return client.post(address, body, content_type="application/json")


# ---- found later ----------------------------------------------------------------------------------


@pytest.mark.contract("1.5.a")
def test_a_file_found_infected_later_is_closed_and_remembered_once(
    house: House,
    message: Message,
    fake_clamd: FakeClamd,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    since = message.created_at
    file = make_attachment(message, content=b"bad", decided_at=since, signature_version="1")
    fake_clamd.script = lambda content: FOUND if content == b"bad" else well(content)
    with django_capture_on_commit_callbacks(execute=True):
        rescan.scan_again()
    file_verdicts.remember_found([file.pk])
    event = SessionEvent.objects.get(kind="found-later")
    assert event.facts["attachment"] == file.pk
    assert event.facts["clean_since"] == since.isoformat() and not event.facts["sent_out"]
    answer = Caller(house.alice.user).get(f"attachments/{file.pk}/content/")
    assert problem(answer) == (403, "file-not-clean")
