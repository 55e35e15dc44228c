"""Certificates and space: read from real servers, kept with them, and warned of in time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.forms import modelform_factory
from django.utils import timezone

from apps.channels import forecast
from apps.channels.admin import WholeAccountForm
from apps.channels.diagnose import test_receive as diagnose_receive
from apps.channels.diagnose import test_send as diagnose_send
from apps.channels.fetch import fetch
from apps.channels.forecast import Quota, certificates_of, forgotten, quota_of
from apps.channels.models import EmailAccount
from apps.channels.transports.imap_text import storage
from apps.core.secrets import seal
from tests.channels.mailboxes import account_at, account_at_fake, mails, switch_on
from tests.people import make_account
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.servers.fake_imap import ONE_MAIL, Answer, running_fake_imap, serving
from tests.servers.smtp_sink import Certificates, running_smtp_sink

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
QUOTA = """
mail_plugins = $mail_plugins quota
protocol imap {
  mail_plugins = $mail_plugins imap_quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=100K
}
"""


def now(account: EmailAccount) -> EmailAccount:
    return EmailAccount.objects.get(pk=account.pk)


def told(account: EmailAccount) -> tuple[int | None, int | None]:
    row = now(account)
    return row.quota_used, row.quota_limit


# ---- days ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "days", "level"),
    [
        ({"days": 60}, 60, 0),
        ({"days": 15}, 15, 0),
        ({"days": 14, "hours": 23}, 14, 1),
        ({"days": 14}, 14, 1),
        ({"days": 10, "hours": 1}, 10, 2),
        ({"days": 9}, 9, 2),
        ({"days": 3}, 3, 3),
        ({"hours": 23}, 0, 4),
        ({"hours": -1}, -1, 4),
        ({"days": -40}, -40, 4),
    ],
)
def test_each_threshold_is_one_warning_more(left: dict[str, float], days: int, level: int) -> None:
    account = EmailAccount(receive_certificate_until=NOW + timedelta(**left))
    [found] = certificates_of(account, NOW)
    assert (found.days, found.level) == (days, level)


def test_only_sides_that_are_in_use_and_encrypted_have_one() -> None:
    account = EmailAccount(
        receive_host="imap.x.test",
        send_host="smtp.x.test",
        receive_certificate_until=NOW + timedelta(days=9),
        send_certificate_until=NOW + timedelta(days=5),
    )
    assert [one.host for one in certificates_of(account, NOW)] == ["smtp.x.test", "imap.x.test"]
    account.send_kind = "none"
    assert [one.host for one in certificates_of(account, NOW)] == ["imap.x.test"]
    account.receive_tls = "none"
    assert certificates_of(account, NOW) == []


# ---- space --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("used", "level"), [(0, 0), (799, 0), (800, 1), (949, 1), (950, 2), (1000, 3), (1200, 3)]
)
def test_space_is_warned_of_at_80_and_95_percent(used: int, level: int) -> None:
    assert Quota(used, 1000).level == level


@pytest.mark.parametrize(
    ("then", "used", "days", "full_in"),
    [
        (None, 600, 0, None),
        (400, 800, 0.5, None),  # half a day foretells nothing
        (400, 800, 5, 5),  # 80 a day, 400 left
        (400, 1190, 5, 0),  # today
        (800, 800, 5, None),  # nothing grew
        (900, 800, 5, None),  # somebody made room
        (799, 800, 5, None),  # years
        (400, 1200, 5, None),  # it is full
    ],
)
def test_when_it_will_be_full(
    then: int | None, used: int, days: float, full_in: int | None
) -> None:
    account = EmailAccount(
        quota_used=used,
        quota_limit=1200,
        quota_then=then,
        quota_then_at=NOW - timedelta(days=days),
    )
    found = quota_of(account, NOW)
    assert found is not None
    assert found.full_in == full_in


def test_a_server_without_a_limit_has_no_quota() -> None:
    assert quota_of(EmailAccount(quota_used=5, quota_limit=None), NOW) is None
    assert quota_of(EmailAccount(quota_used=5, quota_limit=0), NOW) is None


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b'"" (STORAGE 10 512)', (10, 512)),
        (b'"" (storage 10 512 MESSAGE 3 9)', (10, 512)),
        (b'"" (STORAGE 10 0)', None),
        (b'"" (MESSAGE 3 9)', None),
        (b'"" ()', None),
        (b'"" (STORAGE 10 99999999999999999999999)', None),
        (b"STORAGE x y", None),
    ],
)
def test_odd_answers_about_space(said: bytes, found: tuple[int, int] | None) -> None:
    assert storage([said]) == found


def test_of_two_roots_the_tighter_one_counts() -> None:
    assert storage([b'"a" (STORAGE 10 512)', b'"b" (STORAGE 90 100)']) == (90, 100)


def _with_quota(said: bytes | None, asked: list[bytes]) -> Answer:
    behaves = serving(ONE_MAIL, capabilities="UIDPLUS QUOTA")

    def answer(tag: bytes, command: bytes) -> bytes | None:
        if command.startswith(b"GETQUOTAROOT"):
            asked.append(command)
            return said and said.replace(b"TAG", tag)
        return behaves(tag, command)

    return answer


def test_it_is_asked_once_an_hour() -> None:
    switch_on()
    asked: list[bytes] = []
    said = b'* QUOTAROOT INBOX ""\r\n* QUOTA "" (STORAGE 700 1000)\r\nTAG OK done\r\n'
    with running_fake_imap(_with_quota(said, asked)) as port:
        account = account_at_fake(port)
        fetch(account)
        fetch(now(account))
        assert (told(account), len(asked)) == ((700, 1000), 1)
        hour = timedelta(hours=1, seconds=1)
        EmailAccount.objects.update(quota_asked_at=timezone.now() - hour)
        fetch(now(account))
    assert len(asked) == 2


@pytest.mark.parametrize("said", [b"TAG NO not now\r\n", b"TAG BAD what\r\n", b""])
def test_a_server_that_stumbles_over_it_has_lost_us_nothing(said: bytes) -> None:
    switch_on()
    asked: list[bytes] = []
    with running_fake_imap(_with_quota(said, asked)) as port:
        account = account_at_fake(port)
        assert fetch(account) == 1
        fetch(now(account))
    assert (now(account).status, len(asked)) == ("ok", 1)
    assert told(account) == (None, None)


def test_growth_is_judged_by_a_week() -> None:
    account = EmailAccount(quota_used=1000, quota_then=200, quota_then_at=NOW - timedelta(days=8))
    then, at = forecast._a_week_before(account, 1000, NOW)
    assert (then, at) == (300, NOW - timedelta(days=7))  # as far along the line as the time


# ---- from real servers --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def roomy() -> Iterator[Dovecot]:
    with running_dovecot(more=QUOTA) as server:
        yield server


@pytest.mark.servers
def test_a_fetch_reads_the_certificate_and_the_space(roomy: Dovecot) -> None:
    switch_on()
    user = roomy.new_user()
    roomy.deliver(user, *mails(2), b"Subject: big\r\n\r\n" + b"x" * 60_000)
    secure = {"receive_host": "localhost", "receive_ca_file": roomy.ca_file}
    account = account_at(roomy, user, receive_tls="implicit", receive_port=roomy.tls_port, **secure)
    fetch(account)
    row = now(account)
    assert row.receive_certificate_until is not None
    assert row.receive_certificate_until > timezone.now()
    used, limit = told(account)
    assert limit == 100
    assert used is not None and 55 <= used <= 70


@pytest.mark.servers
def test_the_test_of_a_connection_sees_a_new_certificate(roomy: Dovecot) -> None:
    account = make_account(
        receive_host="localhost",
        receive_port=roomy.tls_port,
        receive_tls="implicit",
        receive_ca_file=roomy.ca_file,
        receive_user=roomy.new_user(),
        receive_password=seal(PASSWORD),
        receive_certificate_until=NOW,
    )
    assert diagnose_receive(account).ok
    until = now(account).receive_certificate_until
    assert until is not None and until > timezone.now()


@pytest.mark.servers
def test_without_encryption_a_certificate_of_before_is_forgotten(roomy: Dovecot) -> None:
    switch_on()
    account = account_at(roomy, roomy.new_user(), receive_certificate_until=NOW)
    fetch(account)
    assert now(account).receive_certificate_until is None


def test_sending_reads_it_too(certificates: Certificates) -> None:
    with running_smtp_sink(tls=certificates.good, implicit=True) as sink:
        account = make_account(
            send_host="127.0.0.1",
            send_port=sink.port,
            send_tls="implicit",
            send_ca_file=certificates.ca_file,
        )
        assert diagnose_send(account).ok
    until = now(account).send_certificate_until
    assert until is not None and until > timezone.now()


def test_an_account_under_test_writes_nothing_of_a_server_that_is_not_saved(
    certificates: Certificates,
) -> None:
    account = make_account(send_host="saved.test")
    with running_smtp_sink(tls=certificates.good, implicit=True) as sink:
        account.send_host, account.send_port, account.send_tls = "127.0.0.1", sink.port, "implicit"
        account.send_ca_file = certificates.ca_file
        assert diagnose_send(account).ok
    assert now(account).send_certificate_until is None


# ---- another server -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "field", "kept"),
    [
        (["receive_host"], "quota_used", "send_certificate_until"),
        (["receive_tls"], "receive_certificate_until", "send_certificate_until"),
        (["send_port"], "send_certificate_until", "quota_used"),
        (["send_kind"], "send_certificate_until", "receive_certificate_until"),
    ],
)
def test_another_server_is_another_certificate(changed: list[str], field: str, kept: str) -> None:
    assert field in forgotten(changed)
    assert kept not in forgotten(changed)
    assert forgotten(["name", "receive_user", "every_seconds"]) == {}


def test_the_form_forgets_what_the_former_server_told() -> None:
    account = _told_by_its_servers()
    form = {field: getattr(account, field) for field in _FORM} | {"receive_host": "new.test"}
    kind = modelform_factory(EmailAccount, form=WholeAccountForm, fields=_FORM)
    saved = kind(data=form | {"new_receive_password": "x"}, instance=account)
    assert saved.is_valid(), saved.errors
    saved.save()
    row = now(account)
    assert (row.receive_certificate_until, row.quota_used) == (None, None)
    assert row.send_certificate_until == NOW


def test_a_settings_file_forgets_it_too(tmp_path: Path) -> None:
    account = _told_by_its_servers()
    file = tmp_path / "settings.yaml"
    file.write_text("version: 1\naccounts: [{name: main, canary: true, send: {host: new.test}}]")
    call_command("configure", str(file), stdout=StringIO())
    row = now(account)
    assert (row.send_certificate_until, row.receive_certificate_until) == (None, NOW)
    assert row.canary


def test_a_canary_needs_both_ways() -> None:
    account = _told_by_its_servers()
    account.canary, account.send_kind = True, "none"
    with pytest.raises(ValidationError, match="nothing could come back"):
        account.full_clean()


_FORM = (
    *("name", "enabled", "receive_kind", "receive_host", "receive_port", "receive_tls"),
    *("receive_user", "every_seconds", "after", "start", "send_kind", "send_host", "send_port"),
    *("send_tls", "send_user", "sends_per_minute", "after_silence"),
)


def _told_by_its_servers() -> EmailAccount:
    return make_account(
        "main",
        receive_host="imap.x.test",
        receive_user="support",
        send_host="smtp.x.test",
        receive_certificate_until=NOW,
        send_certificate_until=NOW,
        quota_used=5,
    )
