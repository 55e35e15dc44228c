"""The built-in CRM's pages: the list with its search, and one ticket with what is done to it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from apps.console.tickets import lists, timeline
from apps.core import blobs
from apps.core.models import User
from apps.crm import ticket_search
from apps.crm.models import Ticket, TicketComment, TicketFile, TicketLink, TicketMove
from apps.tickets.models import Session
from tests.console.asking import queries
from tests.console.conftest import SignIn
from tests.people import House, crm_connection, make_session

TOKEN = "a-token-of-16-letters"


@pytest.fixture
def ticket(house: House) -> Ticket:
    session = make_session(house.support)
    return ticket_of(session)


def ticket_of(session: Session, **more: object) -> Ticket:
    fields: dict[str, object] = {"subject": "Where is <it>?", **more}
    ticket = Ticket.objects.create(marker=session.thread.key, **fields)
    ticket_search.add_tickets([ticket])
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket=str(ticket.pk)
    )
    return ticket


def several(house: House, count: int, **more: object) -> list[Ticket]:
    """The first is the oldest."""
    now = timezone.now()
    return [
        ticket_of(
            make_session(house.support),
            subject=f"Parcel {number}",
            updated_at=now - timedelta(minutes=count - number),
            **more,
        )
        for number in range(count)
    ]


def shown(client: Client, query: str = "") -> list[int]:
    """The numbers on the list, from the top."""
    page = client.get(f"/tickets/{query}").content.decode()
    return [int(number) for number in re.findall(r'href="/tickets/(\d+)/" data-test', page)]


def note(client: Client, ticket: Ticket, text: str, token: str = TOKEN) -> object:
    return client.post(f"/tickets/{ticket.pk}/note/", {"text": text, "token": token})


# ---- the list -----------------------------------------------------------------------------------


@pytest.mark.contract("1.3.j")
def test_the_list_shows_open_tickets_newest_activity_first(house: House, alice: Client) -> None:
    first, second, third = several(house, 3)
    Ticket.objects.filter(pk=second.pk).update(status="closed")
    Ticket.objects.filter(pk=first.pk).update(updated_at=timezone.now())

    assert shown(alice) == [first.pk, third.pk]
    assert shown(alice, "?status=closed") == [second.pk]
    assert shown(alice, "?status=any") == [first.pk, third.pk, second.pk]
    assert shown(alice, "?status=nonsense&before=x") == [first.pk, third.pk]


def test_a_row_tells_contact_queue_and_agent(house: House, alice: Client) -> None:
    session = make_session(house.support, agent=house.bob)
    ticket_of(session, contact_name="<b>Ana</b>", contact_email="ana@x.test")
    page = alice.get("/tickets/").content.decode()

    for words in ("Where is &lt;it&gt;?", "&lt;b&gt;Ana", "ana@x.test", "Support", "Bob"):
        assert words in page


def test_one_sees_the_tickets_of_conversations_that_one_sees(
    house: House, as_user: SignIn, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ticket_of(make_session(house.other))
    orphan = Ticket.objects.create(marker="x", subject="x")
    for many, most in ((0, 0), (10, 0), (10, 10)):  # each way of finding a page
        monkeypatch.setattr(lists, "MANY", many)
        monkeypatch.setattr(lists, "MOST_COLLECTED", most)
        assert shown(as_user(house.alice.user)) == [ticket.pk]
        assert shown(as_user(house.charlie.user)) == [elsewhere.pk]
        assert shown(as_user(house.auditor)) == [orphan.pk, elsewhere.pk, ticket.pk]


def test_a_ticket_of_another_crm_with_the_same_number_gives_nobody_a_right(
    house: House, as_user: SignIn, ticket: Ticket
) -> None:
    other = crm_connection().__class__.objects.create(kind="rt")
    session = make_session(house.other)
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=other, ticket=str(ticket.pk)
    )

    assert shown(as_user(house.charlie.user)) == []
    assert as_user(house.charlie.user).get(f"/tickets/{ticket.pk}/").status_code == 404


def test_pages_follow_one_another_without_a_gap(house: House, alice: Client) -> None:
    """Also where many were touched in the same moment."""
    numbers = [one.pk for one in several(house, 60)]
    Ticket.objects.filter(pk__in=numbers[10:45]).update(updated_at=timezone.now())
    seen: list[int] = []
    query: str | None = "?status=any"
    while query:
        page = alice.get(f"/tickets/{query}").content.decode()
        seen += shown(alice, query)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        query = more[1].replace("&amp;", "&") if more else None

    assert len(seen) == 60
    assert set(seen) == set(numbers)


@pytest.mark.parametrize("question", ["#{}", "{}", "  #{} ", "ana", "anna@example", "damaged"])
def test_a_ticket_is_found_whatever_its_status(house: House, alice: Client, question: str) -> None:
    several(house, 3)
    wanted = ticket_of(
        make_session(house.support),
        contact_name="Ana",
        contact_email="anna@example.test",
        status="closed",
    )
    note(alice, wanted, "It is damaged.")

    asked = question.format(wanted.pk).replace("#", "%23")
    assert shown(alice, f"?q={asked}") == [wanted.pk]


def test_a_bare_number_shows_its_ticket_above_those_that_mention_it(
    house: House, alice: Client
) -> None:
    first, second, third = several(house, 3)
    note(alice, second, f"As in {first.pk}")

    assert shown(alice, f"?q={first.pk}") == [first.pk, second.pk]
    assert shown(alice, f"?q=%23{first.pk}") == [first.pk]
    assert third.pk not in shown(alice, f"?q={first.pk}&status=closed")


def test_nothing_found_and_nothing_there_are_said_in_words(house: House, alice: Client) -> None:
    assert "No open ticket" in alice.get("/tickets/").content.decode()
    assert "No closed ticket" in alice.get("/tickets/?status=closed").content.decode()
    page = alice.get("/tickets/?q=%00<b>&status=closed").content.decode()

    assert "Nothing found" in page
    assert "&lt;b&gt;" in page
    assert 'href="?q=%3Cb%3E&amp;status=any"' in page


@pytest.mark.parametrize("user", ["alice", "admin"])
@pytest.mark.parametrize("query", ["", "?q=parcel"])
@pytest.mark.parametrize(("first", "then"), [(1, 8), (12, 12)])  # each way of finding a page
def test_more_tickets_are_no_more_queries(
    house: House, as_user: SignIn, user: str, query: str, first: int, then: int
) -> None:
    client = as_user(getattr(getattr(house, user), "user", getattr(house, user)))

    def cost() -> int:
        cache.clear()
        client.get(f"/tickets/{query}")
        return queries(lambda: client.get(f"/tickets/{query}"))

    several(house, first)
    before = cost()
    several(house, then)
    assert cost() == before <= 17


# ---- one ticket ---------------------------------------------------------------------------------


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


def test_the_pdf_of_the_conversation_stands_before_other_files(
    house: House, alice: Client, ticket: Ticket
) -> None:
    for marker, name in (("T:file:1", "photo.png"), ("T:pdf:1", "email-E-1.pdf")):
        blob = blobs.store(b"bytes")
        TicketFile.objects.create(ticket=ticket, marker=marker, name=name, size=5, blob=blob)
    page = alice.get(f"/tickets/{ticket.pk}/").content.decode()

    assert "PDF of the conversation" in page
    assert page.index("email-E-1.pdf") < page.index("photo.png")


def test_each_kind_of_comment_has_its_word(house: House, alice: Client, ticket: Ticket) -> None:
    for kind in ("standard", "link", "copy", "other"):
        TicketComment.objects.create(ticket=ticket, marker=kind, kind=kind, text=kind)
    note(alice, ticket, "Call her.")
    page = alice.get(f"/tickets/{ticket.pk}/").content.decode()
    titles = re.findall(r"<h3[^>]*>(?:<b>)?([^<]+)<", page)

    assert titles == [
        "First email",
        "Link to the newest email",
        "Copy of the email",
        "Comment",
        "Note",
    ]
    assert "Alice" in page


def test_it_is_visible_with_a_session_of_its_conversation_only(
    house: House, as_user: SignIn, ticket: Ticket
) -> None:
    orphan = Ticket.objects.create(marker="x", subject="x")

    assert as_user(house.charlie.user).get(f"/tickets/{ticket.pk}/").status_code == 404
    assert as_user(house.auditor).get(f"/tickets/{ticket.pk}/").status_code == 200
    assert as_user(house.alice.user).get(f"/tickets/{orphan.pk}/").status_code == 404
    assert as_user(house.admin).get(f"/tickets/{orphan.pk}/").status_code == 200
    assert as_user(house.admin).get(f"/tickets/{'9' * 30}/").status_code == 404


def test_a_ticket_without_comments_says_so(house: House, as_user: SignIn, ticket: Ticket) -> None:
    page = as_user(house.alice.user).get(f"/tickets/{ticket.pk}/").content.decode()

    assert "No comment yet" in page


def test_contact_and_conversation_are_shown(house: House, alice: Client) -> None:
    session = make_session(house.support, agent=house.bob)
    ticket = ticket_of(session, contact_name="Ana", contact_email="ana@x.test")
    page = alice.get(f"/tickets/{ticket.pk}/").content.decode()

    for words in ("Ana", "ana@x.test", f"/s/{session.public_id}/", "Bob"):
        assert words in page


def test_a_long_comment_is_folded_and_loses_nothing(
    house: House, alice: Client, ticket: Ticket
) -> None:
    words = [f"word{number}" for number in range(2_000)]
    TicketComment.objects.create(ticket=ticket, marker="1", kind="copy", text=" ".join(words))
    page = alice.get(f"/tickets/{ticket.pk}/").content.decode()

    assert "Show the rest" in page
    assert all(f"{word}" in page for word in words)


def test_a_ticket_of_many_comments_shows_the_newest_and_leads_to_the_others(
    house: House, alice: Client, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, "AT_ONCE", 10)
    for number in range(25):
        at = timezone.now() - timedelta(hours=25 - number)
        TicketComment.objects.create(
            ticket=ticket, marker=str(number), kind="copy", text=f"no{number}.", created_at=at
        )
    TicketMove.objects.create(
        ticket=ticket, status="closed", created_at=timezone.now() - timedelta(hours=24.5)
    )
    pages, address = [], f"/tickets/{ticket.pk}/"
    while address:
        page = alice.get(address).content.decode()
        pages.append((re.findall(r"no(\d+)\.", page), 'data-test="move"' in page))
        more = re.search(r'href="(\?before=\d+)" data-test="earlier"', page)
        address = f"/tickets/{ticket.pk}/{more[1]}" if more else ""

    numbers = [int(one) for found, _move in reversed(pages) for one in found]
    assert numbers == list(range(25))
    assert [move for _found, move in pages] == [False, False, True]


def test_more_comments_are_no_more_queries(house: House, alice: Client, ticket: Ticket) -> None:
    def cost() -> int:
        cache.clear()
        alice.get(f"/tickets/{ticket.pk}/")
        return queries(lambda: alice.get(f"/tickets/{ticket.pk}/"))

    note(alice, ticket, "one")
    before = cost()
    for number in range(9):
        note(alice, ticket, "more", token=f"{TOKEN}-{number}")
        TicketMove.objects.create(ticket=ticket, status="closed", by=house.bob.user)
        blob = blobs.store(b"x")
        TicketFile.objects.create(ticket=ticket, marker=str(number), name="x", size=1, blob=blob)
    assert cost() == before <= 14


# ---- done by hand -------------------------------------------------------------------------------


def test_it_is_closed_and_opened_again_by_hand(house: House, alice: Client, ticket: Ticket) -> None:
    closed = alice.post(f"/tickets/{ticket.pk}/close/", follow=True).content.decode()
    assert "Closed. A new email opens it again." in closed
    assert "Closed by Alice." in closed
    again = alice.post(f"/tickets/{ticket.pk}/close/", follow=True).content.decode()
    assert again.count("Closed by Alice.") == 1
    opened = alice.post(f"/tickets/{ticket.pk}/reopen/", follow=True).content.decode()

    assert "Opened again by Alice." in opened
    assert Ticket.objects.get().status == "open"


def test_send_pressed_twice_writes_one_note(house: House, alice: Client, ticket: Ticket) -> None:
    page = alice.get(f"/tickets/{ticket.pk}/").content.decode()
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    answers = [note(alice, ticket, "Call <her>.", token=found[1]) for _time in range(2)]

    [written] = TicketComment.objects.all()
    assert {answer.url for answer in answers} == {  # type: ignore[attr-defined]
        f"/tickets/{ticket.pk}/#comment-{written.pk}"
    }
    assert "Call &lt;her&gt;." in alice.get(f"/tickets/{ticket.pk}/").content.decode()


def test_a_note_that_is_too_long_comes_back_with_the_reason(
    house: House, alice: Client, ticket: Ticket
) -> None:
    answer = note(alice, ticket, "y" * 20_001)
    page = answer.content.decode()  # type: ignore[attr-defined]

    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert "at most 20000 characters; this has 20001" in page
    assert "y" * 20_001 in page
    assert note(alice, ticket, "y" * 20_000).status_code == 302  # type: ignore[attr-defined]


@pytest.mark.parametrize("verb", ["close", "reopen", "note"])
def test_what_one_may_not_do_changes_nothing(
    house: House, as_user: SignIn, ticket: Ticket, verb: str
) -> None:
    said = {"text": "x", "token": TOKEN}
    path = f"/tickets/{ticket.pk}/{verb}/"
    assert as_user(house.charlie.user).post(path, said).status_code == 404
    as_user(house.auditor).post(path, said)
    assert as_user(house.alice.user).get(path).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.alice.user)
    assert strict.post(path, said).status_code == 403

    assert Ticket.objects.get().status == "open"
    assert not TicketComment.objects.exists()
    assert not TicketMove.objects.exists()


def test_who_only_reads_is_offered_no_form(house: House, as_user: SignIn, ticket: Ticket) -> None:
    page = as_user(house.auditor).get(f"/tickets/{ticket.pk}/").content.decode()

    assert "Add note" not in page
    assert "Close ticket" not in page
    assert "you cannot write on it" in page


def test_pages_say_that_new_tickets_are_elsewhere(house: House, alice: Client) -> None:
    assert "another CRM" not in alice.get("/tickets/").content.decode()
    connection = crm_connection()
    connection.kind = "rt"
    connection.save()

    assert "another CRM" in alice.get("/tickets/").content.decode()


def test_who_has_left_is_named_by_nobody(house: House, alice: Client, ticket: Ticket) -> None:
    """A note stays when its author's row is gone."""
    note(alice, ticket, "Call her.")
    TicketComment.objects.update(author=None)

    assert "Call her." in as_text(house.admin, ticket)


def as_text(user: User, ticket: Ticket) -> str:
    client = Client()
    client.force_login(user)
    return client.get(f"/tickets/{ticket.pk}/").content.decode()
