"""From a line of the health page to one alarm, one mail, and the front page."""

import email
import email.policy
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.channels.models import ChannelSettings, EmailAccount
from apps.core.alarms import take_news
from apps.core.health import beat
from apps.core.models import Alarm, Heartbeat, Role
from config import alarm_mails, alarms, health, health_page
from config.condition.line import Line
from config.tasks import keep_alarms
from tests.config.test_health_page import GIB, scanner
from tests.core.test_alarms import ages
from tests.people import House, make_account, make_house, make_mailbox, make_user
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.django_db

FRONT = "/admin/"


@pytest.fixture
def house() -> House:
    house = make_house()
    EmailAccount.objects.update(last_fetched_at=timezone.now(), status="ok", idle=False)
    return house


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the other servers say; all is well at first."""

    def says(**answers: Any) -> None:
        for name, answer in answers.items():
            module = health if name == "BROKER" else health_page
            monkeypatch.setattr(module, name, health.Check(_saying(answer)))

    says(BROKER="ok", SCANNER=scanner(), DISK=(50 * GIB, 100 * GIB))
    for name in ("worker", "intake", "beat"):
        beat(name)
    return says


def _saying(answer: Any) -> Callable[[], Any]:
    def question() -> Any:
        return answer

    return question


@pytest.fixture
def notices(house: House, smtp_sink: SmtpSink) -> ChannelSettings:
    """Alarms can leave by mail."""
    account = make_account("notices", send_port=smtp_sink.port, receive_kind="none")
    channel = ChannelSettings.load()
    channel.notice_mailbox = make_mailbox("people@carteria.test", account=account)
    channel.save()
    return channel


def account(**fields: Any) -> None:
    EmailAccount.objects.filter(mailboxes__address="support@carteria.test").update(**fields)


def _in(**span: float) -> datetime:
    return timezone.now() + timedelta(**span)


def opened() -> set[str]:
    """The kinds of those that are open now."""
    alarms.keep()
    codes = Alarm.objects.filter(state="open").values_list("code", flat=True)
    return {code.rstrip("0123456789").rstrip("-") for code in codes}


def read(sink: SmtpSink) -> list[EmailMessage]:
    found = [email.message_from_bytes(one.raw, policy=email.policy.default) for one in sink.mails]
    return [one for one in found if isinstance(one, EmailMessage)]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page_of(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return str(client.get(FRONT).content.decode())


# ---- which lines are alarms ---------------------------------------------------------------------


def test_all_is_well(house: House) -> None:
    assert opened() == set()
    assert not Alarm.objects.exists()


@pytest.mark.parametrize(
    ("fields", "after", "open_then"),
    [
        ({"status": "failing", "status_code": "refused", "failures": 1}, 14, set()),
        ({"status": "failing", "status_code": "refused", "failures": 1}, 16, {"account"}),
        ({"status": "failing", "status_code": "refused", "failures": 3}, 0, {"account"}),
        ({"status": "throttled", "status_code": "throttled", "failures": 9}, 59, set()),
        ({"status": "throttled", "status_code": "throttled", "failures": 9}, 61, {"account"}),
        ({"quota_used": 70, "quota_limit": 100}, 0, set()),
        ({"quota_used": 80, "quota_limit": 100}, 0, {"quota"}),
        ({"canary": True, "canary_sentence": "x", "canary_asked_at": 1}, 14, set()),
        ({"canary": True, "canary_sentence": "x", "canary_asked_at": 1}, 16, {"canary"}),
        (
            {"canary": True, "canary_token": "x", "canary_sent_at": 20, "canary_asked_at": 20},
            0,
            {"canary"},
        ),
    ],
)
def test_an_account_in_trouble(
    house: House, fields: dict[str, Any], after: int, open_then: set[str]
) -> None:
    moments = {
        name: timezone.now() - timedelta(minutes=value)
        for name, value in fields.items()
        if name.endswith("_at")
    }
    account(**(fields | moments))
    alarms.keep()
    ages(minutes=after)
    account(last_fetched_at=timezone.now())
    assert opened() == open_then


@pytest.mark.parametrize(
    ("answers", "after", "open_then"),
    [
        ({"DISK": (9 * GIB, 100 * GIB)}, 3, {"disk"}),
        ({"DISK": (9 * GIB, 100 * GIB)}, 1, set()),
        ({"SCANNER": scanner("down", "silent")}, 6, {"scanner"}),
        ({"SCANNER": scanner("degraded", "old-signatures")}, 6, {"scanner"}),
        ({"BROKER": "down"}, 4, {"broker"}),
    ],
)
def test_the_machine_in_trouble(
    house: House,
    outside: Callable[..., None],
    answers: dict[str, Any],
    after: int,
    open_then: set[str],
) -> None:
    outside(**answers)
    alarms.keep()
    ages(minutes=after)
    assert opened() == open_then


@pytest.mark.parametrize(
    ("key", "patience"),
    [
        ("ledger-3-INBOX", 0),
        ("ledger-3-Junk-12", 0),
        ("reply-address-7", 0),
        ("disk", 120),
        ("quarantine", None),  # work for somebody, nothing that broke
        ("unassigned", None),
        ("diskette", None),
    ],
)
def test_the_key_of_a_line_tells_its_patience(key: str, patience: int | None) -> None:
    assert alarms._patience(Line(key, "x", "down", "x")) == patience


def test_a_folder_with_a_long_name_is_an_alarm_of_its_own() -> None:
    keys = [f"ledger-3-{'x' * 200}{end}" for end in "ab"]
    codes = {alarms.code_of(Line(key, "x", "down", "x")) for key in keys}
    assert len(codes) == 2
    assert all(len(code) == 80 for code in codes)


def test_the_channel_off_is_no_alarm_and_ends_those_of_its_accounts(house: House) -> None:
    account(status="failing", status_code="refused", failures=5)
    assert opened() == {"account"}
    ChannelSettings.objects.update(enabled=False)
    assert opened() == set()


def test_a_worker_that_keeps_and_tells_them_needs_no_pages(
    house: House,
    notices: ChannelSettings,
    smtp_sink: SmtpSink,
    outside: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They would cost each worker 40 MB."""

    def no_pages(*_arguments: object) -> None:
        raise AssertionError("the addresses of all pages were asked for")

    outside(BROKER="down", SCANNER=scanner("down", "silent"), DISK=(1, 100 * GIB))
    account(status="failing", failures=3, quota_used=96, quota_limit=100)
    monkeypatch.setattr("django.urls.base.get_resolver", no_pages)
    keep_alarms()
    assert len(smtp_sink.mails) == 1
    assert opened() == {"account", "quota"}


