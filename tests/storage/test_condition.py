"""What the health page and the front page say of the storage."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core.health import Backlog
from apps.storage import condition
from apps.storage.models import StorageSettings, StoredObject
from config import front_facts
from config.condition.storage import storage
from tests.storage.test_storing import plan, wanted

pytestmark = pytest.mark.django_db


def test_nothing_waits_and_all_is_well() -> None:
    (line,) = storage()
    assert (line.state, line.fact) == ("ok", "Nothing waits.")
    assert condition.not_yet_stored() == Backlog()


def test_what_waits_long_says_since_when_and_why() -> None:
    plan([wanted(), wanted("2")])
    assert next(storage()).state == "ok"
    long_ago = timezone.now() - timedelta(minutes=20)
    StoredObject.objects.update(created_at=long_ago, error="The bucket is not there.")
    line = next(storage())
    assert (line.state, line.since) == ("degraded", long_ago)
    assert line.fact == "2 wait. The oldest for 20 min."
    assert line.cures[0].sentence == "The bucket is not there."


def test_what_was_given_up_is_down_with_the_way_to_the_list() -> None:
    plan([wanted(), wanted("2")])
    StoredObject.objects.filter(key="1").update(status="failed")
    line = next(storage())
    assert (line.state, line.fact) == ("down", "1 was given up. 1 waits.")
    assert line.cures[0].page.endswith("?status__exact=failed")


def test_the_front_page_says_where_and_how_many_kinds() -> None:
    assert front_facts._storage().words == "local disk, 2 kinds of files"
    StorageSettings.objects.update(pdf_on=False, attachments_on=False)
    assert front_facts._storage().words == "local disk, nothing is stored"
