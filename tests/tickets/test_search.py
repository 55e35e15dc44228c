"""Finding sessions as agents do: by who wrote, subject, words, files and exact ids."""

from email.message import EmailMessage

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.channels.models import InboundEmail
from apps.channels.receive import receive_one
from apps.core.models import User
from apps.crm.models import TicketLink
from apps.tickets import search
from apps.tickets.inbound import take_in
from apps.tickets.models import Message, Session
from apps.tickets.outbound import Letter, reply
from tests.people import House, crm_connection, make_house, make_message, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return make_house()


def arrives(house: House, *, subject: str = "Pago", text: str = "Hola") -> Session:
    """A mail with a file, through the whole intake."""
    mail = EmailMessage()
    mail["From"] = "Ana López <ana.lopez@firma.test>"
    mail["To"], mail["Subject"] = "support@carteria.test", subject
    mail.set_content(text)
    mail.add_attachment(b"a,b", maintype="text", subtype="csv", filename="Extracto_Julio.csv")
    row, _new = receive_one(mail.as_bytes(), mailbox=house.mailbox, source=InboundEmail.Source.API)
    take_in()
    return Message.objects.get(inbound=row).session


def a_session(house: House, text: str = "Hello", **fields: object) -> Session:
    session = make_session(house.support, agent=house.alice, mailbox=house.mailbox)
    search.add([make_message(session, text=text, **fields)])
    return session


def found(question: str, user: User) -> list[Session]:
    return list(search.matching(Session.objects.visible_to(user), question).order_by("pk"))


@pytest.mark.parametrize(
    "question",
    ["ana", "LOPEZ", "ana.lopez@firma.test", "ana.lopez", "firma.test", "firma", "López Ana",
     "factura", "facturá de jul", '"factura de julio"', "extracto", "extracto_julio.csv",
     "ibán", "pendiente factura ana"],
)  # fmt: skip
def test_a_mail_is_found_by_sender_subject_words_and_files(house: House, question: str) -> None:
    session = arrives(house, subject="Factura de Julio", text="Está pendiente.\nMi IBAN es...")
    a_session(house)
    assert found(question, house.alice.user) == [session]


def test_an_answer_is_found_by_its_words_and_recipient(house: House) -> None:
    session = a_session(house, from_email="carla@outside.test")
    session.status = Session.Status.ACTIVE
    session.save()
    reply(session, Letter(text="We refunded the umbrella."), by=house.alice.user)
    assert found("umbrella carla", house.alice.user) == [session]


def test_a_session_is_found_by_its_id_however_it_is_typed(house: House) -> None:
    session = a_session(house)
    a_session(house, text=f"Where is {session.public_id}?")
    assert found(f" {session.public_id.lower()} ", house.alice.user) == [session]
    assert found(session.thread.key, house.alice.user) == [session]


def test_the_beginning_of_an_id_is_a_word_like_others(house: House) -> None:
    session = a_session(house)
    assert found(session.public_id[:9], house.alice.user) == [session]


def test_a_ticket_is_found_beside_texts_with_its_number(house: House) -> None:
    session, other = a_session(house), a_session(house, text="order 4711")
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket="4711"
    )
    assert found("4711", house.alice.user) == [session, other]
    assert found("#4711", house.alice.user) == [session, other]


def test_nothing_asked_leaves_all_and_nothing_sayable_finds_none(house: House) -> None:
    session = a_session(house)
    assert found("  ", house.alice.user) == [session]
    assert found("\0?!", house.alice.user) == []


@pytest.mark.parametrize("question", ["secret", "{id}", "{key}", "4711", "carla@outside.test"])
def test_what_somebody_may_not_see_is_not_found(house: House, question: str) -> None:
    """Not by a word, not by an id, not by a ticket."""
    session = a_session(house, text="secret 4711", from_email="carla@outside.test")
    TicketLink.objects.create(
        thread_key=session.thread.key, connection=crm_connection(), ticket="4711"
    )
    question = question.format(id=session.public_id, key=session.thread.key)
    assert found(question, house.charlie.user) == []
    assert found(question, house.bob.user) == [session]


def test_the_list_goes_on_where_it_ended(house: House) -> None:
    """With the filters and marks of the list around it."""
    sessions = [a_session(house, text="parcel") for _number in range(5)]
    matching = search.matching(Session.objects.visible_to(house.alice.user), "parcel")
    rows = matching.filter(status=Session.Status.UNOPENED).order_by("-updated_at", "-id")
    first = list(rows[:2])
    last = first[-1]
    older = rows.filter(updated_at__lte=last.updated_at).exclude(pk__gte=last.pk)
    assert [*first, *older] == sessions[::-1]


def test_ten_thousand_characters_are_no_error(house: House) -> None:
    a_session(house)
    for question in ("(" * 10_000, "a" * 10_000, "a." * 5000, '"' * 10_000, "#" + "9" * 9999):
        assert found(question, house.admin) == []


def test_a_search_asks_as_much_for_many_sessions_as_for_one(house: House) -> None:
    asked = []
    for sessions in (1, 20):
        for _number in range(sessions):
            a_session(house, text="parcel")
        assert house.admin.sees_everything
        with CaptureQueriesContext(connection) as queries:
            assert found("parcel", house.admin)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 5


def test_a_lot_is_indexed_in_two_statements(house: House) -> None:
    session = make_session(house.support)
    messages = [make_message(session) for _number in range(30)]
    with CaptureQueriesContext(connection) as queries:
        search.add(messages)
    assert len(queries) == 2


def test_a_deleted_message_leaves_no_words(house: House) -> None:
    session = a_session(house)
    [message] = session.messages.all()
    session.messages.all().delete()
    assert search.MESSAGES.known([message.pk]) == set()


def test_older_messages_are_indexed_once(house: House) -> None:
    session = make_session(house.support)
    for _number in range(3):
        make_message(session, text="parcel")
    assert (search.add_missing(), search.add_missing()) == (3, 0)
    assert found("parcel", house.admin) == [session]


def test_the_tables_are_made_after_migrating(house: House) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {search.MESSAGES.table}")
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TABLE {search.MESSAGES.table}_fts")
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    a_session(house, text="parcel")
    assert len(found("parcel", house.admin)) == 1
