"""What is Request Tracker's own: rights, fields, closed tickets, and mail that it must not send."""

import os
import re
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from apps.core import blobs
from apps.core.outside import guarded_client
from apps.crm.connectors.base import CrmError, NewTicket
from apps.crm.connectors.request_tracker import HIDDEN, MAY_BE_DROPPED, RequestTrackerConnector
from apps.crm.updates import Planned, plan
from tests.connectors.rt_side import RequestTrackerSide
from tests.connectors.test_contract import comment, file, fresh, opened, tell, tried
from tests.connectors.test_posting import connect, plan_all, post, states
from tests.people import switch_channel_on
from tests.servers.request_tracker import USER_PASSWORD

pytestmark = [
    pytest.mark.connectors,
    pytest.mark.django_db,
    pytest.mark.servers("request_tracker"),
]


@pytest.fixture(autouse=True)
def _channel(db: None) -> Iterator[None]:
    switch_channel_on()
    yield


def connector(side: RequestTrackerSide, **changed: str) -> RequestTrackerConnector:
    return RequestTrackerConnector(replace(side.access, **changed), guarded_client())


def refusal(side: RequestTrackerSide, **changed: str) -> CrmError:
    with pytest.raises(CrmError) as caught:
        connector(side, **changed).check()
    return caught.value


# ---- mail -----------------------------------------------------------------------------------


@pytest.mark.contract("1.3.i")
def test_after_20_mails_it_has_sent_none_out(rt_side: RequestTrackerSide) -> None:
    connect(rt_side)
    before = rt_side.tracker.mails()
    keys = [f"{fresh()}{number}" for number in range(4)]
    plan_all(keys, 20)
    pdf = blobs.store(b"%PDF")
    plan([Planned(key, "pdf", "1", "Parcel", "email-1.pdf", blob=pdf) for key in keys])
    post(*keys)
    assert states(*keys) == {"posted"}
    assert rt_side.tracker.mails() == before


def test_its_mail_would_be_seen(rt_side: RequestTrackerSide) -> None:
    """The control: with a requestor, as we never make one, RT does write."""
    before = len(rt_side.tracker.mails())
    asked = {"Queue": "General", "Subject": "Parcel", "Requestor": "ana@x.test"}
    rt_side.tracker.ask("POST", "/ticket", asked)
    sent = rt_side.tracker.mails()
    assert len(sent) == before + 1
    assert any(b"ana@x.test" in mail for mail in sent)


def test_nobody_is_a_watcher_of_our_ticket(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side, contact=("Ana", "ana@x.test"))
    found = rt_side.tracker.ask("GET", f"/ticket/{ticket.id}")
    assert [found[role] for role in ("Requestor", "Cc", "AdminCc")] == [[], [], []]
    assert found["Owner"]["id"] == "Nobody"


# ---- who we are -----------------------------------------------------------------------------


def test_the_check_names_user_and_queue(rt_side: RequestTrackerSide) -> None:
    opened(rt_side)
    said = connector(rt_side).check()
    assert said == "Signed in to RT 5.0.3 as carteria; new tickets go to General."


def test_a_user_with_a_password_does_as_well(rt_side: RequestTrackerSide) -> None:
    basic = {"user": "carteria", "token": USER_PASSWORD}
    assert "as carteria;" in connector(rt_side, **basic).check()
    assert refusal(rt_side, **{**basic, "token": "wrong"}).code == "auth"


def test_an_address_with_the_interface_behind_it_is_understood(rt_side: RequestTrackerSide) -> None:
    url = f"{rt_side.access.url}/REST/2.0"
    assert "General" in connector(rt_side, url=url).check()


def test_another_page_is_no_request_tracker(rt_side: RequestTrackerSide) -> None:
    error = refusal(rt_side, url=f"{rt_side.access.url}/NoAuth/css")
    assert error.is_of_connection or error.code == "gone"
    assert error.sentence


@pytest.mark.parametrize("queue", ["Nowhere", "Hidden", "Gen'eral\\", "../rt", "%"])
def test_an_unknown_queue_is_named(rt_side: RequestTrackerSide, queue: str) -> None:
    error = refusal(rt_side, queue=queue)
    assert (error.code, queue in error.sentence) == ("auth", True)


def test_missing_rights_are_named(rt_side: RequestTrackerSide) -> None:
    stranger = rt_side.tracker.token("stranger")
    assert "SeeQueue" in refusal(rt_side, token=stranger).sentence
    error = tried(rt_side, NewTicket(fresh(), "Parcel"), token=stranger)
    assert isinstance(error, CrmError)
    assert (error.code, "CreateTicket" in error.sentence) == ("auth", True)


def test_our_own_rights_are_the_connections_matter(rt_side: RequestTrackerSide) -> None:
    """A stranger may not see the ticket, in whatever queue it is."""
    ticket = opened(rt_side)
    blind = connector(rt_side, token=rt_side.tracker.token("stranger"))
    with pytest.raises(CrmError) as caught:
        blind.add_comment(comment(ticket))
    assert caught.value.code == "auth"


