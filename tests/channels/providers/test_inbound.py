"""Webhooks of the five providers: each mail once, from the provider alone, safe before 200."""

import errno
import json
from unittest.mock import patch

import pytest
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels.models import ChannelSettings, EmailAccount, InboundEmail, ProviderEvent
from apps.channels.parse import parse
from apps.channels.providers import inbound, keys, sns
from apps.channels.room import FOR_ONE, ROOM
from apps.core import blobs
from tests.calls import problem
from tests.channels.mailboxes import switch_on
from tests.channels.providers import hooks
from tests.channels.providers.hooks import RAW, SUPPORT, Hook, make_hooked, post
from tests.people import make_mailbox

pytestmark = pytest.mark.django_db

WITH_RAW = {
    "mailgun": hooks.mailgun_raw,
    "sendgrid": hooks.sendgrid_raw,
    "ses": hooks.ses,
}
REBUILT = {
    "brevo": hooks.brevo,
    "mailgun": hooks.mailgun_parsed,
    "postmark": hooks.postmark,
    "sendgrid": hooks.sendgrid_parsed,
}
ALL = {**REBUILT, **WITH_RAW}


@pytest.fixture(autouse=True)
def channel(db) -> ChannelSettings:
    return switch_on()


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of Amazon's host, which has our certificate."""
    asked: list[str] = []

    def get(address: str) -> bytes:
        asked.append(address)
        return hooks.amazons_certificate()

    monkeypatch.setattr(sns, "get", get)
    sns._key.cache_clear()
    return asked


def hooked(provider: str, **fields) -> EmailAccount:
    account = make_hooked(provider, **fields)
    make_mailbox(SUPPORT, account=account)
    return account


def raw_of(row: InboundEmail) -> bytes:
    assert row.raw is not None
    return blobs.read(row.raw)


# ---- what a mail leaves -------------------------------------------------------------------------


@pytest.mark.parametrize("provider", sorted(WITH_RAW))
def test_the_mail_itself_is_kept_byte_for_byte(provider: str) -> None:
    account = hooked(provider)
    answer = post(account, WITH_RAW[provider]())
    row = InboundEmail.objects.get()
    assert (answer.status_code, answer.json()["inbound"]) == (200, str(row.pk))
    assert raw_of(row) == RAW
    assert (row.source, row.account, row.rebuilt) == ("webhook", account, False)
    assert row.mailbox is not None and row.mailbox.address == SUPPORT


def test_postmarks_raw_mail_is_kept() -> None:
    account = hooked("postmark")
    raw = "From: ana@outside.test\r\nSubject: Caf\u00e9\r\n\r\nHola\r\n"
    post(account, hooks.postmark(RawEmail=raw))
    row = InboundEmail.objects.get()
    assert (raw_of(row), row.rebuilt) == (raw.encode(), False)


@pytest.mark.parametrize("provider", sorted(REBUILT))
def test_what_is_only_told_is_rebuilt_and_marked_so(provider: str) -> None:
    account = hooked(provider)
    assert post(account, REBUILT[provider]()).status_code == 200
    row = InboundEmail.objects.get()
    mail = parse(raw_of(row))
    assert row.rebuilt
    assert mail.subject == "A broken lamp"
    assert mail.from_ is not None and mail.from_.email == "ana@outside.test"
    assert mail.delivered_to == (SUPPORT,)
    assert mail.return_path == "ana@outside.test"
    assert "n two piece" in (mail.text or "") or "Mañana, en dos." in (mail.text or "")
    assert mail.html
    assert not mail.oddities


def test_a_rebuilt_mail_has_every_file_with_name_type_and_bytes() -> None:
    post(hooked("mailgun"), hooks.mailgun_parsed())
    mail = parse(raw_of(InboundEmail.objects.get()))
    files = {one.content_type: (one.name, one.content, one.content_id) for one in mail.files}
    assert files["image/png"] == ("lamp.png", hooks.PIXEL, "lamp")
    assert files["text/plain"][1] == b"Se\xf1ora"


