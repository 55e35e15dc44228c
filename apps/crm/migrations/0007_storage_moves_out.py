"""What `configure` kept of the storage beside the CRM goes to the storage's own rows."""

from django.db import migrations

# Of a place: the key in the settings file and the column; secrets are sealed already.
OPTIONS = ("bucket", "endpoint", "region", "user", "key", "secret")
KINDS = ("pdf", "attachments", "json", "raw")


def move(apps, schema_editor):
    row = apps.get_model("crm", "CrmSettings").objects.filter(pk=1).first()
    told = row.storage if row is not None else None
    if not told:
        return
    target = apps.get_model("storage", "StorageTarget").objects.create(**_place(told))
    apps.get_model("storage", "StorageSettings").objects.update_or_create(
        pk=1, defaults={"target": target, **_kinds(told.get("kinds") or {})}
    )


def _place(told):
    options = told.get("options") or {}
    host, _colon, port = (options.get("host") or "").rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        host, port = options.get("host") or "", "22"
    place = {name: options.get(name) or "" for name in OPTIONS}
    root, backend = told.get("root") or "", told.get("backend") or "local"
    return place | {"backend": backend, "root": root, "host": host, "port": int(port)}


def _kinds(told):
    found = {}
    for kind in KINDS:
        one = told.get(kind) or {}
        if "on" in one:
            found[f"{kind}_on"] = one["on"]
        if one.get("path"):
            found[f"{kind}_path"] = one["path"]
    return found


class Migration(migrations.Migration):
    dependencies = [("crm", "0006_only_connections"), ("storage", "0001_initial")]
    operations = [
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RemoveField(model_name="crmsettings", name="storage"),
    ]