def test_comments_that_we_may_not_read_are_not_written_again(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side)
    entry = comment(ticket)
    blind = connector(rt_side, token=rt_side.tracker.token("blind"))
    time.sleep(HIDDEN + 1.1)  # RT's clock knows whole seconds
    blind.add_comment(entry)
    with pytest.raises(CrmError) as caught:
        blind.find_comment(entry)
    assert (caught.value.code, "ShowTicketComments" in str(caught.value)) == ("auth", True)


def test_what_others_do_to_a_ticket_hides_nothing(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side)
    time.sleep(HIDDEN + 1.1)
    rt_side.close(ticket, "resolved")
    assert not connector(rt_side).find_comment(comment(ticket))


# ---- fields ---------------------------------------------------------------------------------


def test_a_value_that_a_field_does_not_take_is_named(rt_side: RequestTrackerSide) -> None:
    marker = fresh()
    error = tried(rt_side, NewTicket(marker, "Parcel", fields={"Product": "Elephant"}))
    assert isinstance(error, CrmError)
    assert (error.code, error.permanent, "Product" in error.sentence) == ("refused", True, True)
    assert connector(rt_side).find_ticket(marker)  # and is found when it is tried again


def test_a_field_that_we_may_not_fill_is_named(rt_side: RequestTrackerSide) -> None:
    wanted = NewTicket(fresh(), "Parcel", fields={"contract": "C-1"})
    error = tried(rt_side, wanted, token=rt_side.tracker.token("fieldless"))
    assert isinstance(error, CrmError)
    assert "ModifyCustomField" in error.sentence


def test_an_empty_field_is_left_empty(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side, fields={"Product": "Parcel", "Contract": ""})
    assert rt_side.field(ticket, "Product") == "Parcel"


# ---- tickets and entries --------------------------------------------------------------------


@pytest.mark.parametrize("status", ["open", "stalled", "resolved", "rejected"])
def test_a_closed_ticket_still_hears(rt_side: RequestTrackerSide, status: str) -> None:
    ticket = opened(rt_side)
    rt_side.close(ticket, status)
    assert tell(rt_side, comment(ticket, "Hello"))[0].text == "Hello"
    assert rt_side.tracker.ask("GET", f"/ticket/{ticket.id}")["Status"] == status


def test_a_subject_is_cut_by_us_and_not_by_it(rt_side: RequestTrackerSide) -> None:
    subject = rt_side.subject(opened(rt_side, subject="日" * 2000))
    assert subject.endswith("…")
    assert 195 <= len(subject.encode()) <= 200


def test_a_ticket_refers_to_our_console(rt_side: RequestTrackerSide) -> None:
    marker = fresh()
    opened(rt_side, marker)
    found = rt_side.tracker.ask(
        "GET", "/tickets", query=f"RefersTo = 'http://console.test/?thread={marker}'"
    )
    assert found["count"] == 1


def test_without_a_console_address_it_is_found_as_well(rt_side: RequestTrackerSide) -> None:
    marker = fresh()
    ticket = connector(rt_side, console="").create_ticket(NewTicket(marker, "Parcel"))
    assert connector(rt_side, console="").find_ticket(marker) == ticket


def test_what_was_said_before_a_merge_is_found_after_it(rt_side: RequestTrackerSide) -> None:
    ticket, into = opened(rt_side), opened(rt_side)
    entry = comment(ticket)
    tell(rt_side, entry)
    rt_side.merge(ticket, into)
    assert connector(rt_side).find_comment(replace(entry, ticket=into))


def test_a_file_over_its_own_limit_comes_back_whole(rt_side: RequestTrackerSide) -> None:
    content = os.urandom(MAY_BE_DROPPED + 1)
    (said,) = tell(rt_side, file(opened(rt_side), "large.bin2", content))
    assert said.files == (("large.bin2", content),)


def test_an_older_pdf_stays(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side)
    old = file(ticket, "email-1.pdf", b"%PDF 1")
    new = replace(file(ticket, "email-2.pdf", b"%PDF 2"), replaces=old.marker)
    assert [one.files[0][0] for one in tell(rt_side, old, new)] == ["email-1.pdf", "email-2.pdf"]


def test_an_agent_sees_labels_and_links(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side)
    text = "Queue: Support & <b>more</b>\nSubject: see http://console.test/e/1/"
    tell(rt_side, comment(ticket, text, kind="standard"))
    page = rt_side.tracker.history_page(ticket.id)
    assert "<b>Queue:</b> Support &amp; &lt;b&gt;more&lt;/b&gt;<br" in page
    assert re.search(r'<a [^>]*href="http://console.test/e/1/"', page)


def test_two_entries_of_one_visit_look_at_the_ticket_once(rt_side: RequestTrackerSide) -> None:
    ticket = opened(rt_side)
    asked: list[httpx.Request] = []
    client = guarded_client()
    client.event_hooks = {"request": [asked.append]}
    visit = RequestTrackerConnector(rt_side.access, client)
    for text in ("One", "Two"):
        visit.add_comment(comment(ticket, text))
    assert [request.method for request in asked] == ["GET", "POST", "POST"]
