"""The page that the console's script starts from, and what it brings along."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from tests.console.asking import queries
from tests.people import House, make_message, make_session


def start_of(client: Client, path: str) -> Any:
    page = client.get(path).content.decode()
    found = re.search(r'<script id="start" type="application/json">(.*?)</script>', page)
    assert found
    return json.loads(found[1])


def test_the_page_brings_desk_and_list_along(house: House, alice: Client) -> None:
    session = make_session(house.support, subject="</script><b>")

    start = start_of(alice, f"/?queue={house.support.pk}")

    assert start["desk"]["user"]["name"] == "Alice"
    assert [row["id"] for row in start["list"]["rows"]] == [session.public_id]


def test_without_a_choice_it_is_the_readers_own_list(house: House, alice: Client) -> None:
    make_session(house.support)
    own = make_session(house.support, agent=house.alice, status="active")

    start = start_of(alice, "/")

    assert [row["id"] for row in start["list"]["rows"]] == [own.public_id]


@pytest.mark.parametrize("query", ["?view=drafts", "?queue=99999"])
def test_a_list_that_the_script_asks_for_itself_is_left_out(
    house: House, alice: Client, query: str
) -> None:
    assert start_of(alice, f"/{query}")["list"] is None


def test_more_rows_are_no_more_queries(house: House, alice: Client) -> None:
    def cost() -> int:
        return queries(lambda: alice.get(f"/?queue={house.support.pk}"))

    make_message(make_session(house.support))
    cost()
    one = cost()
    for _number in range(9):
        make_message(make_session(house.support))

    assert cost() == one


def test_nobody_is_led_to_the_sign_in(client: Client, db: None) -> None:
    assert client.get("/s/E123/").headers["Location"].startswith("/accounts/login/")


def test_the_link_in_the_crm_leads_to_exactly_that_mail(house: House, alice: Client) -> None:
    session = make_session(house.support, status="closed")
    wanted, _newest = make_message(session), make_message(session)

    answer = alice.get(f"/e/{wanted.pk}/")

    place = f"/s/{session.public_id}/"
    assert answer["Location"] == f"{place}?view=all&status=any&message={wanted.pk}"
    assert alice.get(answer["Location"]).status_code == 200


def test_that_link_survives_the_sign_in(house: House, client: Client) -> None:
    link = f"/e/{make_message(make_session(house.support)).pk}/"
    door = client.get(link)["Location"]

    answer = client.post(door, {"login": "alice", "password": "alice", "next": link})

    assert answer["Location"] == link
