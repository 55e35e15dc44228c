"""Settings > Email > CRM in the admin."""

import pytest
from django.test import Client

from apps.core.models import Role
from apps.crm.models import CrmSettings, Ticket, TicketComment, TicketUpdate
from apps.crm.updates import Planned, plan
from tests.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_user("root", roles=[Role.ADMINISTRATOR]))
    return client


def test_a_ticket_is_shown_with_its_comments_and_cannot_be_changed(admin: Client) -> None:
    ticket = Ticket.objects.create(marker="T1", subject="<b>Parcel</b>")
    TicketComment.objects.create(ticket=ticket, marker="m", kind="standard", text="Sent by: a@b")
    page = admin.get(f"/admin/crm/ticket/{ticket.pk}/change/").content.decode()
    assert "Sent by: a@b" in page
    assert "&lt;b&gt;Parcel" in page
    assert 'name="_save"' not in page


def test_the_language_of_comments_is_a_setting(admin: Client) -> None:
    answer = admin.get("/admin/crm/crmsettings/", follow=True)
    assert answer.status_code == 200
    admin.post("/admin/crm/crmsettings/1/change/", {"kind": "builtin", "language": "es"})
    assert CrmSettings.load().language == "es"


def test_a_failed_update_is_tried_again_by_hand(admin: Client) -> None:
    plan([Planned("T1", "link", "1", "Parcel", "text")])
    TicketUpdate.objects.update(status="failed", tries=40, error="Gone.")
    row = TicketUpdate.objects.get()
    page = admin.get("/admin/crm/ticketupdate/").content.decode()
    assert "Gone." in page
    admin.post("/admin/crm/ticketupdate/", {"action": "try_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.status, row.tries) == ("planned", 1)
