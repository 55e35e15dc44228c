"""The migration that fills what earlier rows lack: a run that was cut off is run again."""

from importlib import import_module

import pytest
from django.apps import apps

from apps.queues.loads import open_sessions
from tests.people import House, make_house, make_session

fill = import_module("apps.tickets.migrations.0005_fill_new_columns")


@pytest.fixture
def house(db: None) -> House:
    return make_house()


def test_run_twice_it_counts_once(house: House) -> None:
    make_session(house.support)
    make_session(house.support, agent=house.alice)
    fill.count_waiting(apps, None)
    fill.count_waiting(apps, None)
    assert dict(open_sessions([house.support.pk]).waiting) == {house.support.pk: 1}
