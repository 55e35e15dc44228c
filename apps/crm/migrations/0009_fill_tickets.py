"""What earlier built-in tickets lack: when something last happened, and words to be found by."""

from django.db import migrations
from django.db.models import F, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from apps.crm import ticket_search


def fill_activity(apps, schema_editor):
    comments = apps.get_model("crm", "TicketComment").objects
    own = comments.filter(ticket=OuterRef("pk")).order_by().values("ticket")
    newest = Subquery(own.annotate(newest=Max("created_at")).values("newest"))
    tickets = apps.get_model("crm", "Ticket").objects
    tickets.update(updated_at=Coalesce(newest, F("created_at")))


def index_words(apps, schema_editor):
    ticket_search.prepare()
    ticket_search.add_all(apps.get_model("crm", "Ticket"), apps.get_model("crm", "TicketComment"))


class Migration(migrations.Migration):
    atomic = False  # years of comments are indexed lot by lot

    dependencies = [("crm", "0008_tickets")]

    operations = [
        migrations.RunPython(fill_activity, migrations.RunPython.noop),
        migrations.RunPython(index_words, migrations.RunPython.noop),
    ]
