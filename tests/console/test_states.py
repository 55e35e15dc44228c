"""The state picker in the shell: what it says, what it offers, and what a choice does."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from django.utils import timezone

from apps.agents import states
from apps.agents.models import AgentState, CustomState
from apps.agents.upkeep import end_absences, uphold_guards
from apps.channels.models import ChannelSettings
from apps.console.states import OwnState
from apps.core.models import Role
from apps.core.people import set_roles
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session, put_in_state


@pytest.fixture
def alice(house: House, as_user: SignIn) -> Client:
    return as_user(house.alice.user)


def own(client: Client) -> OwnState:
    shown: OwnState = client.get("/").context["desk"].state
    return shown


def words(client: Client, path: str = "/") -> str:
    """The page as it is read: without tags that split a sentence."""
    return bare(client.get(path).content.decode())


def bare(page: str) -> str:
    for mark in ("<bdi>", "</bdi>", "<b>", "</b>", "<small>", "</small>"):
        page = page.replace(mark, "")
    return " ".join(page.split())


def choose(client: Client, state: str, before: str = "/") -> Any:
    return client.post(f"/state/?next={quote(before)}", {"state": state}, follow=True)


def stored(house: House) -> AgentState:
    return AgentState.objects.get(agent=house.alice)


def overridden(house: House, state: str, reason: str = "") -> None:
    house.irene.first_name, house.irene.last_name = "Irene", "Casas"
    house.irene.save()
    states.override_state(house.alice, state, by=house.irene, source="api", reason=reason)


# ---- choosing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Available", "In-Email", "Break", "Unavailable", "Offline"])
def test_an_agent_chooses_and_comes_back_to_the_page(
    house: House, alice: Client, state: str
) -> None:
    put_in_state(house.alice, "Break" if state != "Break" else "Available")
    session = make_session(house.support)

    answer = choose(alice, state, f"/s/{session.public_id}/?status=any")

    assert answer.redirect_chain == [(f"/s/{session.public_id}/?status=any", 302)]
    row = stored(house)
    assert (row.chosen, row.set_by, row.source) == (state, house.alice.user, "console")
    assert answer.context["desk"].state.now.state == state


@pytest.mark.parametrize("before", ["https://evil.test/", "//evil.test/", "", "javascript:alert()"])
def test_the_way_back_never_leaves_this_site(alice: Client, before: str) -> None:
    assert choose(alice, "Break", before).redirect_chain == [("/", 302)]


def test_every_state_is_offered_in_glyph_word_and_colour(house: House, alice: Client) -> None:
    CustomState.objects.create(name="Training", colour="#5f43b2")
    CustomState.objects.create(name="Retired", enabled=False)

    offers = own(alice).offers

    named = [offer.look.word for offer in offers]
    assert named == ["Available", "In-Email", "Break", "Unavailable", "Training", "Offline"]
    assert [offer.look.word for offer in offers if offer.chosen] == ["In-Email"]
    page = alice.get("/").content.decode()
    assert 'class="state-icon is-custom colour-5f43b2"' in page
    assert "/states/5f43b2.css" in page
    assert 'class="state-icon is-break"' in alice.get("/").content.decode()


def test_a_custom_state_is_chosen_like_any_other(house: House, alice: Client) -> None:
    CustomState.objects.create(name="Training", colour="#5f43b2")

    choose(alice, "Training")

    assert stored(house).effective == "Training"
    assert own(alice).now.css == "is-custom colour-5f43b2"


def test_a_page_that_was_refused_offers_the_list_as_the_way_back(
    house: House, alice: Client
) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)

    answer = alice.post(f"/s/{session.public_id}/reply/", {"text": "", "key": "k"})

    assert answer.status_code == 422
    assert 'formaction="/state/?next="' in answer.content.decode()


@pytest.mark.parametrize("state", ["In-Call", "Lunch", ""])
def test_what_nobody_can_choose_is_refused_in_a_sentence(
    house: House, alice: Client, state: str
) -> None:
    page = choose(alice, state).content.decode()

    assert 'role="alert"' in page
    assert "nobody can choose it" in page or "there is no such state" in page
    assert stored(house).version == 0


# ---- In-Email --------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.b")
def test_without_its_basis_in_email_stays_in_the_list_with_the_reason(
    house: House, alice: Client
) -> None:
    put_in_state(house.alice, "Break")
    ChannelSettings.objects.update(enabled=False)

    page = alice.get("/").content.decode()

    assert 'aria-disabled="true" data-test="state-choice" value="In-Email"' in page
    assert "The email channel is switched off." in page
    assert 'name="state" value="In-Email"' not in page


@pytest.mark.contract("1.2.b")
def test_in_email_is_refused_where_a_page_still_offered_it(house: House, alice: Client) -> None:
    put_in_state(house.alice, "Break")
    ChannelSettings.objects.update(enabled=False)

    page = choose(alice, "In-Email").content.decode()

    assert "The email channel is switched off." in page
    assert stored(house).chosen == "Break"


@pytest.mark.contract("1.2.b")
def test_who_was_moved_out_of_in_email_reads_the_cause(house: House, alice: Client) -> None:
    choose(alice, "Break")
    choose(alice, "In-Email")
    ChannelSettings.objects.update(enabled=False)
    uphold_guards()

    assert "You left In-Email: the email channel is switched off." in words(alice)
    choose(alice, "Break")
    assert "You left" not in words(alice)


@pytest.mark.contract("1.2.b")
def test_a_basis_that_returns_restores_nothing(house: House, alice: Client) -> None:
    ChannelSettings.objects.update(enabled=False)
    uphold_guards()
    ChannelSettings.objects.update(enabled=True)
    uphold_guards()

    assert own(alice).now.state == "Available"


@pytest.mark.contract("1.2.c")
def test_reading_pages_never_sets_a_state(house: House, alice: Client) -> None:
    put_in_state(house.alice, "Available", present=False)
    session = make_session(house.support)
    before = AgentState.objects.filter(agent=house.alice).values().get()

    for path in ("/", f"/s/{session.public_id}/", "/?status=any"):
        alice.get(path)

    assert AgentState.objects.filter(agent=house.alice).values().get() == before


@pytest.mark.contract("1.2.c")
def test_a_get_chooses_nothing(house: House, alice: Client) -> None:
    assert alice.get("/state/?state=Break").status_code == 405
    assert stored(house).chosen == "In-Email"


def test_a_choice_from_another_site_is_refused(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(house.alice.user)

    assert client.post("/state/", {"state": "Break"}).status_code == 403


# ---- calls and chats -------------------------------------------------------------------------------


@pytest.mark.contract("1.2.g")
def test_the_overlay_is_shown_with_what_comes_after_it(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")

    page = words(alice)

    assert 'data-test="state-current" data-state="In-Call">In-Call' in page
    assert ", then In-Email" in page


@pytest.mark.contract("1.2.g")
def test_after_the_last_call_the_chosen_state_shows_again(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")
    states.enter_chat(house.alice, "chat-1")
    states.leave_call(house.alice, "call-1")
    assert own(alice).now.state == "In-Chat"

    states.leave_chat(house.alice, "chat-1")

    shown = own(alice)
    assert (shown.now.state, shown.then, shown.told) == ("In-Email", None, False)


def test_a_choice_during_a_call_shows_after_it(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "call-1")

    assert ", then Break" in bare(choose(alice, "Break").content.decode())
    states.leave_call(house.alice, "call-1")
    assert own(alice).now.state == "Break"


# ---- what supervisors set ----------------------------------------------------------------------------


@pytest.mark.contract("1.2.h")
def test_who_set_it_when_and_why_stands_there_until_the_next_choice(
    house: House, alice: Client
) -> None:
    overridden(house, "Break", "Phones <are> down")
    with timezone.override(ChannelSettings.load().time_zone):
        time = timezone.localtime(stored(house).chosen_at).strftime("%H:%M")

    assert f"Set by Irene Casas, {time}: Phones &lt;are&gt; down" in words(alice)
    choose(alice, "Available")
    assert "Irene" not in words(alice)


@pytest.mark.contract("1.2.h")
@pytest.mark.parametrize(
    ("enter", "until"), [(states.enter_call, "the call"), (states.enter_chat, "the chat")]
)
def test_during_a_call_or_chat_it_says_that_it_applies_after(
    house: House, alice: Client, enter: Any, until: str
) -> None:
    enter(house.alice, "one")
    overridden(house, "Break", "Team meeting")

    page = words(alice)

    assert f"Set to Break by Irene Casas: applies after {until}" in page
    assert ": Team meeting" in page
    assert ", then Break" in page


@pytest.mark.contract("1.2.h")
def test_after_the_call_the_override_applies_and_still_names_who(
    house: House, alice: Client
) -> None:
    states.enter_call(house.alice, "one")
    overridden(house, "Break")
    states.leave_call(house.alice, "one")

    assert own(alice).now.state == "Break"
    assert "Set by Irene Casas, " in words(alice)
    assert "applies after" not in words(alice)


# ---- offline ---------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.i")
def test_who_comes_back_after_long_is_asked_and_stays_offline_until_then(
    house: House, alice: Client
) -> None:
    long_ago = timezone.now() - timedelta(minutes=11)
    AgentState.objects.update(seen_at=long_ago, chosen_at=long_ago, present_until=None)
    end_absences()

    page = words(alice)

    assert "You are offline. The console was closed for too long." in page
    assert "Choose a state to get mail." in page
    assert stored(house).chosen == "Offline"
    choose(alice, "In-Email")
    assert "You are offline." not in words(alice)


@pytest.mark.contract("1.2.i")
def test_signing_out_elsewhere_is_told_and_asks(house: House, alice: Client) -> None:
    states.signed_out(house.alice)

    assert "You are offline. You signed out in another window." in words(alice)


def test_the_question_offers_what_can_be_chosen_and_says_what_cannot(
    house: House, alice: Client
) -> None:
    put_in_state(house.alice, "Offline")
    ChannelSettings.objects.update(enabled=False)

    first = [offer.look.state for offer in own(alice).first_choices]

    assert first == ["Available", "Break", "Unavailable"]
    assert "In-Email: The email channel is switched off." in words(alice)


def test_offline_under_a_call_is_no_untruth(house: House, alice: Client) -> None:
    states.enter_call(house.alice, "one")
    choose(alice, "Offline")

    assert "After the call you are offline." in words(alice)


# ---- who has none ----------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["irene", "admin", "auditor", "robot"])
def test_who_is_no_agent_has_no_picker(house: House, as_user: SignIn, person: str) -> None:
    client = as_user(getattr(house, person))

    assert "state-picker" not in client.get("/").content.decode()
    assert choose(client, "Break").status_code == 404


def test_who_lost_the_role_has_no_picker(house: House, alice: Client) -> None:
    set_roles(house.alice.user, [])

    assert "state-picker" not in alice.get("/").content.decode()
    assert choose(alice, "Break").status_code == 404


def test_a_supervisor_who_is_an_agent_has_the_picker(house: House, alice: Client) -> None:
    set_roles(house.alice.user, [Role.AGENT, Role.SUPERVISOR])

    assert "state-picker" in alice.get("/").content.decode()


def test_nobody_chooses_before_signing_in(house: House) -> None:
    assert Client().post("/state/", {"state": "Break"}).url.startswith("/accounts/login/")
