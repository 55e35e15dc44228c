"""The ids that earlier mails refer to, so that a mail that is late finds its answers among them."""

import hashlib

from django.db import migrations

AT_ONCE = 500  # messages
MAX_IDS, OLDEST = 40, 10  # of one message, as intake keeps them


def fill_references(apps, schema_editor):
    """Lot by lot, from the oldest on: a run that was cut off is run again, and adds nothing twice."""
    Message = apps.get_model("tickets", "Message")
    MessageReference = apps.get_model("tickets", "MessageReference")
    fields = ("pk", "direction", "message_id_hash", "in_reply_to", "references")
    done = 0
    while lot := list(Message.objects.filter(pk__gt=done).order_by("pk").values(*fields)[:AT_ONCE]):
        rows = [
            MessageReference(message_id=message["pk"], hash=digest)
            for message in lot
            for digest in _hashes(message)
        ]
        MessageReference.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
        done = lot[-1]["pk"]


def _hashes(message):
    """Of a mail of ours, what it answers alone."""
    far = reversed(message["references"] or []) if message["direction"] == "in" else ()
    ids = [one for one in dict.fromkeys([message["in_reply_to"], *far]) if one]
    if len(ids) > MAX_IDS:
        ids = ids[: MAX_IDS - OLDEST] + ids[-OLDEST:]
    hashes = dict.fromkeys(hashlib.sha256(one.encode()).hexdigest()[:32] for one in ids)
    return [one for one in hashes if one != message["message_id_hash"]]


class Migration(migrations.Migration):
    atomic = False  # years of mail are filled in lot by lot

    dependencies = [
        ("tickets", "0007_threading"),
    ]

    operations = [
        migrations.RunPython(fill_references, migrations.RunPython.noop),
    ]
