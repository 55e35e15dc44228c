"""The page of a queue: hours by lines, the automatic answer by parts, and its preview."""

from typing import Any

import pytest
from django.test import Client

from apps.channels.models import EmailAccount
from apps.core.models import Role
from apps.queues.models import Queue
from tests.people import make_account, make_agent, make_mailbox, make_queue, make_user

pytestmark = pytest.mark.django_db

PREVIEW = "/admin/queues/queue/preview/"
FORM = {
    "name": "Support",
    "path": "",
    "enabled": "on",
    "routing": "manual",
    "capacity": "10",
    "hours": "Mon-Fri 9:00-13:00, 15:00-18:00\nSat 10-14",
    "holidays": "2026-12-25 Christmas Day",
    "time_zone": "Europe/Madrid",
    "auto_response_from": "",
    "auto_response_subject": "We have got your mail [{SESSION_ID}]",
    "auto_response_text": "{QUEUE} answers within a day.\r\n\r\nYours",
    "auto_response_out_of_hours_text": "We open on {OPENS_AT}.",
    "memberships-TOTAL_FORMS": "0",
    "memberships-INITIAL_FORMS": "0",
    "routes-TOTAL_FORMS": "0",
    "routes-INITIAL_FORMS": "0",
}


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    return client


@pytest.fixture
def queue() -> Queue:
    return make_queue("Support", members=[make_agent()])


def page_of(queue: Queue) -> str:
    return f"/admin/queues/queue/{queue.pk}/change/"


def saved(admin: Client, queue: Queue, **changes: str) -> Any:
    answer = admin.post(page_of(queue), FORM | changes, follow=True)
    queue.refresh_from_db()
    return answer


def errors(answer: Any) -> dict[str, list[str]]:
    return dict(answer.context["adminform"].form.errors)


def test_hours_and_the_answer_are_stored_as_the_file_would_name_them(
    admin: Client, queue: Queue
) -> None:
    make_mailbox("no-reply@x.test", account=make_account(receive_kind=EmailAccount.Receive.NONE))
    saved(admin, queue, auto_response_from="no-reply@x.test")
    assert queue.hours == ["Mon-Fri 9:00-13:00, 15:00-18:00", "Sat 10:00-14:00"]
    assert queue.holidays == ["2026-12-25 Christmas Day"]
    assert queue.time_zone == "Europe/Madrid"
    assert queue.auto_response == {
        "from": "no-reply@x.test",
        "subject": "We have got your mail [{SESSION_ID}]",
        "text": "{QUEUE} answers within a day.\n\nYours",
        "out_of_hours_text": "We open on {OPENS_AT}.",
    }


def test_what_is_stored_is_shown_and_saving_it_again_changes_nothing(
    admin: Client, queue: Queue
) -> None:
    saved(admin, queue)
    before = Queue.objects.values().get(pk=queue.pk)
    page = admin.get(page_of(queue)).content.decode()
    assert "Mon-Fri 9:00-13:00, 15:00-18:00\nSat 10:00-14:00" in page
    assert "the address that was written to" in page
    saved(admin, queue)
    assert Queue.objects.values().get(pk=queue.pk) == before


def test_nothing_written_is_no_answer(admin: Client, queue: Queue) -> None:
    parts = ("subject", "text", "out_of_hours_text")
    saved(admin, queue)
    saved(admin, queue, hours="", **{f"auto_response_{part}": " " for part in parts})
    assert (queue.auto_response, queue.hours) == (None, [])


def test_a_mistake_names_its_line_and_its_field(admin: Client, queue: Queue) -> None:
    answer = saved(
        admin,
        queue,
        hours="Mon-Fri 9:00-18:00\nSat ten to two",
        holidays="Christmas",
        auto_response_subject="",
        auto_response_text="Dear {CUSTOMER}, {OPENS_AT}",
        auto_response_out_of_hours_text="{OPENS_AT",
    )
    told = errors(answer)
    assert told["hours"] == [
        "Line 2, “Sat ten to two”: “ten to two” is no range of hours; write 9:00-18:00."
    ]
    assert told["holidays"][0].startswith("Line 1, “Christmas”: write the date first")
    assert told["auto_response_subject"] == [
        "Give the answer a subject, such as We have got your mail."
    ]
    assert told["auto_response_text"] == [
        "{CUSTOMER} is no merge field here; there are: {SESSION_ID}, {QUEUE}."
    ]
    assert told["auto_response_out_of_hours_text"] == [
        "A { or } stands alone: merge fields look like {QUEUE}."
    ]
    assert queue.hours == []


def test_a_text_that_is_never_sent_is_doubted(admin: Client, queue: Queue) -> None:
    answer = saved(admin, queue, hours="")
    assert b"the text for outside its hours is never sent" in answer.content


def test_a_sender_that_is_gone_stays_chosen_until_somebody_chooses(
    admin: Client, queue: Queue
) -> None:
    saved(admin, queue)
    Queue.objects.update(auto_response={**queue.auto_response, "from": "gone@x.test"})
    page = admin.get(page_of(queue)).content.decode()
    assert "gone@x.test (does not send)" in page


def test_the_preview_follows_what_is_typed(admin: Client) -> None:
    page = admin.post(PREVIEW, FORM | {"name": "Returns"}).content.decode()
    assert "We have got your mail [E7K2M9QX4B1TD]" in page
    assert "Returns answers within a day." in page
    assert "We open on " in page and "{OPENS_AT}." not in page
    assert not Queue.objects.exists()


def test_the_preview_says_what_the_rules_say(admin: Client) -> None:
    page = admin.post(PREVIEW, FORM | {"hours": "Mon", "auto_response_text": "{NAME}"})
    assert "Line 1, “Mon”: write days and hours" in page.content.decode()
    assert "{NAME} is no merge field here" in page.content.decode()
    empty = {f"auto_response_{one}": "" for one in ("subject", "text", "out_of_hours_text")}
    assert b"No automatic answer is sent" in admin.post(PREVIEW, FORM | empty).content


def test_the_preview_is_for_those_who_see_queues(client: Client) -> None:
    client.force_login(make_agent("alice").user)
    assert client.post(PREVIEW, FORM).status_code in (302, 403)
    assert client.get(PREVIEW).status_code in (302, 403, 405)
