"""Zendesk's own ways: keys that run out, closed and merged tickets, groups, fields, rights."""

from dataclasses import replace
from typing import Any

import pytest

from apps.crm.connectors.base import CrmError, Entry, File, NewTicket, TicketRef
from apps.crm.connectors.once import add_entries
from apps.crm.connectors.zendesk import MOST_BYTES, ZendeskConnector, _own_words, page_of
from tests.connectors.fakes.mischief import Mischief, in_turn
from tests.connectors.fakes.zendesk import KEY_HOLDS, TOKEN, UPLOAD_HOLDS
from tests.connectors.zendesk_side import ZendeskSide

pytestmark = pytest.mark.connectors


def connector(side: ZendeskSide, **changed: str) -> ZendeskConnector:
    made = side.connector(replace(side.access, **changed))
    assert isinstance(made, ZendeskConnector)
    return made


def opened(side: ZendeskSide, **more: Any) -> TicketRef:
    return connector(side).create_ticket(NewTicket("T1", "Parcel", **more))


def entry(ticket: TicketRef, marker: str = "T1:link:1", text: str = "Hello") -> Entry:
    return Entry(ticket, marker, "link", text)


def file(ticket: TicketRef, marker: str) -> Entry:
    return Entry(ticket, marker, "pdf", "email-E1-1.pdf", File(1, 4, lambda: b"%PDF"))


def sent(side: ZendeskSide, path: str) -> Any:
    return next(one.json for one in side.server.asked if one.path == path and one.body)


# ---- a new ticket ---------------------------------------------------------------------------


@pytest.mark.contract("1.3.i")
def test_the_customer_is_named_in_a_private_comment_and_is_no_requester(
    zendesk_side: ZendeskSide,
) -> None:
    ticket = opened(zendesk_side, contact=("Eva <b>", "eva@x.test"))
    wanted = sent(zendesk_side, "/api/v2/tickets.json")["ticket"]
    assert not {"requester", "requester_id", "collaborators", "email_ccs"} & wanted.keys()
    first = zendesk_side.fake.audits[int(ticket.id)][0]["events"][0]
    assert (first["body"], first["public"]) == ("Eva <b> <eva@x.test>", False)
    assert zendesk_side.fake.mails == []


def test_a_ticket_bears_our_marker_and_our_tag(zendesk_side: ZendeskSide) -> None:
    kept = zendesk_side.fake.tickets[int(opened(zendesk_side).id)]
    assert (kept["external_id"], kept["tags"]) == ("T1", ["carteria"])


def test_its_address_is_the_agents_page(zendesk_side: ZendeskSide) -> None:
    ticket = opened(zendesk_side)
    assert ticket.url == f"{zendesk_side.server.url}/agent/tickets/{ticket.id}"


def test_a_key_that_holds_makes_no_second_ticket(zendesk_side: ZendeskSide) -> None:
    assert opened(zendesk_side) == opened(zendesk_side)


def test_after_two_hours_the_marker_still_finds_it(zendesk_side: ZendeskSide) -> None:
    ticket, now = opened(zendesk_side), zendesk_side.fake.clock()
    zendesk_side.fake.clock = lambda: now + KEY_HOLDS + 1
    assert connector(zendesk_side).find_ticket("T1") == ticket


def test_a_ticket_begun_with_other_values_is_found(zendesk_side: ZendeskSide) -> None:
    ticket = opened(zendesk_side)
    again = connector(zendesk_side).create_ticket(NewTicket("T1", "Another subject"))
    assert again == ticket


@pytest.mark.parametrize(
    ("queue", "place"),
    [
        ("Support", ("group_id", 211)),
        ("212", ("group_id", 212)),
        ("Brand 1", ("brand_id", 47)),
        ("", ("group_id", 211)),
    ],
)
def test_it_goes_to_the_group_or_brand_of_the_settings(
    zendesk_side: ZendeskSide, queue: str, place: tuple[str, int]
) -> None:
    ticket = connector(zendesk_side, queue=queue).create_ticket(NewTicket("T1", "Parcel"))
    assert zendesk_side.fake.tickets[int(ticket.id)][place[0]] == place[1]


def test_an_unknown_group_is_refused_by_name(zendesk_side: ZendeskSide) -> None:
    with pytest.raises(CrmError, match="no group and no brand “Suport”") as refused:
        connector(zendesk_side, queue="Suport").create_ticket(NewTicket("T1", "Parcel"))
    assert (refused.value.code, refused.value.permanent) == ("refused", True)


