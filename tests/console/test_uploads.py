"""The composer's files, as a browser asks for them: verdicts in words, limits, every bad upload."""

import uuid
from typing import Any
from unittest.mock import patch
from urllib.parse import urlencode

import pytest
from django.test import Client

from apps.attachments.models import Attachment, AttachmentSettings, Verdict
from apps.attachments.signals import attachments_screened
from apps.channels.models import ChannelSettings
from apps.core import live
from apps.tickets.models import Message, Session, StagedFile
from tests.calls import problem
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session

FORM = uuid.uuid4().hex


class Composer:
    """One open form of Alice's."""

    def __init__(self, client: Client, session: Session) -> None:
        self.client, self.session = client, session
        self.path = f"/s/{session.public_id}/staged/"

    def upload(self, content: bytes = b"paid", **told: str) -> Any:
        told = {"form": FORM, "name": "receipt.txt", "type": "text/plain"} | told
        return self.client.post(
            f"{self.path}?{urlencode(told)}", content, content_type="application/octet-stream"
        )

    def look(self, form: str = FORM) -> Any:
        return self.client.get(self.path, {"form": form})

    def remove(self, pk: str) -> Any:
        return self.client.post(f"{self.path}{pk}/remove/")

    def send(self, *staged: str, **form: Any) -> Any:
        told = {"text": "Here.", "key": "k", "staging": FORM, "staged": staged} | form
        return self.client.post(f"/s/{self.session.public_id}/reply/", told, follow=True)


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    return session


@pytest.fixture
def composer(house: House, as_user: SignIn, session: Session) -> Composer:
    return Composer(as_user(house.alice.user), session)


def judge(verdict: Verdict, reason: str = "") -> None:
    Attachment.objects.update(verdict=verdict, reason=reason)


def test_an_upload_answers_with_its_row_and_what_is_left(composer: Composer) -> None:
    answer = composer.upload(size="4")
    told = answer.json()
    [file] = told["files"]
    assert (answer.status_code, told["id"]) == (201, file["id"])
    assert (file["name"], file["size"], file["verdict"]) == ("receipt.txt", 4, "waiting")
    assert 'data-test="verdict"' in file["html"] and "Waiting for scan" in file["html"]
    assert told["limits"].startswith("1 of 10 files, 0.1 of 25 MB used.")


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
    composer: Composer, verdict: Verdict, reason: str, words: str
) -> None:
    composer.upload()
    judge(verdict, reason)
    [file] = composer.look().json()["files"]
    assert (file["verdict"], file["reason"]) == (verdict, reason)
    assert words in file["html"]
    assert f'data-reason="{reason}"' in file["html"]


def test_the_author_alone_hears_of_the_verdict(
    house: House, composer: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str, str]] = []
    monkeypatch.setattr(
        "apps.console.live.push",
        lambda *news: told.append(news[:3]),
    )
    composer.upload()
    attachments_screened.send(sender=None, attachment_ids=[Attachment.objects.get().pk])
    assert told == [(live.user_topic(house.alice.user_id), "staged.changed", FORM)]


def test_names_of_every_kind_are_kept_and_shown_as_text(composer: Composer) -> None:
    name = 'Übersicht <b>"2026"</b> & \u202etxt.pdf'
    [file] = composer.upload(name=name).json()["files"]
    assert "<b>" not in file["html"]
    assert "\u202e" not in file["name"]
    assert Attachment.objects.get().names == [name]  # judged with what was hidden in it


def test_markup_in_a_form_key_is_no_form(composer: Composer) -> None:
    for key in ("", "x" * 65, "a\x00b", "ä"):
        assert problem(composer.upload(form=key)) == (400, "form")
    assert composer.send(staging="a\x00b").status_code == 422


# ---- limits ---------------------------------------------------------------------------------------


@pytest.mark.contract("1.5.d")
def test_the_page_says_the_limits_beforehand(house: House, composer: Composer) -> None:
    path = f"/s/{composer.session.public_id}/"
    assert "Up to 10 files, 25 MB in all." in composer.client.get(path).content.decode()
    account = house.mailbox.account
    account.announced_size, account.announced_by = 10 * 2**20, account.sends_through
    account.save()
    page = composer.client.get(path).content.decode()
    assert "Up to 10 files, 7.3 MB in all." in page
    assert "The mail server of support@carteria.test takes no more than 10 MB in one mail." in page


