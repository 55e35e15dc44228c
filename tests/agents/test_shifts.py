"""Time in state: exact to the second, whatever interrupts the day."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import AsyncClient
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from apps.agents import states
from apps.agents.models import Agent, AgentState, CustomState, StateChange
from apps.agents.shift_csv import harmless
from apps.agents.shifts import DayOfAgent, time_in_state
from apps.agents.vocabulary import AVAILABLE, BREAK, IN_CALL, IN_CHAT, IN_EMAIL, OFFLINE
from apps.core.models import User
from tests.calls import Caller, problem
from tests.people import House, make_agent, make_house, make_user, put_in_state, token_of

pytestmark = pytest.mark.django_db

MADRID = ZoneInfo("Europe/Madrid")
DAY = date(2026, 11, 25)


class Clock:
    """What `timezone.now` says."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def at(self, text: str) -> None:
        self.now = datetime.fromisoformat(f"2026-11-25T{text}+00:00")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture
def house(clock: Clock) -> House:
    house = make_house()
    for agent in (house.alice, house.bob, house.charlie):
        put_in_state(agent, OFFLINE)
    AgentState.objects.update(chosen_at=clock.now, since=clock.now)  # not the real clock's
    return house


def days_of(
    agent: Agent, first: date = DAY, last: date = DAY, zone: str = "UTC", **more: Any
) -> list[DayOfAgent]:
    mine = Agent.objects.filter(pk=agent.pk)
    return list(time_in_state(mine, first, last, ZoneInfo(zone), **more))


def changed(agent: Agent, moment: str, after: str) -> None:
    """A row as states.py writes it, with what it has for other purposes left out."""
    at = datetime.fromisoformat(moment)
    StateChange.objects.create(agent=agent, at=at, before="", after=after, chosen=after, code="x")


@pytest.mark.contract("1.2.j")
def test_a_day_with_six_interruptions_adds_up_to_the_shift(house: House, clock: Clock) -> None:
    alice, me = house.alice, house.alice.user
    choose = partial(states.choose_state, alice, by=me, source="console")
    script: list[tuple[str, Callable[[], object]]] = [
        ("08:59:58.900001", lambda: states.signed_in(alice)),
        ("09:00:00.100000", lambda: choose(IN_EMAIL)),
        ("09:10:00.999999", lambda: states.enter_call(alice, "c1")),  # 1
        ("09:14:59.000001", lambda: states.leave_call(alice, "c1")),
        ("09:30:00.500000", lambda: states.enter_chat(alice, "h1")),  # 2, with a call inside
        ("09:31:00.400000", lambda: states.enter_chat(alice, "h2")),
        ("09:33:10.300000", lambda: states.enter_call(alice, "c2")),  # 3
        (
            "09:34:00.000000",  # during the call: applies after it
            lambda: states.override_state(
                alice, BREAK, by=house.irene, source="admin", reason="lunch"
            ),
        ),
        ("09:36:00.700000", lambda: states.leave_call(alice, "c2")),
        ("09:40:00.000000", lambda: states.leave_chat(alice, "h1")),
        ("09:41:30.999000", lambda: states.leave_chat(alice, "h2")),  # 4: the break
        ("10:00:00.001000", lambda: choose(IN_EMAIL)),
        ("10:30:00.000000", lambda: states.leave_if_absent(alice.pk)),  # 5: dated to 10:10
        ("11:00:00.000000", lambda: states.signed_in(alice)),
        ("11:00:01.000000", lambda: choose(IN_EMAIL)),
        ("11:30:00.000000", lambda: states.enter_call(alice, "c3")),  # 6
        ("11:45:00.000000", lambda: states.leave_call(alice, "c3")),
        ("11:50:00.000000", lambda: states.signed_out(alice)),
    ]
    for moment, move in script:
        clock.at(moment)
        move()
    [day] = days_of(alice)
    assert day.states == {
        AVAILABLE: 2 + 1,
        IN_EMAIL: (600 + 901 + 600) + (1799 + 300),
        IN_CALL: 299 + 170 + 900,
        IN_CHAT: 190 + 330,
        BREAK: 1110,
    }
    first_part = (day_at("10:10:00") - day_at("08:59:58")).total_seconds()
    second_part = (day_at("11:50:00") - day_at("11:00:00")).total_seconds()
    assert sum(day.states.values()) == day.shift == first_part + second_part
    assert (day.first, day.last) == (day_at("08:59:58"), day_at("11:50:00"))


