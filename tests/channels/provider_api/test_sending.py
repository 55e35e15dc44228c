"""What becomes of a mail that goes out over a provider's interface, whatever the provider does."""

import email
import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from email.policy import default
from ipaddress import ip_network
from typing import Any

import pytest

from apps.channels import web_line
from apps.channels.compose import OutgoingFile, OutgoingMail, compose
from apps.channels.models import EmailAccount
from apps.channels.parsed import Address
from apps.channels.provider_api.sending import mark_of
from apps.channels.send import Envelope, Heard, Outcome, send
from apps.core.secrets import seal
from apps.tickets.tokens import hash_of
from tests.servers.scripted_provider import (
    DROP,
    HALF,
    SILENCE,
    Do,
    ScriptedProvider,
    running_scripted_provider,
    says,
)

KEY = "key-nobody-may-read"
PROVIDERS = ("ses", "mailgun", "postmark", "sendgrid", "brevo")
OPTIONS = {"access_key": "AKIA", "region": "eu", "domain": "mg.test", "stream": "outbound"}
ENVELOPE = Envelope("support@carteria.test", ("ann@outside.test", "bo@outside.test", "cy@in.test"))

MAIL = OutgoingMail(
    sender=Address("support@carteria.test", "Müller & Söhne, GmbH"),
    to=[Address("ann@outside.test", "Ann Ünger"), Address("bo@outside.test")],
    reply_to=[Address("support+t@carteria.test", "Support")],
    subject="Grüße: your order",
    message_id="T0.abc@carteria.test",
    date=datetime(2026, 11, 26, 9, 0, tzinfo=UTC),
    text="Hello Ann,\nthe parcel — it is here.\n.\nYours\n",
    html="<p>Hello Ann</p><img src='cid:pic@x'>",
    in_answer=True,
    in_reply_to="their@outside.test",
    references=["first@outside.test", "their@outside.test"],
    files=[
        OutgoingFile("Rechnung ü.pdf", "application/pdf", b"%PDF-1.4 \x00\xff"),
        OutgoingFile("pic.png", "image/png", b"\x89PNG", content_id="pic@x", inline=True),
    ],
)
RAW = compose(MAIL)
LARGE = compose(
    OutgoingMail(
        sender=MAIL.sender,
        to=MAIL.to,
        subject="Large",
        message_id="large@carteria.test",
        date=MAIL.date,
        text="x",
        files=[OutgoingFile("a.bin", "application/octet-stream", bytes(range(256)) * 600)],
    )
)


@pytest.fixture
def provider(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedProvider]:
    """Our patience is short here."""
    settings.PRIVATE_HOSTS = [ip_network("127.0.0.0/8")]
    monkeypatch.setattr(web_line, "ANSWER_SECONDS", 0.2)
    monkeypatch.setattr(web_line, "STEP_SECONDS", 0.3)
    with running_scripted_provider() as scripted:
        yield scripted


def account_at(name: str, provider: ScriptedProvider, **options: str) -> EmailAccount:
    return EmailAccount(
        name="main",
        send_kind="anymail",
        provider=name,
        provider_key=seal(KEY),
        provider_options=OPTIONS | {"api_url": provider.url} | options,
    )


def sent(
    name: str,
    provider: ScriptedProvider,
    script: dict[str, Do] | None = None,
    *,
    raw: bytes = RAW,
    heard: Heard | None = None,
    calls: list[str] | None = None,
) -> Outcome:
    told = [] if calls is None else calls
    if script:
        provider.scripts.append(script)

    def alive() -> None:
        """Amid a large mail we are slower than whatever the script does."""
        told.append("alive")
        if len(told) > 2 and "BODY" not in (script or {"BODY": None}):
            assert provider.acted.wait(5)

    outcome = send(
        account_at(name, provider),
        ENVELOPE,
        raw,
        before_data=lambda: told.append("committed"),
        alive=alive,
        heard=heard,
    )
    assert KEY not in repr(outcome)
    return outcome


# ---- faults: outcome, requests that the provider took, whether ours was committed before --------

