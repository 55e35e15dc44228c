"""News of sent mail by webhook: from whom, once each, and what it says of an address."""

import base64
import json
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from apps.channels.models import EmailAccount, ProviderEvent, SuppressedAddress
from apps.channels.providers import keys, sns
from apps.core.secrets import seal
from tests.channels.providers import hooks
from tests.channels.providers.hooks import Hook
from tests.channels.providers.news_hooks import PROVIDERS, Sent, make_sender, news

pytestmark = pytest.mark.django_db

KINDS = ("taken", "delivered", "delayed", "soft", "hard", "refused", "complaint", "opted-out")
# Where a provider has no such word, what it says instead.
OTHERWISE = {
    ("ses", "opted-out"): "",
    ("mailgun", "soft"): "delayed",  # it tries on until it is for good
}


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sns, "get", lambda _address: hooks.amazons_certificate())


def post(account: EmailAccount, hook: Hook, *, login: str | None = "") -> Any:
    headers = dict(hook.headers)
    if login is not None:
        told = base64.b64encode((login or keys.login_of(account)).encode()).decode()
        headers["Authorization"] = f"Basic {told}"
    path = keys.path_of(account, ending="events/")
    client = hooks._provider
    return client.post(path, hook.body, content_type=hook.content_type, headers=headers)


def told() -> list[tuple[str, str]]:
    return list(ProviderEvent.objects.order_by("pk").values_list("outcome", "code"))


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_word_of_each_provider(provider: str, kind: str) -> None:
    account = make_sender(provider)
    answer = post(account, news(provider, kind, Sent(mark="m")))
    wanted = OTHERWISE.get((provider, kind), "hard" if kind == "refused" else kind)
    assert (answer.status_code, answer.json()) == (200, {"events": 1, "new": 1})
    assert told() == [("ignored", wanted or "unknown-event")]  # of no mail that we know


@pytest.mark.parametrize("provider", PROVIDERS)
def test_the_same_event_is_one_row(provider: str) -> None:
    account = make_sender(provider)
    new = [post(account, news(provider, "hard", Sent())).json()["new"] for _turn in range(3)]
    new += [post(account, news(provider, "hard", Sent(), event="e2")).json()["new"]]
    assert (new, ProviderEvent.objects.count()) == ([1, 0, 0, 1], 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_strange_event_is_kept_and_said_yes_to(provider: str) -> None:
    account = make_sender(provider)
    assert post(account, news(provider, "strange", Sent())).status_code == 200
    [event] = ProviderEvent.objects.all()
    assert (event.outcome, event.code) == ("ignored", "unknown-event")
    assert event.sentence


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("login", [None, "carteria:guessed"], ids=["none", "wrong"])
def test_who_does_not_know_the_password_leaves_no_trace(provider: str, login: str | None) -> None:
    account = make_sender(provider)
    assert post(account, news(provider, "hard", Sent()), login=login).status_code == 401
    assert (told(), SuppressedAddress.objects.count()) == ([], 0)


def test_mail_gun_has_to_sign() -> None:
    account = make_sender("mailgun")
    body = json.loads(news("mailgun", "hard", Sent()).body)
    body["signature"]["signature"] = "0" * 64
    assert post(account, hooks.as_json(body)).status_code == 403
    assert told() == []


def test_amazon_has_to_sign() -> None:
    account = make_sender("ses")
    body = json.loads(news("ses", "hard", Sent()).body)
    body["Message"] = body["Message"].replace("customer@", "other@")
    hook = Hook(json.dumps(body).encode(), "text/plain", {})
    assert (post(account, hook).status_code, told()) == (403, [])


def signed_by_sendgrid(account: EmailAccount, hook: Hook, *, age: int = 0) -> Hook:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    account.webhook_signing_key = seal(base64.b64encode(public).decode())
    account.save()
    stamp = str(int(time.time() - age))
    signature = key.sign(stamp.encode() + hook.body, ec.ECDSA(hashes.SHA256()))
    names = "X-Twilio-Email-Event-Webhook-"
    headers = {
        f"{names}Signature": base64.b64encode(signature).decode(),
        f"{names}Timestamp": stamp,
    }
    return Hook(hook.body, hook.content_type, headers)


def test_sendgrid_has_to_sign_where_the_account_has_its_key() -> None:
    account = make_sender("sendgrid")
    plain = news("sendgrid", "hard", Sent())
    signed = signed_by_sendgrid(account, plain)
    forged = Hook(plain.body.replace(b"customer", b"stranger"), "application/json", signed.headers)
    answers = [post(account, one).status_code for one in (plain, forged, signed)]
    assert (answers, len(told())) == ([403, 403, 200], 1)


def test_a_replay_of_long_ago_is_refused() -> None:
    account = make_sender("sendgrid")
    old = signed_by_sendgrid(account, news("sendgrid", "hard", Sent()), age=3 * 24 * 3600)
    assert (post(account, old).status_code, told()) == (403, [])


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_account_that_sends_otherwise_hears_nothing(provider: str) -> None:
    account = make_sender(provider)
    EmailAccount.objects.update(send_kind="smtp")
    assert post(account, news(provider, "hard", Sent())).status_code == 404


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"nonsense", b'{"event": {"a": 1}}', b'["a", 1, null, []]']
)
@pytest.mark.parametrize("provider", ["postmark", "sendgrid", "brevo"])
def test_whatever_is_posted_nothing_breaks(provider: str, body: bytes) -> None:
    account = make_sender(provider)
    answer = post(account, Hook(body, "application/json"))
    assert answer.status_code in (200, 400, 422)
    assert not [one for one in told() if one[0] == "taken"]


# ---- the list of suppressed addresses -----------------------------------------------------------


def listed() -> list[tuple[str, str, bool]]:
    rows = SuppressedAddress.objects.in_force().order_by("pk")
    return [(one.address, one.reason, one.account_id is None) for one in rows]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    "kind, reason",
    [("delivered", ""), ("soft", ""), ("hard", "hard"), ("complaint", "complaint")],
)
def test_what_it_says_of_an_address(provider: str, kind: str, reason: str) -> None:
    post(make_sender(provider), news(provider, kind, Sent()))
    assert listed() == ([("customer@outside.test", reason, True)] if reason else [])


def test_an_end_of_mail_counts_for_the_account_that_was_told() -> None:
    post(make_sender("brevo"), news("brevo", "opted-out", Sent()))
    assert listed() == [("customer@outside.test", "unsubscribed", False)]


def test_a_mail_that_arrives_ends_what_a_bounce_has_said() -> None:
    account = make_sender("brevo")
    for kind in ("hard", "complaint", "delivered"):
        post(account, news("brevo", kind, Sent()))
    assert listed() == [("customer@outside.test", "complaint", True)]
