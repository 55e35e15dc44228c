"""The health page: every line when all is well and when it is not, with what to do; never slow."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.agents.models import Contact
from apps.attachments.models import Verdict
from apps.attachments.scanner import Diagnosis, Engine
from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail
from apps.core import secrets as sealing
from apps.core.db.facts import DatabaseFacts
from apps.core.health import beat
from apps.core.leases import held
from apps.core.models import Heartbeat
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate
from apps.tickets.models import Session
from config import health, health_page
from config.condition import machine
from config.condition.line import Line, Section
from tests.people import (
    House,
    crm_connection,
    make_account,
    make_attachment,
    make_house,
    make_message,
    make_session,
    switch_channel_on,
)

pytestmark = pytest.mark.django_db

PAGE = "/admin/email/health/"
LONG_AGO = timedelta(hours=5)
GIB = 2**30


@pytest.fixture
def house() -> House:
    house = make_house(routing="automatic")
    EmailAccount.objects.update(last_fetched_at=timezone.now(), status="ok", idle=False)
    return house


@pytest.fixture(autouse=True)
def outside(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets what the other servers say; all is well at first."""

    def says(**answers: Any) -> None:
        if "broker" in answers:
            monkeypatch.setattr(health, "BROKER", _saying(answers["broker"]))
        if "scanner" in answers:
            monkeypatch.setattr(health_page, "SCANNER", _saying(answers["scanner"]))
        if "disk" in answers:
            monkeypatch.setattr(health_page, "DISK", _saying(answers["disk"]))

    says(broker="ok", scanner=scanner(), disk=(50 * GIB, 100 * GIB))
    return says


def _saying(answer: Any) -> health.Check[Any]:
    def question() -> Any:
        return answer

    return health.Check(question)


def scanner(state: Any = "ok", code: str = "", **engine: Any) -> Diagnosis:
    known = {"name": "ClamAV 1.4.3", "signature_version": "27830"} | engine
    known.setdefault("signed_at", datetime.now(UTC) - timedelta(hours=9))
    return Diagnosis(state, code, "", Engine(**known))


@pytest.fixture(autouse=True)
def processes_alive() -> None:
    for name in ("worker", "intake", "beat"):
        beat(name)


def line(key: str) -> Line:
    """The line as it would be shown now."""
    sections = health_page.measure().sections
    return next(one for section in sections for one in section.lines if one.key == key)


def told(key: str) -> tuple[str, str]:
    """Its state, and all that it says with its cures."""
    found = line(key)
    cures = " ".join(f"{cure.sentence} {cure.command}" for cure in found.cures)
    return found.state, f"{found.fact} {cures}"


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


# ---- the page -----------------------------------------------------------------------------------