BEFORE = {
    "refused line": {"CONNECT": DROP},
    "header, then gone": {"HEAD": DROP},
    "half, then gone": {"HALF": DROP},
    "early 413": {"HALF": Do(says(413, {"message": "too large"}))},
    "early 500": {"HALF": Do(says(500))},
}
EARLY = {"early 413": "failed"}
AFTER = {
    "gone": (Do(), "unknown"),
    "gone, kept": (Do(keeps=True), "unknown"),
    "silence": (SILENCE, "unknown"),
    "silence, kept": (Do(then="silence", keeps=True), "unknown"),
    "half an answer": (Do(b"HTTP/1.1 2", keeps=True), "unknown"),
    "half a header": (Do(b"HTTP/1.1 200 OK\r\nContent-Le", keeps=True), "unknown"),
    "a dribble": (Do(says(200, {}), every=0.05, keeps=True), "unknown"),
    "garbage": (Do(b"\x00\xff\r\n\r\n", keeps=True), "unknown"),
    "another's yes": (Do(says(200, ["hello"]), keeps=True), "unknown"),
    "a page": (Do(b"HTTP/1.1 200 OK\r\n\r\n<html>Welcome</html>", keeps=True), "unknown"),
    "400": (Do(says(400, {"message": f"bad {KEY}"})), "failed"),
    "422": (Do(says(422, {"Message": "no", "ErrorCode": 300})), "failed"),
    "413": (Do(says(413)), "failed"),
    "401": (Do(says(401, {"message": "who?"})), "retry"),
    "402": (Do(says(402)), "retry"),
    "404": (Do(says(404)), "retry"),
    "302": (Do(says(302, Location="https://elsewhere.test/")), "retry"),
    "429": (Do(says(429, {"message": "slow"}, Retry_After="120")), "retry"),
    "503": (Do(says(503)), "retry"),
    "500": (Do(says(500), keeps=True), "unknown"),
    "502": (Do(says(502)), "unknown"),
    "504": (Do(says(504), keeps=True), "unknown"),
}


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", list(BEFORE))
def test_before_its_last_bytes_nobody_has_it(
    name: str, fault: str, provider: ScriptedProvider
) -> None:
    calls: list[str] = []
    outcome = sent(name, provider, BEFORE[fault], raw=LARGE, calls=calls)
    assert (outcome.kind, provider.taken) == (EARLY.get(fault, "retry"), [])
    assert (provider.lines, "committed" in calls) == (1, False)


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("fault", list(AFTER))
def test_after_them_only_its_word_counts(name: str, fault: str, provider: ScriptedProvider) -> None:
    todo, kind = AFTER[fault]
    calls: list[str] = []
    outcome = sent(name, provider, {"BODY": todo}, calls=calls)
    assert (outcome.kind, len(provider.taken)) == (kind, int(todo.keeps))
    assert (provider.lines, calls.count("committed")) == (1, 1)  # asked once, whatever it said
    assert outcome.sentence


@pytest.mark.parametrize("name", PROVIDERS)
def test_too_much_stops_the_account_for_as_long_as_is_asked(
    name: str, provider: ScriptedProvider
) -> None:
    outcome = sent(name, provider, {"BODY": AFTER["429"][0]})
    assert (outcome.throttled, outcome.wait) == (True, 120)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_lost_lease_calls_it_off_before_the_last_bytes(
    name: str, provider: ScriptedProvider
) -> None:
    class Lost(Exception):
        pass

    def lose() -> None:
        raise Lost

    with pytest.raises(Lost):
        send(account_at(name, provider), ENVELOPE, RAW, before_data=lose)
    assert provider.taken == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_one_yes_is_one_mail_to_everybody(name: str, provider: ScriptedProvider) -> None:
    heard: Heard = {}
    outcome = sent(name, provider, heard=heard)
    assert (outcome.kind, len(provider.taken)) == ("sent", 1)
    assert {who: code for who, (code, _said) in heard.items()} == dict.fromkeys(
        ENVELOPE.recipients, 250
    )


def test_the_ids_that_it_gives_are_told(provider: ScriptedProvider) -> None:
    ids = {name: sent(name, provider).ids for name in PROVIDERS}
    assert ids == {
        "ses": ("0100-1@eu.amazonses.com", "0100-1"),
        "mailgun": ("2@mg.test",),
        "postmark": ("uuid-3",),
        "sendgrid": (),
        "brevo": ("5@smtp-relay.mailin.fr",),
    }