# ---- a certificate, day by day (PAINS part 3, 10) -----------------------------------------------


def test_a_certificate_warns_at_14_10_3_and_0_days_once_each(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink
) -> None:
    """The clock is moved on, and each time the task runs twice."""
    days = [15, 14, 13, 10, 3, 0, -1]
    told: list[int] = []
    for left in days:
        account(receive_tls="implicit", receive_certificate_until=_in(days=left, minutes=30))
        for _twice in range(2):
            before = len(smtp_sink.mails)
            keep_alarms()
            told += [left] * (len(smtp_sink.mails) - before)
        ages(days=1)
        account(last_fetched_at=timezone.now())
    assert told == [14, 10, 3, 0]
    assert "lasts 10 more days" in text_of(read(smtp_sink)[1])


def test_a_renewed_certificate_is_the_end_and_told(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink
) -> None:
    account(receive_tls="implicit", receive_certificate_until=_in(days=5))
    keep_alarms()
    account(receive_certificate_until=_in(days=90))
    keep_alarms()
    keep_alarms()
    alarm, over = read(smtp_sink)
    assert str(alarm["Subject"]).startswith("Alarm: Certificate")
    assert str(over["Subject"]).startswith("Over: Certificate")


# ---- the mail -----------------------------------------------------------------------------------


def test_one_mail_for_each_administrator_in_their_language(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink
) -> None:
    make_user("sofia", roles=[Role.ADMINISTRATOR], language="es")
    make_user("silent", roles=[Role.ADMINISTRATOR], email="")
    account(status="failing", status_code="refused", failures=3, quota_used=96, quota_limit=100)
    keep_alarms()
    mails = read(smtp_sink)
    assert sorted(str(one["To"]) for one in mails) == ["admin@agents.test", "sofia@agents.test"]
    english = next(one for one in mails if "admin" in str(one["To"]))
    assert english["Subject"] == "2 alarms at Carteria"
    assert english["Auto-Submitted"] == "auto-generated"
    assert "→ Correct it" in text_of(english)
    assert "http://console.test/admin/email/health/" in text_of(english)
    spanish = next(one for one in mails if "sofia" in str(one["To"]))
    assert "Cuenta" in text_of(spanish)


@pytest.mark.parametrize("off", [{"alarms_by_mail": False}, {"notice_mailbox": None}])
def test_without_a_way_nothing_counts_as_told(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink, off: dict[str, Any]
) -> None:
    ChannelSettings.objects.update(**off)
    account(quota_used=96, quota_limit=100)
    keep_alarms()
    assert smtp_sink.said == []
    assert take_news(most_a_day=10).opened


def test_a_mail_that_cannot_leave_is_noted_and_not_tried_again(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink
) -> None:
    smtp_sink.answers["RCPT"] = "450 not now"
    account(quota_used=96, quota_limit=100)
    keep_alarms()
    tries = smtp_sink.said.count("RCPT")
    keep_alarms()
    assert smtp_sink.said.count("RCPT") == tries
    assert "not now" in Alarm.objects.get().trouble


def test_so_many_a_day_and_no_more(
    house: House, notices: ChannelSettings, smtp_sink: SmtpSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_mails, "MOST_A_DAY", 2)
    for used in (85, 20, 85, 20, 85):
        account(quota_used=used, quota_limit=100)
        keep_alarms()
    assert len(smtp_sink.mails) == 2


# ---- the pages ----------------------------------------------------------------------------------


def test_the_front_page_counts_them_for_who_may_see_them(house: House) -> None:
    account(quota_used=96, quota_limit=100, status="failing", failures=3)
    alarms.keep()
    for user in (house.admin, house.auditor):
        assert "2 alarms are open" in page_of(user)
    assert "alarms are open" not in page_of(house.irene)
    account(quota_used=1, status="ok", failures=0)
    alarms.keep()
    assert 'data-test="alarms"' not in page_of(house.admin)


def test_the_front_page_itself_says_that_beat_is_silent(house: House) -> None:
    Heartbeat.objects.filter(name="beat").update(at=timezone.now() - timedelta(minutes=5))
    assert "Beat or the worker has been silent for 5 min" in page_of(house.admin)


def test_the_list_begins_with_the_open_ones(house: House) -> None:
    account(quota_used=96, quota_limit=100)
    alarms.keep()
    account(quota_used=1, canary=True, canary_sentence="x")
    alarms.keep()
    account(quota_used=96, canary=False)
    ages(minutes=20)
    alarms.keep()
    client = Client()
    client.force_login(house.auditor)
    answer = client.get("/admin/core/alarm/")
    assert [one.state for one in answer.context["cl"].result_list] == ["open", "ended"]
    first = answer.context["cl"].result_list[0]
    assert client.get(f"/admin/core/alarm/{first.pk}/change/").status_code == 200
    assert client.post(f"/admin/core/alarm/{first.pk}/delete/").status_code == 403
