"""What a path would look like: with the facts of the newest object of its kind, or with samples."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from apps.storage import outbox, paths
from apps.storage.models import Kind, StoredObject

SAMPLE_NAMES = {
    Kind.PDF: "email-E5K8Q2M7R1TVX-1.pdf",
    Kind.ATTACHMENTS: "invoice.pdf",
    Kind.JSON: "message-4711.json",
    Kind.RAW: "message-4711.eml",
}


@dataclass(frozen=True, slots=True)
class Preview:
    path: str = ""
    problem: str = ""


def preview_of(kind: str, template: str) -> Preview:
    """The path as it would be, or why there can be none."""
    if problem := paths.problem_of(template):
        return Preview(problem=problem)
    shown = _example(kind)
    ticket = outbox.tickets_of([shown.thread_key]).get(shown.thread_key, "1042")
    return Preview(paths.filled(template, shown.variables(ticket), shown.name))


def _example(kind: str) -> StoredObject:
    newest = StoredObject.objects.filter(kind=kind).order_by("-pk").first()
    return newest or StoredObject(
        kind=kind,
        name=SAMPLE_NAMES[Kind(kind)],
        day=timezone.localdate(),
        queue=_("Support"),
        session="E5K8Q2M7R1TVX",
        thread_key="T3M9Z0W4B6CDH",
        direction="" if kind == Kind.PDF else "in",
    )
