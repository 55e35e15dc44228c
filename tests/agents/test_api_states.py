"""agents/{id}/state/, presence/ and agent-events/: who may, what is told, what is refused."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.agents.models import AgentSettings, AgentState, Contact, StateChange
from apps.channels.models import ChannelSettings
from apps.core.models import ApiToken, Role
from apps.core.people import set_roles
from tests.calls import Caller, problem
from tests.people import House, make_house, make_user, put_in_state

pytestmark = pytest.mark.django_db
Reported = dict[str, Any]


@pytest.fixture
def house() -> House:
    house = make_house()
    put_in_state(house.alice, "Available")
    return house


def at(house: House, who: str = "alice") -> str:
    return f"agents/{getattr(house, who).pk}/state/"


def event(house: House, name: str = "enter_call", session: Any = "c1", **more: Any) -> Any:
    body = {"event": name, "agent": "alice", "session": session} | more
    return Caller(house.robot, "events").post("agent-events/", body)


@pytest.mark.contract("1.2.e")
def test_a_state_is_told_whole(house: House) -> None:
    told = Caller(house.alice.user).get(at(house)).json()
    allowed = {"allowed": True, "reason": None}
    assert told.pop("can_choose") == [
        {"state": name} | allowed
        for name in ("Available", "In-Email", "Break", "Unavailable", "Offline")
    ]
    assert told.pop("since") <= timezone.now().isoformat()
    assert told.pop("chosen_at")
    assert told == {
        "chosen": "Available",
        "overlay": None,
        "effective": "Available",
        "pending": None,
        "set_by": None,
        "set_by_name": None,
        "why": "",
        "reason": "",
        "source": "",
        "accepts": ["call", "chat"],
        "present": True,
        "stale": False,
    }


@pytest.mark.contract("1.2.c")
def test_an_agent_chooses_with_a_token_of_ones_own(house: House) -> None:
    answer = Caller(house.alice.user).post(at(house), {"state": "in-email", "reason": " mail "})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["effective"], told["set_by"], told["set_by_name"]) == (
        "In-Email",
        "alice",
        "Alice",
    )
    assert (told["why"], told["reason"], told["source"]) == ("Chosen by the agent.", "mail", "api")
    assert told == Caller(house.alice.user).get(at(house)).json()


@pytest.mark.contract("1.2.d", "1.2.h")
def test_a_supervisor_sets_it_during_a_call_for_after_it(house: House) -> None:
    event(house)
    told = Caller(house.irene).post(at(house), {"state": "In-Email", "reason": "Backlog"}).json()
    assert (told["effective"], told["chosen"], told["pending"]) == (
        "In-Call", "In-Email", "In-Email",
    )  # fmt: skip
    seen = Caller(house.alice.user).get(at(house)).json()
    assert (seen["set_by_name"], seen["reason"], seen["pending"]) == (
        "Irene", "Backlog", "In-Email",
    )  # fmt: skip
    after = event(house, "leave_call").json()
    assert (after["effective"], after["pending"]) == ("In-Email", None)


@pytest.mark.contract("1.2.c")
@pytest.mark.parametrize("scopes", [(), ("read", "write", "events", "inbound"), ("events",)])
@pytest.mark.parametrize("body", [{"state": "In-Email"}, {"state": "Break"}, {}, {"state": "x"}])
@pytest.mark.parametrize("verb", ["state", "presence"])
def test_no_program_sets_a_state(
    house: House, scopes: tuple[str, ...], body: Reported, verb: str
) -> None:
    robot = Caller(house.robot, *scopes)
    for agent in (house.alice.pk, 10**15):
        answer = robot.post(f"agents/{agent}/{verb}/", body)
        assert problem(answer) == (403, "person-required")
    assert not StateChange.objects.exists()


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("bob", (404, "not-found")),
        ("charlie", (404, "not-found")),
        ("auditor", (403, "read-only")),
        ("irene", (400, "unknown-state")),
        ("admin", (400, "unknown-state")),
        ("alice", (400, "unknown-state")),
    ],
)
def test_who_may_set_whose_state(house: House, who: str, expected: tuple[int, str]) -> None:
    user = getattr(getattr(house, who), "user", getattr(house, who))
    assert problem(Caller(user).post(at(house), {"state": "Nowhere"})) == expected
    readable = who in ("alice", "irene", "admin", "auditor")
    assert Caller(user).get(at(house)).status_code == (200 if readable else 404)


def test_who_lost_the_role_has_no_state_to_tell(house: House) -> None:
    set_roles(house.alice.user, [])
    for user in (house.admin, house.alice.user):
        assert problem(Caller(user).get(at(house))) == (404, "not-found")


@pytest.mark.contract("1.2.b")
@pytest.mark.parametrize("lost", ["channel", "queue"])
def test_in_email_without_its_basis_is_greyed_and_refused(house: House, lost: str) -> None:
    if lost == "channel":
        ChannelSettings.objects.update(enabled=False)
        sentence = "The email channel is switched off."
    else:
        house.support.memberships.all().delete()
        sentence = "No email queue that is in use has this agent as a member."
    told = Caller(house.alice.user).get(at(house)).json()
    greyed = [one for one in told["can_choose"] if not one["allowed"]]
    assert greyed == [{"state": "In-Email", "allowed": False, "reason": sentence}]
    for user in (house.alice.user, house.irene):
        answer = Caller(user).post(at(house), {"state": "In-Email"})
        assert problem(answer) == (422, "in-email-not-available")
        assert answer.json()["detail"] == sentence


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "invalid", "state"),
        ({"state": ""}, 400, "invalid", "state"),
        ({"state": None}, 400, "invalid", "state"),
        ({"state": ["Break"]}, 400, "invalid", "state"),
        ({"state": "x" * 10_000}, 400, "unknown-state", "state"),
        ({"state": "a\0b"}, 400, "invalid", "state"),
        ({"state": "In-Call"}, 422, "set-by-calls-only", "state"),
        ({"state": "in-chat"}, 422, "set-by-calls-only", "state"),
        ({"state": "Break", "reason": "x" * 501}, 400, "reason-too-long", "reason"),
        ({"state": "Break", "reason": {"a": 1}}, 400, "invalid", "reason"),
        ([], 400, "invalid", ""),
        ("Break", 400, "invalid", ""),
    ],
)
def test_a_bad_choice_names_its_field(
    house: House, body: Any, status: int, code: str, field: str
) -> None:
    answer = Caller(house.alice.user).post(at(house), body)
    assert problem(answer) == (status, code)
    detail = answer.json()["detail"]
    assert detail.startswith(f"{field}: " if field else "") and len(detail) < 300
    assert not StateChange.objects.exists()


def test_presence_counts_for_a_minute(house: House) -> None:
    put_in_state(house.alice, "Available", present=False)
    answer = Caller(house.alice.user).post(f"agents/{house.alice.pk}/presence/")
    assert (answer.status_code, answer.content) == (204, b"")
    state = AgentState.objects.get(agent=house.alice)
    assert state.present_until is not None
    assert timedelta(seconds=50) < state.present_until - timezone.now() <= timedelta(seconds=61)
    assert Caller(house.alice.user).get(at(house)).json()["present"]


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("bob", (404, "not-found")),
        ("irene", (404, "not-found")),
        ("admin", (404, "not-found")),
        ("auditor", (403, "read-only")),
        ("robot", (403, "person-required")),
    ],
)
def test_nobody_is_present_for_another(house: House, who: str, expected: tuple[int, str]) -> None:
    user = getattr(getattr(house, who), "user", getattr(house, who))
    assert problem(Caller(user).post(f"agents/{house.alice.pk}/presence/")) == expected


@pytest.mark.contract("1.2.i")
def test_presence_after_too_long_finds_one_offline(house: House) -> None:
    """Before the sweep came by: the program that comes back must not hide the absence."""
    AgentState.objects.filter(agent=house.alice).update(
        present_until=None,
        seen_at=timezone.now() - timedelta(minutes=11),
        chosen_at=timezone.now() - timedelta(hours=1),
        since=timezone.now() - timedelta(hours=1),
    )
    Caller(house.alice.user).post(f"agents/{house.alice.pk}/presence/")
    told = Caller(house.alice.user).get(at(house)).json()
    assert (told["effective"], told["present"]) == ("Offline", True)
    assert told["why"] == "The console was closed for too long."


# ---- events --------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.f", "1.2.g")
def test_events_answer_with_the_state(house: House) -> None:
    entered = event(house).json()
    assert (entered["effective"], entered["overlay"], entered["chosen"]) == (
        "In-Call", "In-Call", "Available",
    )  # fmt: skip
    assert entered["accepts"] == []
    assert event(house).json()["since"] == entered["since"]
    left = event(house, "leave_call", at="2026-11-25T09:00:00Z").json()
    assert (left["effective"], left["overlay"]) == ("Available", None)
    assert event(house).json()["effective"] == "Available"  # late and doubled
    assert StateChange.objects.count() == 2


@pytest.mark.parametrize("known_as", ["alice", "id", "number"])
def test_an_agent_is_named_by_id_or_user_name(house: House, known_as: str) -> None:
    word: Any = {"alice": "alice", "id": str(house.alice.pk), "number": house.alice.pk}[known_as]
    assert event(house, agent=word).json()["effective"] == "In-Call"


def test_an_id_wins_over_a_user_name_of_digits(house: House) -> None:
    make_user(str(house.alice.pk), roles=[Role.AGENT])
    event(house, agent=str(house.alice.pk))
    assert Contact.objects.get().agent == house.alice


@pytest.mark.parametrize(
    ("more", "status", "code", "field"),
    [
        ({"event": "hang_up"}, 400, "unknown-event", "event"),
        ({"event": "ENTER_CALL"}, 400, "unknown-event", "event"),
        ({"event": None}, 400, "invalid", "event"),
        ({"event": {"a": 1}}, 400, "invalid", "event"),
        ({"agent": "nobody"}, 404, "unknown-agent", "agent"),
        ({"agent": "irene"}, 404, "unknown-agent", "agent"),
        ({"agent": "9" * 40}, 404, "unknown-agent", "agent"),
        ({"agent": ""}, 400, "invalid", "agent"),
        ({"session": ""}, 400, "session-invalid", "session"),
        ({"session": "  "}, 400, "session-invalid", "session"),
        ({"session": "x" * 201}, 400, "session-invalid", "session"),
        ({"session": "a\0b"}, 400, "invalid", "session"),
        ({"session": None}, 400, "invalid", "session"),
        ({"session": ["c1"]}, 400, "invalid", "session"),
        ({"at": "yesterday"}, 400, "invalid", "at"),
        ({"at": 12}, 400, "invalid", "at"),
        ({"at": ""}, 400, "invalid", "at"),
        ({"at": "2026-02-30T09:00:00Z"}, 400, "invalid", "at"),
        ({"at": "2026-11-25T09:00:00"}, 400, "zone-missing", "at"),
        ({"at": "2026-11-25T09:00:00Z\x00"}, 400, "invalid", "at"),
        ({"at": "2126-11-25T09:00:00Z"}, 400, "clock-ahead", "at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, 400, "clock-ahead", "at"),
        ({"at": "1970-01-01T00:00:00Z"}, 400, "clock-behind", "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, 400, "clock-behind", "at"),
    ],
)
def test_a_bad_event_names_its_field_and_leaves_nothing(
    house: House, more: Reported, status: int, code: str, field: str
) -> None:
    answer = event(house, **more)
    assert problem(answer) == (status, code)
    assert answer.json()["detail"].startswith(f"{field}: ")
    assert not Contact.objects.exists() and not StateChange.objects.exists()


def test_a_missing_part_of_an_event_is_named(house: House) -> None:
    for name in ("event", "agent", "session"):
        body = {"event": "enter_call", "agent": "alice", "session": "c1"}
        del body[name]
        answer = Caller(house.robot).post("agent-events/", body)
        assert problem(answer) == (400, "invalid")
        assert answer.json()["detail"].startswith(f"{name}: ")


def test_who_left_takes_no_call_and_ends_the_last_one(house: House) -> None:
    event(house)
    set_roles(house.alice.user, [])
    assert problem(event(house, session="c2")) == (422, "not-an-agent")
    assert event(house, "leave_call").json()["overlay"] is None
    assert not Contact.objects.filter(left_at=None).exists()


@pytest.mark.parametrize(
    ("who", "scopes", "expected"),
    [
        ("robot", (), 200),
        ("robot", ("events",), 200),
        ("robot", ("write",), 200),
        ("robot", ("read",), (403, "scope-missing")),
        ("admin", (), 200),
        ("irene", (), (403, "role-required")),
        ("alice", (), (403, "role-required")),
        ("auditor", (), (403, "role-required")),
    ],
)
def test_who_reports_events(
    house: House, who: str, scopes: tuple[str, ...], expected: int | tuple[int, str]
) -> None:
    user = getattr(getattr(house, who), "user", getattr(house, who))
    body = {"event": "enter_chat", "agent": "alice", "session": "c1"}
    answer = Caller(user, *scopes).post("agent-events/", body)
    assert (answer.status_code if expected == 200 else problem(answer)) == expected


def test_an_event_with_a_key_is_answered_the_same_again(house: House) -> None:
    robot, body = Caller(house.robot), {"event": "enter_call", "agent": "alice", "session": "c"}
    first = robot.post("agent-events/", body, key="k")
    event(house, "leave_call", "c")
    assert robot.post("agent-events/", body, key="k").json() == first.json()


@pytest.mark.contract("1.2.f")
def test_a_silent_call_is_told_as_stale(house: House) -> None:
    event(house)
    hours = AgentSettings.load().stale_after_hours
    assert not Caller(house.irene).get(at(house)).json()["stale"]
    Contact.objects.update(heard_at=timezone.now() - timedelta(hours=hours, minutes=1))
    assert Caller(house.irene).get(at(house)).json()["stale"]


@pytest.mark.contract("1.2.c")
def test_the_token_of_a_call_system(house: House) -> None:
    """As SEAMS says: `token --integration NAME --scope events,read`."""
    out = io.StringIO()
    call_command("token", "--integration", "pbx", "--scope", "events,read", stdout=out)
    pbx = Caller(None)
    pbx.headers = {"Authorization": f"Bearer {out.getvalue().strip()}"}
    body = {"event": "enter_call", "agent": "alice", "session": "c1"}
    assert pbx.post("agent-events/", body).json()["effective"] == "In-Call"
    assert pbx.get(at(house)).json()["effective"] == "In-Call"
    assert pbx.get("agents/", accepts="call").status_code == 200
    assert problem(pbx.post(at(house), {"state": "In-Email"})) == (403, "person-required")
    assert ApiToken.objects.filter(scopes=["events", "read"]).exists()
