"""Custom states and the settings of states in the admin: names, colours, and what is never set."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from apps.agents import colours
from apps.agents.models import AgentSettings, AgentState, CustomState
from apps.agents.vocabulary import SYSTEM_STATES
from apps.core.models import Role
from tests.people import make_agent, make_user

pytestmark = pytest.mark.django_db

ADD = "/admin/agents/customstate/add/"
SETTINGS = "/admin/agents/agentsettings/1/change/"
A_STATE = {"name": "Training", "colour": "#5f43b2", "enabled": "on"}
TIMES = {"absent_after_minutes": 10, "stale_after_hours": 8}


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    AgentSettings.load()
    return client


def errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].errors) if answer.status_code == 200 else {}


def page_of(state: CustomState) -> str:
    return f"/admin/agents/customstate/{state.pk}/change/"


# ---- names ------------------------------------------------------------------------------------------


@pytest.mark.contract("1.2.a")
@pytest.mark.parametrize("name", [*SYSTEM_STATES, "in-email", "IN EMAIL", "ＡＶＡＩＬＡＢＬＥ"])
def test_no_state_bears_a_system_state_s_name(root: Client, name: str) -> None:
    found = errors(root.post(ADD, A_STATE | {"name": name}))
    assert "is a state of the system. Choose another name." in found["name"][0]
    assert not CustomState.objects.exists()


def test_a_name_is_there_once_in_any_case(root: Client) -> None:
    root.post(ADD, A_STATE)
    found = errors(root.post(ADD, A_STATE | {"name": "TRAINING"}))
    assert found == {"name": ["There is a state of that name already."]}


def test_a_name_stays(root: Client) -> None:
    root.post(ADD, A_STATE)
    state = CustomState.objects.get()
    root.post(page_of(state), A_STATE | {"name": "Lunch", "accepts_calls": "on"})
    state.refresh_from_db()
    assert (state.name, state.accepts_calls) == ("Training", True)
    state.name = "Lunch"
    with pytest.raises(ValidationError, match="The name stays"):
        state.full_clean()


def test_a_state_is_never_deleted(root: Client) -> None:
    state = CustomState.objects.create(name="Training")
    path = f"/admin/agents/customstate/{state.pk}/delete/"
    assert root.post(path, {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": [state.pk], "post": "yes"}
    root.post("/admin/agents/customstate/", form)
    assert CustomState.objects.exists()


# ---- colours -----------------------------------------------------------------------------------------


def test_a_pale_colour_is_refused_with_its_ratio_and_a_better_one(root: Client) -> None:
    (sentence,) = errors(root.post(ADD, A_STATE | {"colour": "#f0c040"}))["colour"]
    assert "#f0c040 has a contrast of only 1.5:1" in sentence
    assert "words need 4.5:1" in sentence
    better = re.findall(r"#[0-9a-f]{6}", sentence)[-1]
    assert root.post(ADD, A_STATE | {"colour": better}).status_code == 302


def test_no_colour_is_told_as_such(root: Client) -> None:
    assert errors(root.post(ADD, A_STATE | {"colour": "red"})) == {
        "colour": ["Write it like #2a7f62."]
    }


@pytest.mark.parametrize("colour", ["#000000", "#5b6472", "#2450bd", "#b2261d", "#5f43b2"])
def test_each_theme_gets_a_readable_one(colour: str) -> None:
    assert colours.worst(colour, colours.LIGHT) >= colours.ENOUGH
    assert colours.worst(colours.dark_twin(colour), colours.DARK) >= colours.ENOUGH
    assert colours.readable_like(colour) == colour


def test_contrast_is_that_of_the_standard() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_surfaces_are_those_of_the_pages() -> None:
    tokens = (Path(__file__).parents[2] / "static" / "tokens.css").read_text()
    for name, light in colours.LIGHT.items():
        assert f"--{name}:" in tokens
        found = re.search(rf"--{name}: +light-dark\((#\w+), (#\w+)\)", tokens)
        assert found and found.groups() == (light, colours.DARK[name])


def test_the_default_colour_is_readable() -> None:
    CustomState(name="Training").full_clean()


# ---- use ----------------------------------------------------------------------------------------------


def test_switching_off_tells_who_is_in_it(root: Client) -> None:
    state, ana = CustomState.objects.create(name="Training"), make_agent("ana")
    AgentState.objects.update_or_create(agent=ana, defaults={"chosen": "Training"})
    answer = root.post(page_of(state), {"colour": "#5f43b2"})
    told = " ".join(str(one) for one in answer.wsgi_request._messages)
    assert "1 agent was in this state" in told


def test_the_start_of_a_shift_stays_in_use(root: Client) -> None:
    state = CustomState.objects.create(name="Training")
    AgentSettings.objects.update_or_create(pk=1, defaults={"sign_in_state": "Training"})
    found = errors(root.post(page_of(state), {"colour": "#5f43b2"}))
    assert "Agents start with this state." in found["enabled"][0]


@pytest.mark.contract("1.2.c")
def test_in_email_is_no_state_after_sign_in(root: Client) -> None:
    CustomState.objects.create(name="Training")
    CustomState.objects.create(name="Gone", enabled=False)
    field = root.get(SETTINGS).context["adminform"].form.fields["sign_in_state"]
    offered = [name for name, _label in field.choices]
    assert offered == ["Available", "Break", "Unavailable", "Offline", "Training"]
    for name in ("In-Email", "in-email", "In-Call", "Gone"):
        found = errors(root.post(SETTINGS, TIMES | {"sign_in_state": name}))
        assert list(found) == ["sign_in_state"]
    root.post(SETTINGS, TIMES | {"sign_in_state": "Training"})
    assert AgentSettings.load().sign_in_state == "Training"


@pytest.mark.parametrize("field", TIMES)
def test_no_time_is_no_patience(root: Client, field: str) -> None:
    found = errors(root.post(SETTINGS, TIMES | {"sign_in_state": "Break", field: 0}))
    assert list(found) == [field]


def test_it_is_no_page_for_everybody(client: Client) -> None:
    client.force_login(make_user("irene", roles=[Role.SUPERVISOR]))
    assert client.get(SETTINGS).status_code == 403
