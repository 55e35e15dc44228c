"""What stands beside the mail: the CRM, storage, limits of files. One row each."""

from copy import copy

from django.core.exceptions import ValidationError

from apps.attachments.models import AttachmentSettings
from apps.core.rules import told
from apps.crm import connections
from apps.crm.models import CrmConnection, CrmSettings
from apps.crm.rules import connection_problems, tidy_url
from apps.storage import places
from apps.storage.models import StorageSettings, StorageTarget
from config.configure.rows import (
    CannotApply,
    Changes,
    Values,
    picked,
    save,
    save_by_rules,
    sealed,
)

# Columns of a connection, as the file calls them under `options`.
OPTIONS = ("user", "queue", "sender_addresses", "fields", "deleted_ticket", "merged_ticket")
CRM_SWITCHES = ("automatic_tickets", "content_copy", "attach_files", "thread_pdf", "language")


def put_crm(values: Values, changes: Changes) -> None:
    """Another kind or address is another connection; tickets that are there stay on theirs."""
    row, options = CrmSettings.load(), values.get("options") or {}
    present = row.connection
    connection = connections.at(values.get("kind", present.kind), _url(values, present))
    fields = picked(options, *OPTIONS)
    secret = values.get("token") or options.get("password")
    fields |= sealed(connection, "token", secret)
    is_new = connection.pk is None
    _check_connection(connection, fields)
    changed = save(connection, fields)
    connections.switch(connection)
    changed |= connection.pk != present.pk
    row = CrmSettings.load()
    changed |= save(row, picked(values, *CRM_SWITCHES))
    changes.put("crm", connection.kind, new=is_new, changed=changed)


def _check_connection(connection: CrmConnection, fields: Values) -> None:
    """By the rules of the admin's page, which a file breaks just as easily."""
    trial = copy(connection)
    for key, value in fields.items():
        setattr(trial, key, value)
    for field, sentence in connection_problems(trial):
        raise CannotApply(f"options.{field}" if field in OPTIONS else field, sentence)


def _url(values: Values, present: CrmConnection) -> str:
    """A key left out is left alone; the built-in CRM has no address."""
    if values.get("kind", present.kind) == CrmConnection.Kind.BUILTIN:
        return ""
    return tidy_url(str(values["url"] or "")) if "url" in values else present.url


def put_storage(values: Values, changes: Changes) -> None:
    """Another place is another row; files that are stored stay readable in the old one."""
    row = StorageSettings.load()
    present = row.target
    target = places.wanted(present, _place(values))
    options = values.get("options") or {}
    for name in ("key", "secret"):
        for field, text in sealed(target, name, options.get(name)).items():
            setattr(target, field, text)
    moved = target.pk != present.pk or any(
        getattr(target, one.name) != getattr(present, one.name) for one in target._meta.fields
    )
    if moved:
        _allow(target)
        places.choose(target)
    kinds = values.get("kinds") or {}
    fields = {f"{k}_{what}": kinds[k][what] for k in kinds for what in kinds[k]}
    names = {f"{k}_path": f"kinds.{k}.path" for k in kinds}
    changed = save_by_rules(StorageSettings.load(), fields, names)
    changes.put("storage", target.backend, new=False, changed=moved or changed)


def _place(values: Values) -> Values:
    """As columns; a server may carry its port, like `files.example.com:2222`."""
    options = values.get("options") or {}
    fields = picked(values, "backend", "root")
    fields |= picked(options, "bucket", "endpoint", "region", "user", "host")
    host, _colon, port = fields.get("host", "").rpartition(":")
    if host and port.isdigit():
        fields |= {"host": host, "port": int(port)}
    return fields


def _allow(target: StorageTarget) -> None:
    try:
        target.clean()
    except ValidationError as error:
        field, sentence = told(error)[0]
        key = field if field == "root" else f"options.{field}"
        raise CannotApply(key, sentence) from None


def put_attachments(values: Values, changes: Changes) -> None:
    if "also_block" in values:
        blocked = [ending.lower().removeprefix(".") for ending in values["also_block"]]
        values = values | {"also_block": blocked}
    changed = save(AttachmentSettings.load(), values)
    changes.put("attachments", "limits", new=False, changed=changed)
