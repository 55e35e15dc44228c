"""The buttons: one verb each, by POST, and trouble is told in place."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.tickets.models import Message, Session
from tests.console.conftest import SignIn
from tests.people import House, make_message, make_session


def act(client: Client, session: Session, verb: str, **form: Any) -> Any:
    return client.post(f"/s/{session.public_id}/{verb}/", form, follow=True)


def answer(client: Client, session: Session, text: str = "Here it is.", **form: Any) -> Any:
    return act(client, session, "reply", text=text, **({"key": "k1"} | form))


@pytest.fixture
def session(house: House) -> Session:
    session = make_session(house.support, mailbox=house.mailbox, customer_name="Dana")
    make_message(session)
    return session


def test_taking_makes_it_mine(house: House, as_user: SignIn, session: Session) -> None:
    page = act(as_user(house.alice.user), session, "take").content.decode()

    session.refresh_from_db()
    assert (session.agent, session.status) == (house.alice, "active")
    assert "the session is yours" in page


def test_the_slower_one_is_told(house: House, as_user: SignIn, session: Session) -> None:
    act(as_user(house.alice.user), session, "take")

    page = act(as_user(house.bob.user), session, "take").content.decode()

    session.refresh_from_db()
    assert session.agent == house.alice
    assert "Somebody else has taken this session." in page


def test_nobody_without_an_agent_takes(house: House, as_user: SignIn, session: Session) -> None:
    assert act(as_user(house.irene), session, "take").status_code == 404


def test_open_resolve_and_close(house: House, as_user: SignIn, session: Session) -> None:
    client = as_user(house.alice.user)
    act(client, session, "take")

    for status in ("resolved", "closed"):
        act(client, session, "status", status=status)
        session.refresh_from_db()
        assert session.status == status
    assert "cannot become" in act(client, session, "status", status="active").content.decode()


def test_a_status_of_fantasy_is_not_found(house: House, as_user: SignIn, session: Session) -> None:
    assert act(as_user(house.alice.user), session, "status", status="x").status_code == 404


def test_giving_back_frees_it(house: House, as_user: SignIn, session: Session) -> None:
    client = as_user(house.alice.user)
    act(client, session, "take")

    act(client, session, "give-back")

    session.refresh_from_db()
    assert (session.agent, session.status) == (None, "unopened")


def test_after_giving_away_what_one_sees_no_more_the_list_comes(
    house: House, as_user: SignIn, session: Session
) -> None:
    Session.objects.filter(pk=session.pk).update(agent=house.charlie, status="active")

    response = act(as_user(house.charlie.user), session, "give-back")

    assert response.redirect_chain == [("/", 302)]


@pytest.mark.parametrize("verb", ["take", "give-back", "status", "reply"])
def test_verbs_are_posts_with_a_token(
    house: House, as_user: SignIn, session: Session, verb: str
) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(house.alice.user)

    assert as_user(house.alice.user).get(f"/s/{session.public_id}/{verb}/").status_code == 405
    refused = strict.post(f"/s/{session.public_id}/{verb}/")
    assert refused.status_code == 403
    assert "Nothing was changed" in refused.content.decode()


def test_an_answer_with_a_file_is_queued_and_shown(
    house: House, as_user: SignIn, session: Session
) -> None:
    client = as_user(house.alice.user)
    act(client, session, "take")

    file = SimpleUploadedFile("receipt.pdf", b"%PDF-1.4 receipt", "application/pdf")
    page = answer(client, session, uploads=file).content.decode()

    message = Message.objects.get(direction="out")
    assert (message.text, message.author) == ("Here it is.", house.alice.user)
    assert [one.attachment.name for one in message.files.all()] == ["receipt.pdf"]
    assert "Here it is." in page
    assert "receipt.pdf" in page
    assert "Waiting for scan" in page


def test_answering_a_free_session_takes_it(house: House, as_user: SignIn, session: Session) -> None:
    answer(as_user(house.alice.user), session)

    session.refresh_from_db()
    assert session.agent == house.alice


def test_a_second_click_sends_nothing(house: House, as_user: SignIn, session: Session) -> None:
    client = as_user(house.alice.user)
    answer(client, session)

    page = answer(client, session).content.decode()

    assert Message.objects.filter(direction="out").count() == 1
    assert "was sent already" in page


def test_an_empty_answer_comes_back(house: House, as_user: SignIn, session: Session) -> None:
    response = answer(as_user(house.alice.user), session, text="  \n ")

    assert response.status_code == 422
    assert "Message: write your answer first." in response.content.decode()
    assert Message.objects.filter(direction="out").count() == 0


def test_a_refused_answer_keeps_its_text_and_may_be_sent_again(
    house: House, as_user: SignIn, session: Session
) -> None:
    client = as_user(house.alice.user)
    files = [SimpleUploadedFile(f"{n}.txt", b"words", "text/plain") for n in range(11)]

    response = answer(client, session, text="My long answer", uploads=files)

    page = response.content.decode()
    assert response.status_code == 422
    assert "My long answer" in page
    assert "choose them again" in page
    assert '<details class="composer" id="compose" open>' in page
    assert answer(client, session, text="My long answer").status_code == 200
    assert Message.objects.filter(direction="out").count() == 1


def test_somebody_elses_session_is_not_answered(
    house: House, as_user: SignIn, session: Session
) -> None:
    act(as_user(house.alice.user), session, "take")

    response = answer(as_user(house.bob.user), session)

    assert response.status_code == 422
    assert Message.objects.filter(direction="out").count() == 0
