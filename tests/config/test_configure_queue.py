"""What a settings file says of a queue's hours and of what it answers by itself."""

from pathlib import Path

import pytest

from apps.channels.models import ChannelSettings
from apps.queues.models import Queue
from tests.config.test_configure import configured
from tests.people import make_mailbox, make_queue

pytestmark = pytest.mark.django_db

GOOD = """version: 1
channel: {auto_responses_per_day: 3}
queues:
- name: Support
  hours: ["lun-vie 9:00-13:00, 15:00-18:00", Sat 10-14]
  holidays: [2026-12-25 Christmas Day]
  time_zone: Europe/Madrid
  auto_response:
    from: No-Reply@x.test
    subject: "We have got your mail [{SESSION_ID}]"
    text: |
      {QUEUE} answers within a day.
    out_of_hours_text: "We open on {OPENS_AT}."
"""


def test_it_is_stored_as_the_page_stores_it(tmp_path: Path) -> None:
    make_mailbox("no-reply@x.test")
    code, _changes, said = configured(tmp_path, GOOD)
    assert (code, said) == (0, "")
    queue = Queue.objects.get()
    assert queue.hours == ["Mon-Fri 9:00-13:00, 15:00-18:00", "Sat 10:00-14:00"]
    assert (queue.holidays, queue.time_zone) == (["2026-12-25 Christmas Day"], "Europe/Madrid")
    assert queue.auto_response == {
        "from": "no-reply@x.test",
        "subject": "We have got your mail [{SESSION_ID}]",
        "text": "{QUEUE} answers within a day.",
        "out_of_hours_text": "We open on {OPENS_AT}.",
    }
    assert ChannelSettings.load().auto_responses_per_day == 3
    assert configured(tmp_path, GOOD) == (0, [], "")  # again: nothing changes


def test_null_takes_them_away(tmp_path: Path) -> None:
    make_queue("Support", hours=["Mon 9:00-10:00"], auto_response={"subject": "a", "text": "b"})
    configured(
        tmp_path,
        "version: 1\nqueues: [{name: Support, hours: [], time_zone: null, auto_response: null}]\n",
    )
    queue = Queue.objects.get()
    assert (queue.hours, queue.time_zone, queue.auto_response) == ([], "", None)


BAD = [
    ('  hours: ["Mon nine to five"]', "queues.hours: Line 1, “Mon nine to five”: "),
    ("  holidays: [Christmas]", "queues.holidays: Line 1, “Christmas”: write the date first"),
    ("  time_zone: Madrid", "queues.time_zone: A name like Europe/Madrid is needed."),
    (
        "  auto_response: {subject: a, text: 'Dear {CUSTOMER}'}",
        "queues.auto_response.text: {CUSTOMER} is no merge field here",
    ),
    (
        "  auto_response: {subject: a, text: '{OPENS_AT}'}",
        "queues.auto_response.text: {OPENS_AT} may stand in the text for outside",
    ),
    ("  auto_response: {text: a}", "queues.auto_response.subject: This key is missing."),
    (
        "  auto_response: {from: gone@x.test, subject: a, text: b}",
        "queues.auto_response.from: There is no mailbox 'gone@x.test'; define it first.",
    ),
]


@pytest.mark.parametrize(("line", "told"), BAD)
def test_a_mistake_names_its_line_and_its_key(tmp_path: Path, line: str, told: str) -> None:
    code, changes, said = configured(tmp_path, f"version: 1\nqueues:\n- name: Support\n{line}\n")
    assert (code, changes) == (2, [])
    assert f"FILE:4: {told}" in said
    assert not Queue.objects.exists()
