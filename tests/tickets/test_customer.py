"""Who the customer is: by the mailbox's policy (PAINS 33), or because somebody said so (26)."""

import pytest
from django.test import Client

from apps.channels.customer import customer_of, takes_part
from apps.channels.models import InboundEmail, Mailbox
from apps.channels.parsed import Address, ParsedEmail
from apps.channels.receive import receive_one
from apps.channels.rules import form_problems
from apps.core.errors import Conflict, Invalid
from apps.crm.models import CrmConnection
from apps.tickets.customers import make_customer
from apps.tickets.facts import facts_of, house
from apps.tickets.inbound import take_in
from apps.tickets.letters import Letter, recipients_of, recipients_of_everybody
from apps.tickets.models import Message, Session, SessionEvent
from apps.tickets.outbound import reply
from tests.people import House, crm_connection, make_house, make_message, make_session, token_of

FORM = Address("forms@shop.example", "Shop")
ANN = Address("ann@outside.test", "Ann")
BO = Address("bo@outside.test", "Bo")
US = Address("Support@carteria.test")
NEVER = {"support@carteria.test", "crm@rt.test"}
LISTED = ["forms@shop.example", "*@pages.example"]

# Policy, From, Reply-To; then the customer.
POLICY = {
    "From is the rule": ("from", FORM, (ANN,), FORM),
    "Reply-To": ("reply-to", FORM, (ANN,), ANN),
    "Reply-To, of ordinary people as well": ("reply-to", BO, (ANN,), ANN),
    "no Reply-To": ("reply-to", BO, (), BO),
    "two of them": ("reply-to", FORM, (ANN, BO), FORM),
    "one twice": ("reply-to", FORM, (ANN, Address("ANN@outside.test")), ANN),
    "one is ours": ("reply-to", FORM, (US, ANN), ANN),
    "only ours": ("reply-to", BO, (US,), BO),
    "only the CRM's": ("reply-to", BO, (Address("crm@rt.test"),), BO),
    "listed": ("listed", FORM, (ANN,), ANN),
    "listed in capitals": ("listed", Address("Forms@Shop.Example"), (ANN,), ANN),
    "a whole domain": ("listed", Address("any@pages.example"), (ANN,), ANN),
    "not a domain below": (
        "listed",
        Address("any@x.pages.example"),
        (ANN,),
        Address("any@x.pages.example"),
    ),
    "not listed": ("listed", BO, (ANN,), BO),
    "a form that writes from our address": ("from", US, (ANN,), ANN),
    "we ourselves": ("from", US, (), Address("")),
    "nobody": ("reply-to", None, (), Address("")),
}


@pytest.mark.parametrize("case", POLICY)
def test_the_policy_says_who_the_customer_is(case: str) -> None:
    policy, sender, asked, expected = POLICY[case]
    mailbox = Mailbox(customer_from=policy, form_senders=LISTED)
    assert customer_of(ParsedEmail(from_=sender, reply_to=asked), mailbox, NEVER) == expected


def test_a_web_form_takes_no_part() -> None:
    """Else the next person who fills it in could be let into this one's conversation."""
    parsed = ParsedEmail(from_=FORM, reply_to=(ANN,), to=(US,), cc=(BO,))
    assert takes_part(parsed, ANN, NEVER) == {"ann@outside.test", "bo@outside.test"}
    assert takes_part(parsed, FORM, NEVER) == {FORM.email, ANN.email, BO.email}


@pytest.mark.parametrize("sender", ["forms@shop.example", "*@shop.example", "*@xn--mnchen-3ya.de"])
def test_a_web_form_is_an_address_or_a_domain(sender: str) -> None:
    assert list(form_problems([sender], needed=True)) == []


@pytest.mark.parametrize("sender", ["shop.example", "*", "*@", "@shop.example", "*.shop.example"])
def test_anything_else_is_refused_with_an_example(sender: str) -> None:
    [(field, sentence)] = form_problems([sender], needed=True)
    assert (field, "*@shop.example" in sentence) == ("form_senders", True)


def test_the_list_is_asked_for_where_it_is_needed() -> None:
    assert [field for field, _sentence in form_problems([], needed=True)] == ["form_senders"]
    assert list(form_problems([], needed=False)) == []


# ---- by intake ------------------------------------------------------------------------------


@pytest.fixture
def people(db: None) -> House:
    return make_house()


def arrives(people: House, head: str, text: str = "Hello") -> Message:
    raw = f"{head}To: support@carteria.test\r\nSubject: Order 7\r\n\r\n{text}\r\n".encode()
    receive_one(raw, mailbox=people.mailbox, source=InboundEmail.Source.API)
    take_in()
    return Message.objects.select_related("session__thread").latest("id")


