"""Who the customer of a session is once a person has said it, and who never is one."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.channels.compose import clean_line, wire_address
from apps.channels.customer import is_one_of, our_addresses
from apps.channels.parsed import Address
from apps.core.errors import Invalid
from apps.core.models import User
from apps.crm.models import CrmConnection
from apps.tickets import sessions, threads, writers
from apps.tickets.models import Message, Session, SessionEvent

LONGEST_NAME = 200


def make_customer(session: Session, address: Address, *, by: User) -> Session:
    """From now on it is ADDRESS whom the session is about; the mails stay as they came.

    Raises Conflict `not-yours`, Invalid `address` or `not-a-customer`.
    """
    writers.own_or_refuse(session, by)
    customer = _outsider_or_refuse(address)
    with transaction.atomic():
        now = Session.objects.select_for_update().select_related("thread").get(pk=session.pk)
        before = Address(now.customer, now.customer_name)
        if before == customer:
            return now
        now.customer, now.customer_name = customer.email, customer.name
        now.updated_at = timezone.now()
        now.save(update_fields=["customer", "customer_name", "updated_at"])
        threads.add_participants(now.thread, [customer.email])
        _remember(now, before, customer, by)
        sessions.say_changed([now])
    return now


def chosen_instead(session: Session, answered: Message) -> Address | None:
    """Whom an answer goes to, where a person said that the writer of ANSWERED is not the one."""
    sender = answered.from_email.lower()
    if sender == session.customer.lower():
        return None
    said = SessionEvent.objects.filter(session=session, kind=SessionEvent.Kind.CUSTOMER)
    replaced = {facts["before"]["email"].lower() for facts in said.values_list("facts", flat=True)}
    return Address(session.customer, session.customer_name) if sender in replaced else None


def never_customers() -> set[str]:
    """Ourselves and every CRM, in small letters."""
    return our_addresses() | crm_senders().keys()


def crm_senders() -> dict[str, str]:
    """Whose address it is, by the address in small letters; of every connection there ever was."""
    return {
        address.strip().lower(): str(connection)
        for connection in CrmConnection.objects.order_by("-pk")
        for address in connection.sender_addresses
    }


def _outsider_or_refuse(address: Address) -> Address:
    customer = Address(address.email.strip(), clean_line(address.name, LONGEST_NAME))
    wire_address(customer.email)
    if is_one_of(customer, never_customers()):
        sentence = _("email: %(address)s belongs to us or to the CRM; name somebody outside.")
        raise Invalid("not-a-customer", sentence % {"address": customer.email[:100]})
    return customer


def _remember(session: Session, before: Address, after: Address, by: User) -> None:
    words = {"by": by.display_name, "customer": after.name or after.email}
    SessionEvent.objects.create(
        session=session,
        kind=SessionEvent.Kind.CUSTOMER,
        before=before.email[:100],
        after=after.email[:100],
        by=by,
        why=_("%(by)s made %(customer)s the customer.") % words,
        facts={"before": _facts(before), "after": _facts(after)},
    )


def _facts(address: Address) -> dict[str, str]:
    return {"email": address.email, "name": address.name}
