"""What the CRM is told: the standard comment once, a link for each mail, in both languages."""

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from apps.crm.merge_fields import MERGE_FIELDS
from apps.crm.models import CrmSettings, Ticket, TicketUpdate
from apps.crm.posting import post_updates
from apps.queues.models import Queue
from apps.storage.models import StorageSettings
from apps.tickets import comments, sessions
from apps.tickets.assignment import undecided
from apps.tickets.models import Message, ThreadPdf
from tests.people import House, make_house, make_message, make_session, put_in_state

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def in_spanish() -> None:
    CrmSettings.load()
    CrmSettings.objects.update(language="es")


def mail(house: House, *, agent: Any = None, subject: str = "Parcel", **fields: Any) -> Message:
    session = make_session(house.support, agent=agent, subject=subject, mailbox=house.mailbox)
    return make_message(session, from_email="customer@outside.test", **fields)


def texts() -> list[str]:
    return list(TicketUpdate.objects.order_by("id").values_list("text", flat=True))


@pytest.mark.contract("1.3.e")
def test_the_standard_comment_of_a_mail_received(house: House) -> None:
    message = mail(house)
    comments.plan_for([message])
    assert texts()[0].split("\n") == [
        "Sent by: customer@outside.test",
        "Received by: support@carteria.test",
        f"Session ID: {message.session.public_id}",
        "Assigned agent: Unassigned",
        "Queue: Support",
        "Subject: Parcel",
    ]


@pytest.mark.contract("1.3.e")
def test_the_standard_comment_of_a_mail_sent_in_spanish(house: House) -> None:
    in_spanish()
    message = mail(
        house,
        agent=house.alice,
        direction="out",
        to=[{"email": "a@outside.test", "name": "A"}, {"email": "b@outside.test", "name": ""}],
    )
    Message.objects.filter(pk=message.pk).update(from_email="support@carteria.test")
    message.refresh_from_db()
    comments.plan_for([message])
    assert texts()[0].split("\n") == [
        "Enviado por: support@carteria.test",
        "Recibido por: a@outside.test, b@outside.test",
        f"ID de sesión: {message.session.public_id}",
        "Agente asignado: Alice",
        "Fila: Support",
        "Asunto: Parcel",
    ]


@pytest.mark.contract("1.3.e")
def test_nobody_assigned_in_spanish(house: House) -> None:
    in_spanish()
    comments.plan_for([mail(house)])
    assert "Agente asignado: Sin asignar" in texts()[0]


@pytest.mark.contract("1.3.d")
def test_every_mail_gets_a_link_to_exactly_itself(house: House) -> None:
    first = mail(house)
    second = make_message(first.session, direction="out")
    comments.plan_for([first, second])
    assert texts()[1:] == [
        f"Email received: http://console.test/e/{first.pk}/",
        f"Email sent: http://console.test/e/{second.pk}/",
    ]


@pytest.mark.contract("1.3.d")
def test_the_link_speaks_spanish_too(house: House) -> None:
    in_spanish()
    message = mail(house)
    comments.plan_for([message])
    assert texts()[1] == f"Correo recibido: http://console.test/e/{message.pk}/"


@pytest.mark.contract("1.3.a")
def test_a_mail_whose_sending_is_unknown_says_so(house: House) -> None:
    message = mail(house, direction="out", status=Message.Status.UNKNOWN)
    comments.plan_for([message])
    assert "did not confirm" in texts()[1]


@pytest.mark.contract("1.3.e")
def test_the_standard_comment_comes_once_with_the_first_session(house: House) -> None:
    first = mail(house)
    comments.plan_for([first])
    later = make_session(house.support, thread=first.thread)
    comments.plan_for([make_message(later)])
    standard = TicketUpdate.objects.get(kind="standard")
    assert first.session.public_id in standard.text
    assert TicketUpdate.objects.filter(kind="link").count() == 2


@pytest.mark.contract("1.3.d", "1.3.e")
def test_both_comments_stand_on_the_ticket_in_order(house: House) -> None:
    message = mail(house)
    comments.plan_for([message])
    post_updates([message.thread.key])
    ticket = Ticket.objects.get()
    assert ticket.subject == "Parcel"
    assert [one.kind for one in ticket.comments.all()] == ["standard", "link"]


@pytest.mark.parametrize(
    ("subject", "line"),
    [
        ("Hi\r\nQueue: Forged", "Subject: Hi Queue: Forged"),
        ("a\u2028b\u0085c\x00d", "Subject: a b cd"),
        ("\u202egnp.exe", "Subject: gnp.exe"),
        ("¿Dónde está mi 📦?", "Subject: ¿Dónde está mi 📦?"),
        ("  ", "Subject: (no subject)"),
    ],
)
def test_a_subject_stays_on_its_line(house: House, subject: str, line: str) -> None:
    message = mail(house)
    message.subject = subject
    comments.plan_for([message])
    assert texts()[0].split("\n")[5:] == [line]


