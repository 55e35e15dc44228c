"""What earlier rows lack: the newest mail of each session, who waits, and words to be found by."""

from django.db import migrations, transaction
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from apps.tickets import search

OPEN = ("unopened", "active", "reopened")


def fill_newest(apps, schema_editor):
    messages = apps.get_model("tickets", "Message").objects
    incoming = messages.filter(session=OuterRef("pk"), direction="in").order_by().values("session")
    newest = Subquery(incoming.annotate(newest=Max("pk")).values("newest"))
    apps.get_model("tickets", "Session").objects.update(newest_in=Coalesce(newest, 0))


def count_waiting(apps, schema_editor):
    """Anew each time: a run that was cut off later, amid the words, begins again here."""
    WaitingShift = apps.get_model("queues", "WaitingShift")
    sessions = apps.get_model("tickets", "Session").objects
    waiting = sessions.filter(Q(status__in=OPEN), agent=None).order_by().values("queue")
    with transaction.atomic():
        WaitingShift.objects.all().delete()
        WaitingShift.objects.bulk_create(
            WaitingShift(queue_id=one["queue"], by=one["n"])
            for one in waiting.annotate(n=Count("pk"))
        )


def index_words(apps, schema_editor):
    search.prepare()
    search.add_missing(apps.get_model("tickets", "Message"))


class Migration(migrations.Migration):

    atomic = False  # years of mail are indexed lot by lot

    dependencies = [
        ("tickets", "0004_drafts_and_versions"),
        ("queues", "0003_waiting_shift"),
        ("attachments", "0004_safe_files"),
    ]

    operations = [
        migrations.RunPython(fill_newest, migrations.RunPython.noop),
        migrations.RunPython(count_waiting, migrations.RunPython.noop),
        migrations.RunPython(index_words, migrations.RunPython.noop),
    ]
