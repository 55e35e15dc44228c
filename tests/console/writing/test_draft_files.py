"""The composer's files, as a browser asks for them: verdicts in words, limits, every bad upload."""

from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client

from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.signals import attachments_screened
from apps.channels.models import ChannelSettings
from apps.core import live
from apps.tickets.models import Message, Session, StagedFile
from tests.calls import problem
from tests.console.writing.conftest import Composer, Sit
from tests.people import House

PNG = b"\x89PNG\r\n\x1a\n not really"


@pytest.fixture
def draft(alice: Composer, session: Session) -> dict[str, Any]:
    return alice.begin(session)


def files_of(composer: Composer, draft: dict[str, Any]) -> Any:
    return composer.get(f"drafts/{draft['id']}/files/").json()["files"]


def remove(composer: Composer, draft: dict[str, Any], pk: str) -> Any:
    return composer.post(f"drafts/{draft['id']}/files/{pk}/remove/")


def judge(verdict: Verdict, reason: str = "") -> None:
    Attachment.objects.update(verdict=verdict, reason=reason)


def test_an_upload_answers_with_its_row_and_what_is_left(
    alice: Composer, draft: dict[str, Any]
) -> None:
    answer = alice.upload(draft, size="4")
    told = answer.json()
    assert answer.status_code == 201
    assert told["files"] == [told["file"]]
    file = told["file"]
    assert (file["name"], file["ext"], file["verdict"]) == ("receipt.txt", "TXT", "waiting")
    assert (file["stopped"], file["url"], file["cid"]) == (False, None, "")
    assert told["limits"].startswith("1 of 10 files, 0.1 of 25 MB used.")


def test_a_clean_picture_is_shown_to_its_author_alone(
    sit: Sit, house: House, alice: Composer, draft: dict[str, Any]
) -> None:
    file = alice.upload(draft, PNG, name="logo.png", type="image/png", inline="1").json()["file"]
    assert file["cid"].endswith("@picture")
    Attachment.objects.update(verdict=Verdict.CLEAN, detected_type="image/png")
    assert "preview" in files_of(alice, draft)[0]["url"]
    assert files_of(sit(house.bob.user), draft)[0]["url"] is None


@pytest.mark.parametrize(
    ("verdict", "reason", "words"),
    [
        (Verdict.WAITING, "scanner-down", "the virus scanner is not running"),
        (Verdict.REFUSED, "type-denied", "programs and archives are not accepted"),
        (Verdict.INFECTED, "infected:Some.Virus", "Some.Virus"),
        (Verdict.WITHHELD, "encrypted", "password-protected"),
    ],
)
def test_the_verdict_is_told_in_words(
    alice: Composer, draft: dict[str, Any], verdict: Verdict, reason: str, words: str
) -> None:
    alice.upload(draft)
    judge(verdict, reason)
    [file] = files_of(alice, draft)
    assert (file["verdict"], file["reason_code"]) == (verdict, reason)
    assert words in file["reason"]
    assert file["stopped"] is (verdict != Verdict.WAITING)


def test_the_author_alone_hears_of_the_verdict(
    house: House, alice: Composer, draft: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, str]] = []
    alice.upload(draft)
    monkeypatch.setattr("apps.console.live.push", lambda *news: told.append(news[:3]))
    attachments_screened.send(sender=None, attachment_ids=[Attachment.objects.get().pk])
    assert told == [(live.user_topic(house.alice.user_id), "staged.changed", draft["id"])]


def test_names_of_every_kind_are_kept_and_hide_nothing(
    alice: Composer, draft: dict[str, Any]
) -> None:
    name = 'Übersicht <b>"2026"</b> & \u202etxt.pdf'
    file = alice.upload(draft, name=name).json()["file"]
    assert "\u202e" not in file["name"]
    assert Attachment.objects.get().names == [name]  # judged with what was hidden in it


@pytest.mark.parametrize("name", ["a\x00b.txt", "", "x" * 5000])
def test_odd_names_break_nothing(alice: Composer, draft: dict[str, Any], name: str) -> None:
    answer = alice.upload(draft, name=name, type="\x00" * 300)
    assert answer.status_code == 201
    assert "\x00" not in answer.json()["file"]["name"]


# ---- limits ---------------------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_the_draft_says_the_limits_beforehand(
    house: House, alice: Composer, session: Session
) -> None:
    assert alice.begin(session)["limits"].startswith("Up to 10 files, 25 MB in all.")
    account = house.mailbox.account
    account.announced_size, account.announced_by = 10 * 2**20, account.sends_through
    account.save()
    limits = alice.begin(session)["limits"]
    assert "Up to 10 files, 7.3 MB in all." in limits
    assert (
        "The mail server of support@carteria.test takes no more than 10 MB in one mail." in limits
    )


