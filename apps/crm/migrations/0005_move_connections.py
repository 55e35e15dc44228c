"""The one connection of the settings becomes a row, and every ticket's link names it."""

from django.db import migrations


def move(apps, schema_editor):
    settings = apps.get_model("crm", "CrmSettings").objects.filter(pk=1).first()
    links = apps.get_model("crm", "TicketLink").objects.all()
    if settings is None and not links.exists():
        return
    connection = apps.get_model("crm", "CrmConnection").objects.create(**_told(settings))
    links.update(connection=connection)
    if settings is not None:
        settings.connection = connection
        settings.save(update_fields=["connection"])


def _told(settings):
    if settings is None:
        return {}
    options = settings.options or {}
    return {
        "kind": settings.kind,
        "url": settings.url,
        "token": settings.token or options.get("password") or "",
        "user": options.get("user") or "",
        "queue": options.get("queue") or "",
        "sender_addresses": options.get("sender_addresses") or [],
    }


class Migration(migrations.Migration):
    dependencies = [("crm", "0004_connections")]
    operations = [migrations.RunPython(move, migrations.RunPython.noop)]