@pytest.mark.contract("1.2.j")
def test_every_change_says_from_to_by_whom_from_where_why_and_when(
    house: House, clock: Clock
) -> None:
    states.signed_in(house.alice)
    clock.at("09:30:00")
    states.override_state(house.alice, BREAK, by=house.irene, source="admin", reason="Lunch now")
    row = StateChange.objects.latest("pk")
    assert (row.before, row.after, row.by, row.source) == (AVAILABLE, BREAK, house.irene, "admin")
    assert (row.code, row.reason, row.at) == ("overridden", "Lunch now", day_at("09:30:00"))


def day_at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-25T{text}+00:00")


VERBS: dict[str, Callable[[Agent, User], object]] = {
    "sign in": lambda alice, _irene: states.signed_in(alice),
    "sign out": lambda alice, _irene: states.signed_out(alice),
    "choose": lambda alice, _irene: states.choose_state(alice, BREAK, by=alice.user, source="api"),
    "mail": lambda alice, _irene: states.choose_state(alice, IN_EMAIL, by=alice.user, source="api"),
    "override": lambda alice, irene: states.override_state(
        alice, AVAILABLE, by=irene, source="api"
    ),
    "call": lambda alice, _irene: states.enter_call(alice, f"c{timezone.now().timestamp()}"),
    "call 1": lambda alice, _irene: states.enter_call(alice, "1"),
    "end 1": lambda alice, _irene: states.leave_call(alice, "1"),
    "chat 1": lambda alice, _irene: states.enter_chat(alice, "1"),
    "chat 2": lambda alice, _irene: states.enter_chat(alice, "2"),
    "end chat 1": lambda alice, _irene: states.leave_chat(alice, "1"),
    "end chat 2": lambda alice, _irene: states.leave_chat(alice, "2"),
    "absence": lambda alice, _irene: states.leave_if_absent(alice.pk),
}
Steps = list[tuple[str, timedelta]]


@pytest.mark.contract("1.2.j")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(sorted(VERBS)),
            st.timedeltas(timedelta(), timedelta(hours=7)),
        ),
        max_size=14,
    )
)
def test_whatever_happens_adds_up(house: House, clock: Clock, steps: Steps) -> None:
    """Against a second way to count: from the rows of all days at once."""
    with transaction.atomic():
        clock.at("08:00:00")
        for verb, pause in steps:
            clock.now += pause
            VERBS[verb](house.alice, house.irene)
        last = clock.now.date() + timedelta(days=1)
        found = days_of(house.alice, last=last)
        assert sum(day.shift for day in found) == _on_shift(house.alice, int(clock.now.timestamp()))
        assert all(day.shift <= 86400 for day in found)
        assert len(found) == (last - DAY).days + 1
        transaction.set_rollback(True)


def _on_shift(agent: Agent, now: int) -> int:
    total, since = 0, None
    for row in StateChange.objects.filter(agent=agent).order_by("pk"):
        at = int(row.at.timestamp())
        if row.after != OFFLINE and since is None:
            since = at
        elif row.after == OFFLINE and since is not None:
            total, since = total + at - since, None
    return total + (now - since if since is not None else 0)


def test_a_state_that_goes_over_midnight_is_split(house: House) -> None:
    changed(house.alice, "2026-11-24T22:00:00+00:00", IN_EMAIL)
    changed(house.alice, "2026-11-25T02:00:00+00:00", OFFLINE)
    first, second = days_of(house.alice, first=date(2026, 11, 24))
    assert (first.states, second.states) == ({IN_EMAIL: 7200}, {IN_EMAIL: 7200})
    assert first.first and first.last is None
    assert second.first is None and second.last


def test_a_state_from_long_before_fills_whole_days(house: House) -> None:
    changed(house.alice, "2026-11-01T22:00:00+00:00", BREAK)
    later = datetime(2026, 12, 1, tzinfo=UTC)
    found = days_of(house.alice, first=date(2026, 11, 23), now=later)
    assert [day.states for day in found] == [{BREAK: 86400}] * 3