@pytest.mark.contract("1.5.d")
def test_what_is_too_large_is_refused_before_it_is_read(composer: Composer) -> None:
    answer = composer.upload(b"", size=str(26 * 2**20))
    assert problem(answer) == (413, "files-too-big")
    assert answer.json()["detail"].startswith("Settings > Email > Attachments allow 25 MB")
    with patch("apps.console.uploads.Visit.read", side_effect=AssertionError):
        AttachmentSettings.objects.update(max_total_mb=1)
        assert composer.upload(b"x" * (2**20 + 1)).status_code == 413


def test_the_eleventh_file_is_one_too_many(composer: Composer) -> None:
    for number in range(10):
        assert composer.upload(name=f"{number}.txt").status_code == 201
    assert problem(composer.upload(name="11.txt")) == (400, "too-many-files")


@pytest.mark.parametrize(("content", "size"), [(b"pa", "4"), (b"paid more", "4"), (b"", "4")])
def test_a_file_that_came_otherwise_than_announced_is_not_kept(
    composer: Composer, content: bytes, size: str
) -> None:
    """It grew, it shrank, or the connection broke."""
    assert problem(composer.upload(content, size=size)) == (400, "changed")
    assert not Attachment.objects.exists()


def test_a_full_disk_can_be_tried_again(composer: Composer) -> None:
    with patch("apps.core.blobs.write", side_effect=OSError(28, "full")):
        assert problem(composer.upload()) == (503, "disk-full")
    assert composer.upload().status_code == 201


# ---- who ------------------------------------------------------------------------------------------


def test_what_another_has_taken_takes_no_files(house: House, composer: Composer) -> None:
    composer.upload()
    Session.objects.update(agent=house.bob)
    assert problem(composer.upload(name="b.txt")) == (409, "not-yours")
    ChannelSettings.objects.update(enabled=False)
    assert problem(composer.upload(name="b.txt")) == (422, "channel-off")


def test_strangers_find_nothing(house: House, as_user: SignIn, composer: Composer) -> None:
    composer.upload()
    charlie = Composer(as_user(house.charlie.user), composer.session)
    assert problem(charlie.look()) == (404, "not-found")
    assert Composer(as_user(house.bob.user), composer.session).look().json()["files"] == []


def test_an_upload_needs_the_token_of_the_form(house: House, session: Session) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.alice.user)
    assert Composer(strict, session).upload().status_code == 403
    assert not StagedFile.objects.exists()


def test_removing_answers_what_is_left(composer: Composer) -> None:
    first = composer.upload(name="a.txt").json()["id"]
    composer.upload(name="b.txt")
    told = composer.remove(first).json()
    assert [file["name"] for file in told["files"]] == ["b.txt"]
    assert problem(composer.remove(first)) == (404, "not-found")


# ---- Send -----------------------------------------------------------------------------------------


def test_send_takes_the_files_along(composer: Composer) -> None:
    ids = [composer.upload(name=name).json()["id"] for name in ("a.txt", "b.txt")]
    composer.send(*ids)
    message = Message.objects.get(direction="out")
    assert [one.attachment.name for one in message.files.all()] == ["a.txt", "b.txt"]
    assert composer.look().json()["files"] == []


def test_a_second_click_is_no_second_mail(composer: Composer) -> None:
    pk = composer.upload().json()["id"]
    composer.send(pk)
    assert "sent already" in composer.send(pk).content.decode()
    assert Message.objects.filter(direction="out").count() == 1


def test_a_stopped_file_comes_back_with_the_words(composer: Composer) -> None:
    pk = composer.upload(name="tool.exe").json()["id"]
    judge(Verdict.REFUSED, "type-denied")
    answer = composer.send(pk, text="My words")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "“tool.exe” is refused. Remove it, then send again." in page
    assert "My words" in page and f'name="staged" value="{pk}"' in page
    assert not Message.objects.filter(direction="out").exists()


@pytest.mark.parametrize("ids", [["x"], ["1" * 19], ["-1"], ["1"] * 101])
def test_a_damaged_list_of_files_is_refused(composer: Composer, ids: list[str]) -> None:
    assert composer.send(*ids).status_code == 422


@pytest.mark.parametrize("many", [False, True])
def test_a_form_beyond_every_limit_gets_a_sentence(
    composer: Composer, settings: Any, many: bool
) -> None:
    """413, not a bare 400: too many bytes beside the files, or too many parts."""
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000, 10
    more = {"staged": ["1"] * 11} if many else {"text": "x" * 2000}
    answer = composer.send(**more)
    assert answer.status_code == 413
    assert "Too much for one form" in answer.content.decode()