def test_the_group_is_asked_for_once(zendesk_side: ZendeskSide) -> None:
    one = connector(zendesk_side, queue="Support")
    for marker in ("T1", "T2", "T3"):
        one.create_ticket(NewTicket(marker, "Parcel"))
    assert len([asked for asked in zendesk_side.server.asked if "groups" in asked.path]) == 1


@pytest.mark.parametrize("name", ["Age", "age", "89"])
def test_a_field_is_named_by_title_or_id(zendesk_side: ZendeskSide, name: str) -> None:
    ticket = opened(zendesk_side, fields={name: "40"})
    kept = zendesk_side.fake.tickets[int(ticket.id)]
    assert kept["custom_fields"] == [{"id": 89, "value": "40"}]


def test_priority_and_tags_are_the_tickets_own(zendesk_side: ZendeskSide) -> None:
    ticket = opened(zendesk_side, fields={"Priority": "high", "tags": "vip, parcel"})
    kept = zendesk_side.fake.tickets[int(ticket.id)]
    assert (kept["priority"], kept["tags"]) == ("high", ["carteria", "vip", "parcel"])


def test_a_field_that_is_switched_off_is_unknown(zendesk_side: ZendeskSide) -> None:
    with pytest.raises(CrmError, match="no ticket field “Old one”"):
        opened(zendesk_side, fields={"Old one": "x"})


# ---- entries --------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["&" * 65_535, "日" * 65_535, "ab cd\n" * 11_000])
def test_a_page_fits_and_ends_with_the_link(text: str) -> None:
    page = page_of(text, link="http://console.test/e/1/")
    assert MOST_BYTES * 0.9 < len(page.encode()) <= MOST_BYTES
    assert page.endswith('… <a href="http://console.test/e/1/">http://console.test/e/1/</a>')


def test_a_comment_is_found_on_a_later_page(zendesk_side: ZendeskSide) -> None:
    zendesk_side.fake.page = 2
    ticket, one = opened(zendesk_side), connector(zendesk_side)
    for number in range(7):
        one.add_comment(entry(ticket, f"T1:link:{number}"))
    assert connector(zendesk_side).find_comment(entry(ticket, "T1:link:6"))
    assert not connector(zendesk_side).find_comment(entry(ticket, "T1:link:7"))


def test_looking_for_many_asks_once(zendesk_side: ZendeskSide) -> None:
    ticket, one = opened(zendesk_side), connector(zendesk_side)
    for number in range(5):
        one.add_comment(entry(ticket, f"T1:link:{number}"))
    zendesk_side.server.asked.clear()
    found = connector(zendesk_side)
    assert all(found.find_comment(entry(ticket, f"T1:link:{number}")) for number in range(5))
    assert len(zendesk_side.server.asked) == 1


def test_a_comment_of_another_ticket_is_not_ours(zendesk_side: ZendeskSide) -> None:
    one = connector(zendesk_side)
    first, second = (one.create_ticket(NewTicket(marker, "Parcel")) for marker in ("T1", "T2"))
    one.add_comment(entry(first))
    assert not one.find_comment(entry(second))


def test_an_upload_that_ran_out_leaves_the_file_to_the_next_try(zendesk_side: ZendeskSide) -> None:
    ticket, now = opened(zendesk_side), zendesk_side.fake.clock()
    times = iter([now, now + UPLOAD_HOLDS + 1])
    zendesk_side.fake.clock = lambda: next(times, now)
    with pytest.raises(CrmError):
        connector(zendesk_side).attach_file(file(ticket, "T1:pdf:1"), b"%PDF")
    connector(zendesk_side).attach_file(file(ticket, "T1:pdf:1"), b"%PDF")
    assert len(zendesk_side.said(ticket)) == 1


def test_a_replaced_file_is_redacted(zendesk_side: ZendeskSide) -> None:
    ticket, one = opened(zendesk_side), connector(zendesk_side)
    for marker in ("T1:pdf:1", "T1:pdf:2"):
        one.attach_file(file(ticket, marker), b"%PDF")
    for _time in "ab":  # once more after a lost answer
        connector(zendesk_side).remove_file(ticket, "T1:pdf:1")
    redacted = [one for one in zendesk_side.server.asked if "redact" in one.path]
    assert len(redacted) == 1
    contents = [content for said in zendesk_side.said(ticket) for _name, content in said.files]
    assert contents == [b" ", b"%PDF"]


