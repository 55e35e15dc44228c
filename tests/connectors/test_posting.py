"""The outbox on every CRM: rows are planned, and what the CRM then has is looked at from its side."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.core import blobs
from apps.core.models import Lease
from apps.crm import registry
from apps.crm.connections import switch
from apps.crm.connectors.base import TicketRef
from apps.crm.models import CrmConnection, TicketLink, TicketUpdate
from apps.crm.posting import due, post_updates
from apps.crm.updates import Planned, plan, rebuild
from tests.connectors.sides import DELETE, FIELDS, MERGE, WEB, CrmSide, asked_of

pytestmark = [pytest.mark.connectors, pytest.mark.django_db]

LABELS = {
    "en": ("Sent by", "Received by", "Session ID", "Assigned agent", "Queue", "Subject"),
    "es": ("Enviado por", "Recibido por", "ID de sesión", "Agente asignado", "Fila", "Asunto"),
}
VALUES = ("ana@x.test", "help@x.test", "E0123456789AB", "Íñigo Núñez", "Support", "Mi pedido 😀")
FACTS = {"CUSTOMER_NAME": "Ana", "CUSTOMER_EMAIL": "ana@x.test", "QUEUE": "Support"}
_keys = iter(range(1, 10**6))


def fresh() -> str:
    return f"P{next(_keys):05}POSTING"


def standard(language: str = "en") -> str:
    return "\n".join(
        f"{label}: {value}" for label, value in zip(LABELS[language], VALUES, strict=True)
    )


def link(number: int) -> str:
    return f"http://console.test/e/{number}/"


def connect(side: CrmSide, **more: object) -> CrmConnection:
    connection = CrmConnection.objects.create(
        kind=side.kind,
        url=side.access.url,
        user=side.access.user,
        queue=side.access.queue,
        token=_sealed(side.access.token),
        **more,
    )
    switch(connection)
    return connection


def _sealed(token: str) -> str:
    from apps.core.secrets import seal

    return seal(token) if token else ""


def plan_mail(
    key: str, number: int, language: str = "en", facts: Mapping[str, str] = FACTS
) -> None:
    """As the floors above do for one email: what is planned already stays."""
    subject = VALUES[-1]
    plan(
        [
            Planned(key, "standard", "first", subject, standard(language), facts=facts),
            Planned(key, "link", str(number), subject, link(number)),
        ]
    )


def post(*keys: str, rounds: int = 1) -> None:
    for _round in range(rounds):
        CrmConnection.objects.update(paused_until=None)
        TicketUpdate.objects.update(not_before=timezone.now() - timedelta(seconds=1))
        post_updates(keys)


def ticket_of(key: str) -> TicketRef:
    found = TicketLink.objects.get(thread_key=key)
    return TicketRef(found.ticket, found.url)


def texts(side: CrmSide, key: str) -> list[str]:
    return [one.text for one in side.said(ticket_of(key))]


def states(*keys: str) -> set[str]:
    rows = TicketUpdate.objects.filter(thread_key__in=keys)
    return set(rows.values_list("status", flat=True))


# ---- what a mail brings ---------------------------------------------------------------------


@asked_of()
@pytest.mark.parametrize("language", LABELS)
@pytest.mark.contract("1.3.a", "1.3.c", "1.3.d", "1.3.e", "1.3.i", "1.3.j")
def test_two_mails_make_one_ticket_with_private_comments_in_order(
    side: CrmSide, language: str
) -> None:
    key = fresh()
    connect(side)
    plan_mail(key, 1, language)
    post(key)
    plan_mail(key, 2, language)
    post(key)
    assert texts(side, key) == [standard(language), link(1), link(2)]
    assert all(one.private for one in side.said(ticket_of(key)))
    assert states(key) == {"posted"}


@asked_of()
def test_a_copy_of_60000_characters_is_cut_with_a_link(side: CrmSide) -> None:
    key = fresh()
    connection = connect(side)
    most = getattr(registry.connector_of(connection), "most", None)
    body = "Palabra ñ & <más>\n" * ((most.comment if most else 60_000) // 10)
    plan([Planned(key, "copy", "1", "Parcel", body, facts={"LINK": link(1)})])
    post(key)
    (said,) = texts(side, key)
    if most is None:  # the built-in one takes it whole
        assert said == body
    else:
        assert said.endswith(f"\n… {link(1)}")
        assert body.startswith(said.rpartition("\n")[0].rstrip())
        assert len(said) <= most.comment


@asked_of()
@pytest.mark.contract("1.3.g")
def test_files_and_the_pdf_hang_on_the_ticket(side: CrmSide) -> None:
    key = fresh()
    connect(side)
    files = {"factura nº 1.pdf": b"%PDF-1.7\xff", "E0123456789AB-1.txt": bytes(range(256))}
    kinds = iter(("file", "pdf"))
    plan(
        [
            Planned(key, next(kinds), str(number), "Parcel", name, blob=blobs.store(content))
            for number, (name, content) in enumerate(files.items())
        ]
    )
    post(key)
    assert dict(file for one in side.said(ticket_of(key)) for file in one.files) == files


@asked_of(FIELDS)
def test_ticket_fields_are_filled_from_the_session(side: CrmSide) -> None:
    key = fresh()
    name, _value = side.known_field
    connect(side, fields={name: "{QUEUE}/{CUSTOMER_NAME}"})
    plan_mail(key, 1)
    post(key)
    assert side.field(ticket_of(key), name) == "Support/Ana"


@asked_of(FIELDS)
def test_an_unknown_field_stops_the_thread_visibly(side: CrmSide) -> None:
    key = fresh()
    connection = connect(side, fields={"Kontrakt": "{QUEUE}"})
    plan_mail(key, 1)
    post(key)
    row = TicketUpdate.objects.filter(thread_key=key).earliest("pk")
    assert (row.status, "Kontrakt" in row.error) == ("failed", True)
    connection.refresh_from_db()
    assert connection.paused_until is None  # nobody else's fault


# ---- once -----------------------------------------------------------------------------------


@asked_of()
def test_a_crash_before_our_record_makes_nothing_twice(side: CrmSide) -> None:
    key = fresh()
    connect(side)
    plan_mail(key, 1)
    post(key)
    before = ticket_of(key)
    TicketUpdate.objects.update(status="planned")
    TicketLink.objects.all().delete()
    post(key)
    assert ticket_of(key) == before
    assert texts(side, key) == [standard(), link(1)]


@asked_of()
def test_rebuilding_writes_only_what_is_missing(side: CrmSide) -> None:
    key = fresh()
    connect(side)
    plan_mail(key, 1)
    post(key)
    rebuild(key)
    post(key)
    assert texts(side, key) == [standard(), link(1)]


# ---- what can go wrong over there -----------------------------------------------------------


@asked_of(WEB)
def test_a_wrong_token_holds_the_connection_not_the_thread(side: CrmSide) -> None:
    key = fresh()
    side.access = replace(side.access, token="1-29-abcdef")
    connection = connect(side)
    plan_mail(key, 1)
    post(key)
    connection.refresh_from_db()
    assert (connection.error_code, "token" in connection.error) == ("auth", True)
    assert connection.paused_until is not None
    assert (states(key), due(10)) == ({"planned"}, [])


@asked_of(DELETE)
def test_a_deleted_ticket_stops_the_thread_until_somebody_looks(side: CrmSide) -> None:
    key = fresh()
    connect(side)
    plan_mail(key, 1)
    post(key)
    side.delete(ticket_of(key))
    plan_mail(key, 2)
    post(key)
    row = TicketUpdate.objects.get(thread_key=key, key="2")
    assert (row.status, "deleted" in row.error) == ("failed", True)


@asked_of(DELETE)
@pytest.mark.contract("1.3.c")
def test_a_deleted_ticket_is_replaced_by_setting(side: CrmSide) -> None:
    key = fresh()
    connect(side, deleted_ticket="new")
    plan_mail(key, 1)
    post(key)
    first = ticket_of(key)
    side.delete(first)
    plan_mail(key, 2)
    post(key, rounds=3)
    assert ticket_of(key).id != first.id
    assert sorted(texts(side, key)) == sorted([standard(), link(2)])


@asked_of(MERGE)
@pytest.mark.contract("1.3.c")
def test_a_merged_ticket_is_followed(side: CrmSide) -> None:
    key, other = fresh(), fresh()
    connect(side)
    plan_mail(key, 1)
    plan_mail(other, 7)
    post(key, other)
    into = ticket_of(other)
    side.merge(ticket_of(key), into)
    plan_mail(key, 2)
    post(key, rounds=3)
    assert ticket_of(key) == into
    assert texts(side, key)[-1] == link(2)
    assert texts(side, key).count(link(2)) == 1


def plan_all(keys: Sequence[str], mails: int) -> dict[str, list[str]]:
    """MAILS mails over the threads in turn; what each ticket must say in the end."""
    wanted: dict[str, list[str]] = {key: [standard()] for key in keys}
    for number in range(mails):
        key = keys[number % len(keys)]
        plan_mail(key, number)
        wanted[key].append(link(number))
    return wanted


@pytest.fixture(autouse=True)
def _no_leases(db: None) -> None:
    Lease.objects.all().delete()
