"""Alarms: not before they have lasted, told once each, over once they have been over."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from apps.core.alarms import News, Trouble, keep, note_trouble, take_news
from apps.core.models import Alarm, Role
from tests.calls import Caller, problem
from tests.people import make_user

pytestmark = pytest.mark.django_db

DISK = Trouble("disk", "Disk", "5 % free.", patience=120)
CANARY = Trouble("canary-1", "Canary", "It did not come back.")


def ages(**span: float) -> None:
    """All that has been noted was noted so much earlier."""
    past = timedelta(**span)
    for row in Alarm.objects.all():
        for field in ("since", "opened_at", "well_since", "told_at", "end_told_at", "ended_at"):
            if moment := getattr(row, field):
                setattr(row, field, moment - past)
        row.save()


def states() -> list[str]:
    return list(Alarm.objects.order_by("pk").values_list("state", flat=True))


def told() -> tuple[list[str], list[str]]:
    news = take_news(most_a_day=10)
    return [one.code for one in news.opened], [one.code for one in news.ended]


# ---- opening and ending -------------------------------------------------------------------------


def test_what_passes_by_itself_is_nobodys_alarm() -> None:
    keep([DISK])
    ages(seconds=100)
    keep([DISK])
    assert states() == ["seen"]
    keep([])
    assert states() == []
    assert told() == ([], [])


def test_what_has_lasted_opens_and_is_told_once() -> None:
    keep([DISK])
    ages(seconds=121)
    keep([DISK])
    keep([DISK])
    assert states() == ["open"]
    assert told() == (["disk"], [])
    assert told() == ([], [])


def test_it_ends_after_having_been_over_for_as_long() -> None:
    keep([DISK])
    ages(seconds=121)
    keep([DISK])
    told()
    keep([])
    ages(seconds=100)
    keep([])
    keep([DISK])  # it was not over
    keep([])
    ages(seconds=100)
    keep([])
    assert states() == ["open"]
    ages(seconds=21)
    keep([])
    assert states() == ["ended"]
    assert told() == ([], ["disk"])
    assert told() == ([], [])


def test_what_has_no_patience_opens_and_ends_at_once() -> None:
    keep([CANARY])
    assert states() == ["open"]
    keep([])
    assert states() == ["ended"]


def test_the_next_time_is_another_alarm() -> None:
    keep([CANARY])
    keep([])
    keep([CANARY])
    assert states() == ["ended", "open"]


def test_an_end_is_told_to_whoever_heard_of_the_beginning() -> None:
    keep([CANARY])
    keep([])
    assert told() == ([], [])


@pytest.mark.parametrize(
    ("levels", "times"), [([1, 1, 1], 1), ([1, 2, 3], 3), ([1, 3, 2, 3], 3), ([2, 1, 1], 1)]
)
def test_each_warning_is_told_once(levels: list[int], times: int) -> None:
    count = 0
    for level in levels:
        keep([Trouble("certificate-1", "Certificate", "It ends.", level=level)])
        count += len(told()[0])
    assert count == times


def test_its_words_follow_what_is_so_now() -> None:
    keep([CANARY])
    keep([Trouble("canary-1", "Canary", "It could not be sent.")])
    assert Alarm.objects.get().sentence == "It could not be sent."


# ---- telling ------------------------------------------------------------------------------------


def test_several_at_once_are_one_piece_of_news() -> None:
    keep([CANARY, Trouble("canary-2", "Canary", "Nor did this.")])
    assert told() == (["canary-2", "canary-1"], [])


def test_no_more_than_so_many_a_day_and_none_is_forgotten() -> None:
    for number in range(4):
        keep([Trouble(f"canary-{one}", "Canary", "x") for one in range(number + 1)])
        news = take_news(most_a_day=3)
        assert bool(news) == (number < 3)
    ages(hours=25)
    keep([])
    assert [one.code for one in take_news(most_a_day=3).opened] == []
    assert Alarm.objects.filter(end_told_at__isnull=False).count() == 3


def test_what_waited_for_the_next_day_comes_then() -> None:
    keep([CANARY])
    take_news(most_a_day=1)
    both = [CANARY, Trouble("canary-2", "Canary", "x")]
    keep(both)
    assert not take_news(most_a_day=1)
    ages(hours=25)
    keep(both)
    assert [one.code for one in take_news(most_a_day=1).opened] == ["canary-2"]


def test_why_nobody_was_told_is_noted_and_not_tried_again() -> None:
    keep([CANARY])
    news = take_news(most_a_day=10)
    note_trouble(news, "The server is away.")
    assert Alarm.objects.get().trouble == "The server is away."
    assert not take_news(most_a_day=10)


@pytest.mark.only_on("postgresql")  # SQLite in memory refuses the second one instead of waiting
@pytest.mark.django_db(transaction=True)
def test_two_tasks_at_once_tell_each_warning_once() -> None:
    heard: list[News] = []
    together = Barrier(2)

    def minute(level: int) -> None:
        together.wait(10)
        keep([Trouble(f"certificate-{one}", "C", "x", level=level) for one in range(5)])
        heard.append(take_news(most_a_day=10))
        connection.close()

    for level in (1, 2):
        threads = [Thread(target=minute, args=(level,)) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    codes = sorted(one.code for news in heard for one in news.opened)
    assert codes == sorted([f"certificate-{one}" for one in range(5)] * 2)
    assert Alarm.objects.count() == 5


# ---- for programs -------------------------------------------------------------------------------


def test_programs_read_them() -> None:
    keep([DISK])
    keep([DISK, CANARY])
    admin = Caller(make_user("root", roles=[Role.ADMINISTRATOR]))
    newest, _former = admin.get("alarms/").json()["results"]
    assert (newest["code"], newest["state"], newest["told_at"]) == ("canary-1", "open", None)
    assert len(admin.get("alarms/", state="open").json()["results"]) == 1
    assert problem(admin.get("alarms/", state="loud")) == (400, "invalid")
