"""Leases: one holder at a time, and none that outlives its need."""

from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.core import leases
from apps.core.holders import new_holder
from apps.core.leases import held
from apps.core.models import Lease

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_left_behind() -> Iterator[None]:
    yield
    leases._left_behind.clear()


def test_a_second_one_has_to_wait() -> None:
    with held("work", seconds=30) as mine, held("work", seconds=30) as other:
        assert mine and other is None
    with held("work", seconds=30) as next_one:
        assert next_one


def test_a_lease_that_could_not_be_given_back_is_free_when_the_database_is_back() -> None:
    """A database that starts anew must not cost the rest of the lease (GUARANTEES G8)."""
    with pytest.raises(OperationalError), held("work", seconds=30):
        away = patch.object(Lease.objects, "filter", side_effect=OperationalError)
        away.start()
        raise OperationalError
    away.stop()
    assert Lease.objects.get(name="work").holder
    with held("other", seconds=30):
        assert not Lease.objects.get(name="work").holder
    assert not leases._left_behind


def test_what_is_fresh_is_not_renewed() -> None:
    with held("work", seconds=30) as hold:
        assert hold
        with CaptureQueriesContext(
            connection,
        ) as asked:
            hold.keep()
        assert not asked.captured_queries
        hold.renewed_at -= leases.FRESH + 1
        with CaptureQueriesContext(connection) as asked:
            hold.keep()
        assert len(asked.captured_queries) == 1


def test_the_lease_of_a_killed_process_is_inherited_at_once() -> None:
    dead = new_holder()
    Lease.objects.create(name="work", holder=dead, until=timezone.now() + timedelta(hours=1))
    with held("work", seconds=30) as none:
        assert none is None
    with patch.object(leases, "is_dead", lambda holder: holder == dead):
        with held("work", seconds=30) as heir:
            assert heir and Lease.objects.get(name="work").holder == heir.holder
        with held("work", seconds=30) as next_one:
            assert next_one