def test_midnight_is_that_of_the_zone(house: House) -> None:
    changed(house.alice, "2026-11-24T22:30:00+00:00", BREAK)  # 23:30 in Madrid
    changed(house.alice, "2026-11-24T23:30:00+00:00", OFFLINE)
    first, second = days_of(house.alice, first=date(2026, 11, 24), zone="Europe/Madrid")
    assert (first.shift, second.shift) == (1800, 1800)


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 29), "Europe/Madrid", 23),
        (date(2026, 10, 25), "Europe/Madrid", 25),
        (date(2026, 4, 24), "Africa/Cairo", 23),  # midnight itself is leapt over
        (date(2026, 11, 24), "Europe/Madrid", 24),
    ],
)
def test_days_are_as_long_as_the_clocks_make_them(
    house: House, day: date, zone: str, hours: int
) -> None:
    changed(house.alice, "2026-01-01T00:00:00+00:00", AVAILABLE)
    found = days_of(house.alice, first=day - timedelta(days=1), last=day, zone=zone)
    assert found[1].states == {AVAILABLE: hours * 3600}


def test_what_is_open_counts_until_now_and_not_beyond(house: House, clock: Clock) -> None:
    clock.at("08:00:00")
    states.signed_in(house.alice)
    clock.at("08:00:41.9")
    today, tomorrow = days_of(house.alice, last=DAY + timedelta(days=1))
    assert (today.states, tomorrow.states) == ({AVAILABLE: 41}, {})
    assert today.last is None


def test_a_clock_that_was_set_back_takes_nothing_away(house: House) -> None:
    changed(house.alice, "2026-11-25T07:00:00+00:00", AVAILABLE)
    changed(house.alice, "2026-11-25T07:30:00.000002+00:00", BREAK)
    changed(house.alice, "2026-11-25T07:30:00.000001+00:00", OFFLINE)
    [day] = days_of(house.alice)
    assert day.states == {AVAILABLE: 1800}


