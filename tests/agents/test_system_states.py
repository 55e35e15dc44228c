"""System states are constants: nothing removes In-Email, shadows it, or sets it by itself."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError, RestrictedError
from django.test import Client
from django.utils import timezone, translation

from apps.agents import vocabulary
from apps.agents.choices import accepted, choosable_states, sign_in_state, state_named
from apps.agents.models import AgentSettings, AgentState, CustomState, StateChange
from apps.agents.presence import seen
from apps.agents.upkeep import end_absences, uphold_guards
from apps.core.errors import Invalid, Problem
from apps.queues.models import Queue
from apps.tickets.assignment import assign_waiting
from apps.tickets.sessions import assign
from tests.calls import Caller, problem
from tests.people import House, make_house, make_session, put_in_state

pytestmark = pytest.mark.django_db

SYSTEM = ["Available", "In-Email", "Break", "Unavailable", "Offline"]


@pytest.fixture
def house() -> House:
    return make_house(routing=Queue.Routing.AUTOMATIC)


def look_alikes() -> list[str]:
    names = [*vocabulary.SYSTEM_STATES, "in-email", "IN EMAIL", "Ín-Émail", "inemail", " In_Email "]
    names += ["In\u200b-Email", "Ｉｎ－Ｅｍａｉｌ", "In\u2010Email"]
    with translation.override("es"):
        return [*names, *(vocabulary.label(name) for name in vocabulary.SYSTEM_STATES)]


def test_spanish_has_words_of_its_own() -> None:
    """So that the names below are more than the English ones again."""
    assert {"Disponible", "Pausa"} <= set(look_alikes())


@pytest.mark.contract("1.2.a")
@pytest.mark.parametrize("name", look_alikes())
def test_no_custom_state_bears_a_system_name(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CustomState(name=name).full_clean()
    assert "is a state of the system" in str(refused.value)
    with pytest.raises(Invalid) as told:
        vocabulary.refuse_system_name(name)
    assert told.value.code == "system-state-name"


@pytest.mark.contract("1.2.a")
def test_a_fixture_shadows_no_system_state(house: House, tmp_path: Path) -> None:
    """It comes past every form; then the constants win and the row is no state at all."""
    rows = [
        {"model": "agents.customstate", "fields": {"name": name, "accepts_calls": True}}
        for name in ("in-email", "IN EMAIL", "Ín-Émail", "offline", "Pausa")
    ]
    file = tmp_path / "states.json"
    file.write_text(json.dumps(rows))
    call_command("loaddata", str(file), verbosity=0)
    assert CustomState.objects.count() == len(rows)
    assert choosable_states() == SYSTEM
    assert set(accepted()) == set(vocabulary.SYSTEM_STATES)
    assert state_named("in-email") == "In-Email"
    Queue.objects.update(enabled=False)
    caller = Caller(house.alice.user)
    for name in ("in-email", "In-Email"):
        answer = caller.post(f"agents/{house.alice.pk}/state/", {"state": name})
        assert problem(answer) == (422, "in-email-not-available")


@pytest.mark.contract("1.2.a")
def test_no_deleting_takes_a_system_state_away(house: House) -> None:
    """Every row of every table, as far as the database lets go of it."""
    emptied = 0
    for model in apps.get_models():
        try:
            with transaction.atomic():
                emptied += bool(model._default_manager.all().delete()[0])
                assert choosable_states() == SYSTEM
                assert accepted()["In-Email"] == {"email", "call", "chat"}
                transaction.set_rollback(True)
        except (ProtectedError, RestrictedError, TypeError):  # the last: rows of a history
            continue
    assert emptied > 10


@pytest.mark.contract("1.2.a")
def test_no_table_holds_the_system_states() -> None:
    named = [
        model._meta.label
        for model in apps.get_models()
        if "State" in model.__name__ and model._meta.app_label == "agents"
    ]
    assert sorted(named) == ["agents.AgentState", "agents.CustomState", "agents.StateChange"]
    assert not CustomState.objects.exists()


@pytest.mark.contract("1.2.a")
@pytest.mark.parametrize("method", ["delete", "put", "patch"])
@pytest.mark.parametrize("path", ["agents/{pk}/state/", "agents/{pk}/", "agents/", "agent-events/"])
def test_the_api_has_no_verb_against_states(house: House, method: str, path: str) -> None:
    client = Client(headers=Caller(house.admin).headers)
    answer = getattr(client, method)("/api/v1/" + path.format(pk=house.alice.pk))
    assert problem(answer) == (405, "method-not-allowed")


@pytest.mark.contract("1.2.a")
def test_the_labels_of_system_states_are_words_not_settings() -> None:
    assert not any(isinstance(one, models.Model) for one in vocabulary.SYSTEM_STATES)
    assert isinstance(vocabulary.CHOOSABLE, tuple) and isinstance(vocabulary.SYSTEM_STATES, tuple)


# ---- never by itself -----------------------------------------------------------------------------


@pytest.mark.contract("1.2.c")
@pytest.mark.parametrize("name", ["In-Email", "in-email", "IN-EMAIL"])
def test_the_database_refuses_in_email_at_sign_in(name: str, tmp_path: Path) -> None:
    AgentSettings.load()
    with pytest.raises(IntegrityError), transaction.atomic():
        AgentSettings.objects.update(sign_in_state=name)
    file = tmp_path / "settings.json"
    row = {"model": "agents.agentsettings", "pk": 1, "fields": {"sign_in_state": name}}
    file.write_text(json.dumps([row]))
    with pytest.raises(IntegrityError), transaction.atomic():
        call_command("loaddata", str(file), verbosity=0)
    with pytest.raises(ValidationError):
        AgentSettings(pk=1, sign_in_state=name).full_clean()


@pytest.mark.contract("1.2.c")
@pytest.mark.parametrize("name", ["In Email", "Ín-Émail", "In-Call", "Nowhere", ""])
def test_what_is_no_state_is_available_at_sign_in(name: str) -> None:
    AgentSettings.objects.update_or_create(pk=1, defaults={"sign_in_state": name})
    CustomState.objects.create(name="Ín-Émail")
    assert sign_in_state() == "Available"


@pytest.mark.contract("1.2.c")
def test_a_day_without_a_choice_has_no_in_email(house: House) -> None:
    """Sign-in, presence, work given and taken, calls, chats, idling, absence: all by themselves."""
    alice, robot = house.alice, Caller(house.robot)
    put_in_state(alice, "Offline")
    put_in_state(house.bob, "Break")
    Client().force_login(alice.user)
    make_session(house.support)
    assign_waiting(house.support)
    assign(make_session(house.support), alice, by=house.irene)
    for event in ("enter_chat", "enter_call", "leave_call", "leave_chat"):
        body = {"event": event, "agent": "alice", "session": event[6:]}
        assert robot.post("agent-events/", body).status_code == 200
        seen([alice.user_id])
    uphold_guards()
    AgentState.objects.update(seen_at=timezone.now() - timedelta(minutes=11), present_until=None)
    end_absences()
    seen([alice.user_id])
    Client().force_login(alice.user)
    rows = StateChange.objects.filter(agent=alice).order_by("pk")
    assert set(rows.values_list("chosen", flat=True)) == {"Available", "Offline"}
    assert rows.count() == 7


def test_who_is_there_is_not_absent_whatever_our_clock_says(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen([house.alice.user_id])
    ahead = timezone.now() + timedelta(hours=1)
    monkeypatch.setattr(timezone, "now", lambda: ahead)
    end_absences()
    Client().force_login(house.alice.user)  # a second browser
    assert AgentState.objects.get(agent=house.alice).chosen == "In-Email"


@pytest.mark.contract("1.2.i")
def test_signing_in_and_out_moves_between_the_setting_and_offline(house: House) -> None:
    AgentSettings.objects.update_or_create(pk=1, defaults={"sign_in_state": "Break"})
    put_in_state(house.alice, "Offline")

    def chosen() -> Any:
        return AgentState.objects.get(agent=house.alice).chosen

    browser, second = Client(), Client()
    form = {"login": "alice", "password": "alice"}
    assert browser.post("/accounts/login/", form).status_code == 302
    assert chosen() == "Break"
    put_in_state(house.alice, "In-Email")
    second.post("/accounts/login/", form)
    assert chosen() == "In-Email"
    browser.post("/accounts/logout/")
    assert chosen() == "Offline"


@pytest.mark.contract("1.2.b")
def test_a_basis_that_nobody_told_of_is_found_by_the_sweep(house: House) -> None:
    """As by SQL: no signal, so the sweep of ten seconds is the one to notice."""
    Queue.objects.update(enabled=False)
    uphold_guards()
    for agent in (house.alice, house.bob, house.charlie):
        state = AgentState.objects.get(agent=agent)
        assert (state.chosen, state.code, state.set_by) == ("Available", "no-email-queue", None)


def test_a_problem_says_what_is_wrong_in_one_sentence() -> None:
    with pytest.raises(Problem) as refused:
        vocabulary.refuse_system_name("in-email")
    assert refused.value.sentence.startswith("name: ")
