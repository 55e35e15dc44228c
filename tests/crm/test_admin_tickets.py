"""Built-in tickets in the admin: found by what people know of them, and read only."""

import pytest
from django.core.cache import cache
from django.test import Client

from apps.core import blobs
from apps.core.models import Role
from apps.crm import admin_tickets, ticket_search, ticket_verbs
from apps.crm.models import Ticket, TicketComment, TicketFile
from tests.console.asking import queries
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    return client


def make_ticket(marker: str, *comments: str, **more: object) -> Ticket:
    ticket = Ticket.objects.create(marker=marker, **{"subject": f"Subject {marker}", **more})
    ticket_search.add_tickets([ticket])
    for number, text in enumerate(comments):
        comment = TicketComment.objects.create(
            ticket=ticket, marker=f"{marker}:{number}", kind="copy", text=text
        )
        ticket_search.add_comments([comment])
    return ticket


def listed(admin: Client, query: str = "") -> list[str]:
    page = admin.get(f"/admin/crm/ticket/{query}")
    assert page.status_code == 200
    return sorted(ticket.marker for ticket in page.context["cl"].result_list)


@pytest.mark.contract("1.3.j")
@pytest.mark.parametrize("question", ["ana", "ana@x.test", "damaged", "#{}", "{}", "wanted"])
def test_a_ticket_is_found_by_number_contact_subject_and_comment(
    admin: Client, question: str
) -> None:
    make_ticket("T1", "Where is it?")
    wanted = make_ticket(
        "T2", "It is damaged.", subject="Wanted", contact_name="Ana", contact_email="ana@x.test"
    )

    asked = question.format(wanted.pk).replace("#", "%23")
    assert listed(admin, f"?q={asked}") == ["T2"]


def test_filters_and_a_search_that_finds_nothing(admin: Client) -> None:
    make_ticket("T1")
    make_ticket("T2", status="closed")

    assert listed(admin) == ["T1", "T2"]
    assert listed(admin, "?status__exact=closed") == ["T2"]
    assert listed(admin, "?status__exact=closed&q=subject") == ["T2"]
    assert listed(admin, "?q=nowhere") == listed(admin, "?q=%3F%3F") == []


def test_what_is_in_every_ticket_is_counted_to_a_limit(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_tickets, "MOST_COUNTED", 2)
    for number in range(4):
        make_ticket(f"T{number}")

    page = admin.get("/admin/crm/ticket/?q=subject")
    assert page.context["cl"].result_count == 2


def test_a_page_shows_comments_files_and_changes_and_changes_nothing(admin: Client) -> None:
    ticket = make_ticket("T1", "<i>damaged</i>")
    author = make_user("bob", roles=[Role.AGENT])
    ticket_verbs.add_note(ticket, "Call her.", by=author, token="a-token-of-16-letters")
    ticket_verbs.close(ticket, by=author)
    blob = blobs.store(b"%PDF")
    TicketFile.objects.create(ticket=ticket, marker="f", name="a.pdf", size=4, blob=blob)
    page = admin.get(f"/admin/crm/ticket/{ticket.pk}/change/").content.decode()

    for words in ("&lt;i&gt;damaged", "Call her.", "Bob", "a.pdf", f"/tickets/{ticket.pk}/"):
        assert words in page
    assert 'name="_save"' not in page
    assert admin.post(f"/admin/crm/ticket/{ticket.pk}/change/", {}).status_code == 403
    assert admin.post(f"/admin/crm/ticket/{ticket.pk}/delete/", {"post": "yes"}).status_code == 403


def test_of_many_comments_the_newest_are_shown(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_tickets, "MOST_SHOWN", 2)
    ticket = make_ticket("T1", "alphorn", "bassoon", "clarinet")
    page = admin.get(f"/admin/crm/ticket/{ticket.pk}/change/").content.decode()

    assert "alphorn" not in page
    assert page.index("clarinet") < page.index("bassoon")


@pytest.mark.parametrize("path", ["", "?q=subject", "{}/change/"])
def test_more_rows_are_no_more_queries(admin: Client, path: str) -> None:
    ticket = make_ticket("T1", "words")
    address = f"/admin/crm/ticket/{path.format(ticket.pk)}"

    def cost() -> int:
        cache.clear()
        admin.get(address)
        return queries(lambda: admin.get(address))

    author = make_user(roles=[Role.AGENT])
    ticket_verbs.add_note(ticket, "one", by=author, token="a-token-of-16-letters")
    before = cost()
    for number in range(9):
        make_ticket(f"M{number}", "words")
        ticket_verbs.add_note(ticket, "one", by=author, token=f"a-token-of-16-letters{number}")
    assert cost() == before