def test_a_header_cannot_begin_another_one() -> None:
    headers = [{"Name": "Subject", "Value": "a\r\nBcc: all@outside.test\r\n\r\nbody"}]
    post(hooked("postmark"), hooks.postmark(Headers=headers))
    mail = parse(raw_of(InboundEmail.objects.get()))
    assert mail.subject.startswith("a Bcc: all@outside.test")
    assert mail.text == "It came in two pieces."


def test_one_webhook_of_brevo_may_bring_several_mails() -> None:
    answer = post(hooked("brevo"), hooks.brevo("one", "two"))
    assert [one["outcome"] for one in answer.json()["mails"]] == ["received", "received"]
    assert InboundEmail.objects.count() == 2


def test_an_address_in_the_envelope_comes_before_the_headers() -> None:
    account = hooked("mailgun")
    other = make_mailbox("sales@carteria.test", account=account)
    post(account, hooks.mailgun_raw(to="Sales@carteria.test"))
    assert InboundEmail.objects.get().mailbox == other


def test_an_envelope_that_names_none_of_ours_leaves_it_to_the_headers() -> None:
    post(hooked("mailgun"), hooks.mailgun_raw(to="hash@inbound.test"))
    assert InboundEmail.objects.get().mailbox is None


# ---- once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", sorted(ALL))
def test_the_same_event_again_is_the_same_mail(provider: str) -> None:
    account, hook = hooked(provider), ALL[provider]()
    first, again = post(account, hook).json(), post(account, hook)
    assert again.status_code == 200
    assert (again.json()["inbound"], again.json()["new"]) == (first["inbound"], False)
    assert InboundEmail.objects.count() == ProviderEvent.objects.count() == 1


def test_the_same_bytes_under_another_event_are_no_second_mail() -> None:
    account = hooked("mailgun")
    first = post(account, hooks.mailgun_raw(token="one")).json()
    again = post(account, hooks.mailgun_raw(token="two")).json()
    assert again["inbound"] == first["inbound"]
    assert InboundEmail.objects.count() == 1
    assert ProviderEvent.objects.get(event_id="two").code == "same-bytes"


def test_two_hundred_webhooks_with_a_tenth_told_twice_are_stored_once_each() -> None:
    account = hooked("mailgun")
    given = [
        (number, hooks.mailgun_raw(RAW + b"%d" % number, token=f"t{number}"))
        for number in range(180)
    ]
    answers = [post(account, hook) for _number, hook in (*given, *given[::9])]
    assert {one.status_code for one in answers} == {200}
    assert sum(one.json()["new"] for one in answers) == 180
    assert InboundEmail.objects.values("sha256").distinct().count() == 180
    assert InboundEmail.objects.count() == ProviderEvent.objects.count() == 180


# ---- from the provider, and nobody else ---------------------------------------------------------


def nothing_is_stored() -> bool:
    return not InboundEmail.objects.exists() and not ProviderEvent.objects.exists()


@pytest.mark.parametrize("login", [None, "carteria:wrong", "carteria:", "x"])
@pytest.mark.parametrize("provider", sorted(ALL))
def test_without_the_password_nothing_is_stored(provider: str, login: str | None) -> None:
    account = hooked(provider)
    answer = post(account, ALL[provider](), login=login)
    assert problem(answer) == (401, "sign-in")
    assert answer["WWW-Authenticate"].startswith("Basic")
    assert nothing_is_stored()
    account.refresh_from_db()
    assert account.status == "new"


def test_an_account_without_a_password_takes_nothing() -> None:
    account = hooked("postmark", webhook_secret="")
    EmailAccount.objects.update(webhook_secret="")
    assert post(account, hooks.postmark(), login="carteria:").status_code == 401