def test_a_thousand_agents_and_thirty_days_take_two_queries(
    house: House, clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    user = make_user("many")
    users = [type(user)(username=f"agent{n}", password="!") for n in range(1000)]
    type(user).objects.bulk_create(users)
    Agent.objects.bulk_create(Agent(user=one) for one in users)
    agents = Agent.objects.filter(user__in=type(user).objects.filter(username__startswith="agent"))
    StateChange.objects.bulk_create(_rows(agents))
    with django_assert_num_queries(2):
        days = time_in_state(agents, date(2026, 10, 1), date(2026, 10, 30), MADRID)
        assert sum(day.shift for day in days) == 1000 * 30 * 3600


def _rows(agents: Any) -> Iterator[StateChange]:
    for day in range(1, 31):
        for hour, after in ((9, BREAK), (10, OFFLINE)):
            at = datetime(2026, 10, day, hour, tzinfo=UTC)
            for agent in agents:
                yield StateChange(agent=agent, at=at, before="", after=after, chosen=after)


# ---- the API -------------------------------------------------------------------------------------


@pytest.fixture
def worked(house: House) -> House:
    """Alice in Break from 09:00 to 10:00, Charlie for half an hour."""
    for agent, end in ((house.alice, "10:00"), (house.charlie, "09:30")):
        changed(agent, "2026-11-25T09:00:00+00:00", BREAK)
        changed(agent, f"2026-11-25T{end}:00+00:00", OFFLINE)
    return house


@pytest.fixture
def evening(worked: House, clock: Clock) -> House:
    clock.at("20:00:00")
    return worked


def test_a_day_tells_states_shift_zone_and_both_ends(evening: House) -> None:
    path = f"agents/{evening.alice.pk}/time-in-state/"
    answer = Caller(evening.irene).get(path, **{"from": "2026-11-25"}, zone="Europe/Madrid").json()
    assert answer == {
        "results": [
            {
                "agent": str(evening.alice.pk),
                "name": "Alice",
                "day": "2026-11-25",
                "zone": "Europe/Madrid",
                "shift": 3600,
                "states": {"Break": 3600},
                "first": "2026-11-25T10:00:00+01:00",
                "last": "2026-11-25T11:00:00+01:00",
            }
        ],
        "next": None,
    }


@pytest.mark.parametrize(
    ("person", "agents"),
    [
        ("irene", {"Alice", "Bob"}),
        ("admin", {"Alice", "Bob", "Charlie"}),
        ("auditor", {"Alice", "Bob", "Charlie"}),
        ("robot", {"Alice", "Bob", "Charlie"}),
    ],
)
def test_everybody_gets_those_they_watch(evening: House, person: str, agents: set[str]) -> None:
    results = Caller(getattr(evening, person)).get("time-in-state/").json()["results"]
    assert {day["name"] for day in results} == agents


def test_an_agent_reads_the_own_time_and_no_other(evening: House) -> None:
    caller = Caller(evening.alice.user)
    assert [one["name"] for one in caller.get("time-in-state/").json()["results"]] == ["Alice"]
    assert caller.get(f"agents/{evening.alice.pk}/time-in-state/").status_code == 200
    assert problem(caller.get(f"agents/{evening.bob.pk}/time-in-state/")) == (404, "not-found")


def test_a_page_holds_every_day_of_its_agents(evening: House) -> None:
    span = {"from": "2026-11-24", "to": "2026-11-25"}
    caller = Caller(evening.admin)
    page = caller.get("time-in-state/", page_size="2", **span).json()
    assert [one["name"] for one in page["results"]] == ["Alice", "Alice", "Bob", "Bob"]
    rest = caller.get(page["next"]).json()
    assert [one["shift"] for one in rest["results"]] == [0, 1800]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "25.11.2026"}, "from"),
        ({"to": "20261125"}, "to"),
        ({"to": "0001-01-01"}, "to"),
        ({"from": "2026-11-25", "to": "2026-11-24"}, "to"),
        ({"from": "2026-01-01", "to": "2026-04-03"}, "to"),
        ({"zone": "Europe"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
    ],
)
def test_errors_name_the_field(house: House, query: dict[str, str], field: str) -> None:
    answer = Caller(house.admin).get("time-in-state/", **query)
    assert problem(answer) == (400, "invalid")
    assert answer.json()["detail"].startswith(f"{field}: ")


def test_ninety_two_days_are_allowed(house: House) -> None:
    span = {"from": "2026-01-01", "to": "2026-04-02"}
    assert len(Caller(house.alice.user).get("time-in-state/", **span).json()["results"]) == 92


# ---- CSV -----------------------------------------------------------------------------------------


def test_the_table_sums_to_the_shift_and_has_a_column_for_every_state(evening: House) -> None:
    CustomState.objects.create(name="Training")
    answer = Caller(evening.irene).get("time-in-state/csv/")
    raw = b"".join(answer.streaming_content)
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    alice, bob = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    assert (alice["name"], alice["Break"], alice["shift"], bob["shift"]) == (
        "Alice", "3600", "3600", "0",
    )  # fmt: skip
    assert {"In-Email", "In-Call", "In-Chat", "Training"} < set(alice)
    assert "time-in-state-2026-11-25.csv" in answer["Content-Disposition"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_no_name_becomes_a_formula(name: str) -> None:
    assert harmless(name) == f"'{name}"
    assert harmless("Ana María") == "Ana María"


def test_a_name_with_commas_and_quotes_stays_one_field(evening: House) -> None:
    make_agent("quoted", state=OFFLINE, first_name='=Eve, "E"')
    raw = b"".join(Caller(evening.admin).get("time-in-state/csv/").streaming_content)
    lines = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert lines[-1]["name"] == '\'=Eve, "E"'


@async_to_sync
async def _read(headers: dict[str, str]) -> bytes:
    answer: Any = await AsyncClient().get("/api/v1/time-in-state/csv/", headers=headers)
    assert answer.is_async
    return b"".join([chunk async for chunk in answer.streaming_content])


def test_a_server_of_sockets_sends_it_piece_by_piece(evening: House) -> None:
    assert _read(token_of(evening.irene)).count(b"\r\n") == 3
