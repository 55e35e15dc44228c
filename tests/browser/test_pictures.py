"""The pictures of the README, from a desk in full work.

`CARTERIA_PICTURES=1 python3 manage.py test tests/browser/test_pictures.py` draws them anew.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.agents.models import AgentState
from apps.console.models import CannedReply
from apps.core.models import User
from apps.crm.models import Ticket, TicketLink
from apps.queues.models import Queue
from apps.tickets.models import Message, Session
from tests.browser.conftest import Open
from tests.people import (
    House,
    crm_connection,
    make_attachment,
    make_mailbox,
    make_message,
    make_queue,
    make_session,
    put_in_state,
)

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parent / "pictures"
NAMES = ("console-light", "console-dark", "console-phone")
TABLE = """<p>Hello Lena, the bank shows both payments as <b>booked</b>, so it is not a reservation
that will fall off. Here is what they sent me:</p>
<table border="1" cellpadding="5" style="border-collapse:collapse">
<tr><th>Date</th><th>Reference</th><th>Amount</th></tr>
<tr><td>17 Nov 2026</td><td>48112-A</td><td>€ 214.90</td></tr>
<tr><td>17 Nov 2026</td><td>48112-B</td><td>€ 214.90</td></tr></table>
<p>Please refund one of them to the same card.<br>Daniel</p>"""
WAITING = [  # who, subject, first words, minutes ago, status, assigned
    ("Lucía Ferrán", "Factura con CIF equivocado", "Buenos días: en la factura", 9, "unopened", 0),
    ("Harbour Light Hotels", "Credit note for March stay", "Could you confirm", 14, "unopened", 0),
    ("Joaquim Teixidó", "Cambio de cuenta bancaria", "Le envío el certificado", 27, "active", 1),
    ("Aisha Rahman", "Refund still not in my account", "It has been a week", 38, "reopened", 0),
    ("Ben Whitcombe", "VAT number on past invoices", "Perfect, thank you", 46, "active", 1),
    ("Comercial Vallehondo", "Duplicado de la factura", "Necesitamos el", 67, "unopened", 0),
    ("Marek Dvorský", "Direct debit returned", "The bank tried again", 71, "active", 1),
    ("Inés Carbonell", "No me llega el recibo", "Ya he mirado en la", 96, "unopened", 0),
    ("Greta Amsel", "Question about late fee", "I paid on the 3rd", 103, "unopened", 0),
    ("Okoro & Daughters", "Account closed as requested", "Confirmation, please", 160, "active", 1),
    ("Rubén Alcaide", "Gracias por la gestión", "Todo correcto", 190, "unopened", 0),
    ("Hana Fujimori", "Invoice in yen, please", "Our head office can only", 240, "active", 1),
]


@pytest.fixture
def lena(house: House, billing: Queue) -> User:
    put_in_state(house.alice, "In-Email")
    by_hand = {"source": "console", "set_by": house.alice.user, "code": "", "reason": ""}
    AgentState.objects.filter(agent=house.alice).update(**by_hand)
    User.objects.filter(pk=house.alice.user_id).update(first_name="Lena", last_name="Moser")
    return User.objects.get(pk=house.alice.user_id)


@pytest.fixture
def billing(house: House) -> Queue:
    queue = make_queue("Billing", members=[house.alice, house.bob])
    make_mailbox("billing@almena.test", queue=queue, from_name="Almena Billing")
    make_queue("Orders", members=[house.alice])
    make_queue("Returns", path="Orders/Returns", members=[house.alice])
    CannedReply.objects.create(
        name="Refund issued", language="en", html="<p>We have refunded it.</p>"
    )
    return queue


@pytest.fixture
def open_mail(house: House, billing: Queue) -> Session:
    """The conversation in front: an answer of ours, then a table and files of every verdict."""
    for who, subject, words, minutes, status, assigned in WAITING:
        agent = (house.alice, house.bob)[len(subject) % 2] if assigned else None
        _aged(
            make_session(billing, subject=subject, status=status, agent=agent, customer_name=who),
            minutes,
            words,
        )
    held = make_session(
        billing,
        subject="Charged twice for order 48112",
        agent=house.alice,
        status="active",
        customer="daniel.ortega@example.com",
        customer_name="Daniel Ortega",
        mailbox=billing.routes.get().mailbox,
        why="Given to Lena Moser: fewest open mails (3 of 6).",
    )
    ours = {"direction": "out", "author": house.alice.user, "from_name": "Almena Billing"}
    _message(held, 80, text="I am looking into this with the payments team.", **ours)
    newest = _message(held, 4, html=TABLE, text="Hello Lena", from_name="Daniel Ortega")
    make_attachment(newest, name="bank-statement-nov.pdf", detected_type="text/plain")
    make_attachment(newest, name="payments-export.xlsx", verdict="waiting")
    make_attachment(newest, name="viewer_setup.pdf.exe", verdict="refused", reason="type-denied")
    make_attachment(newest, name="remittance.docm", verdict="infected", reason="infected:Macro.7")
    ticket = Ticket.objects.create(marker=held.thread.key, subject=held.subject)
    TicketLink.objects.create(
        thread_key=held.thread.key, connection=crm_connection(), ticket=str(ticket.pk)
    )
    return held


def _aged(session: Session, minutes: int, words: str) -> None:
    _message(session, minutes, text=words, from_name=session.customer_name)
    then = timezone.now() - timedelta(minutes=minutes)
    Session.objects.filter(pk=session.pk).update(updated_at=then, waiting_since=then)


def _message(session: Session, minutes: int, **fields: Any) -> Message:
    then = timezone.now() - timedelta(minutes=minutes)
    to = [{"email": "billing@almena.test", "name": ""}]
    return make_message(session, created_at=then, to=to, **fields)


def draw(page: Page, name: str, folder: Path) -> Path:
    """Into the tree when asked, else where nobody keeps it."""
    place = (PICTURES if os.environ.get("CARTERIA_PICTURES") else folder) / f"{name}.png"
    page.screenshot(path=place, animations="disabled")
    return place


def write(page: Page) -> None:
    page.click("[data-test=reply]")
    expect(page.locator("[data-test=editor]")).to_be_focused()
    page.keyboard.type("Hi Daniel, thank you, that settles it: 48112-B is a duplicate.")
    page.keyboard.press("Enter")
    page.keyboard.type("I have refunded € 214.90 to your card today.")
    expect(page.locator("[data-test=saved]")).to_contain_text("Draft saved")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_console_at_a_desk(
    theme: Any, lena: User, open_mail: Session, open_as: Open, tmp_path: Path
) -> None:
    wide = {"width": 1440, "height": 1000}
    page = open_as(lena, f"/s/{open_mail.public_id}/?view=all", viewport=wide, color_scheme=theme)
    expect(page.frame_locator("iframe").locator("table")).to_be_visible()
    write(page)
    page.locator("[data-test=attachment]").last.scroll_into_view_if_needed()
    assert draw(page, f"console-{theme}", tmp_path).stat().st_size > 50_000


def test_the_console_in_a_hand(
    lena: User, open_mail: Session, open_as: Open, tmp_path: Path
) -> None:
    small = {"width": 390, "height": 844}
    page = open_as(lena, "/?view=all", viewport=small)
    expect(page.locator("[data-test=session-row]").first).to_be_visible()
    assert draw(page, "console-phone", tmp_path).stat().st_size > 20_000


def test_the_readme_shows_pictures_that_are_there() -> None:
    for name in NAMES:
        assert (PICTURES / f"{name}.png").read_bytes().startswith(b"\x89PNG"), name
