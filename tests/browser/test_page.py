"""The console in a real browser: the way of an agent, live changes, small screens, dark, Spanish."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from apps.tickets.models import Message, Session
from tests.browser.conftest import Open
from tests.people import House, make_attachment, make_message, make_session

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
HOSTILE = """<p id="words">Hello <b>frame</b></p><script>top.document.title = "owned"</script>
<img src="https://track.test/pixel.png"><p style="height: 900px">tall</p><p>the end</p>"""


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(
        house.support, mailbox=house.mailbox, customer_name="Dana Outside", subject="My parcel"
    )
    make_message(session, text="Where is it?\n\nOn Monday you wrote:\n> soon")
    return session


def test_sign_in_list_open_take_reply_with_a_file(
    house: House, session: Session, open_as: Open, tmp_path: Path
) -> None:
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("paid")
    page = open_as(house.alice.user)

    page.click("[data-test=session-row]")
    page.click("[data-test=take]")
    expect(page.locator(".status--pill")).to_have_text("Active")
    page.click("[data-test=reply]")
    page.fill("[data-test=editor]", "It is on its way.")
    page.set_input_files("[data-test=file-input]", receipt)
    page.click("[data-test=send]")

    answer = page.locator("[data-test=message]").nth(1)
    expect(answer).to_contain_text("It is on its way.")
    expect(answer.locator("[data-test=attachment]")).to_contain_text("receipt.txt")
    expect(answer.locator("[data-test=verdict]")).to_have_text("Waiting for scan")
    sent = Message.objects.get(direction="out")
    assert (sent.author, sent.session.agent) == (house.alice.user, house.alice)


def test_everything_works_without_a_script(house: House, session: Session, open_as: Open) -> None:
    page = open_as(house.alice.user, java_script_enabled=False)

    page.click("[data-test=session-row]")
    page.click("[data-test=take]")
    page.click("[data-test=reply]")
    page.fill("[data-test=editor]", "Without a script.")
    page.click("[data-test=send]")

    expect(page.locator("[data-test=message]").nth(1)).to_contain_text("Without a script.")


def test_what_others_do_shows_at_once_and_leaves_the_editor_alone(
    house: House, session: Session, open_as: Open
) -> None:
    alice = open_as(house.alice.user)
    alice.click("[data-test=session-row]")
    alice.click("[data-test=reply]")
    alice.fill("[data-test=editor]", "Half a sente")
    expect(alice.locator("[data-online]")).to_be_visible()

    bob = open_as(house.bob.user, f"/s/{session.public_id}/")
    bob.click("[data-test=take]")

    expect(alice.locator(".status--pill")).to_have_text("Active")
    expect(alice.locator(".facts")).to_contain_text("Bob")
    expect(alice.locator("[data-test=take]")).to_have_count(0)
    expect(alice.locator("[data-test=session-row]")).to_contain_text("Active")
    expect(alice.locator("[data-test=editor]")).to_have_value("Half a sente")

    bob.click("[data-test=reply]")
    bob.fill("[data-test=editor]", "Bob was quicker")
    bob.click("[data-test=send]")

    expect(alice.locator("[data-test=message]").nth(1)).to_contain_text("Bob was quicker")
    expect(alice.locator("[data-test=editor]")).to_have_value("Half a sente")


def test_a_late_answer_is_refused_and_kept(house: House, session: Session, open_as: Open) -> None:
    page = open_as(house.alice.user, f"/s/{session.public_id}/", java_script_enabled=False)
    page.click("[data-test=reply]")
    page.fill("[data-test=editor]", "My words")
    Session.objects.filter(pk=session.pk).update(agent=house.bob, status="active")

    page.click("[data-test=send]")

    expect(page.locator("[role=alert], .no-reply").first).to_be_visible()
    assert not Message.objects.filter(direction="out").exists()


def test_a_socket_that_is_gone_is_said(house: House, session: Session, open_as: Open) -> None:
    page = open_as(house.alice.user)
    expect(page.locator("[data-offline]")).to_be_hidden()

    def refuse(route: WebSocketRoute) -> None:
        route.close()

    page.route_web_socket("**/ws/", refuse)
    page.reload()

    expect(page.locator("[data-offline]")).to_be_visible()
    page.unroute_all()


def test_a_hostile_mail_stays_in_its_frame(house: House, session: Session, open_as: Open) -> None:
    message = make_message(session, html=HOSTILE)
    asked: list[str] = []
    page = open_as(house.alice.user)
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"/s/{session.public_id}/")
    frame = page.frame_locator(f"#m{message.pk} iframe")

    expect(frame.locator("text=the end")).to_be_visible()
    expect(page.locator(f"#m{message.pk} iframe")).to_have_css("height", tall(page, message.pk))
    assert "owned" not in page.title()
    assert not [url for url in asked if "track.test" in url]


def tall(page: Page, pk: int) -> str:
    """The height of the mail itself: the frame has no scroll bar of its own."""
    height = page.evaluate(
        "pk => document.querySelector(`#m${pk} iframe`)"
        ".contentDocument.documentElement.getBoundingClientRect().height",
        pk,
    )
    assert height > 900
    return f"{-(-height // 1):.0f}px"


def test_the_mail_link_brings_exactly_this_mail_into_view(
    house: House, session: Session, open_as: Open
) -> None:
    messages = [make_message(session, text=f"mail {n}\n" * 60) for n in range(5)]
    wanted = messages[2]

    page = open_as(house.alice.user, f"/e/{wanted.pk}/")

    expect(page.locator(".msg--wanted")).to_have_id(f"m{wanted.pk}")
    expect(page.locator(f"#m{wanted.pk} summary").first).to_be_in_viewport()


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_runs_over_the_side(
    house: House, session: Session, open_as: Open, width: int, scheme: str, language: str
) -> None:
    house.alice.user.language = language
    house.alice.user.save()
    session.subject = "Donaudampfschifffahrtsgesellschaft" * 6
    session.save()
    message = make_message(session, text="https://x.test/" + "a" * 300, html="")
    make_attachment(message, name="n" * 200 + ".pdf", verdict="refused", reason="type-denied")
    page = open_as(house.alice.user, viewport={"width": width, "height": 844}, color_scheme=scheme)

    for path in ("/", "/#nav", f"/s/{session.public_id}/", "/?status=closed", "/s/none/"):
        page.goto(path)
        assert overflow(page) == 0, path
    page.goto(f"/s/{session.public_id}/")
    page.click("[data-test=reply]")
    assert overflow(page) == 0
    expect(page.locator("[data-test=send]")).to_be_in_viewport()


def overflow(page: Page) -> int:
    """The page itself, and every pane in it."""
    width: int = page.evaluate(
        "Math.max(...[document.documentElement, ...document.querySelectorAll('.pane, .scroll')]"
        ".map(box => box.scrollWidth - box.clientWidth))"
    )
    return width


def test_a_phone_shows_one_pane_at_a_time(house: House, session: Session, open_as: Open) -> None:
    page = open_as(house.alice.user, viewport=PHONE)
    expect(page.locator(".read")).to_be_hidden()

    page.click("[data-test=session-row]")
    expect(page.locator(".list")).to_be_hidden()
    expect(page.locator(".read h1")).to_be_visible()

    page.click(".read .phone-only")
    expect(page.locator("[data-test=session-row]")).to_be_visible()


def test_the_theme_is_chosen_and_kept(house: House, open_as: Open) -> None:
    page = open_as(house.alice.user, color_scheme="light")

    page.click("[data-theme-toggle]")
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