def page_for(user: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(PAGE)


@pytest.mark.parametrize(
    ("name", "status"), [("admin", 200), ("auditor", 200), ("irene", 404), ("alice", 302)]
)
def test_who_may_look(house: House, name: str, status: int) -> None:
    user = getattr(house, name)
    assert page_for(getattr(user, "user", user)).status_code == status


def test_all_is_well(house: House) -> None:
    page = page_for(house.admin)
    assert "Everything that is in use works." in page.content.decode()
    states = {one.state for part in page.context["condition"].sections for one in part.lines}
    assert states == {"ok", "off"}
    assert 'http-equiv="refresh"' in page.content.decode()


def test_it_holds_still_when_asked(house: House) -> None:
    client = Client()
    client.force_login(house.auditor)
    assert 'http-equiv="refresh"' not in client.get(f"{PAGE}?still").content.decode()


def test_troubles_stand_first_the_worst_before_the_others(
    house: House, outside: Callable[..., None]
) -> None:
    outside(broker="down", scanner=scanner("degraded", "old-signatures"))
    states = [one.state for one in health_page.measure().troubles]
    assert states == ["down", "degraded"]
    assert "2 things need somebody" in page_for(house.admin).content.decode()


def test_its_queries_do_not_grow(house: House) -> None:
    client = Client()
    client.force_login(house.admin)
    EmailAccount.objects.update(idle=True)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(PAGE)
        return len(captured)

    count()
    before = count()
    for number in range(20):
        make_account(f"more{number}", receive_password=sealing.seal("x"))
        make_session(house.support)
        InboundEmail.objects.create(source="fetch", sha256=str(number))
    assert count() == before <= 36


def test_a_question_that_the_database_refuses_costs_one_line(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> Iterator[Line]:
        raise OperationalError("no such table")

    monkeypatch.setattr("config.condition.mail.quarantine", refuse)
    page = page_for(house.admin)
    assert page.status_code == 200
    assert "OperationalError" in page.content.decode()
    assert "manage.py migrate" in page.content.decode()


def test_whoever_hangs_delays_the_page_by_less_than_a_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health.PATIENCE < 1
    monkeypatch.setattr(health, "PATIENCE", 3)  # beside which a slow machine's own time is little
    released = threading.Event()
    for module, name in ((health, "BROKER"), (health_page, "SCANNER"), (health_page, "DISK")):
        monkeypatch.setattr(module, name, health.Check(lambda: released.wait(30)))
    Heartbeat.objects.all().delete()
    begun = time.monotonic()
    page = page_for(house.admin)
    took = time.monotonic() - begun
    released.set()
    assert page.status_code == 200
    assert took < 2 * health.PATIENCE
    worst = {one.key for one in page.context["condition"].troubles if one.state == "down"}
    assert worst >= {"broker", "disk", "worker", "intake", "beat"}


# ---- channel and accounts -----------------------------------------------------------------------


def test_the_switch(house: House) -> None:
    assert told("channel")[0] == "ok"
    ChannelSettings.objects.update(enabled=False)
    state, words = told("channel")
    assert (state, "Off: nothing is fetched" in words) == ("off", True)
    ChannelSettings.objects.update(external_url="")
    assert "Fill in the console address" in told("channel")[1]
    assert line("channel").cures[0].page.endswith("/change/")


def test_no_account() -> None:
    switch_channel_on()
    assert told("account")[0] == "off"
    assert line("account").cures[0].page == "/admin/email_channels/emailaccount/add/"


@pytest.mark.parametrize(
    ("fields", "state", "words"),
    [
        ({"last_fetched_at": 12}, "ok", "Fetched 12 s ago; it looks every 60 s."),
        ({"last_fetched_at": 200}, "degraded", "It is late."),
        ({"last_fetched_at": None}, "ok", "Never fetched"),
        ({"last_fetched_at": None, "created_at": 600}, "degraded", "Never fetched"),
        ({"last_fetched_at": 5, "status": "throttled"}, "degraded", "go slower"),
        ({"last_fetched_at": 5, "status": "failing"}, "degraded", "Save and test connection"),
        (
            {"status": "failing", "failures": 3, "next_fetch_at": -240},
            "down",
            "3 failures in a row",
        ),
        ({"receive_kind": "none"}, "off", "Only sends."),
    ],
)
def test_an_account(house: House, fields: dict[str, Any], state: str, words: str) -> None:
    moments = {"last_fetched_at", "created_at", "next_fetch_at"}
    told_fields = {
        name: ago(seconds=value) if name in moments and value is not None else value
        for name, value in fields.items()
    }
    if fields.get("status") in ("throttled", "failing"):
        code = {"throttled": "throttled", "failing": "password"}[fields["status"]]
        told_fields |= {"status_code": code, "status_sentence": "It refuses the password."}
    EmailAccount.objects.update(**told_fields)
    account = EmailAccount.objects.get()
    assert told(f"account-{account.pk}")[0] == state
    assert words in told(f"account-{account.pk}")[1]


def test_an_account_in_trouble_says_why_since_when_and_when_it_is_tried_again(
    house: House,
) -> None:
    EmailAccount.objects.update(
        status="failing",
        status_code="password",
        status_sentence="The server refuses the password.",
        failures=7,
        last_fetched_at=ago(hours=2),
        next_fetch_at=timezone.now() + timedelta(minutes=9, seconds=30),
    )
    found = line(f"account-{EmailAccount.objects.get().pk}")
    for words in ("The server refuses the password.", "7 failures in a row.", "Next try in 9 min."):
        assert words in found.fact
    assert found.since == EmailAccount.objects.get().last_fetched_at
    assert found.cures[0].page


def test_with_the_channel_off_no_account_is_in_trouble(house: House) -> None:
    EmailAccount.objects.update(status="failing", failures=2)
    ChannelSettings.objects.update(enabled=False)
    assert line(f"account-{EmailAccount.objects.get().pk}").state == "off"


def test_many_accounts_show_the_worst_and_count_the_rest(house: House) -> None:
    for number in range(60):
        make_account(f"a{number:02}", last_fetched_at=timezone.now())
    EmailAccount.objects.filter(name="a59").update(status="failing", failures=1)
    lines = [one for one in health_page.measure().sections[0].lines if one.key != "channel"]
    assert lines[0].name == "Account a59"
    assert (len(lines), lines[-1].fact) == (51, "11 more accounts.")


# ---- what waits ---------------------------------------------------------------------------------


def received(house: House, since: datetime) -> None:
    InboundEmail.objects.create(source="fetch", sha256="x", received_at=since)


def unassigned(house: House, since: datetime) -> None:
    make_session(house.support, waiting_since=since)


def sending(house: House, since: datetime) -> None:
    session = make_session(house.support, agent=house.alice)
    make_message(session, direction="out", status="queued", created_at=since)


def files(house: House, since: datetime) -> None:
    message = make_message(make_session(house.support, agent=house.alice))
    make_attachment(message, verdict=Verdict.WAITING, created_at=since)


def updates(house: House, since: datetime) -> None:
    TicketUpdate.objects.create(thread_key="T1", kind="link", key="1", text="x", created_at=since)


@pytest.mark.parametrize(
    ("waits", "state"),
    [
        (received, "down"),
        (unassigned, "degraded"),
        (sending, "down"),
        (files, "degraded"),
        (updates, "degraded"),
    ],
)
def test_what_waits_is_fine_until_it_is_late(
    house: House, waits: Callable[[House, datetime], None], state: str
) -> None:
    key = waits.__name__
    assert told(key)[0] == "ok"
    waits(house, timezone.now())
    assert told(key)[0] == "ok"
    assert "1 waits." in told(key)[1]
    since = ago(hours=5)
    waits(house, since) if waits is not updates else TicketUpdate.objects.update(created_at=since)
    found = line(key)
    assert (found.state, found.since) == (state, since)
    assert "The oldest for 5 h." in found.fact
    assert found.cures


def test_a_long_backlog_is_not_counted_to_its_end(house: House) -> None:
    InboundEmail.objects.bulk_create(
        InboundEmail(source="fetch", sha256=str(number)) for number in range(1100)
    )
    assert "More than 1,000 wait." in line("received").fact


def test_with_the_channel_off_mail_may_wait(house: House) -> None:
    received(house, ago(hours=5))
    unassigned(house, ago(hours=5))
    ChannelSettings.objects.update(enabled=False)
    assert (line("received").state, line("unassigned").state) == ("off", "off")


def test_answers_that_may_have_arrived_or_not(house: House) -> None:
    assert line("unknown").state == "ok"
    session = make_session(house.support, agent=house.alice)
    make_message(session, direction="out", status="unknown", sent_at=ago(days=9))
    assert line("unknown").state == "ok"
    make_message(session, direction="out", status="unknown", sent_at=ago(hours=1))
    state, words = told("unknown")
    assert state == "degraded"
    assert "never sent again by themselves" in words


def test_answers_that_did_not_arrive_until_somebody_does_something(house: House) -> None:
    """PAINS 35: a number that does not go away by itself, and does when it is seen to."""
    assert line("failed").state == "ok"
    first, second = (make_session(house.support, agent=house.alice) for _each in range(2))
    make_message(first, direction="out", status="failed")
    make_message(first, direction="out", status="failed", automatic=True)
    sent = make_message(second, direction="out")
    sent.reports.create(recipient="gone@outside.test", kind="hard")
    assert told("failed")[0] == "degraded"
    assert line("failed").fact.startswith("2 in the last 7 days")
    make_message(second, direction="out", status="queued")
    assert line("failed").fact.startswith("1 in the last 7 days")
    Session.objects.filter(pk=first.pk).update(status=Session.Status.RESOLVED)
    assert line("failed").state == "ok"


def test_updates_that_were_given_up(house: House) -> None:
    updates(house, ago(hours=1))
    TicketUpdate.objects.update(status="failed")
    state, words = told("updates")
    assert (state, "1 was given up." in words) == ("down", True)


def test_a_crm_that_rests_says_until_when_and_why(house: House) -> None:
    crm = resting("unreachable", "rt.x did not answer in time.")
    found = line(f"crm-{crm.pk}")
    assert (found.state, found.name) == ("degraded", "CRM: Request Tracker, rt.example.com")
    assert "It rests until " in found.fact
    assert "rt.x did not answer in time." in found.fact
    assert found.cures[0].page == f"/admin/crm/crmconnection/{crm.pk}/change/"


def test_a_crm_that_refuses_our_user_says_what_to_do(house: House) -> None:
    crm = resting("auth", "rt.x does not accept the token.")
    state, words = told(f"crm-{crm.pk}")
    assert (state, "Enter a new token or give its user the right" in words) == ("down", True)


def test_each_crm_tells_its_own_lag(house: House) -> None:
    updates(house, ago(minutes=5))
    crm = resting("unreachable", "Down.")
    TicketLink.objects.create(thread_key="T2", connection=crm, ticket="1")
    TicketUpdate.objects.bulk_create(
        TicketUpdate(thread_key="T2", kind="link", key=str(n), created_at=ago(hours=2))
        for n in range(3)
    )
    assert "4 wait. The oldest for 2 h." in line(f"crm-{crm.pk}").fact
    present = line(f"crm-{crm_connection().pk}")
    assert (present.state, "1 waits. The oldest for 5 min." in present.fact) == ("ok", True)


def test_what_is_planned_for_later_does_not_wait_yet(house: House) -> None:
    updates(house, ago(hours=5))
    TicketUpdate.objects.update(not_before=timezone.now() + timedelta(minutes=5))
    assert line("updates").fact == "Nothing waits."


def test_a_crm_that_nothing_waits_for_raises_no_alarm(house: House) -> None:
    resting("auth", "Refused.")
    TicketUpdate.objects.all().delete()
    keys = [one.key for one in next(s for s in sections() if s.key == "work").lines]
    assert [key for key in keys if key.startswith("crm-")] == [f"crm-{crm_connection().pk}"]


def sections() -> list[Section]:
    return health_page.measure().sections


def resting(code: str, error: str) -> CrmConnection:
    """With one entry that waits for it."""
    crm_connection()
    until = timezone.now() + timedelta(minutes=5)
    crm = CrmConnection.objects.create(
        kind="rt",
        url="https://rt.example.com",
        paused_until=until,
        failed_at=timezone.now(),
        failures=5,
        error=error,
        error_code=code,
    )
    TicketLink.objects.create(thread_key="R1", connection=crm, ticket="1")
    TicketUpdate.objects.create(thread_key="R1", kind="link", key="1", text="x")
    return crm


def test_the_quarantine(house: House) -> None:
    assert line("quarantine").state == "ok"
    InboundEmail.objects.create(source="fetch", sha256="x", status="quarantined")
    assert line("quarantine").state == "degraded"
    assert line("quarantine").cures[0].page == "/admin/email_channels/quarantinedemail/"


def test_calls_without_an_end(house: House) -> None:
    call = {"agent": house.alice, "kind": "call", "entered_at": ago(hours=9)}
    Contact.objects.create(**call, session="1", heard_at=ago(hours=1))
    assert line("contacts").state == "ok"
    Contact.objects.create(**call, session="2", heard_at=ago(hours=9))
    Contact.objects.create(**call, session="3", heard_at=ago(hours=9), left_at=ago(hours=1))
    state, words = told("contacts")
    assert (state, "1: its agent counts as busy." in words) == ("degraded", True)


# ---- the scanner --------------------------------------------------------------------------------


def test_a_scanner_tells_its_engine_and_how_old_its_signatures_are(house: House) -> None:
    found = line("scanner")
    assert found.state == "ok"
    assert "ClamAV 1.4.3, signatures 27830" in found.fact
    assert "9 h old" in found.fact


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("down", "not-set", "apt-get install -y clamav-daemon"),
        ("down", "silent", "Does not answer."),
        ("down", "no-signatures", "freshclam"),
        ("down", "failed", "systemctl restart clamav-daemon"),
        ("degraded", "old-signatures", "older than 3 days"),
        ("degraded", "AlertExceedsMax", "AlertExceedsMax yes"),
        ("degraded", "AlertEncrypted", "AlertEncrypted yes"),
        ("degraded", "test-signatures", "CARTERIA_TEST_SIGNATURES"),
    ],
)
def test_a_scanner_in_trouble(
    house: House, outside: Callable[..., None], state: str, code: str, words: str
) -> None:
    outside(scanner=scanner(state, code))
    assert told("scanner")[0] == state
    assert words in told("scanner")[1]


