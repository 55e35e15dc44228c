"""What a connector is told: the customer's name, an administrator's fields, nothing too long."""

import pytest

from apps.crm.connectors.base import Most
from apps.crm.entries import cut, shortened
from apps.crm.merge_fields import LONGEST, problem_of, rendered
from apps.crm.models import CrmConnection, Ticket
from apps.crm.posting import post_updates
from apps.crm.updates import Planned, plan
from tests.crm.scripted import ScriptedCrm
from tests.people import crm_connection

FACTS = {"SESSION_ID": "E1", "CUSTOMER_EMAIL": "ana@x.test", "CUSTOMER_NAME": "Ana {QUEUE}"}


def plan_first(subject: str = "Parcel", text: str = "Text", facts: object = FACTS) -> None:
    plan([Planned("T1", "standard", "first", subject, text, facts=facts)])  # type: ignore[arg-type]


@pytest.mark.django_db
def test_a_new_ticket_knows_its_customer_and_its_fields(crm: ScriptedCrm) -> None:
    fields = {"Session": "{SESSION_ID}", "From": "{CUSTOMER_NAME} <{CUSTOMER_EMAIL}>"}
    CrmConnection.objects.filter(pk=crm_connection().pk).update(fields=fields)
    plan_first()
    post_updates(["T1"])
    (wanted,) = crm.wanted
    assert wanted.contact == ("Ana {QUEUE}", "ana@x.test")
    # What a customer is called is never read as a merge field.
    assert wanted.fields == {"Session": "E1", "From": "Ana {QUEUE} <ana@x.test>"}


@pytest.mark.django_db
def test_a_built_in_ticket_shows_its_contact() -> None:
    plan_first()
    post_updates(["T1"])
    ticket = Ticket.objects.get()
    assert (ticket.contact_name, ticket.contact_email) == ("Ana {QUEUE}", "ana@x.test")


@pytest.mark.django_db
def test_subject_and_comment_are_cut_to_what_the_crm_takes(crm: ScriptedCrm) -> None:
    crm.most = Most(subject=50, comment=100)
    plan_first("s" * 2000, "t" * 2000, FACTS | {"LINK": "http://console.test/e/1/"})
    post_updates(["T1"])
    assert crm.wanted[0].subject == "s" * 49 + "…"
    assert len(crm.texts()[0]) == 100
    assert crm.texts()[0].endswith("\n… http://console.test/e/1/")


def test_what_fits_is_not_cut() -> None:
    assert cut("t" * 100, "link", 100) == "t" * 100
    assert shortened("s" * 50, 50) == "s" * 50


def test_a_fact_that_is_missing_is_empty() -> None:
    assert rendered({"F": "{AGENT}!"}, {}) == {"F": "!"}


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{QUEUE} {SESSION_ID}", ""),
        ("plain", ""),
        ("{Queue}", "{Queue} is no merge field"),
        ("{}", "{} is no merge field"),
        ("{QUEUE", "stands alone"),
        ("a } b", "stands alone"),
        ("{{QUEUE}}", "stands alone"),
        ("x" * (LONGEST + 1), "At most 500 characters."),
    ],
)
def test_a_template_is_refused_with_its_reason(template: str, said: str) -> None:
    problem = problem_of(template)
    assert said in problem
    assert bool(problem) == bool(said)
