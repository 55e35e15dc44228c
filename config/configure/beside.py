"""What stands beside the mail: the CRM, storage, limits of files. One row each."""

from typing import Any

from apps.attachments.models import AttachmentSettings
from apps.core.secrets import holds, seal
from apps.crm.models import SECRET_OPTIONS, CrmSettings
from config.configure.rows import Changes, Values, picked, save, sealed


def put_crm(values: Values, changes: Changes) -> None:
    row = CrmSettings.load()
    fields = picked(values, "kind", "url", "content_copy", "thread_pdf", "language")
    fields |= sealed(row, "token", values.get("token"))
    fields["options"] = _merged(row.options, values.get("options") or {})
    changes.put("crm", row.kind, new=False, changed=save(row, fields))


def put_storage(values: Values, changes: Changes) -> None:
    row = CrmSettings.load()
    changed = save(row, {"storage": _merged(row.storage, values)})
    changes.put("storage", row.storage.get("backend", "local"), new=False, changed=changed)


def put_attachments(values: Values, changes: Changes) -> None:
    if "also_block" in values:
        blocked = [ending.lower().removeprefix(".") for ending in values["also_block"]]
        values = values | {"also_block": blocked}
    changed = save(AttachmentSettings.load(), values)
    changes.put("attachments", "limits", new=False, changed=changed)


def _merged(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Keys left out stay; secrets are sealed, and a secret that is there already stays as it is."""
    merged = dict(old)
    for key, value in new.items():
        if isinstance(value, dict):
            merged[key] = _merged(old.get(key) or {}, value)
        elif key not in SECRET_OPTIONS:
            merged[key] = value
        elif not holds(old.get(key) or "", value):
            merged[key] = seal(value)
    return merged
