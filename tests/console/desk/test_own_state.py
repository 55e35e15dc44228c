"""One's own state in JSON: what it says, what it offers, and what a choice does."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.agents import states
from apps.agents.models import AgentState, CustomState
from apps.agents.upkeep import end_absences, uphold_guards
from apps.channels.models import ChannelSettings
from apps.core.models import Role
from apps.core.people import set_roles
from tests.calls import problem
from tests.console.asking import post, read
from tests.console.conftest import SignIn
from tests.people import House, make_agent, make_message, make_session, put_in_state


def own(client: Client) -> Any:
    return read(client, "")["state"]


def choose(client: Client, state: Any) -> Any:
    return post(client, "state/", state=state)


def offer(client: Client, state: str) -> Any:
    return next(one for one in own(client)["offers"] if one["state"] == state)


def stored(house: House) -> AgentState:
    return AgentState.objects.get(agent=house.alice)


def overridden(house: House, state: str, reason: str = "") -> None:
    house.irene.first_name, house.irene.last_name = "Irene", "Casas"
    house.irene.save()
    states.override_state(house.alice, state, by=house.irene, source="api", reason=reason)


def switch_off() -> None:
    ChannelSettings.objects.update(enabled=False)


# ---- choosing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Available", "In-Email", "Break", "Unavailable", "Offline"])
def test_a_state_is_chosen_and_told(house: House, alice: Client, state: str) -> None:
    put_in_state(house.alice, "Break" if state != "Break" else "Available")

    told = choose(alice, state).json()

    row = stored(house)
    assert (row.chosen, row.set_by, row.source) == (state, house.alice.user, "console")
    assert (told["effective"]["state"], told["version"]) == (state, row.version)
    assert (told["by_self"], told["told"]) == (True, None)
    assert [one["state"] for one in told["offers"] if one["chosen"]] == [state]


def test_every_state_is_offered_in_glyph_word_and_colour(house: House, alice: Client) -> None:
    CustomState.objects.create(name="Training", colour="#5f43b2")
    CustomState.objects.create(name="Retired", enabled=False)

    offers = own(alice)["offers"]

    named = [one["word"] for one in offers]
    assert named == ["Available", "In-Email", "Break", "Unavailable", "Training", "Offline"]
    assert [one["word"] for one in offers if one["chosen"]] == ["In-Email"]
    looks = {one["word"]: (one["glyph"], one["css"]) for one in offers}
    assert looks["Training"] == ("state-custom", "is-custom colour-5f43b2")
    assert looks["Break"] == ("state-break", "is-break")
    assert offer(alice, "In-Email")["note"] == "Mail, and still calls and chats"


def test_a_custom_state_is_chosen_like_any_other(house: House, alice: Client) -> None:
    assert read(alice, "")["user"]["colours_url"] is None
    CustomState.objects.create(name="Training", colour="#5f43b2")

    told = choose(alice, "Training").json()

    assert stored(house).effective == "Training"
    assert told["effective"]["css"] == "is-custom colour-5f43b2"
    assert read(alice, "")["user"]["colours_url"] == "/states/5f43b2.css"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("Lunch", (400, "unknown-state")),
        ("", (400, "unknown-state")),
        ("In-Call", (422, "set-by-calls-only")),
        (None, (400, "state-missing")),
        ({"a": 1}, (400, "state-missing")),
    ],
)
def test_what_nobody_can_choose_is_refused_in_a_sentence(
    house: House, alice: Client, state: Any, told: tuple[int, str]
) -> None:
    answer = choose(alice, state)

    assert problem(answer) == told
    assert answer.json()["field"] == "state"
    assert stored(house).version == 0


# ---- In-Email --------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.b")
def test_without_its_basis_in_email_stays_in_the_list_with_the_reason(
    house: House, as_user: SignIn, alice: Client
) -> None:
    put_in_state(house.alice, "Break")
    loner = as_user(make_agent("loner", state="Available").user)

    assert offer(alice, "In-Email")["reason"] is None
    no_queue = "No email queue that is in use has this agent as a member."
    assert offer(loner, "In-Email")["reason"] == no_queue
    switch_off()
    assert offer(alice, "In-Email")["reason"] == "The email channel is switched off."
    assert offer(alice, "Break")["reason"] is None


@pytest.mark.contract("1.2.b")
def test_in_email_is_refused_where_a_page_still_offered_it(house: House, alice: Client) -> None:
    put_in_state(house.alice, "Break")
    switch_off()

    answer = choose(alice, "In-Email")

    assert problem(answer)[0] == 422
    assert answer.json()["detail"] == "The email channel is switched off."
    assert stored(house).chosen == "Break"


@pytest.mark.contract("1.2.b")
def test_who_was_moved_out_of_in_email_reads_the_cause(alice: Client) -> None:
    choose(alice, "Break")
    choose(alice, "In-Email")
    switch_off()
    uphold_guards()

    told = own(alice)

    assert told["moved"] is True
    assert told["told"] == "You left In-Email: the email channel is switched off."
    assert choose(alice, "Break").json()["told"] is None


@pytest.mark.contract("1.2.b")
def test_a_basis_that_returns_restores_nothing(house: House, alice: Client) -> None:
    switch_off()
    uphold_guards()
    ChannelSettings.objects.update(enabled=True)
    uphold_guards()

    assert own(alice)["effective"]["state"] == "Available"


@pytest.mark.contract("1.2.c")
def test_reading_never_sets_a_state(house: House, alice: Client) -> None:
    put_in_state(house.alice, "Available", present=False)
    session = make_session(house.support)
    message = make_message(session)
    before = AgentState.objects.filter(agent=house.alice).values().get()

    for path in ("", "sessions/", f"sessions/{session.public_id}/", f"messages/{message.pk}/"):
        read(alice, path)
    for page in ("/", f"/s/{session.public_id}/"):
        assert alice.get(page).status_code == 200

    assert AgentState.objects.filter(agent=house.alice).values().get() == before


@pytest.mark.contract("1.2.c")
def test_a_get_chooses_nothing(house: House, alice: Client) -> None:
    assert alice.get("/desk/state/?state=Break").status_code == 405
    assert stored(house).chosen == "In-Email"


def test_a_choice_from_another_site_is_refused(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.alice.user)

    assert choose(client, "Break").status_code == 403
    assert stored(house).chosen == "In-Email"


# ---- calls and chats -------------------------------------------------------------------------------


@pytest.mark.contract("1.2.g")
def test_the_overlay_is_shown_with_what_comes_after_it(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")

    told = own(alice)

    assert (told["effective"]["state"], told["then"]["state"]) == ("In-Call", "In-Email")


@pytest.mark.contract("1.2.g")
def test_after_the_last_call_the_chosen_state_shows_again(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")
    states.enter_chat(house.alice, "chat-1")
    states.leave_call(house.alice, "call-1")
    assert own(alice)["effective"]["state"] == "In-Chat"

    states.leave_chat(house.alice, "chat-1")

    told = own(alice)
    assert (told["effective"]["state"], told["then"], told["told"]) == ("In-Email", None, None)


def test_a_choice_during_a_call_shows_after_it(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")

    told = choose(alice, "Break").json()

    assert (told["effective"]["state"], told["then"]["state"]) == ("In-Call", "Break")
    states.leave_call(house.alice, "call-1")
    assert own(alice)["effective"]["state"] == "Break"


# ---- what supervisors set ----------------------------------------------------------------------------


@pytest.mark.contract("1.2.h")
def test_who_set_it_when_and_why_stands_there_until_the_next_choice(
    house: House, alice: Client
) -> None:
    overridden(house, "Break", "Phones <are> down")
    with timezone.override(ChannelSettings.load().time_zone):
        time = timezone.localtime(stored(house).chosen_at).strftime("%H:%M")

    told = own(alice)

    assert told["told"] == f"Set by Irene Casas, {time}: Phones <are> down"
    assert (told["by_self"], told["set_by"]) == (False, "Irene Casas")
    assert told["reason"] == "Phones <are> down"
    assert choose(alice, "Available").json()["told"] is None


@pytest.mark.contract("1.2.h")
@pytest.mark.parametrize(
    ("enter", "until"), [(states.enter_call, "the call"), (states.enter_chat, "the chat")]
)
def test_during_a_call_or_chat_it_says_that_it_applies_after(
    house: House, alice: Client, enter: Any, until: str
) -> None:
    enter(house.alice, "one")
    overridden(house, "Break", "Team meeting")

    told = own(alice)

    assert told["told"].startswith("Set to Break by Irene Casas, ")
    assert told["told"].endswith(f": applies after {until}: Team meeting")
    assert told["then"]["state"] == "Break"


@pytest.mark.contract("1.2.h")
def test_after_the_call_the_override_applies_and_still_names_who(
    house: House, alice: Client
) -> None:
    states.enter_call(house.alice, "one")
    overridden(house, "Break")
    states.leave_call(house.alice, "one")

    told = own(alice)

    assert told["effective"]["state"] == "Break"
    assert told["told"].startswith("Set by Irene Casas, ")
    assert "applies after" not in told["told"]


# ---- offline ---------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.i")
def test_who_comes_back_after_long_is_asked_and_stays_offline_until_then(
    house: House, alice: Client
) -> None:
    long_ago = timezone.now() - timedelta(minutes=11)
    AgentState.objects.update(seen_at=long_ago, chosen_at=long_ago, present_until=None)
    end_absences()

    asked = own(alice)["asked"]

    assert asked.startswith("You are offline. The console was closed for too long.")
    assert asked.endswith("Choose a state to get mail.")
    assert stored(house).chosen == "Offline"
    assert choose(alice, "In-Email").json()["asked"] is None


@pytest.mark.contract("1.2.i")
def test_signing_out_elsewhere_is_told_and_asks(house: House, alice: Client) -> None:
    states.signed_out(house.alice)

    told = "You are offline. You signed out in another window. Choose a state to get mail."
    assert own(alice)["asked"] == told


def test_offline_under_a_call_is_no_untruth(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "one")

    asked = choose(alice, "Offline").json()["asked"]

    assert asked.startswith("After the call you are offline.")


# ---- who has none ----------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["irene", "admin", "auditor", "robot"])
def test_who_is_no_agent_has_no_state(house: House, as_user: SignIn, person: str) -> None:
    client = as_user(getattr(house, person))

    assert own(client) is None
    assert problem(choose(client, "Break")) == (404, "not-an-agent")


def test_who_lost_the_role_has_no_state(house: House, alice: Client) -> None:
    set_roles(house.alice.user, [])

    assert own(alice) is None
    assert choose(alice, "Break").status_code == 404


def test_a_supervisor_who_is_an_agent_has_one(house: House, alice: Client) -> None:
    set_roles(house.alice.user, [Role.AGENT, Role.SUPERVISOR])

    assert own(alice)["effective"]["state"] == "In-Email"


def test_nobody_chooses_before_signing_in(house: House) -> None:
    assert problem(choose(Client(), "Break")) == (401, "signed-out")