# ---- what leaves ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_key_proves_who_asks(name: str, provider: ScriptedProvider) -> None:
    sent(name, provider)
    headers = provider.taken[0].headers
    wanted = {
        "ses": "AWS4-HMAC-SHA256 Credential=AKIA/",
        "mailgun": "Basic YXBpOmtleS1ub2JvZHktbWF5LXJlYWQ=",
        "postmark": KEY,
        "sendgrid": f"Bearer {KEY}",
        "brevo": KEY,
    }
    names = {"postmark": "x-postmark-server-token", "brevo": "api-key"}
    assert headers[names.get(name, "authorization")].startswith(wanted[name])


def test_amazon_gets_the_very_bytes_and_everybody(provider: ScriptedProvider) -> None:
    sent("ses", provider)
    told: Any = provider.taken[0].told
    assert b64decode(told["Content"]["Raw"]["Data"]) == RAW
    assert told["Destination"] == {"ToAddresses": list(ENVELOPE.recipients)}
    assert told["EmailTags"] == [{"Name": "carteria", "Value": hash_of(MAIL.message_id)}]


def test_mailgun_gets_the_very_bytes_and_everybody(provider: ScriptedProvider) -> None:
    sent("mailgun", provider)
    asked = provider.taken[0]
    assert (asked.path, RAW in asked.body) == ("/mg.test/messages.mime", True)
    to = re.findall(rb'name="to"\r\n\r\n(.*?)\r\n', asked.body)
    assert [one.decode() for one in to] == list(ENVELOPE.recipients)


def test_the_mark_is_the_hash_of_the_message_id() -> None:
    assert mark_of(RAW) == hash_of(MAIL.message_id)


def fields_of(name: str, told: Any) -> dict[str, Any]:
    """Text, HTML, headers, people of each side and names of files, as each provider calls them."""
    if name == "postmark":
        return {
            "text": told["TextBody"],
            "html": told["HtmlBody"],
            "headers": {one["Name"]: one["Value"] for one in told["Headers"]},
            "sides": [told["To"], told.get("Cc", ""), told["Bcc"]],
            "files": [(one["Name"], one["Content"]) for one in told["Attachments"]],
            "subject": told["Subject"],
            "from": told["From"],
        }
    if name == "sendgrid":
        text, html = (one["value"] for one in told["content"])
        people = told["personalizations"][0]
        sides = [people.get(side, []) for side in ("to", "cc", "bcc")]
        return {
            "text": text,
            "html": html,
            "headers": told["headers"],
            "sides": [", ".join(one["email"] for one in side) for side in sides],
            "files": [(one["filename"], one["content"]) for one in told["attachments"]],
            "subject": told["subject"],
            "from": told["from"]["name"],
        }
    sides = [told.get(side, []) for side in ("to", "cc", "bcc")]
    return {
        "text": told["textContent"],
        "html": told["htmlContent"],
        "headers": told["headers"],
        "sides": [", ".join(one["email"] for one in side) for side in sides],
        "files": [(one["name"], one["content"]) for one in told["attachment"]],
        "subject": told["subject"],
        "from": email.message_from_string(f"From: {told['sender']['name']}\n\n", policy=default)[
            "From"
        ],
    }


@pytest.mark.parametrize("name", ["postmark", "sendgrid", "brevo"])
def test_the_fields_are_those_of_the_mail(name: str, provider: ScriptedProvider) -> None:
    sent(name, provider)
    told = fields_of(name, provider.taken[0].told)
    assert told["text"] == MAIL.text
    assert told["html"].strip() == MAIL.html
    assert told["subject"] == MAIL.subject
    assert "Müller & Söhne, GmbH" in str(told["from"])
    assert {key: told["headers"][key] for key in ("Message-ID", "In-Reply-To", "References")} == {
        "Message-ID": "<T0.abc@carteria.test>",
        "In-Reply-To": "<their@outside.test>",
        "References": "<first@outside.test> <their@outside.test>",
    }
    assert told["headers"]["Auto-Submitted"] == "auto-replied"
    assert [side.count("@") for side in told["sides"]] == [2, 0, 1]
    assert "cy@in.test" in told["sides"][2]
    assert {file: b64decode(content) for file, content in told["files"]} == {
        "Rechnung ü.pdf": b"%PDF-1.4 \x00\xff",
        "pic.png": b"\x89PNG",
    }


