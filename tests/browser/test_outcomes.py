"""A mail that did not arrive says so: on itself, in the history, and when one writes again."""

import pytest
from playwright.sync_api import expect

from apps.tickets.models import DeliveryReport
from tests.browser.conftest import Open
from tests.people import House, make_message, make_session

pytestmark = pytest.mark.browser

GONE, FINE = "customer@outside.test", "bob@outside.test"
SAID = "smtp; 550 5.1.1 <customer@outside.test>: Recipient address rejected: User unknown"


def test_a_bounce_is_told_on_the_mail_and_warns_whoever_writes_again(
    house: House, open_console: Open
) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    make_message(session)
    to = [{"email": one, "name": ""} for one in (GONE, FINE)]
    for _one in range(3):
        sent = make_message(session, direction="out", to=to, author=house.alice.user)
        report = {"kind": "hard", "status": "5.1.1", "sentence": SAID}
        DeliveryReport.objects.create(message=sent, recipient=GONE, **report)
    page = open_console(f"/s/{session.public_id}/")

    mail = page.locator(f"#m{sent.pk}")
    expect(mail.locator("[data-test=outcome]")).to_have_text("Not delivered to 1 of 2")
    expect(mail.locator("[data-test=outcomes]")).to_contain_text(
        "There is no such mailbox (5.1.1)."
    )
    mail.get_by_text("What the server said").click()
    expect(mail.get_by_text("User unknown")).to_be_visible()
    page.click("[data-test=customer]")
    expect(page.locator("[data-test=customer-trouble]")).to_contain_text("The last 3 mails")
    page.click("[data-test=reply]")
    expect(page.locator("[data-test=chip][data-trouble]")).to_have_count(1)