# ---- tickets that take nothing more ---------------------------------------------------------


def test_a_conflict_is_tried_again(zendesk_side: ZendeskSide) -> None:
    error = _own_words(409, {"error": "DatabaseConflict"})
    assert error is not None
    assert (error.permanent, error.is_of_connection, error.is_of_ticket) == (False, False, False)


def test_a_page_that_says_404_loses_no_ticket(zendesk_side: ZendeskSide) -> None:
    """Or every conversation would get a new ticket because a proxy has a bad day."""
    ticket = replace(opened(zendesk_side), id="not-a-number")
    with pytest.raises(CrmError) as refused:
        connector(zendesk_side).add_comment(entry(ticket))
    assert refused.value.code == "odd-answer"


def test_a_ticket_in_a_group_that_we_may_not_see_stops_its_own_thread(
    zendesk_side: ZendeskSide,
) -> None:
    """By one 403 the whole connection rests, and nobody is told anything."""
    ticket = opened(zendesk_side)
    zendesk_side.fake.hidden = {ticket.id}
    one = entry(ticket)
    for said in (one, replace(one, doubtful=True)):
        added = add_entries(connector(zendesk_side), [[said]])[0]
        assert added.error and not added.error.is_of_connection and added.error.permanent
        assert not added.error.is_of_ticket  # no new one: it may be shown to us again


def test_a_user_that_is_no_agent_any_more_stops_the_connection(zendesk_side: ZendeskSide) -> None:
    ticket = opened(zendesk_side)
    zendesk_side.fake.hidden = {ticket.id}
    zendesk_side.fake.role = "end-user"
    added = add_entries(connector(zendesk_side), [[entry(ticket)]])[0]
    assert added.error and added.error.code == "auth"


def test_a_number_in_a_comment_is_no_merge(zendesk_side: ZendeskSide) -> None:
    one = connector(zendesk_side)
    ticket, other = (one.create_ticket(NewTicket(marker, "Parcel")) for marker in ("T1", "T2"))
    fake = zendesk_side.fake
    fake.tickets[int(ticket.id)]["tags"].append("closed_by_merge")
    said = {"type": "Comment", "public": False, "body": f"see order #{other.id}"}
    closed = {"type": "Change", "field_name": "status", "value": "closed"}
    fake._audit(int(ticket.id), [said, closed], via="web")
    fake.tickets[int(ticket.id)]["status"] = "closed"
    with pytest.raises(CrmError) as refused:
        one.add_comment(entry(ticket))
    assert refused.value.code == "locked"


# ---- who we are -----------------------------------------------------------------------------


def test_the_check_names_the_agent_and_the_group(zendesk_side: ZendeskSide) -> None:
    said = connector(zendesk_side, queue="Support").check()
    assert said == "Signed in as Ana Ruiz (agent); new tickets go to Support."


def test_a_wrong_token_is_an_anonymous_user_to_zendesk(zendesk_side: ZendeskSide) -> None:
    with pytest.raises(CrmError, match="does not accept the user or the token") as refused:
        connector(zendesk_side, token="wrong").check()
    assert refused.value.code == "auth"


def test_an_end_user_may_write_no_notes(zendesk_side: ZendeskSide) -> None:
    zendesk_side.fake.role = "end-user"
    with pytest.raises(CrmError, match="is no agent"):
        connector(zendesk_side).check()


@pytest.mark.contract("1.3.i")
def test_an_account_whose_first_comments_are_public_is_refused(zendesk_side: ZendeskSide) -> None:
    zendesk_side.fake.first_comment_may_be_private = False
    with pytest.raises(CrmError, match="first comment"):
        connector(zendesk_side).check()


def test_without_a_user_the_token_is_a_bearers(zendesk_side: ZendeskSide) -> None:
    zendesk_side.fake.valid = {TOKEN}
    assert connector(zendesk_side, user="").check().startswith("Signed in as Ana Ruiz")


def test_a_check_passes_what_it_may_not_see(zendesk_side: ZendeskSide) -> None:
    zendesk_side.server.chooser = in_turn([Mischief.NONE, Mischief.UNAUTHORIZED])
    assert connector(zendesk_side).check().startswith("Signed in")
