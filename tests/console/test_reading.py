"""The reading pane: the conversation as far as the reader may see it."""

import re
from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.channels.models import ChannelSettings
from apps.crm.models import Ticket, TicketLink
from apps.tickets.models import Session, SessionEvent
from tests.console.conftest import SignIn
from tests.people import House, make_attachment, make_message, make_session


def address(session: Session) -> str:
    return f"/s/{session.public_id}/"


def test_messages_stand_oldest_first_and_the_newest_is_unfolded(
    house: House, as_user: SignIn
) -> None:
    session = make_session(house.support)
    first, second = make_message(session, text="first"), make_message(session, text="second")

    page = as_user(house.alice.user).get(address(session)).content.decode()

    opened = re.findall(r'<details class="msg[^>]*id="m(\d+)"[^>]*?( open)?>', page)
    assert opened == [(str(first.pk), ""), (str(second.pk), " open")]


def test_what_is_not_yours_is_not_found(house: House, as_user: SignIn) -> None:
    session = make_session(house.other)
    message = make_message(session, html="<p>hello</p>")
    client = as_user(house.alice.user)

    for path in (address(session), f"/e/{message.pk}/", f"/m/{message.pk}/"):
        assert client.get(path).status_code == 404
    for verb in ("take", "give-back", "status", "reply"):
        form = {"status": "closed", "text": "x", "key": "k"}
        assert client.post(f"{address(session)}{verb}/", form).status_code == 404


def test_reading_changes_nothing(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice)
    make_message(session)

    as_user(house.alice.user).get(address(session))

    session.refresh_from_db()
    assert session.status == Session.Status.UNOPENED


def test_more_messages_cost_no_more_queries(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    client = as_user(house.alice.user)
    client.get(address(session))  # the settings rows are made once
    counts = []
    for _round in range(2):
        for _mail in range(5):
            make_attachment(make_message(session))
            make_message(session, direction="out", author=house.alice.user)
            SessionEvent.objects.create(session=session, kind="status", why="x")
        with CaptureQueriesContext(connection) as queries:
            client.get(address(session))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 27


def test_the_mail_link_opens_exactly_that_mail(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, status="closed")
    wanted, _newest = make_message(session), make_message(session)
    client = as_user(house.alice.user)

    response = client.get(f"/e/{wanted.pk}/")
    assert response["Location"].endswith(f"#m{wanted.pk}")
    page = client.get(response["Location"]).content.decode()

    assert re.search(rf'class="msg msg--wanted" id="m{wanted.pk}"[^>]* open', page)


def test_the_mail_link_survives_the_sign_in(house: House) -> None:
    from django.test import Client

    message = make_message(make_session(house.support))
    client = Client()
    door = client.get(f"/e/{message.pk}/")["Location"]

    form = {"login": "alice", "password": "alice", "next": f"/e/{message.pk}/"}
    assert client.post(door, form)["Location"] == f"/e/{message.pk}/"


def test_only_clean_files_can_be_clicked(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support))
    clean = make_attachment(message, name="clean.png")
    held = [
        make_attachment(message, name="w.png", verdict="waiting"),
        make_attachment(message, name="r.exe", verdict="refused", reason="type-denied"),
        make_attachment(message, name="i.doc", verdict="infected", reason="infected:Eicar"),
        make_attachment(message, name="e.pdf", verdict="withheld", reason="encrypted"),
    ]

    page = as_user(house.alice.user).get(address(message.session)).content.decode()

    assert f"/api/v1/attachments/{clean.pk}/content/" in page
    for file in held:
        assert f"/api/v1/attachments/{file.pk}/" not in page
        assert file.name in page
    for words in ("programs and archives are not accepted", "Eicar", "password-protected"):
        assert words in page
    assert page.count('data-test="attachment"') == 5
    assert page.count('data-test="refused-reason"') == 3


def test_text_is_escaped_linked_and_quotes_are_folded(house: House, as_user: SignIn) -> None:
    text = "See https://x.test/?a=1&b=2. <img onerror=x>\n\nOn Monday Bob wrote:\n> old words"
    message = make_message(make_session(house.support), text=text)

    page = as_user(house.alice.user).get(address(message.session)).content.decode()

    assert 'href="https://x.test/?a=1&amp;b=2"' in page
    assert "&lt;img onerror" in page
    assert "Quoted text, 2 lines" in page


def test_html_is_only_in_a_sandboxed_frame(house: House, as_user: SignIn) -> None:
    message = make_message(make_session(house.support), html="<p>hello <b>frame</b></p>")

    page = as_user(house.alice.user).get(address(message.session)).content.decode()

    assert "<b>frame</b>" not in page
    flags = 'sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"'
    assert f'src="/m/{message.pk}/" {flags}' in page


def test_delivery_ticket_and_why_are_told(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.bob, why="Given to Bob: fewest open mails.")
    SessionEvent.objects.create(session=session, kind="status", why="New mail to support.")
    ticket = Ticket.objects.create(marker=session.thread.key, subject="x")
    TicketLink.objects.create(
        thread_key=session.thread.key, kind="builtin", ticket=str(ticket.pk), url="http://old/"
    )
    make_message(session, direction="out", status="failed", because="Mailbox full.")

    page = as_user(house.alice.user).get(address(session)).content.decode()

    for words in ("Given to Bob", "New mail to support.", "Not delivered", "Mailbox full."):
        assert words in page
    assert f'href="/tickets/{ticket.pk}/"' in page


def test_buttons_follow_the_status_and_the_person(house: House, as_user: SignIn) -> None:
    free = make_session(house.support)
    mine = make_session(house.support, agent=house.alice, status="active")
    closed = make_session(house.support, agent=house.alice, status="closed")
    alice, bob = as_user(house.alice.user), as_user(house.bob.user)

    assert 'data-test="take"' in alice.get(address(free)).content.decode()
    assert "Resolve" in alice.get(address(mine)).content.decode()
    assert "Resolve</button>" not in bob.get(address(mine)).content.decode()
    assert 'data-test="reply"' not in bob.get(address(mine)).content.decode()
    assert "Resolve</button>" not in alice.get(address(closed)).content.decode()
    assert 'data-test="take"' not in as_user(house.auditor).get(address(free)).content.decode()


def test_with_the_channel_off_one_can_read_not_write(house: House, as_user: SignIn) -> None:
    session = make_session(house.support, agent=house.alice)
    make_message(session, text="still readable")
    ChannelSettings.objects.update(enabled=False)

    page = as_user(house.alice.user).get(address(session)).content.decode()

    assert "still readable" in page
    assert 'data-test="reply"' not in page
    assert "you can read, not write" in page


def test_earlier_sessions_are_shown_as_far_as_they_are_visible(
    house: House, as_user: SignIn
) -> None:
    now = make_session(house.support)
    before = make_session(house.support, thread=now.thread)
    hidden = make_session(house.other, thread=now.thread)
    make_message(before, text="long ago")
    make_message(hidden, text="nobody's business")
    make_message(now, text="today")

    page = as_user(house.alice.user).get(address(now)).content.decode()

    assert "long ago" in page
    assert "today" in page
    assert before.public_id in page
    assert "business" not in page


def test_times_are_short_and_whole_in_the_title(house: House, as_user: SignIn) -> None:
    session = make_session(house.support)
    Session.objects.filter(pk=session.pk).update(updated_at=timezone.now() - timedelta(hours=3))

    page = as_user(house.alice.user).get("/").content.decode()

    assert re.search(
        r'<time [^>]*title="\w+day, \d+ \w+ \d{4}, [\d:]{8}" data-age>3 h</time>', page
    )