def test_a_scanner_that_is_down_tells_when_it_last_worked(
    house: House, outside: Callable[..., None]
) -> None:
    last = ago(minutes=40)
    message = make_message(make_session(house.support, agent=house.alice))
    make_attachment(message, decided_at=last)
    outside(scanner=scanner("down", "silent"))
    assert line("scanner").since == last


def test_test_signatures_stand_above_everything_in_red(
    house: House, outside: Callable[..., None], settings: Any
) -> None:
    settings.TEST_SIGNATURES = True
    assert "test-signatures" not in page_for(house.admin).content.decode()
    outside(scanner=scanner("degraded", "test-signatures", signature_version=""))
    assert 'data-test="test-signatures"' in page_for(house.admin).content.decode()


def test_a_scanner_that_is_still_asked_is_down_only_after_a_while(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    check: health.Check[Any] = health.Check(lambda: released.wait(30))
    monkeypatch.setattr(health_page, "SCANNER", check)
    monkeypatch.setattr(health, "PATIENCE", 0.01)
    assert line("scanner").state == "degraded"
    check.asked_at -= 10
    assert line("scanner").state == "down"
    released.set()


# ---- processes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("worker", "celery -A config.celery worker -Q celery"),
        ("intake", "celery -A config.celery worker -Q intake"),
        ("beat", "celery -A config.celery beat"),
    ],
)
def test_a_process_that_gives_no_sign_of_life(house: House, key: str, command: str) -> None:
    assert re.fullmatch(r"Last sign of life \d s ago\.", line(key).fact)
    since = ago(minutes=30)
    Heartbeat.objects.filter(name=key).update(at=since)
    found = line(key)
    assert (found.state, found.since) == ("down", since)
    assert "30 min ago" in found.fact
    assert command in found.cures[0].command


