"""A file looked at without saving it: pages that we have drawn, with its facts and a way on."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps.attachments.models import Attachment, Verdict
from apps.attachments.previews import PAGED, WHOLE, preview_of
from apps.console.frame import Visit, page
from apps.console.places import content_url, preview_url
from apps.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of a file, or the sentence that stands in its place."""

    number: int
    pages: int = 0
    url: str = ""
    width: int = 0
    height: int = 0
    sentence: str = ""

    @property
    def before(self) -> int:
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1 if self.number < self.pages else 0


@require_safe
@page
def view_file(request: Visit, attachment_id: int) -> HttpResponse:
    mine = Attachment.objects.visible_to(request.user).select_related("blob")
    attachment = get_object_or_404(mine, pk=attachment_id)
    context = {
        "attachment": attachment,
        "download_url": content_url(attachment),
        "shown": _shown(attachment, _number(request)),
    }
    return render(request, "console/viewer.html", context)


def _number(request: Visit) -> int:
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


def _shown(attachment: Attachment, number: int) -> Shown:
    """Nothing at all while the file is held back: its verdict says why."""
    if attachment.verdict != Verdict.CLEAN:
        return Shown(number)
    number = number if attachment.detected_type in PAGED else 1
    try:
        preview = preview_of(attachment, page=number, longest=WHOLE)
    except Problem as problem:
        return Shown(number, sentence=problem.sentence)
    url = preview_url(attachment, page=number)
    return Shown(number, preview.pages, url, preview.width, preview.height)
