"""The page of a built-in ticket."""

import pytest

from apps.core import blobs
from apps.crm.models import Ticket, TicketComment, TicketFile, TicketLink
from apps.tickets.models import Session
from tests.console.conftest import SignIn
from tests.people import House, make_session


@pytest.fixture
def ticket(house: House) -> Ticket:
    session = make_session(house.support)
    return ticket_of(session)


def ticket_of(session: Session) -> Ticket:
    ticket = Ticket.objects.create(marker=session.thread.key, subject="Where is <it>?")
    TicketLink.objects.create(thread_key=session.thread.key, kind="builtin", ticket=str(ticket.pk))
    return ticket


def test_it_shows_comments_and_files(house: House, as_user: SignIn, ticket: Ticket) -> None:
    TicketComment.objects.create(
        ticket=ticket, marker="1", kind="link", text="<i> http://console.test/e/7/"
    )
    file = TicketFile.objects.create(
        ticket=ticket, marker="2", name="näme.pdf", size=5, blob=blobs.store(b"bytes")
    )
    client = as_user(house.alice.user)

    page = client.get(f"/tickets/{ticket.pk}/").content.decode()
    address = f"/api/v1/tickets/{ticket.pk}/files/{file.pk}/"
    download = client.get(address)

    assert 'href="http://console.test/e/7/"' in page
    assert "&lt;i&gt;" in page
    assert "näme.pdf" in page
    assert f'href="{address}"' in page
    assert download.content == b"bytes"
    assert download["Content-Disposition"].startswith("attachment")
    assert download["X-Content-Type-Options"] == "nosniff"


def test_it_is_visible_with_a_session_of_its_conversation_only(
    house: House, as_user: SignIn, ticket: Ticket
) -> None:
    orphan = Ticket.objects.create(marker="x", subject="x")

    assert as_user(house.charlie.user).get(f"/tickets/{ticket.pk}/").status_code == 404
    assert as_user(house.auditor).get(f"/tickets/{ticket.pk}/").status_code == 200
    assert as_user(house.alice.user).get(f"/tickets/{orphan.pk}/").status_code == 404
    assert as_user(house.admin).get(f"/tickets/{orphan.pk}/").status_code == 200


def test_a_ticket_without_comments_says_so(house: House, as_user: SignIn, ticket: Ticket) -> None:
    page = as_user(house.alice.user).get(f"/tickets/{ticket.pk}/").content.decode()

    assert "No comment yet" in page