def test_session_answer_participants_and_crm_agree(people: House) -> None:
    Mailbox.objects.update(customer_from="listed", form_senders=LISTED)
    message = arrives(people, "From: forms@shop.example\r\nReply-To: Ann <ann@outside.test>\r\n")
    session = message.session
    assert (session.customer, session.customer_name) == ("ann@outside.test", "Ann")
    assert recipients_of(session).to == (ANN,)
    assert {one.address for one in session.thread.participants.all()} == {"ann@outside.test"}
    facts = facts_of(message, house())
    assert (facts["CUSTOMER_EMAIL"], facts["CUSTOMER_NAME"]) == ("ann@outside.test", "Ann")
    assert message.from_email == "forms@shop.example"


def test_the_crms_address_is_never_answered(people: House) -> None:
    CrmConnection.objects.filter(pk=crm_connection().pk).update(sender_addresses=["crm@rt.test"])
    session = arrives(people, "From: ann@outside.test\r\nReply-To: crm@rt.test\r\n").session
    assert session.customer == "ann@outside.test"
    assert recipients_of(session).everybody == ["ann@outside.test"]


# ---- by a person ----------------------------------------------------------------------------

FORWARD = (
    "Bo asks you\r\n\r\n---------- Forwarded message ---------\r\n"
    "From: {}\r\nDate: Monday\r\nSubject: Order 7\r\nTo: bo@outside.test\r\n\r\nWhere is it?"
)


def forwarded(people: House, writer: str = "Ann <ann@outside.test>") -> Message:
    head = "From: Bo <bo@outside.test>\r\nSubject: Fwd: Order 7\r\n"
    return arrives(people, head, FORWARD.format(writer))


def test_intake_keeps_who_wrote_first(people: House) -> None:
    message = forwarded(people)
    assert message.forwarded == {"email": "ann@outside.test", "name": "Ann", "by": "text"}
    assert message.session.customer == "bo@outside.test"


@pytest.mark.parametrize("writer", ["Bo <bo@outside.test>", "support@carteria.test", "Ann"])
def test_nobody_is_proposed_who_cannot_be_the_customer(people: House, writer: str) -> None:
    assert forwarded(people, writer).forwarded == {}


def test_one_click_makes_the_first_writer_the_customer(people: House) -> None:
    message = forwarded(people)
    client = Client()
    client.force_login(people.alice.user)
    address = f"/desk/sessions/{message.session.public_id}/make-customer/"
    told = client.post(address, {"message": str(message.pk)}, content_type="application/json")
    assert told.status_code == 200, told.content
    session = Session.objects.get(pk=message.session_id)
    assert (session.customer, session.customer_name) == ("ann@outside.test", "Ann")
    event = SessionEvent.objects.get(kind="customer")
    assert (event.before, event.after, event.by) == (
        "bo@outside.test",
        "ann@outside.test",
        people.alice.user,
    )
    message.refresh_from_db()
    assert message.from_email == "bo@outside.test"


def test_the_answer_goes_to_the_new_customer(people: House) -> None:
    message = forwarded(people)
    session = make_customer(message.session, ANN, by=people.alice.user)
    assert recipients_of(session).to == (ANN,)
    assert recipients_of_everybody(session, message).to == (ANN,)
    answer = reply(session, Letter(text="Here"), by=people.alice.user)
    assert [one["email"] for one in answer.to] == ["ann@outside.test"]
    assert session.thread.participants.filter(address="ann@outside.test").exists()


def test_who_writes_next_is_answered_himself(people: House) -> None:
    session = make_customer(forwarded(people).session, ANN, by=people.alice.user)
    make_message(session, from_email="cy@outside.test")
    assert recipients_of(session).everybody == ["cy@outside.test"]


def test_it_can_be_taken_back(people: House) -> None:
    session = make_customer(forwarded(people).session, ANN, by=people.alice.user)
    session = make_customer(session, BO, by=people.alice.user)
    assert recipients_of(session).to == (BO,)


def test_the_same_again_leaves_no_second_row(people: House) -> None:
    session = forwarded(people).session
    for _click in range(2):
        session = make_customer(session, ANN, by=people.alice.user)
    assert SessionEvent.objects.filter(kind="customer").count() == 1


@pytest.mark.parametrize("email", ["support@carteria.test", "no address", "a@b@c"])
def test_not_everything_is_a_customer(people: House, email: str) -> None:
    with pytest.raises(Invalid):
        make_customer(make_session(people.support), Address(email), by=people.alice.user)


def test_only_who_may_write_says_it(people: House) -> None:
    with pytest.raises(Conflict):
        make_customer(make_session(people.support), ANN, by=people.charlie.user)


def test_by_rest(people: House, client: Client) -> None:
    session = make_session(people.support)
    told = client.post(
        f"/api/v1/sessions/{session.public_id}/customer/",
        {"email": "ann@outside.test", "name": "Ann"},
        content_type="application/json",
        headers=token_of(people.alice.user),
    )
    assert (told.status_code, told.json()["customer"]) == (200, "ann@outside.test"), told.content
    refused = client.post(
        f"/api/v1/sessions/{session.public_id}/customer/",
        {"email": "ann@outside.test\r\nBcc: x@y.test"},
        content_type="application/json",
        headers=token_of(people.alice.user),
    )
    assert refused.status_code == 400
