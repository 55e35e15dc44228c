"""A link works without signing in, for one file, some minutes, and whoever asked for it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.attachments import links
from apps.attachments.models import Attachment, Verdict
from apps.core.errors import Conflict
from apps.core.models import Role, User
from apps.core.people import set_roles
from tests.attachments.conftest import MakeFile
from tests.people import make_user

Made = tuple[Attachment, User, str]


@pytest.fixture
def made(file: MakeFile) -> Made:
    attachment = file(b"content", "letter.txt", verdict=Verdict.CLEAN)
    user = make_user(roles=[Role.AUDITOR])
    return attachment, user, links.make_link(attachment, for_user=user).token


def follow(token: str, method: str = "get") -> tuple[int, bytes]:
    answer = getattr(Client(), method)(reverse("linked-file", args=[token]))
    return answer.status_code, answer.content


def test_a_link_opens_its_file_without_signing_in(made: Made) -> None:
    answer = Client().get(reverse("linked-file", args=[made[2]]))
    assert (answer.status_code, answer.content) == (200, b"content")
    assert answer["Content-Disposition"] == 'attachment; filename="letter.txt"'
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]


def test_a_link_understands_head_and_ranges(made: Made) -> None:
    assert follow(made[2], "head") == (200, b"")
    part = Client().get(reverse("linked-file", args=[made[2]]), headers={"range": "bytes=0-2"})
    assert (part.status_code, part.content) == (206, b"con")


def test_a_link_expires(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "LIFETIME", timedelta(seconds=-1))
    status, page = follow(made[2])
    assert status == 410
    assert b"This link has expired" in page and b"content</" not in page


def test_a_forged_link_finds_nothing(made: Made) -> None:
    token = made[2]
    attachment, rest = token.split("-", 1)
    forged = [
        token[:-1],
        f"{attachment}9-{rest}",
        token.swapcase(),
        "x",
        f"{token}.x",
        "%00",
        "..%2f",
    ]
    assert {follow(one)[0] for one in forged} == {404}


def test_a_token_cannot_be_guessed(made: Made) -> None:
    assert len(made[2].rpartition(".")[2]) * 6 >= 128


def test_a_link_closes_with_the_verdict(made: Made) -> None:
    Attachment.objects.update(verdict=Verdict.INFECTED)
    status, page = follow(made[2])
    assert status == 403
    assert b"stopped by a check" in page


def test_a_link_of_somebody_who_left_is_closed(made: Made) -> None:
    User.objects.update(is_active=False)
    assert follow(made[2])[0] == 410


def test_a_link_of_somebody_who_lost_the_right_is_closed(made: Made) -> None:
    set_roles(made[1], [])
    assert follow(made[2])[0] == 410


def test_a_link_passed_on_opens_no_more_than_its_reader_sees(made: Made) -> None:
    readers = {"auditor": [Role.AUDITOR], "nobody's": []}
    statuses = {}
    for name, roles in readers.items():
        browser = Client()
        browser.force_login(make_user(name, roles=roles))
        statuses[name] = browser.get(reverse("linked-file", args=[made[2]])).status_code
    assert statuses == {"auditor": 200, "nobody's": 404}


def test_there_is_no_link_to_a_file_that_waits(file: MakeFile) -> None:
    with pytest.raises(Conflict):
        links.make_link(file(), for_user=make_user(roles=[Role.AUDITOR]))


def test_a_link_says_when_it_ends(file: MakeFile) -> None:
    clean = file(verdict=Verdict.CLEAN)
    link = links.make_link(clean, for_user=make_user(roles=[Role.AUDITOR]))
    assert timezone.now() < link.expires_at <= timezone.now() + links.LIFETIME


def test_a_link_only_reads(made: Made) -> None:
    assert follow(made[2], "post")[0] == 405


def test_the_log_knows_the_number_of_the_file_only(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO"):
        follow(made[2])
    said = str([record.__dict__ for record in caplog.records if "attachments" in record.name])
    assert "a file left by a link" in said
    assert made[2] not in said and "letter.txt" not in said