def test_under_up_the_log_says_why_a_process_stays_away(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.locks, "is_held", lambda _data: True)
    Heartbeat.objects.all().delete()
    found = line("worker")
    assert found.fact == "No sign of life since this start."
    assert found.cures[0].command.startswith("tail -n 30 ")
    assert found.cures[0].command.endswith("log/worker.log")


def test_under_up_beside_postgresql_intake_has_a_log_of_its_own(
    house: House, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(machine.locks, "is_held", lambda _data: True)
    settings.DATA_DIR = tmp_path
    Heartbeat.objects.all().delete()
    assert line("intake").cures[0].command.endswith("log/worker.log")
    (tmp_path / "log").mkdir()
    (tmp_path / "log/intake.log").touch()
    assert line("intake").cures[0].command.endswith("log/intake.log")
    assert line("worker").cures[0].command.endswith("log/worker.log")


def test_idle_is_needed_only_where_an_account_asks_for_it(house: House) -> None:
    assert line("idle").state == "off"
    EmailAccount.objects.update(idle=True)
    assert line("idle").state == "degraded"
    with held("idle", seconds=30):
        assert line("idle").state == "ok"


def test_the_broker(house: House, outside: Callable[..., None], settings: Any) -> None:
    assert line("broker").state == "ok"
    outside(broker="down")
    assert "REDIS_URL is not set." in told("broker")[1]
    settings.REDIS_URL = "redis://:s3cret@127.0.0.1:1"
    state, words = told("broker")
    assert state == "down"
    assert "rows are swept" in words
    assert "s3cret" not in words


def test_the_web_process(house: House) -> None:
    assert "it runs for" in line("web").fact


# ---- database and machine -----------------------------------------------------------------------


def test_the_database(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line("database").state == "ok"
    make_message(make_session(house.support, agent=house.alice))
    monkeypatch.setattr(machine, "OUTGROWN", 0)
    monkeypatch.setattr(machine, "database_facts", lambda: facts(for_trial=True))
    state, words = told("database")
    assert state == "degraded"
    assert "DATABASE_URL=postgres://" in words
    monkeypatch.setattr(machine, "database_facts", lambda: facts(kind="PostgreSQL"))
    assert told("database")[1].startswith("PostgreSQL 15.1, 12 MB")


def facts(**given: Any) -> DatabaseFacts:
    usual = {"kind": "SQLite", "version": "15.1", "size": 12_000_000, "seconds_ahead": 0.0}
    return DatabaseFacts(**(usual | {"for_trial": False} | given))


@pytest.mark.parametrize(
    ("ahead", "state", "words"),
    [
        (0.5, "ok", "agree"),
        (30, "degraded", "30 s ahead"),
        (-30, "degraded", "30 s behind"),
        (4000, "down", "timedatectl"),
    ],
)
def test_the_clocks(
    house: House, monkeypatch: pytest.MonkeyPatch, ahead: float, state: str, words: str
) -> None:
    monkeypatch.setattr(machine, "database_facts", lambda: facts(seconds_ahead=ahead))
    assert told("clock")[0] == state
    assert words in told("clock")[1]


def test_the_real_clock_of_the_database_is_read(house: House) -> None:
    assert line("clock").state == "ok"


def test_migrations_that_are_not_applied(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line("migrations").state == "ok"
    missing = {("tickets", f"000{number}_new") for number in range(2)}
    monkeypatch.setattr(machine, "_migrations_in_the_code", lambda: missing)
    state, words = told("migrations")
    assert state == "down"
    assert "2 migrations are not applied: tickets.0000_new, tickets.0001_new" in words
    assert "manage.py migrate" in words


@pytest.mark.parametrize(
    ("free", "state"), [(50, "ok"), (10, "ok"), (9, "degraded"), (2, "degraded"), (1, "down")]
)
def test_the_disk(house: House, outside: Callable[..., None], free: int, state: str) -> None:
    outside(disk=(free * GIB, 100 * GIB))
    assert told("disk")[0] == state
    assert f"({free} %)" in told("disk")[1]
    assert ("du -xh" in told("disk")[1]) is (state != "ok")


def test_a_data_folder_that_is_gone(house: House, outside: Callable[..., None]) -> None:
    outside(disk=None)
    assert told("disk")[0] == "down"
    assert "df -h" in told("disk")[1]


def test_secrets(house: House, settings: Any) -> None:
    EmailAccount.objects.update(receive_password=sealing.seal("s3cret"))
    assert told("secrets") == ("ok", "1 stored, it opens. ")
    from cryptography.fernet import Fernet

    former = settings.CARTERIA_KEYS
    settings.CARTERIA_KEYS = [Fernet.generate_key().decode(), *former]
    state, words = told("secrets")
    assert (state, "manage.py rotate_keys" in words) == ("ok", True)
    settings.CARTERIA_KEYS = settings.CARTERIA_KEYS[:1]
    state, words = told("secrets")
    account = EmailAccount.objects.get()
    assert state == "down"
    assert f"email_channels.EmailAccount {account.pk} (receive_password)" in words
    assert account.receive_password[:20] not in words
    settings.CARTERIA_KEYS = ["no key"]
    assert "CARTERIA_KEY is no key" in told("secrets")[1]


def test_the_version(house: House, settings: Any) -> None:
    assert settings.VERSION in line("version").fact