@pytest.mark.contract("1.5.d")
def test_what_is_too_large_is_refused_before_it_is_read(
    alice: Composer, draft: dict[str, Any]
) -> None:
    with patch("django.http.HttpRequest.read", side_effect=AssertionError):
        answer = alice.upload(draft, b"", size=str(26 * 2**20))
        assert problem(answer) == (413, "files-too-big")
        assert answer.json()["detail"].startswith("Settings > Email > Attachments allow 25 MB")
        AttachmentSettings.objects.update(max_total_mb=1)
        assert alice.upload(draft, b"x" * (2**20 + 1)).status_code == 413


def test_the_eleventh_file_is_one_too_many(alice: Composer, draft: dict[str, Any]) -> None:
    for number in range(10):
        assert alice.upload(draft, name=f"{number}.txt").status_code == 201
    assert problem(alice.upload(draft, name="11.txt")) == (400, "too-many-files")


@pytest.mark.parametrize(("content", "size"), [(b"pa", "4"), (b"paid more", "4"), (b"", "4")])
def test_a_file_that_came_otherwise_than_announced_is_not_kept(
    alice: Composer, draft: dict[str, Any], content: bytes, size: str
) -> None:
    """It grew, it shrank, or the connection broke."""
    assert problem(alice.upload(draft, content, size=size)) == (400, "changed")
    assert not Attachment.objects.exists()


def test_a_connection_that_breaks_can_be_tried_again(
    alice: Composer, draft: dict[str, Any]
) -> None:
    with patch("django.http.HttpRequest.read", side_effect=OSError):
        assert problem(alice.upload(draft)) == (503, "broken")
    assert alice.upload(draft).status_code == 201


def test_a_full_disk_can_be_tried_again(alice: Composer, draft: dict[str, Any]) -> None:
    with patch("apps.core.blobs.write", side_effect=OSError(28, "full")):
        assert problem(alice.upload(draft)) == (503, "disk-full")
    assert alice.upload(draft).status_code == 201


# ---- who ------------------------------------------------------------------------------------------


def test_what_another_has_taken_takes_no_files(
    house: House, alice: Composer, draft: dict[str, Any]
) -> None:
    alice.upload(draft)
    Session.objects.update(agent=house.bob)
    assert problem(alice.upload(draft, name="b.txt")) == (409, "not-yours")
    ChannelSettings.objects.update(enabled=False)
    assert problem(alice.upload(draft, name="b.txt")) == (422, "channel-off")


def test_strangers_find_nothing(
    house: House, sit: Sit, alice: Composer, draft: dict[str, Any]
) -> None:
    pk = alice.upload(draft).json()["file"]["id"]
    bob, charlie = sit(house.bob.user), sit(house.charlie.user)
    assert problem(charlie.get(f"drafts/{draft['id']}/files/")) == (404, "not-found")
    for other in (bob, charlie):
        assert problem(other.upload(draft)) == (404, "not-found")
        assert problem(remove(other, draft, pk)) == (404, "not-found")
    assert StagedFile.objects.count() == 1


def test_an_upload_needs_the_token_of_the_page(house: House, draft: dict[str, Any]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.alice.user)
    assert Composer(strict).upload(draft).status_code == 403
    assert not StagedFile.objects.exists()


# ---- removed and sent -----------------------------------------------------------------------------


def test_removing_answers_what_is_left(alice: Composer, draft: dict[str, Any]) -> None:
    first = alice.upload(draft, name="a.txt").json()["file"]["id"]
    alice.upload(draft, name="b.txt")
    told = remove(alice, draft, first).json()
    assert [file["name"] for file in told["files"]] == ["b.txt"]
    assert told["limits"].startswith("1 of 10 files")
    assert problem(remove(alice, draft, first)) == (404, "not-found")


def test_send_takes_the_files_along(alice: Composer, draft: dict[str, Any]) -> None:
    for name in ("a.txt", "b.txt"):
        alice.upload(draft, name.encode(), name=name)
    alice.send(draft)
    message = Message.objects.get(direction="out")
    assert [one.attachment.name for one in message.files.all()] == ["a.txt", "b.txt"]


def test_a_stopped_file_is_named_and_removed_before_send(
    alice: Composer, draft: dict[str, Any]
) -> None:
    pk = alice.upload(draft, name="tool.exe").json()["file"]["id"]
    judge(Verdict.REFUSED, "type-denied")
    refused = alice.send(draft)
    assert problem(refused) == (409, "file-stopped")
    assert refused.json()["detail"] == "“tool.exe” is refused. Remove it, then send again."
    assert remove(alice, draft, pk).json()["files"] == []
    assert alice.send(draft).status_code == 202