@pytest.mark.parametrize(
    ("provider", "hook", "code"),
    [
        ("mailgun", lambda: hooks.mailgun_raw(key="another"), "forged"),
        ("mailgun", lambda: hooks.mailgun_raw(age=25 * 3600), "too-old"),
        ("mailgun", lambda: hooks.mailgun_raw(age=-2 * 3600), "too-old"),
        ("mailgun", lambda: hooks.form({"body-mime": RAW}), "forged"),
        ("ses", lambda: hooks.sns_message("s1", "{}", after={"Message": '{"a": 1}'}), "forged"),
        ("ses", lambda: hooks.sns_message("s1", "{}", after={"Signature": "%%%"}), "forged"),
        ("ses", lambda: hooks.sns_message("s1", "{}", after={"Signature": "AAAA"}), "forged"),
        ("ses", lambda: hooks.sns_message("s1", "{}", SignatureVersion="3"), "forged"),
        ("ses", lambda: hooks.sns_message("s1", "{}", Timestamp="2026-01-01T00:00:00Z"), "too-old"),
        ("ses", lambda: hooks.sns_message("s1", "{}", Timestamp="yesterday"), "forged"),
    ],
)
def test_a_forged_or_old_signature_is_403_and_the_account_says_so(
    provider: str, hook, code: str
) -> None:
    account = hooked(provider)
    assert problem(post(account, hook())) == (403, code)
    assert nothing_is_stored()
    account.refresh_from_db()
    assert (account.status, account.status_code) == ("failing", code)
    assert account.status_sentence
    post(account, ALL[provider]())
    account.refresh_from_db()
    assert (account.status, account.status_sentence) == ("ok", "")


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.test/x.pem",
        "https://evil.test/sns.eu-west-1.amazonaws.com",
        "https://user@sns.eu-west-1.amazonaws.com/x.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/x.pem",
        "https://s3.eu-west-1.amazonaws.com/x.pem",
        "https://[::1/x.pem",
        None,
    ],
)
def test_a_certificate_comes_from_amazon_or_not_at_all(amazon, address: str | None) -> None:
    hook = hooks.sns_message("s1", "{}", SigningCertURL=address)
    assert problem(post(hooked("ses"), hook)) == (403, "not-amazon")
    assert amazon == []


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_topic_is_confirmed_only_after_its_signature(amazon, version: str) -> None:
    account, yes = hooked("ses"), "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    told = {"SubscribeURL": yes, "Token": "t", "SignatureVersion": version}

    def ask(**more) -> Hook:
        return hooks.sns_message("c1", "Confirm", kind="SubscriptionConfirmation", **told, **more)

    assert post(account, ask(after={"Token": "other"})).status_code == 403
    assert amazon == [hooks.CERTIFICATE]
    assert post(account, ask()).json()["outcome"] == "ignored"
    assert amazon == [hooks.CERTIFICATE, yes]
    assert ProviderEvent.objects.get().code == "subscribed"


def test_no_topic_sends_us_elsewhere(amazon) -> None:
    hook = hooks.sns_message(
        "c1", "Confirm", kind="SubscriptionConfirmation", SubscribeURL="https://evil.test/"
    )
    assert problem(post(hooked("ses"), hook)) == (403, "not-amazon")
    assert amazon == [hooks.CERTIFICATE]


def test_another_account_or_provider_is_not_found() -> None:
    account = hooked("postmark")
    path, other = keys.path_of(account), make_hooked("mailgun")
    for wrong in (path.replace("postmark", "brevo"), path.replace(account.webhook_key or "", "x")):
        with patch.object(keys, "path_of", return_value=wrong):
            assert problem(post(account, hooks.postmark())) == (404, "not-found")
    EmailAccount.objects.filter(pk=account.pk).update(receive_kind="imap")
    assert post(account, hooks.postmark()).status_code == 404
    assert post(other, hooks.mailgun_raw(), login=keys.login_of(account)).status_code == 401
    assert nothing_is_stored()


def test_a_renewed_address_replaces_the_old_one() -> None:
    account = hooked("postmark")
    before = (keys.path_of(account), keys.login_of(account))
    keys.renew(account)
    account.save(update_fields=keys.FIELDS)
    after = (keys.path_of(account), keys.login_of(account))
    assert before[0] != after[0] and before[1] != after[1]
    assert post(account, hooks.postmark()).status_code == 200
    with patch.object(keys, "path_of", return_value=before[0]):
        assert post(account, hooks.postmark(), login=before[1]).status_code == 404