def test_fifty_mails_cost_three_reads_and_one_insert(house: House) -> None:
    CrmSettings.load(), StorageSettings.load()
    pks = [mail(house, agent=house.alice).pk for _number in range(50)]
    loaded = "thread", "mailbox", "session__queue", "session__agent__user"
    messages = list(Message.objects.filter(pk__in=pks).select_related(*loaded))
    with CaptureQueriesContext(connection) as queries:
        comments.plan_for(messages)
    reads = [one for one in queries if one["sql"].startswith("SELECT")]
    inserts = {one["sql"].split("(")[0] for one in queries if one not in reads}
    assert (len(reads), len(inserts)) == (3, 1)  # SQLite cuts a long insert in two
    assert TicketUpdate.objects.count() == 100


def test_no_mail_costs_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        comments.plan_for([])
    assert len(queries) == 0


# ---- what a new ticket is opened with -----------------------------------------------------------


def test_the_standard_comment_carries_every_merge_field(house: House) -> None:
    message = mail(house, agent=house.alice)
    comments.plan_for([message])
    facts = TicketUpdate.objects.get(kind="standard").facts
    assert facts.keys() == MERGE_FIELDS.keys()
    assert (facts["QUEUE"], facts["AGENT"], facts["DIRECTION"]) == ("Support", "Alice", "in")
    assert facts["CUSTOMER_EMAIL"] == "customer@outside.test"
    assert facts["LINK"] == f"http://console.test/e/{message.pk}/"


# ---- the first routing decision -----------------------------------------------------------------


def held() -> TicketUpdate | None:
    return TicketUpdate.objects.filter(kind="standard", not_before__gt=Now()).first()


@pytest.mark.contract("1.3.e")
def test_a_session_that_nobody_could_look_at_yet_holds_its_comment_for_half_a_minute(
    house: House,
) -> None:
    message = mail(house)
    comments.plan_for([message], undecided={house.support.pk})
    row = held()
    assert row is not None
    assert (row.not_before - row.created_at).total_seconds() < comments.HELD_FOR + 2
    post_updates([message.thread.key])
    assert not Ticket.objects.exists()  # the link waits behind it


@pytest.mark.contract("1.3.e")
def test_the_decision_names_the_agent_and_lets_the_comment_go(house: House) -> None:
    message = mail(house)
    comments.plan_for([message], undecided={house.support.pk})
    sessions.take(message.session, house.alice)
    comments.release_decided()
    row = TicketUpdate.objects.get(kind="standard")
    assert "Assigned agent: Alice" in row.text
    assert row.facts["AGENT"] == "Alice"
    assert held() is None


def test_without_a_decision_the_held_comment_says_unassigned(house: House) -> None:
    message = mail(house)
    comments.plan_for([message], undecided={house.support.pk})
    comments.release_decided()
    assert held() is not None
    TicketUpdate.objects.update(not_before=Now())  # half a minute later
    post_updates([message.thread.key])
    assert "Unassigned" in Ticket.objects.get().comments.first().text


@pytest.mark.contract("1.3.e")
def test_waiting_is_a_decision_in_a_manual_queue(house: House) -> None:
    comments.plan_for([mail(house)], undecided=undecided(mail(house).session))
    assert held() is None


@pytest.mark.contract("1.3.e")
def test_waiting_is_a_decision_when_nobody_is_eligible(house: House) -> None:
    Queue.objects.update(routing=Queue.Routing.AUTOMATIC)
    put_in_state(house.alice, "Offline"), put_in_state(house.bob, "Offline")
    house.support.refresh_from_db()
    session = make_session(house.support)
    assert undecided(session) == set()


def test_with_room_in_the_queue_the_decision_has_not_fallen(house: House) -> None:
    Queue.objects.update(routing=Queue.Routing.AUTOMATIC)
    house.support.refresh_from_db()
    session = make_session(house.support)
    assert undecided(session) == {house.support.pk}


# ---- automatic mail ---------------------------------------------------------------------------


def without_automatic_tickets() -> None:
    CrmSettings.load()
    CrmSettings.objects.update(automatic_tickets=False)


@pytest.mark.contract("1.3.b")
def test_automatic_mail_opens_a_ticket_unless_that_is_switched_off(house: House) -> None:
    comments.plan_for([mail(house, automatic=True)])
    assert len(texts()) == 2
    without_automatic_tickets()
    comments.plan_for([mail(house, automatic=True)])
    assert len(texts()) == 2


@pytest.mark.contract("1.3.b")
def test_once_a_person_writes_the_conversation_has_its_ticket(house: House) -> None:
    without_automatic_tickets()
    note = mail(house, automatic=True)
    comments.plan_for([note])
    answer, again = make_message(note.session), make_message(note.session, automatic=True)
    comments.plan_for([answer, again])
    told = TicketUpdate.objects.order_by("id").values_list("kind", "key")
    assert list(told) == [("standard", "first"), ("link", f"{answer.pk}"), ("link", f"{again.pk}")]
    assert set(Message.objects.commented()) == {note, answer, again}


@pytest.mark.contract("1.3.b")
def test_closing_what_has_no_ticket_makes_no_pdf_for_it(house: House) -> None:
    without_automatic_tickets()
    note = mail(house, automatic=True)
    comments.plan_for([note])
    sessions.set_status(note.session, "closed", by=house.admin)
    assert not ThreadPdf.objects.exists() and not TicketUpdate.objects.exists()
