"""The list: who sees what, in which order, at what price."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.console.choice import Choice, Mark
from apps.tickets.models import Session
from tests.console.conftest import SignIn
from tests.people import House, make_agent, make_message, make_session


def rows(client: Client, query: str = "") -> list[str]:
    return [row.subject for row in client.get(f"/{query}").context["desk"].rows]


def age(session: Session, minutes: int) -> None:
    moment = timezone.now() - timedelta(minutes=minutes)
    Session.objects.filter(pk=session.pk).update(updated_at=moment)


def test_everybody_sees_the_sessions_of_their_queues(house: House, as_user: SignIn) -> None:
    make_session(house.support, subject="for support")
    make_session(house.other, subject="for others")

    assert rows(as_user(house.alice.user)) == ["for support"]
    assert rows(as_user(house.charlie.user)) == ["for others"]
    assert rows(as_user(house.irene)) == ["for support"]
    assert sorted(rows(as_user(house.auditor))) == ["for others", "for support"]


def test_views_and_queues_and_statuses_choose(house: House, as_user: SignIn) -> None:
    client = as_user(house.alice.user)
    make_session(house.support, subject="free")
    make_session(house.support, subject="mine", agent=house.alice)
    make_session(house.support, subject="of Bob", agent=house.bob)
    make_session(house.support, subject="done", agent=house.alice, status="resolved")

    assert rows(client, "?view=mine") == ["mine"]
    assert rows(client, "?view=unassigned") == ["free"]
    assert rows(client, f"?queue={house.support.pk}") == ["of Bob", "mine", "free"]
    assert rows(client, "?status=resolved") == ["done"]
    assert len(rows(client, "?status=any")) == 4


def test_a_queue_of_others_is_not_found(house: House, as_user: SignIn) -> None:
    assert as_user(house.alice.user).get(f"/?queue={house.other.pk}").status_code == 404


def test_counts_stand_beside_views_and_queues(house: House, as_user: SignIn) -> None:
    make_session(house.support)
    make_session(house.support, agent=house.alice)
    make_session(house.support, status="closed")

    desk = as_user(house.alice.user).get("/").context["desk"]

    assert {link.title: link.count for link in desk.views} == {
        "All sessions": 2,
        "Assigned to me": 1,
        "Unassigned": 1,
    }
    assert {link.title: link.count for link in desk.queues} == {"Support": 2}


def test_older_goes_on_where_the_page_ended(house: House, as_user: SignIn) -> None:
    client = as_user(house.alice.user)
    for number in range(60):
        age(make_session(house.support, subject=str(number)), minutes=number // 2)  # pairs

    found, query = [], ""
    for _page in range(3):
        found += rows(client, query)
        query = client.get(f"/{query}").context["desk"].older

    assert len(found) == len(set(found)) == 60
    assert query == ""


@pytest.mark.parametrize("query", ["?before=x", "?before=1-", "?queue=²", "?view=x&status=y"])
def test_what_the_address_says_wrong_is_ignored(house: House, as_user: SignIn, query: str) -> None:
    make_session(house.support, subject="here")

    assert rows(as_user(house.alice.user), query) == ["here"]


def test_a_mark_survives_the_address(house: House) -> None:
    session = make_session(house.support)
    choice = Choice(status="any").after(session)

    assert choice.before == Mark.read(str(choice.before))
    assert choice.before == Mark(session.updated_at, session.pk)


@pytest.mark.parametrize("person", ["alice", "irene", "admin"])
def test_the_list_costs_sixteen_queries_at_most(house: House, as_user: SignIn, person: str) -> None:
    user = getattr(getattr(house, person), "user", getattr(house, person))
    client = as_user(user)
    counts = []
    for _round in range(2):
        for _session in range(10):
            make_message(make_session(house.support, agent=house.bob))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 16


def test_a_row_tells_who_what_and_when(house: House, as_user: SignIn) -> None:
    session = make_session(
        house.support, agent=house.bob, subject="<b>Bold</b>", customer_name="Dana & Co"
    )
    make_message(session, text="Hello <script>")
    make_message(session, direction="out", status="failed")
    page = as_user(house.alice.user).get("/").content.decode()

    for words in ("&lt;b&gt;Bold", "Dana &amp; Co", "Not delivered:", "Unopened", 'title="Bob"'):
        assert words in page
    assert 'data-test="session-row"' in page
    assert "<script>" not in page


def test_empty_lists_say_why_and_how_to_go_on(house: House, as_user: SignIn) -> None:
    newcomer = make_agent("newcomer").user
    alice = as_user(house.alice.user)

    assert "puts you in a queue" in as_user(newcomer).get("/").content.decode()
    assert "Show unassigned sessions" in alice.get("/?view=mine").content.decode()
    assert "Show finished sessions too" in alice.get("/").content.decode()
    assert "Show open sessions" in alice.get("/?status=closed").content.decode()


def test_a_channel_that_is_off_is_said(house: House, as_user: SignIn) -> None:
    from apps.channels.models import ChannelSettings

    ChannelSettings.objects.update(enabled=False)

    page = as_user(house.alice.user).get("/").content.decode()

    assert "The email channel is off" in page
