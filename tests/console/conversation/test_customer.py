"""The customer's panel: earlier sessions of the same address, as far as the reader sees them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.console.conversation.customer import customer_of
from apps.crm.models import TicketLink
from apps.tickets.models import Session
from tests.console.conftest import SignIn
from tests.people import House, crm_connection, make_session


def panel(client: Client, session: Session) -> Any:
    response = client.get(f"/desk/sessions/{session.public_id}/customer/")
    assert response.status_code == 200, response.content
    return response.json()


def test_earlier_sessions_with_their_tickets_newest_first(house: House, as_user: SignIn) -> None:
    now = timezone.now()
    old = make_session(house.support, subject="old", updated_at=now - timedelta(days=3))
    newer = make_session(house.support, subject="newer", status="closed")
    this = make_session(house.support)
    TicketLink.objects.create(thread_key=old.thread.key, connection=crm_connection(), ticket="7")

    told = panel(as_user(house.alice.user), this)

    assert [one["id"] for one in told["sessions"]] == [newer.public_id, old.public_id]
    assert told["sessions"][0]["status_word"] == "Closed"
    assert [one["ticket"] for one in told["sessions"]] == [None, {"id": "7", "url": "/tickets/7/"}]
    assert told["count"] == 3


def test_what_the_reader_does_not_see_is_not_counted(house: House, as_user: SignIn) -> None:
    this = make_session(house.support)
    make_session(house.other, subject="secret")
    told = panel(as_user(house.alice.user), this)
    assert (told["sessions"], told["count"]) == ([], 1)


def test_others_with_another_address_are_others(house: House, as_user: SignIn) -> None:
    this = make_session(house.support, customer="Ann@x.test", customer_name="Ann Lee")
    make_session(house.support, customer="ann@x.test")
    make_session(house.support, customer="bob@x.test")
    told = panel(as_user(house.alice.user), this)
    assert (told["name"], told["email"], told["count"]) == ("Ann Lee", "Ann@x.test", 2)


def test_a_mail_without_an_address_has_no_history(house: House, as_user: SignIn) -> None:
    make_session(house.support, customer="")
    told = panel(as_user(house.alice.user), make_session(house.support, customer=""))
    assert (told["sessions"], told["count"]) == ([], 1)


def test_the_name_is_the_newest_that_is_known(house: House, as_user: SignIn) -> None:
    make_session(house.support, customer_name="Ann Lee")
    assert panel(as_user(house.alice.user), make_session(house.support))["name"] == "Ann Lee"


def test_since_when_is_of_all_and_not_of_those_shown(house: House, as_user: SignIn) -> None:
    long_ago = timezone.now() - timedelta(days=900)
    make_session(house.support, created_at=long_ago, updated_at=long_ago)
    for _one in range(10):
        make_session(house.support)
    told = panel(as_user(house.alice.user), make_session(house.support))
    assert told["since"].startswith(f"{timezone.localtime(long_ago):%Y-%m-%d}")
    assert (len(told["sessions"]), told["count"]) == (10, 12)


def test_a_session_of_others_tells_nothing_of_its_customer(house: House, as_user: SignIn) -> None:
    session = make_session(house.other)
    response = as_user(house.alice.user).get(f"/desk/sessions/{session.public_id}/customer/")
    assert response.status_code == 404


@pytest.mark.parametrize("number", [1, 40])
def test_three_queries_find_it_however_much_there_is(house: House, number: int) -> None:
    this = make_session(house.support)
    assert house.admin.sees_everything  # its roles are known to every request
    for _one in range(number):
        make_session(house.support)
    with CaptureQueriesContext(connection) as queries:
        customer_of(house.admin, this)
    assert len(queries) == 3


def test_an_index_finds_it(house: House) -> None:
    sessions = Session.objects.visible_to(house.admin).filter(customer__in=["a", "b"])
    if connection.vendor == "postgresql":  # a small table is read whole
        connection.cursor().execute("SET LOCAL enable_seqscan = off")
    assert "session_by_customer" in sessions.order_by().explain()
