"""The signed webhook: what is signed, which key it bears, what its answers mean."""

import time
from dataclasses import replace
from typing import Any

import pytest

from apps.crm.connectors import webhook
from apps.crm.connectors.base import CrmError, Entry, File, NewTicket, TicketRef
from apps.crm.connectors.webhook import WebhookConnector, signature
from tests.connectors.fakes.server import Asked, as_json, as_page
from tests.connectors.fakes.webhook import SECRET, is_genuine
from tests.connectors.webhook_side import WebhookSide

pytestmark = pytest.mark.connectors

PDF = File(1, 4, lambda: b"%PDF")


def connector(side: WebhookSide, **changed: str) -> WebhookConnector:
    made = side.connector(replace(side.access, **changed))
    assert isinstance(made, WebhookConnector)
    return made


def opened(side: WebhookSide) -> TicketRef:
    return connector(side).create_ticket(NewTicket("T1", "Parcel"))


def file(ticket: TicketRef, marker: str = "T1:pdf:1") -> Entry:
    return Entry(ticket, marker, "pdf", "email-E1-1.pdf", PDF)


def answering(side: WebhookSide, status: int, said: Any = None) -> None:
    answer = as_page(status) if said is None else as_json(said, status)
    side.fake.answer = lambda _asked: answer  # type: ignore[method-assign]


# ---- the signature --------------------------------------------------------------------------


def test_the_signature_is_over_the_time_and_the_very_bytes() -> None:
    """Computed by `printf '1764115200.{"a":1}' | openssl dgst -sha256 -hmac secret`."""
    expected = "5ce7b5d04cac900cfb091b57e7d4eefb76fc78a6dc45849f86c74a4a0852f837"
    assert signature("secret", b'{"a":1}', 1764115200) == f"t=1764115200,v1={expected}"


def test_a_receiver_refuses_a_changed_body(webhook_side: WebhookSide) -> None:
    opened(webhook_side)
    asked = webhook_side.server.asked[-1]
    assert is_genuine(asked)
    assert not is_genuine(replace(asked, body=asked.body.replace(b"Parcel", b"Letter")))


@pytest.mark.parametrize(("seconds", "holds"), [(-299, True), (-302, False), (302, False)])
def test_a_signature_holds_for_five_minutes(
    webhook_side: WebhookSide, seconds: int, holds: bool
) -> None:
    at = int(time.time()) + seconds
    headers = {"Carteria-Signature": signature(SECRET, b"{}", at)}
    assert is_genuine(Asked("POST", "/hook", {}, headers, b"{}")) is holds
    assert webhook.HOLDS == 300


def test_without_a_secret_nothing_is_sent(webhook_side: WebhookSide) -> None:
    with pytest.raises(CrmError, match="secret") as refused:
        connector(webhook_side, token="").check()
    assert (refused.value.code, webhook_side.server.asked) == ("auth", [])


# ---- what is sent ---------------------------------------------------------------------------


def test_a_ticket_comes_with_all_that_is_known(webhook_side: WebhookSide) -> None:
    wanted = NewTicket("T1", "Parcel", ("Eva", "eva@x.test"), {"Order": "A-17"})
    ticket = connector(webhook_side, queue="Support").create_ticket(wanted)
    kept = webhook_side.fake.tickets[ticket.id]
    assert (kept.key, kept.queue, kept.fields) == ("T1", "Support", {"Order": "A-17"})
    assert kept.contact == {"name": "Eva", "email": "eva@x.test"}


def test_the_key_of_a_request_is_its_marker(webhook_side: WebhookSide) -> None:
    ticket = opened(webhook_side)
    connector(webhook_side).attach_file(file(ticket), b"%PDF")
    keys = [asked.headers["Idempotency-Key"] for asked in webhook_side.server.asked]
    assert keys == ["T1", "T1:pdf:1"]


def test_a_repeated_request_is_answered_alike_and_done_once(webhook_side: WebhookSide) -> None:
    ticket = opened(webhook_side)
    assert opened(webhook_side) == ticket
    for _time in range(2):
        connector(webhook_side).attach_file(file(ticket), b"%PDF")
    assert len(webhook_side.said(ticket)) == 1


def test_removing_has_a_key_of_its_own(webhook_side: WebhookSide) -> None:
    ticket, one = opened(webhook_side), connector(webhook_side)
    one.attach_file(file(ticket), b"%PDF")
    one.remove_file(ticket, "T1:pdf:1")
    assert webhook_side.said(ticket) == []


def test_the_check_stores_nothing(webhook_side: WebhookSide) -> None:
    assert connector(webhook_side).check() == "Our CRM answers and accepts the signature."
    assert webhook_side.fake.tickets == {}


# ---- what its answers mean ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "code", "permanent"),
    [
        (401, {"error": "old"}, "auth", False),
        (404, {"error": "nobody"}, "odd-answer", False),
        (404, None, "odd-answer", False),
        (410, None, "odd-answer", False),
        (410, {"error": "deleted"}, "gone", True),
        (409, {"error": "not now"}, "refused", True),
        (413, {"error": "large"}, "too-big", True),
        (422, {"error": "no such order"}, "refused", True),
        (423, {"error": "closed"}, "locked", True),
        (429, {"error": "slow"}, "busy", False),
        (500, {"error": "oops"}, "unreachable", False),
    ],
)
def test_each_refusal_has_its_meaning(
    webhook_side: WebhookSide, status: int, said: Any, code: str, permanent: bool
) -> None:
    ticket = opened(webhook_side)
    answering(webhook_side, status, said)
    with pytest.raises(CrmError) as refused:
        connector(webhook_side).add_comment(Entry(ticket, "m", "link", "Hello"))
    assert (refused.value.code, refused.value.permanent) == (code, permanent)


@pytest.mark.parametrize(
    "said",
    [{}, [], "4711", {"ticket": None}, {"ticket": {"id": ""}}, {"ticket": {"id": "9" * 101}}],
)
def test_an_answer_without_a_ticket_is_odd(webhook_side: WebhookSide, said: Any) -> None:
    answering(webhook_side, 200, said)
    with pytest.raises(CrmError) as refused:
        opened(webhook_side)
    assert refused.value.code == "odd-answer"


def test_a_ticket_may_have_no_page_and_never_an_odd_one(webhook_side: WebhookSide) -> None:
    answering(webhook_side, 201, {"ticket": {"id": 7, "url": "javascript:alert(1)"}})
    assert opened(webhook_side) == TicketRef("7", "")


def test_every_example_of_the_docstring_is_data() -> None:
    """The whole protocol is written down there; these are its events."""
    told = webhook.__doc__ or ""
    for event in ("ticket.create", "comment.add", "file.add", "file.remove", "check"):
        assert f'"event": "{event}"' in told
