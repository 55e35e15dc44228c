"""Reading in a real browser: odd mails, quick hands, races, and nobody thrown anywhere."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from apps.queues.models import Queue
from apps.tickets import sessions
from apps.tickets.models import Session
from tests.browser.conftest import ROW, Open
from tests.people import House, make_message, make_queue, make_session

pytestmark = pytest.mark.browser

SUBJECT = ".subject-block h1"


@pytest.fixture
def queue(house: House) -> Queue:
    return house.support


def mail(queue: Queue, subject: str, text: str = "", **fields: Any) -> Session:
    """A session with one mail; TEXT tells it from others."""
    session = make_session(queue, subject=subject, **fields)
    make_message(session, text=text or f"This is {subject}.", subject=subject)
    return session


def at(session: Session) -> str:
    return f"/s/{session.public_id}/?view=all"


def heading(page: Page) -> Any:
    return page.locator(SUBJECT)


# ---- what is read --------------------------------------------------------------------------------


def test_a_mail_is_read_where_it_was_clicked(queue: Queue, open_console: Open) -> None:
    mail(queue, "First")
    page = open_console("/?view=all")
    page.click(ROW)
    expect(heading(page)).to_have_text("First")
    expect(page.locator("[data-test=message]")).to_contain_text("This is First.")


ODD = {
    "no-text": {"text": "", "html": ""},
    "only-a-quote": {"text": "> all of it\n> is old"},
    "only-spaces": {"text": " \n\t\n "},
    "no-sender": {"text": "Hello", "from_email": "", "from_name": ""},
    "broken-html": {"text": "", "html": "<table><tr><td><b>Half <i>of it</table>"},
    "only-styles": {"text": "", "html": "<style>p{color:red}</style>"},
    "long-word": {"text": "x" * 5_000},
    "half-a-pair": {"text": "smile \ufffd end", "subject": ""},
    "right-to-left": {"text": "مرحبا بكم", "subject": "سؤال"},
}


def test_an_odd_mail_is_never_a_blank_pane(queue: Queue, open_console: Open) -> None:
    page = open_console("about:blank", live=False)
    for kind, fields in ODD.items():
        session = make_session(queue, subject=str(fields.get("subject", kind)))
        make_message(session, **fields)
        page.goto(at(session))
        shown = page.locator("[data-test=message][open]")
        expect(shown.locator(".msg-body, iframe").first, kind).to_be_visible()
        expect(shown.locator("time"), kind).to_be_visible()
        wide = "document.documentElement.scrollWidth <= innerWidth"
        assert page.evaluate(wide), f"{kind}: the page scrolls sideways"


def test_a_long_thread_opens_at_its_newest_mail(queue: Queue, open_console: Open) -> None:
    session = make_session(queue, subject="Long")
    for n in range(60):
        make_message(session, text=f"Mail number {n}.")
    page = open_console(at(session))
    expect(page.locator("[data-test=message]")).to_have_count(60)
    expect(page.get_by_text("Mail number 59.").first).to_be_in_viewport()


def test_a_folded_mail_opens_with_its_text(queue: Queue, open_console: Open) -> None:
    session = make_session(queue, subject="Long", agent=None)
    for n in range(30):
        make_message(session, text=f"Mail number {n}.\n> old words {n}")
    page = open_console(at(session))
    first = page.locator("[data-test=message]").first
    first.locator("summary").first.click()
    expect(first.locator(".plain").first).to_contain_text("Mail number 0.")


def test_what_is_open_stays_open_when_it_counts_as_read(queue: Queue, open_console: Open) -> None:
    session = make_session(queue, subject="Two")
    for n in range(2):
        make_message(session, text=f"Mail number {n}.")
    page = open_console(at(session))
    expect(page.locator("[data-test=message][open]")).to_have_count(2)
    expect(page.locator(f"{ROW}.row--unread")).to_have_count(0)
    sessions.say_changed([Session.objects.get(pk=session.pk)])
    page.wait_for_timeout(500)
    expect(page.locator("[data-test=message][open]")).to_have_count(2)


def test_the_mail_link_shows_exactly_that_mail(queue: Queue, open_console: Open) -> None:
    session = make_session(queue, subject="Long")
    made = [make_message(session, text=f"Mail number {n}.") for n in range(40)]
    page = open_console(f"/e/{made[5].pk}/")
    expect(page.locator(".msg--wanted")).to_be_in_viewport()
    expect(page.locator(".msg--wanted .plain").first).to_have_text("Mail number 5.")


def test_a_session_that_is_not_yours_is_said_to_be_gone(house: House, open_console: Open) -> None:
    page = open_console(at(mail(house.other, "Secret")))
    expect(page.locator("[data-test=problem]")).to_contain_text("not yours to see")
    expect(page.locator("body")).not_to_contain_text("Secret")


# ---- quick hands ---------------------------------------------------------------------------------


def test_quick_switching_never_mixes_two_mails(queue: Queue, open_console: Open) -> None:
    made = [mail(queue, f"Mail {n}", f"Only in mail {n}.") for n in range(8)]
    first = tuple(f"/{session.public_id}/" for session in made[-2:])
    page = open_console("/?view=all")
    late: list[Route] = []

    def slow(route: Route) -> None:
        """The first answers come last."""
        if route.request.url.endswith(first):
            late.append(route)
            return
        route.continue_()

    page.route("**/desk/sessions/E*/", slow)
    rows = page.locator(ROW)
    for place in range(6):
        rows.nth(place).click()
    expect(heading(page)).to_have_text("Mail 2")
    for route in late:
        route.continue_()
    page.wait_for_timeout(600)
    expect(heading(page)).to_have_text("Mail 2")
    expect(page.locator("[data-test=message]")).to_have_count(1)
    expect(page.locator("[data-test=message]")).to_contain_text("Only in mail 2.")


def test_the_next_mail_is_there_at_once(queue: Queue, open_console: Open) -> None:
    """It was asked for before: the key asks nothing more than to be marked as read."""
    *_older, following, _newest = (mail(queue, f"Mail {n}").public_id for n in range(4))
    page = open_console("/?view=all")
    with page.expect_event("requestfinished", lambda asked: asked.url.endswith(f"/{following}/")):
        page.locator(ROW).nth(0).click()
    expect(heading(page)).to_have_text("Mail 3")
    page.route("**/desk/sessions/E*/", lambda route: route.abort())
    page.keyboard.press("j")
    expect(heading(page)).to_have_text("Mail 2")
    expect(page.locator("[data-test=message]")).to_contain_text("This is Mail 2.")


def test_back_leads_to_the_list_however_many_were_read(queue: Queue, open_console: Open) -> None:
    for n in range(3):
        mail(queue, f"Mail {n}")
    page = open_console("/?view=all")
    for place in range(3):
        page.locator(ROW).nth(place).click()
    expect(heading(page)).to_have_text("Mail 0")
    page.go_back()
    expect(page.locator("[data-test=message]")).to_have_count(0)
    expect(page.locator(ROW)).to_have_count(3)


# ---- what is done --------------------------------------------------------------------------------


def test_closing_stays_in_the_same_list(house: House, queue: Queue, open_console: Open) -> None:
    held = mail(queue, "Mine", agent=house.alice, status=Session.Status.ACTIVE)
    mail(queue, "Another", agent=house.alice, status=Session.Status.ACTIVE)
    page = open_console(f"/s/{held.public_id}/?view=mine")
    page.click("[data-test=more]")
    page.click("[data-test=close]")
    expect(page.locator("[data-test=status]")).to_have_attribute("data-status", "closed")
    expect(heading(page)).to_have_text("Mine")
    assert "view=mine" in page.url or "?" not in page.url


def test_resolve_and_next_goes_on_in_the_list(
    house: House, queue: Queue, open_console: Open
) -> None:
    for n in range(3):
        mail(queue, f"Mail {n}", agent=house.alice, status=Session.Status.ACTIVE)
    page = open_console("/")
    page.locator(ROW).nth(0).click()
    expect(heading(page)).to_have_text("Mail 2")
    page.click("[data-test=more]")
    page.click("[data-test=resolve-next]")
    expect(heading(page)).to_have_text("Mail 1")


def test_what_one_takes_the_other_sees_taken(
    house: House, queue: Queue, open_console: Open
) -> None:
    session = mail(queue, "Wanted")
    first, second = open_console(at(session)), open_console(at(session), house.bob.user)
    expect(second.locator("[data-test=take]")).to_be_visible()
    first.click("[data-test=take]")
    expect(second.locator(".facts")).to_contain_text("Alice")
    expect(second.locator("[data-test=take]")).to_have_count(0)


def test_a_refusal_is_said_where_it_happened(
    house: House, queue: Queue, open_console: Open
) -> None:
    session = mail(queue, "Wanted")
    page = open_console(at(session), house.bob.user)
    expect(page.locator("[data-test=take]")).to_be_visible()
    page.route("**/take/", lambda route: _after_alice_took(route, session, house))
    page.click("[data-test=take]")
    expect(page.locator("[data-test=refusal]")).to_contain_text("Alice")
    expect(page.locator(".facts")).to_contain_text("Alice")


def _after_alice_took(route: Route, session: Session, house: House) -> None:
    sessions.take(Session.objects.get(pk=session.pk), house.alice)
    route.continue_()


def test_a_transfer_ends_where_it_was_sent(house: House, queue: Queue, open_console: Open) -> None:
    billing = make_queue("Billing", members=[house.alice])
    session = mail(queue, "To move", agent=house.alice, status=Session.Status.ACTIVE)
    page = open_console(f"/s/{session.public_id}/")
    page.keyboard.press("t")
    page.keyboard.type("bil")
    expect(page.locator("[role=option]")).to_have_text("Billing")
    page.keyboard.press("Enter")
    expect(page.locator(".facts")).to_contain_text("Billing")
    expect(page.locator("[data-test=status]")).to_have_attribute("data-status", "unopened")
    moved = Session.objects.get(pk=session.pk)
    assert (moved.queue, moved.agent) == (billing, None)


def test_a_transfer_out_of_sight_says_so_and_frees_the_pane(
    house: House, queue: Queue, open_console: Open
) -> None:
    make_queue("Elsewhere", members=[house.charlie])
    session = mail(queue, "To move", agent=house.alice, status=Session.Status.ACTIVE)
    mail(queue, "To stay", agent=house.alice, status=Session.Status.ACTIVE)
    page = open_console(f"/s/{session.public_id}/")
    page.keyboard.press("t")
    page.keyboard.type("else")
    expect(page.locator("[role=option]")).to_have_text("Elsewhere")
    page.keyboard.press("Enter")
    expect(page.locator(".toast, [data-test=problem]").first).to_be_visible()
    page.locator(ROW, has_text="To stay").click()
    expect(heading(page)).to_have_text("To stay")


# ---- together ------------------------------------------------------------------------------------


def test_a_new_mail_appears_while_one_reads(queue: Queue, open_console: Open) -> None:
    session = mail(queue, "Talk")
    page = open_console(at(session))
    expect(page.locator("[data-test=message]")).to_have_count(1)
    make_message(session, text="One more thing.")
    sessions.message_added(Session.objects.get(pk=session.pk))
    expect(page.locator("[data-test=message]")).to_have_count(2)
    expect(page.get_by_text("One more thing.").last).to_be_visible()


def test_what_changed_while_it_was_asked_for_is_shown_too(queue: Queue, open_console: Open) -> None:
    session = mail(queue, "Talk")
    page = open_console("/?view=all")
    held: list[Route] = []
    page.route(f"**/desk/sessions/{session.public_id}/*", lambda route: held.append(route), times=1)
    page.locator(ROW, has_text="Talk").click()
    expect(heading(page)).to_have_count(0)
    old = held[0].fetch()
    make_message(session, text="One more thing.")
    sessions.message_added(Session.objects.get(pk=session.pk))
    expect(page.locator(ROW, has_text="Talk").locator(".count")).to_be_visible()

    held[0].fulfill(response=old)

    expect(page.locator("[data-test=message]")).to_have_count(2)


def test_who_looks_along_is_shown_and_goes(house: House, queue: Queue, open_console: Open) -> None:
    session = mail(queue, "Shared")
    mine, theirs = open_console(at(session)), open_console(at(session), house.bob.user)
    expect(mine.locator("[data-test=viewers]")).to_contain_text("Bob")
    expect(theirs.locator("[data-test=viewers]")).to_contain_text("Alice")
    theirs.goto("/accounts/sessions/")
    expect(mine.locator("[data-test=viewers]")).to_have_count(0)


def test_the_customers_earlier_sessions_are_a_click_away(queue: Queue, open_console: Open) -> None:
    mail(queue, "Earlier")
    page = open_console(at(mail(queue, "Now")))
    page.click("[data-test=customer]")
    page.locator("#customer").get_by_text("Earlier", exact=True).click()
    expect(heading(page)).to_have_text("Earlier")


def test_five_megabytes_of_html_are_read_in_one_frame(queue: Queue, open_console: Open) -> None:
    session = make_session(queue, subject="Heavy")
    row = "<tr><td>A line of a long table</td><td>with words</td></tr>"
    make_message(session, text="", html=f"<table>{row * 20_000}</table><p>The end</p>")
    page = open_console(at(session))
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("long")
