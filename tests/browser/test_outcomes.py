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


def test_a_mail_in_doubt_is_decided_and_a_failed_one_is_written_again(
    house: House, open_console: Open
) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, status="active")
    make_message(session)
    people = {"to": [{"email": "customer@outside.test", "name": ""}], "author": house.alice.user}
    doubted = make_message(session, direction="out", status="unknown", **people)
    doubted.tries.create(number=1, outcome="unknown", lease_until=doubted.created_at)
    failed = make_message(
        session,
        direction="out",
        status="failed",
        because="550 no",
        html="<p>Here it is.</p>",
        **people,
    )
    page = open_console(f"/s/{session.public_id}/?message={doubted.pk}")
    page.locator(f"#m{doubted.pk} [data-test=arrived]").click()
    expect(page.locator(f"#m{doubted.pk}")).to_have_attribute("data-status", "sent")
    expect(page.locator(f"#m{doubted.pk} [data-test=remedy]")).to_have_count(0)

    page.locator(f"#m{failed.pk} [data-test=edit-resend]").click()
    expect(page.locator("[data-test=chip]")).to_contain_text("customer@outside.test")
    expect(page.locator("[data-test=editor]")).to_contain_text("Here it is.")
    page.click("[data-test=send]")
    expect(page.locator("[data-test=message][data-status=queued]")).to_have_count(1)


def test_who_is_new_is_named_before_the_answer_leaves(house: House, open_console: Open) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox, status="active")
    make_message(session)
    make_message(session, cc=[{"email": "third@elsewhere.test", "name": ""}])
    page = open_console(f"/s/{session.public_id}/")
    page.click("[data-test=reply]")
    page.locator("[data-test=editor]").fill("All is well.")
    page.click("[data-test=send]")
    asked = page.locator("[data-test=new-recipients]")
    expect(asked).to_contain_text("third@elsewhere.test")
    asked.locator("[data-test=confirm-recipients]").click()
    expect(page.locator("[data-test=message][data-status=queued]")).to_have_count(1)
