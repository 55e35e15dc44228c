"""The fakes answer as the vendor publishes, and misbehave in every way that we name."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from apps.core.outside import guarded_client
from apps.crm.connectors import web
from apps.crm.connectors.base import CrmError, Entry, NewTicket, TicketRef
from apps.crm.connectors.once import add_entries, open_tickets
from apps.crm.connectors.webhook import WebhookConnector
from apps.crm.connectors.zendesk import ZendeskConnector
from tests.connectors.fakes.mischief import DONE, Mischief, dice, in_turn
from tests.connectors.fakes.server import Answered, FakeServer, as_json, running
from tests.connectors.fakes.zendesk import FakeZendesk
from tests.connectors.webhook_side import WebhookSide
from tests.connectors.zendesk_side import ZendeskSide

pytestmark = pytest.mark.connectors

EXAMPLES = sorted((Path(__file__).parent / "fakes" / "examples").glob("*.json"))


def example(name: str) -> Any:
    path = Path(__file__).parent / "fakes" / "examples" / f"zendesk_{name}.json"
    return json.loads(path.read_text())["json"]


def differences(published: Any, ours: Any, place: str = "") -> list[str]:
    """Members that are published and that the fake does not give, or of another type."""
    if published is None or ours is None:
        return []
    if type(published) is not type(ours):
        return [f"{place}: {type(ours).__name__}"]
    if isinstance(published, dict):
        missing = [f"{place}.{key}" for key in published if key not in ours]
        shared = [key for key in published if key in ours]
        return missing + [
            one
            for key in shared
            for one in differences(published[key], ours[key], f"{place}.{key}")
        ]
    if isinstance(published, list) and published and ours:
        return differences(published[0], ours[0], f"{place}[]")
    return []


# ---- as published ---------------------------------------------------------------------------


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_says_where_and_when_it_was_read(path: Path) -> None:
    kept = json.loads(path.read_text())
    assert kept["source"].startswith("https://developer.zendesk.com/")
    assert kept["read"] == "2026-11-26"


@pytest.fixture
def asked(zendesk_side: ZendeskSide) -> httpx.Client:
    """Of a Zendesk with one ticket, which has a comment with a file."""
    ours = zendesk_side.connector(zendesk_side.access)
    assert isinstance(ours, ZendeskConnector)
    ticket = ours.create_ticket(NewTicket("T1", "Parcel"))
    ours.attach_file(Entry(ticket, "T1:pdf:1", "pdf", "a.pdf"), b"%PDF")
    user = (f"{zendesk_side.access.user}/token", zendesk_side.access.token)
    return httpx.Client(base_url=zendesk_side.server.url, auth=user, trust_env=False)


@pytest.mark.parametrize(
    ("name", "method", "path"),
    [
        ("ticket", "GET", "/api/v2/tickets/35436.json"),
        ("tickets", "GET", "/api/v2/tickets.json?external_id=T1"),
        ("audits", "GET", "/api/v2/tickets/35436/audits.json"),
        ("upload", "POST", "/api/v2/uploads.json?filename=crash.png"),
        ("user", "GET", "/api/v2/users/me.json"),
        ("missing", "GET", "/api/v2/tickets/1.json"),
    ],
)
def test_the_fake_answers_in_the_published_shape(
    asked: httpx.Client, name: str, method: str, path: str
) -> None:
    said = asked.request(method, path, content=b"x" if method == "POST" else None).json()
    assert differences(example(name), said) == []


@pytest.mark.parametrize(("name", "many"), [("group", "groups"), ("field", "ticket_fields")])
def test_lists_hold_records_of_the_published_shape(
    asked: httpx.Client, name: str, many: str
) -> None:
    (published,) = example(name).values()
    assert differences(published, asked.get(f"/api/v2/{many}.json").json()[many][-1]) == []


def test_a_key_of_idempotency_is_answered_as_published(asked: httpx.Client) -> None:
    body: Any = {"ticket": {"subject": "Printer offline", "comment": {"body": "Mine."}}}
    headers = {"Idempotency-Key": "12345"}
    answers = [asked.post("/api/v2/tickets.json", json=body, headers=headers) for _time in "ab"]
    assert [one.headers["x-idempotency-lookup"] for one in answers] == ["miss", "hit"]
    assert answers[0].json()["ticket"] == answers[1].json()["ticket"]
    assert differences(example("created"), answers[0].json()) == []
    body["ticket"]["subject"] = "Another"
    refused = asked.post("/api/v2/tickets.json", json=body, headers=headers)
    assert (refused.status_code, refused.json()) == (400, example("other_body"))


def test_a_closed_ticket_refuses_as_published(
    asked: httpx.Client, zendesk_side: ZendeskSide
) -> None:
    zendesk_side.fake.close(35436)
    body = {"ticket": {"comment": {"body": "x", "public": False}}}
    refused = asked.put("/api/v2/tickets/35436.json", json=body)
    assert (refused.status_code, refused.json()) == (422, example("closed"))


def test_metadata_comes_back_where_it_is_published_to_stand(asked: httpx.Client) -> None:
    said = asked.get("/api/v2/tickets/35436/audits.json").json()["audits"][-1]
    assert example("audit_with_metadata")["metadata"]["custom"] == {"time_spent": "3m22s"}
    assert said["metadata"]["custom"] == {"carteria": "T1:pdf:1"}


# ---- our connector reads what is published --------------------------------------------------


class Published:
    """Says one example, whatever it is asked."""

    def __init__(self, said: Any, status: int = 200) -> None:
        self.said, self.status = said, status

    def answer(self, asked: Any) -> Answered:
        return as_json(self.said, self.status)

    def record(self) -> Any:
        return None


def reading(side: ZendeskSide, said: Any, status: int = 200) -> ZendeskConnector:
    side.server.fake = Published(said, status)
    made = side.connector(side.access)
    assert isinstance(made, ZendeskConnector)
    return made


def test_we_read_the_published_ticket(zendesk_side: ZendeskSide) -> None:
    url = zendesk_side.server.url
    made = reading(zendesk_side, example("ticket")).create_ticket(NewTicket("T1", "Parcel"))
    assert made == TicketRef("35436", f"{url}/agent/tickets/35436")
    found = reading(zendesk_side, example("tickets")).find_ticket("ahg35h3jh")
    assert found == made


def test_we_read_the_published_audits(zendesk_side: ZendeskSide) -> None:
    entry = Entry(TicketRef("666", ""), "3m22s", "link", "Hello")
    assert not reading(zendesk_side, example("audits")).find_comment(entry)
    audit = example("audit_with_metadata")
    audit["metadata"]["custom"] = {"carteria": "3m22s"}
    assert reading(zendesk_side, {"audits": [audit]}).find_comment(entry)


def test_we_read_the_published_user(zendesk_side: ZendeskSide) -> None:
    assert "Johnny Agent (agent" in reading(zendesk_side, example("user")).check()


def test_we_read_the_published_upload(zendesk_side: ZendeskSide) -> None:
    entry = Entry(TicketRef("666", ""), "m", "pdf", "crash.png")
    reading(zendesk_side, example("upload")).attach_file(entry, b"x")
    sent = zendesk_side.server.asked[-1].json["ticket"]["comment"]
    assert sent["uploads"] == ["LXJdriewLBP8JrtzzkN7Ne4k6"]


def test_we_read_the_published_refusals(zendesk_side: ZendeskSide) -> None:
    with pytest.raises(CrmError) as refused:
        reading(zendesk_side, example("missing"), 404).add_comment(
            Entry(TicketRef("1", ""), "m", "link", "Hello")
        )
    assert refused.value.code == "gone"


# ---- mischief -------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> httpx.Client:
    monkeypatch.setattr(web, "SECONDS", 0.3)
    return guarded_client(seconds=0.2)


@pytest.mark.parametrize("mischief", [one for one in Mischief if one])
def test_each_mischief_is_an_error_and_makes_nothing_twice(
    zendesk_side: ZendeskSide, impatient: httpx.Client, mischief: Mischief
) -> None:
    """First the ticket, then the comment meets it; each is tried again, in doubt."""
    side = zendesk_side
    side.server.patience = 0.5
    side.server.chooser = in_turn([mischief])
    connector = ZendeskConnector(side.access, impatient)
    assert isinstance(open_tickets(connector, [NewTicket("T1", "Parcel")])[0], CrmError)
    (ticket,) = open_tickets(connector, [NewTicket("T1", "Parcel", doubtful=True)])
    assert isinstance(ticket, TicketRef)
    side.server.chooser = in_turn([mischief])
    first = add_entries(connector, [[Entry(ticket, "T1:link:1", "link", "Hello")]])[0]
    assert (first.done, first.error is not None) == (0, True)
    again = Entry(ticket, "T1:link:1", "link", "Hello", doubtful=True)
    assert add_entries(connector, [[again]])[0].done == 1
    assert (len(side.fake.tickets), len(side.said(ticket))) == (1, 1)


@pytest.mark.parametrize("mischief", [one for one in Mischief if one])
def test_a_key_makes_every_mischief_harmless(
    webhook_side: WebhookSide, impatient: httpx.Client, mischief: Mischief
) -> None:
    side = webhook_side
    side.server.patience = 0.5
    side.server.chooser = in_turn([mischief, Mischief.NONE, mischief])
    connector = WebhookConnector(side.access, impatient)
    wanted = NewTicket("T1", "Parcel", doubtful=True)
    assert isinstance(open_tickets(connector, [wanted])[0], CrmError)
    (ticket,) = open_tickets(connector, [wanted])
    assert isinstance(ticket, TicketRef)
    entry = Entry(ticket, "T1:link:1", "link", "Hello", doubtful=True)
    done = [add_entries(connector, [[entry]])[0].done for _time in "ab"]
    assert done == [mischief == Mischief.DRIPS, 1]  # a 204 has nothing that could drip
    assert (len(side.fake.tickets), len(side.said(ticket))) == (1, 1)


def test_a_file_that_hardly_moves_is_given_up(
    zendesk_side: ZendeskSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = zendesk_side.connector(zendesk_side.access)
    assert isinstance(ours, ZendeskConnector)
    ticket = ours.create_ticket(NewTicket("T1", "Parcel"))
    monkeypatch.setattr(web, "SECONDS", -1)
    with pytest.raises(CrmError, match="did not answer in time"):
        ours.attach_file(Entry(ticket, "T1:pdf:1", "pdf", "a.pdf"), b"%PDF")
    assert zendesk_side.fake.uploads == {}


@pytest.mark.parametrize(
    ("mischief", "code"),
    [
        (Mischief.BUSY, "busy"),
        (Mischief.BUSY_UNTIL, "busy"),
        (Mischief.UNAUTHORIZED, "auth"),
        (Mischief.PAGE, "odd-answer"),
        (Mischief.MOVED, "odd-answer"),
        (Mischief.DRIPS, "unreachable"),
    ],
)
def test_what_it_is_called(
    zendesk_side: ZendeskSide, impatient: httpx.Client, mischief: Mischief, code: str
) -> None:
    zendesk_side.server.chooser = in_turn([mischief])
    with pytest.raises(CrmError) as refused:
        ZendeskConnector(zendesk_side.access, impatient).find_ticket("T1")
    assert (refused.value.code, refused.value.permanent) == (code, False)
    if code == "busy":
        assert refused.value.retry_after is not None
        assert 0 < refused.value.retry_after <= 2


def test_dice_with_the_same_seed_fall_alike() -> None:
    first, second = ([throw() for _n in range(500)] for throw in (dice(7, 0.3), dice(7, 0.3)))
    assert first == second
    assert 100 < len([one for one in first if one]) < 200
    assert {True, False} == {one in DONE for one in first}


def test_a_fake_in_another_process_tells_what_it_has() -> None:
    with running(FakeServer(FakeZendesk())) as server:
        said = httpx.get(f"{server.url}/__record", trust_env=False).json()
    assert said == {"record": {"tickets": [], "mails": []}, "seen": {}}