# ---- what else may come -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("provider", "hook", "code"),
    [
        ("postmark", lambda: hooks.as_json({"RecordType": "Bounce", "ID": 7}), "not-a-mail"),
        ("postmark", lambda: hooks.as_json({"RecordType": "Inbound"}), "unknown-event"),
        ("brevo", lambda: hooks.as_json({"event": "delivered"}), "not-a-mail"),
        ("brevo", lambda: hooks.as_json({"items": [{"Uuid": ["x"]}]}), "unknown-event"),
        ("sendgrid", lambda: hooks.form({"hello": "you"}), "unknown-event"),
        ("ses", lambda: hooks.sns_message("n", '{"notificationType": "Bounce"}'), "not-a-mail"),
        ("ses", lambda: hooks.sns_message("n", "x", kind="UnsubscribeConfirmation"), "not-a-mail"),
        (
            "mailgun",
            lambda: hooks.form({"event": "opened", **hooks.signed_by_mailgun("t")}),
            "not-a-mail",
        ),
        ("mailgun", lambda: hooks.form(hooks.signed_by_mailgun("t")), "unknown-event"),
    ],
)
def test_what_is_no_mail_is_200_and_a_row_says_so(provider: str, hook, code: str) -> None:
    account = hooked(provider)
    answer = post(account, hook())
    assert (answer.status_code, answer.json()["outcome"]) == (200, "ignored")
    row = ProviderEvent.objects.get()
    assert (row.account, row.outcome, row.code) == (account, "ignored", code)
    assert row.sentence == answer.json()["detail"]
    assert not InboundEmail.objects.exists()


DEEP = Hook(b"[" * 100_000, "application/json")


