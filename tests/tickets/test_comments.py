"""What the CRM is told: the standard comment once, a link for each mail, in both languages."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.crm.models import CrmSettings, Ticket, TicketUpdate
from apps.crm.updates import post_updates
from apps.tickets import comments
from apps.tickets.models import Message
from tests.people import House, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


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
    CrmSettings.objects.create(pk=1, language="es")
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
    CrmSettings.objects.create(pk=1, language="es")
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
    CrmSettings.objects.create(pk=1, language="es")
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


def test_fifty_mails_cost_two_reads_and_one_insert(house: House) -> None:
    CrmSettings.load()
    pks = [mail(house, agent=house.alice).pk for _number in range(50)]
    loaded = "thread", "mailbox", "session__queue", "session__agent__user"
    messages = list(Message.objects.filter(pk__in=pks).select_related(*loaded))
    with CaptureQueriesContext(connection) as queries:
        comments.plan_for(messages)
    reads = [one for one in queries if one["sql"].startswith("SELECT")]
    inserts = {one["sql"].split("(")[0] for one in queries if one not in reads}
    assert (len(reads), len(inserts)) == (2, 1)  # SQLite cuts a long insert in two
    assert TicketUpdate.objects.count() == 100


def test_no_mail_costs_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        comments.plan_for([])
    assert len(queries) == 0
