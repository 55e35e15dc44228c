"""inbound/{address}/: a mail by POST is committed before the answer, once, or kept by the sender."""

from unittest.mock import patch

import pytest

from apps.channels.models import ChannelSettings, InboundEmail
from apps.core import blobs
from tests.calls import Caller, problem
from tests.people import House, make_house

pytestmark = pytest.mark.django_db

RAW = b"From: ana@outside.test\r\nSubject: hello\r\n\r\nHello\r\n"
MAIL = "message/rfc822"


@pytest.fixture
def house() -> House:
    return make_house()


def test_a_mail_is_committed_as_it_came(house: House) -> None:
    answer = Caller(house.robot).send("inbound/support@carteria.test/", RAW, content_type=MAIL)
    row = InboundEmail.objects.get()
    assert answer.status_code == 202
    assert answer.json() == {"inbound": str(row.pk), "outcome": "received"}
    assert row.raw is not None
    assert blobs.read(row.raw) == RAW
    assert (row.mailbox, row.source) == (house.mailbox, "api")


def test_the_same_bytes_again_are_200_with_the_same_id(house: House) -> None:
    robot, path = Caller(house.robot), "inbound/support@carteria.test/"
    first = robot.send(path, RAW, content_type=MAIL)
    again = robot.send(path, RAW, content_type=MAIL)
    assert again.status_code == 200
    assert again.json()["inbound"] == first.json()["inbound"]
    assert InboundEmail.objects.count() == 1


@pytest.mark.parametrize("address", ["SUPPORT@Carteria.test", "help@carteria.test"])
def test_case_and_further_addresses_do_not_matter(house: House, address: str) -> None:
    house.mailbox.aliases = ["Help@carteria.test"]
    house.mailbox.save()
    answer = Caller(house.admin).send(f"inbound/{address}/", RAW, content_type=f"{MAIL}; x=y")
    assert answer.status_code == 202


def test_an_unknown_address_is_404(house: House) -> None:
    answer = Caller(house.robot).send("inbound/who@carteria.test/", RAW, content_type=MAIL)
    assert problem(answer) == (404, "not-found")


def test_with_the_channel_off_the_sender_keeps_the_mail(house: House) -> None:
    ChannelSettings.objects.update(enabled=False)
    answer = Caller(house.robot).send("inbound/support@carteria.test/", RAW, content_type=MAIL)
    assert problem(answer) == (503, "channel-off")
    assert int(answer["Retry-After"]) > 0


def test_with_the_disk_full_the_sender_keeps_the_mail(house: House) -> None:
    with patch("apps.core.blobs.write", side_effect=OSError(28, "No space left")):
        answer = Caller(house.robot).send("inbound/support@carteria.test/", RAW, content_type=MAIL)
    assert problem(answer) == (503, "disk-full")
    assert answer["Retry-After"]


def test_a_mail_over_the_limit_is_413(house: House) -> None:
    with patch("apps.channels.api.InboundViewSet.max_body", 100):
        answer = Caller(house.robot).send(
            "inbound/support@carteria.test/", RAW * 3, content_type=MAIL
        )
    assert problem(answer) == (413, "too-large")
    assert not InboundEmail.objects.exists()


def test_another_kind_of_body_is_415(house: House) -> None:
    robot, path = Caller(house.robot), "inbound/support@carteria.test/"
    assert problem(robot.post(path, {"raw": "x"})) == (415, "unsupported-media-type")


@pytest.mark.parametrize("body", [b"", b"  \r\n"])
def test_an_empty_body_is_no_mail(house: House, body: bytes) -> None:
    answer = Caller(house.robot).send("inbound/support@carteria.test/", body, content_type=MAIL)
    assert problem(answer) == (400, "invalid")


def test_who_may_give_us_mail(house: House) -> None:
    path = "inbound/support@carteria.test/"

    def status(caller: Caller) -> int:
        return int(caller.send(path, RAW, content_type=MAIL).status_code)

    assert status(Caller(house.alice.user)) == 403
    assert status(Caller(house.auditor)) == 403
    assert status(Caller(None)) == 401
    assert status(Caller(house.robot, "events", "read")) == 403
    assert status(Caller(house.robot, "inbound")) == 202
    assert status(Caller(house.admin)) == 200


def test_a_key_is_kept_for_mails_too(house: House) -> None:
    robot, path, key = Caller(house.robot), "inbound/support@carteria.test/", "Idempotency-Key"
    assert robot.send(path, RAW, content_type=MAIL, **{key: "k"}).status_code == 202
    assert robot.send(path, RAW, content_type=MAIL, **{key: "k"}).status_code == 202
    other = robot.send(path, RAW + b".", content_type=MAIL, **{key: "k"})
    assert problem(other) == (409, "idempotency-conflict")