@pytest.mark.parametrize(
    ("provider", "hook", "expected"),
    [
        ("postmark", Hook(b"{", "application/json"), (400, "malformed")),
        ("postmark", Hook(b"[]", "application/json"), (400, "malformed")),
        ("postmark", Hook(b"\xff\xfe", "application/json"), (400, "malformed")),
        ("postmark", DEEP, (400, "malformed")),
        ("postmark", Hook(b"{}", "application/xml"), (400, "content-type")),
        ("postmark", hooks.postmark(Attachments=[{"Content": "%"}]), (400, "malformed")),
        ("postmark", hooks.postmark(RawEmail=" \r\n"), (400, "empty")),
        ("brevo", hooks.as_json({"items": 7}), (400, "malformed")),
        ("mailgun", Hook(b"{}", "application/json"), (400, "content-type")),
        ("mailgun", Hook(b"x", "multipart/form-data"), (400, "content-type")),
        ("mailgun", Hook(b"x", "multipart/form-data; boundary=b"), (400, "malformed")),
        ("sendgrid", Hook(hooks.sendgrid_raw().body[:-9], "multipart/form-data; boundary=xYzZY"), (400, "malformed")),
        ("sendgrid", Hook(b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b"), (400, "malformed")),
        ("sendgrid", Hook(b"a=%ff&b=" + "é".encode(), "application/x-www-form-urlencoded"), (400, "malformed")),
        ("ses", hooks.ses(content=None), (422, "no-content")),
        ("ses", hooks.ses(content="%"), (400, "malformed")),
        ("ses", hooks.sns_message("s", "no json"), (400, "malformed")),
        ("ses", Hook(b"raw", "text/plain", {"x-amz-sns-rawdelivery": "true"}), (400, "raw-delivery")),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_sentence_and_noted(provider, hook, expected) -> None:
    account = hooked(provider)
    answer = post(account, hook)
    assert problem(answer) == expected
    assert "Traceback" not in answer.json()["detail"] and answer.json()["detail"].endswith(".")
    row = ProviderEvent.objects.get()
    assert (row.outcome, row.code, row.account) == ("refused", expected[1], account)
    assert not InboundEmail.objects.exists()


def test_mailguns_store_is_refused_with_the_cure() -> None:
    hook = hooks.form({"attachments": "[]", **hooks.signed_by_mailgun("t")})
    answer = post(hooked("mailgun"), hook)
    assert problem(answer) == (400, "stored-there")
    assert "forward()" in answer.json()["detail"]


# ---- not now ------------------------------------------------------------------------------------


def test_while_off_or_full_the_provider_keeps_the_mail() -> None:
    account = hooked("postmark")
    full = OSError(errno.ENOSPC, "full")
    with patch("apps.channels.receive.blobs.write", side_effect=full):
        answers = [post(account, hooks.postmark())]
    ChannelSettings.objects.update(enabled=False)
    cache.clear()
    answers.append(post(account, hooks.postmark()))
    ChannelSettings.objects.update(enabled=True)
    cache.clear()
    EmailAccount.objects.update(enabled=False)
    answers.append(post(account, hooks.postmark()))
    assert [problem(one) for one in answers] == [
        (503, "disk-full"),
        (503, "channel-off"),
        (503, "account-off"),
    ]
    assert all(int(one["Retry-After"]) > 0 for one in answers)
    assert nothing_is_stored()


def test_with_a_wrong_key_of_ours_the_provider_keeps_the_mail(settings) -> None:
    account = hooked("postmark")
    login, settings.CARTERIA_KEYS = keys.login_of(account), [Fernet.generate_key().decode()]
    answer = post(account, hooks.postmark(), login=login)
    assert problem(answer) == (503, "wrong-key")
    assert nothing_is_stored()


def test_a_body_over_the_cap_is_413_and_noted() -> None:
    account = hooked("postmark")
    with patch.object(inbound, "MOST_BYTES", 1000):
        answer = post(account, hooks.postmark(TextBody="x" * 2000))
    assert problem(answer) == (413, "too-large")
    assert ProviderEvent.objects.get().code == "too-large"


def test_ten_megabytes_are_taken_in() -> None:
    account = hooked("mailgun")
    raw = RAW + b"0123456789abcdef\r\n" * 600_000
    assert post(account, hooks.mailgun_raw(raw)).status_code == 200
    row = InboundEmail.objects.get()
    assert (row.size, row.status) == (len(raw), "received")


def test_too_many_large_ones_at_once_wait_and_then_come_again() -> None:
    account = hooked("postmark")
    with (
        patch.object(inbound, "MOST_WAIT", 0.0),
        inbound.room.taken(FOR_ONE, tick=lambda: None),
        inbound.room.taken(ROOM - FOR_ONE, tick=lambda: None),
        patch("apps.channels.room.TICK_SECONDS", 0.01),
    ):
        answer = post(account, hooks.postmark(TextBody="x" * 2 * 2**20))
    assert problem(answer) == (503, "busy")
    assert nothing_is_stored()


def test_brevos_files_are_fetched_or_the_mail_stays_there(monkeypatch) -> None:
    account = hooked("brevo")
    assert problem(post(account, hooks.brevo(files=1))) == (503, "no-api-key")
    account.refresh_from_db()
    assert account.status_code == "no-api-key"
    assert nothing_is_stored()


# ---- cost, and what is seen ---------------------------------------------------------------------


def test_a_mail_costs_the_same_number_of_queries_whatever_is_there() -> None:
    account = hooked("mailgun")
    post(account, hooks.mailgun_raw(token="t0"))

    def cost(number: int) -> int:
        hook = hooks.mailgun_raw(RAW + b"%d" % number, token=f"t{number}")
        with CaptureQueriesContext(
            connection,
        ) as told:
            post(account, hook)
        return len(told)

    first = cost(1)
    for number in range(20):
        make_mailbox(f"more{number}@carteria.test", account=account)
    for number in range(2, 20):
        post(account, hooks.mailgun_raw(RAW + b"%d" % number, token=f"t{number}"))
    assert cost(20) == first
    assert first <= 16


def test_neither_answer_nor_log_tells_a_secret(caplog) -> None:
    account = hooked("mailgun")
    answers = [
        post(account, hooks.mailgun_raw(key="another")),
        post(account, hooks.mailgun_raw(), login="carteria:nobody"),
        post(account, Hook(b"x", "text/html")),
        post(account, hooks.mailgun_raw()),
    ]
    said = "".join(json.dumps(one.json()) for one in answers) + caplog.text
    secrets = (keys.login_of(account).partition(":")[2], account.webhook_key, hooks.SIGNING_KEY)
    assert not any(str(one) in said for one in (*secrets, "ana@outside.test", "nobody"))