def test_postmark_is_asked_to_keep_our_id(provider: ScriptedProvider) -> None:
    sent("postmark", provider)
    assert fields_of("postmark", provider.taken[0].told)["headers"]["X-PM-KeepID"] == "true"


def test_brevo_is_told_that_it_is_the_same_mail(provider: ScriptedProvider) -> None:
    sent("brevo", provider)
    sent("brevo", provider)
    keys = {str(one.told["headers"]["idempotencyKey"]) for one in provider.taken}  # type: ignore[index]
    assert len(keys) == 1


def test_letters_outside_ascii_in_an_address_stay(provider: ScriptedProvider) -> None:
    mail = OutgoingMail(
        sender=Address("support@carteria.test"),
        to=[Address("josé@bücher.test", "José")],
        subject="Hola",
        message_id="u@carteria.test",
        date=MAIL.date,
        text="Hola",
    )
    heard: Heard = {}
    send(
        account_at("postmark", provider),
        Envelope("support@carteria.test", ("josé@bücher.test",)),
        compose(mail),
        before_data=lambda: None,
        heard=heard,
    )
    assert provider.taken[0].told["To"] == "José <josé@xn--bcher-kva.test>"
    assert list(heard) == ["josé@bücher.test"]


# ---- recipients -------------------------------------------------------------------------------


def test_postmark_names_whom_it_does_not_send_to(provider: ScriptedProvider) -> None:
    told = {
        "To": "ann@outside.test, bo@outside.test",
        "MessageID": "uuid",
        "ErrorCode": 0,
        "Message": "Message OK, but will not deliver to these inactive addresses: bo@outside.test."
        " Inactive recipients are ones that have generated a hard bounce.",
    }
    heard: Heard = {}
    outcome = sent("postmark", provider, {"BODY": Do(says(200, told), keeps=True)}, heard=heard)
    assert outcome.kind == "sent"
    assert {who: code for who, (code, _said) in heard.items()} == {
        "ann@outside.test": 250,
        "bo@outside.test": 550,
        "cy@in.test": 250,
    }


def test_postmark_names_them_when_nobody_gets_it(provider: ScriptedProvider) -> None:
    everybody = ", ".join(ENVELOPE.recipients)
    told = {
        "ErrorCode": 406,
        "Message": "You tried to send to recipient(s) that have been marked as inactive."
        f" Found inactive addresses: {everybody}. Inactive recipients are ones that bounced.",
    }
    heard: Heard = {}
    outcome = sent("postmark", provider, {"BODY": Do(says(422, told))}, heard=heard)
    assert outcome.kind == "failed"
    assert {code for code, _said in heard.values()} == {550}
    assert set(heard) == set(ENVELOPE.recipients)


# ---- accounts ---------------------------------------------------------------------------------


def test_an_account_without_a_provider_or_a_key_sends_nothing(provider: ScriptedProvider) -> None:
    account = account_at("", provider)
    assert send(account, ENVELOPE, RAW, before_data=lambda: None).kind == "retry"
    account = account_at("brevo", provider)
    account.provider_key = ""
    assert "no key" in send(account, ENVELOPE, RAW, before_data=lambda: None).sentence
    assert provider.lines == 0


def test_no_other_address_gets_the_key(provider: ScriptedProvider, settings: Any) -> None:
    """A stranger's host is not asked, and one of our own network only where that is permitted."""
    settings.PRIVATE_HOSTS = []
    from apps.channels.provider_api.asked import Asked
    from apps.channels.provider_api.by_fields import request

    for url in (provider.url, "https://evil.test"):
        asked = Asked(ENVELOPE, RAW, "m", KEY, {"api_url": url})
        assert request(asked, "brevo").url == "https://api.brevo.com/v3/smtp/email"


def test_the_wait_is_under_a_minute_with_the_sweep() -> None:
    from apps.tickets.sending.delivery import LEASE, LEASE_AFTER_DOT

    assert web_line.LAST_SECONDS + 40 < LEASE_AFTER_DOT
    assert max(web_line.CONNECT_SECONDS, 20) < LEASE
    assert len(LARGE) > HALF
