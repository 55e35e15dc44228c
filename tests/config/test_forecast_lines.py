"""What the health page says of certificates, space and the canary: what, since when, what to do."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.channels.condition import accounts
from apps.channels.models import EmailAccount, FolderCursor
from config.condition import forecasts, mail
from config.condition.line import Line
from tests.people import House, make_house

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def said(**fields: Any) -> tuple[Line, list[Line]]:
    """The account's own line, and those of its troubles."""
    EmailAccount.objects.update(
        last_fetched_at=timezone.now(),
        status="ok",
        receive_host="imap.x.test",
        send_host="smtp.x.test",
        receive_tls="implicit",
        **fields,
    )
    found = accounts(channel_on=True)
    return next(mail.accounts(found)), list(forecasts.warnings(found))


def ago(**span: float) -> Any:
    return timezone.now() - timedelta(**span)


def test_while_all_is_well_it_is_said_in_the_accounts_own_line(house: House) -> None:
    account = EmailAccount.objects.get()
    FolderCursor.objects.create(
        account=account, folder="INBOX", uidvalidity=1, first_uid=1, last_uid=812
    )
    line, troubles = said(
        receive_certificate_until=ago(days=-62, minutes=-5),
        quota_used=700,
        quota_limit=1000,
        quota_then=400,
        quota_then_at=ago(days=3),
        canary=True,
        canary_asked_at=ago(minutes=20),
        canary_sent_at=ago(minutes=20),
        canary_proved_at=ago(minutes=19, seconds=53),
    )
    assert troubles == []
    assert line.state == "ok"
    assert line.fact.endswith(
        "INBOX is read up to UID 812. The certificate of imap.x.test lasts 62 more days."
        " 70 % of 1.0 MB on the server are used. Full in about 3 days."
        " Its last mail to itself was back after 7 s."
    )


@pytest.mark.parametrize(
    ("fields", "state", "words", "level"),
    [
        ({"receive_certificate_until": {"days": 9}}, "degraded", "lasts 9 more days", 2),
        ({"receive_certificate_until": {"hours": 5}}, "degraded", "ends within a day", 4),
        ({"receive_certificate_until": {"days": -3}}, "down", "imap.x.test ended on", 4),
        ({"quota_used": 85, "quota_limit": 100}, "degraded", "85 % of", 1),
        ({"quota_used": 100, "quota_limit": 100}, "down", "The mailbox is full", 3),
    ],
)
def test_what_ends_or_fills_up(
    house: House, fields: dict[str, Any], state: str, words: str, level: int
) -> None:
    soon = {
        name: timezone.now() + timedelta(**value, minutes=5)
        for name, value in fields.items()
        if isinstance(value, dict)
    }
    _line, [trouble] = said(**(fields | soon))
    assert (trouble.state, trouble.level, words in trouble.fact) == (state, level, True)
    assert trouble.cures[0].page.endswith("/change/")


@pytest.mark.parametrize(
    ("fields", "state", "words", "cure"),
    [
        (
            {"canary_token": "x", "canary_sent_at": 40},
            "down",
            "left 40 min ago and has not arrived",
            "look for it in the junk folder",
        ),
        ({"canary_token": "x"}, "down", "then a process ended", "Was the worker stopped?"),
        (
            {"canary_sentence": "It could not be sent: 550."},
            "down",
            "It could not be sent: 550.",
            "Sending or the way back is broken",
        ),
        (
            {"canary_token": "x", "canary_asked_at": 5, "canary_sentence": "X"},
            "down",
            "X A mail to itself is on its way for 5 min.",
            "Sending or the way back is broken",
        ),
    ],
)
def test_whom_the_canary_blames(
    house: House, fields: dict[str, Any], state: str, words: str, cure: str
) -> None:
    fields = {"canary": True, "canary_asked_at": 40, "canary_proved_at": 100} | fields
    moments = {name: ago(minutes=one) for name, one in fields.items() if name.endswith("_at")}
    _line, [trouble] = said(**(fields | moments))
    assert trouble.state == state
    assert words in trouble.fact
    assert cure in trouble.cures[0].sentence
    assert trouble.since == EmailAccount.objects.get().canary_proved_at


def test_a_canary_says_nothing_while_the_channel_is_off(house: House) -> None:
    EmailAccount.objects.update(canary=True, canary_sentence="x", canary_asked_at=ago(minutes=5))
    assert list(forecasts.warnings(accounts(channel_on=False))) == []
