"""Opening hours: what a line means, when a queue is open, when it opens next, also as clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from apps.queues.hours import BadLine, Hours, shown_hours, tidy_holidays, tidy_hours

MADRID = ZoneInfo("Europe/Madrid")
WEEK = ["Mon-Fri 9:00-13:00, 15:00-18:00", "Sat 10:00-14:00"]
NIGHT = ["Fri 22:00-6:00"]


def hours(lines: list[str], holidays: tuple[str, ...] = (), zone: str = "Europe/Madrid") -> Hours:
    return Hours.of(tidy_hours(lines), tidy_holidays(holidays), ZoneInfo(zone))


def madrid(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=MADRID, fold=fold)


# ---- lines ------------------------------------------------------------------------------------

TIDY = [
    ("Mon-Fri 9:00-18:00", "Mon-Fri 9:00-18:00"),
    ("monday - FRIDAY: 9-13 , 15.00–18.00", "Mon-Fri 9:00-13:00, 15:00-18:00"),
    ("lun-vie 9:00-18:00", "Mon-Fri 9:00-18:00"),
    ("sábado 10:00-14:00", "Sat 10:00-14:00"),
    ("Sab. 10:00-14:00", "Sat 10:00-14:00"),
    ("Sun 0:00-24:00", "Sun 0:00-24:00"),
    ("Fri-Mon 22-6", "Fri-Mon 22:00-6:00"),
    ("Sat 20:00-0:00", "Sat 20:00-24:00"),
]
BAD = [
    ("Mon-Fri", "write days and hours, such as Mon-Fri 9:00-18:00."),
    ("9:00-18:00", "write days and hours"),
    ("Mon, Wed 9:00-18:00", "write days and hours"),
    ("Xyz 9:00-18:00", "“Xyz” is no day; there are: Mon, Tue"),
    ("Mon 9:00", "“9:00” is no range of hours; write 9:00-18:00."),
    ("Mon 9:00-18:00,", "“” is no range of hours"),
    ("Mon 9:00-9:00", "all day is 0:00-24:00."),
    ("Mon 24:00-6:00", "all day is 0:00-24:00."),
    ("Mon 9:00-24:30", "24:30 is no time of day; there are 0:00 to 24:00."),
    ("Mon 9:75-18:00", "9:75 is no time of day"),
]


@pytest.mark.parametrize(("typed", "stored"), TIDY)
def test_a_line_is_stored_tidily(typed: str, stored: str) -> None:
    assert tidy_hours([typed]) == [stored]
    assert tidy_hours([stored]) == [stored]


@pytest.mark.parametrize(("typed", "cure"), BAD)
def test_a_line_that_means_nothing_is_named_with_its_cure(typed: str, cure: str) -> None:
    with pytest.raises(BadLine) as refusal:
        tidy_hours(["Sat 10:00-14:00", typed])
    assert str(refusal.value).startswith(f"Line 2, “{typed}”: ")
    assert cure in str(refusal.value)


def test_days_are_shown_in_the_readers_language() -> None:
    with translation.override("es"):
        assert shown_hours(["Mon-Fri 9:00-13:00", "Wed 9:00-10:00"]) == [
            "Lun-Vie 9:00-13:00",
            "Mié 9:00-10:00",
        ]


def test_holidays_are_dates_with_a_name() -> None:
    assert tidy_holidays(["2026-12-25  Christmas Day", "2026-01-01"]) == [
        "2026-01-01",
        "2026-12-25 Christmas Day",
    ]
    for wrong in ("25.12.2026 Christmas", "2026-02-30", "Christmas", "20261225"):
        with pytest.raises(BadLine, match=r"Line 1, .*such as 2026-12-25 Christmas Day"):
            tidy_holidays([wrong])
    with pytest.raises(BadLine, match=r"Line 2, .*stands in a line above"):
        tidy_holidays(["2026-12-25 Christmas", "2026-12-25 Navidad"])


# ---- open, and when next ----------------------------------------------------------------------

# 2026-11-23 is a Monday.
OPEN = [
    (WEEK, "2026-11-23 08:59:59", False, "2026-11-23 09:00"),
    (WEEK, "2026-11-23 09:00:00", True, "2026-11-23 09:00"),
    (WEEK, "2026-11-23 12:59:59", True, "2026-11-23 12:59:59"),
    (WEEK, "2026-11-23 13:00:00", False, "2026-11-23 15:00"),
    (WEEK, "2026-11-27 18:00:00", False, "2026-11-28 10:00"),
    (WEEK, "2026-11-28 14:00:00", False, "2026-11-30 09:00"),
    (NIGHT, "2026-11-27 21:59:59", False, "2026-11-27 22:00"),
    (NIGHT, "2026-11-27 23:00:00", True, "2026-11-27 23:00"),
    (NIGHT, "2026-11-28 05:59:59", True, "2026-11-28 05:59:59"),
    (NIGHT, "2026-11-28 06:00:00", False, "2026-12-04 22:00"),
    (["Sat-Sun 0:00-24:00"], "2026-11-28 00:00:00", True, "2026-11-28 00:00"),
    (["Sat-Sun 0:00-24:00"], "2026-11-29 23:59:59", True, "2026-11-29 23:59:59"),
    (["Sat-Sun 0:00-24:00"], "2026-11-30 00:00:00", False, "2026-12-05 00:00"),
]


@pytest.mark.parametrize(("lines", "at", "is_open", "opens"), OPEN)
def test_by_the_clock_on_the_wall(lines: list[str], at: str, is_open: bool, opens: str) -> None:
    of_queue = hours(lines)
    assert of_queue.is_open(madrid(at)) is is_open
    assert of_queue.next_opening(madrid(at)) == madrid(opens)


def test_without_a_line_it_is_always_open() -> None:
    at = datetime(2026, 12, 25, 3, tzinfo=UTC)
    assert hours([], ("2026-12-25",)).is_open(at)
    assert hours([]).next_opening(at) == at


def test_on_a_holiday_nothing_opens_and_the_evening_before_goes_on() -> None:
    of_queue = hours([*WEEK, "Thu 22:00-2:00"], ("2026-12-25 Christmas Day",))  # a Friday
    assert not of_queue.is_open(madrid("2026-12-25 10:00"))
    assert of_queue.is_open(madrid("2026-12-25 01:00"))
    assert of_queue.next_opening(madrid("2026-12-25 02:00")) == madrid("2026-12-26 10:00")


def test_a_year_of_holidays_has_no_next_opening() -> None:
    days = tuple(str(date(2026, 11, 23) + timedelta(days=7 * week)) for week in range(60))
    assert hours(["Mon 9:00-10:00"], days).next_opening(madrid("2026-11-22 12:00")) is None


def test_the_hours_are_those_of_the_queues_zone() -> None:
    at = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)  # 9:30 in Madrid, 17:30 in Tokyo
    assert hours(WEEK).is_open(at)
    assert hours(WEEK, zone="Asia/Tokyo").is_open(at)
    assert not hours(WEEK, zone="America/New_York").is_open(at)


# ---- as clocks change ---------------------------------------------------------------------------


def test_in_spring_what_begins_in_the_missing_hour_begins_after_it() -> None:
    """On 2026-03-29, the clock in Madrid goes from 2:00 to 3:00."""
    of_queue = hours(["Sun 2:30-5:00"])
    before = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)  # 1:59
    assert not of_queue.is_open(before)
    assert of_queue.next_opening(before) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 3:00
    assert of_queue.is_open(datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_in_spring_what_lies_in_the_missing_hour_does_not_come() -> None:
    of_queue = hours(["Sun 2:15-2:45"])
    assert not any(
        of_queue.is_open(datetime(2026, 3, 29, 0, tzinfo=UTC) + timedelta(minutes=one))
        for one in range(240)
    )
    night = datetime(2026, 3, 29, 0, tzinfo=UTC)
    assert of_queue.next_opening(night) == madrid("2026-04-05 02:15")


def test_in_autumn_what_lies_in_the_doubled_hour_comes_twice() -> None:
    """On 2026-10-25, the clock in Madrid goes from 3:00 back to 2:00."""
    of_queue = hours(["Sun 2:15-2:45"])
    first, second = madrid("2026-10-25 02:15"), madrid("2026-10-25 02:15", fold=1)
    assert (second.astimezone(UTC) - first.astimezone(UTC)) == timedelta(hours=1)
    assert of_queue.is_open(first) and of_queue.is_open(second)
    between = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 2:50, for the first time
    assert not of_queue.is_open(between)
    assert of_queue.next_opening(between) == second
    assert of_queue.next_opening(datetime(2026, 10, 25, 0, 0, tzinfo=UTC)) == first


def test_a_night_is_an_hour_longer_in_autumn_and_shorter_in_spring() -> None:
    of_queue = hours(["Sat 22:00-6:00"])

    def minutes(day: date) -> int:
        start = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        return sum(of_queue.is_open(start + timedelta(minutes=one)) for one in range(24 * 60))

    assert minutes(date(2026, 10, 24)) == 9 * 60
    assert minutes(date(2026, 3, 28)) == 7 * 60
    assert minutes(date(2026, 11, 21)) == 8 * 60
