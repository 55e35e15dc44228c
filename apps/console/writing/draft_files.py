"""The files of a draft, as the composer adds and removes them: each comes by itself."""

from __future__ import annotations

from http import HTTPStatus

from django.http import JsonResponse
from django.views.decorators.http import require_http_methods, require_POST

from apps.console.answers import Answer, as_json
from apps.console.frame import Visit
from apps.console.writing.draft_shapes import upload_json, uploads_json
from apps.console.writing.upload_body import not_too_large_or_refuse, upload_in
from apps.tickets import draft_files, drafts
from apps.tickets.limits import MEGABYTE
from apps.tickets.models import Draft


@require_http_methods(["GET", "POST"])
@as_json
def files(request: Visit, key: str) -> Answer:
    """GET: all with their verdicts. POST: one more, its bytes as the body."""
    if request.method == "GET":
        return _all(drafts.find(key, by=request.user), request)
    draft = drafts.find(key, by=request.user, own=True)
    draft_files.writable_or_refuse(draft, request.user)
    limits = draft_files.limits_of(draft)
    not_too_large_or_refuse(request, limits)
    upload = upload_in(request, most=limits.max_total_mb * MEGABYTE)
    row = draft_files.add(draft, upload, by=request.user)
    answer = {"file": upload_json(row, request.user), **_all(draft, request)}
    return JsonResponse(answer, status=HTTPStatus.CREATED)


@require_POST
@as_json
def remove(request: Visit, key: str, staged_id: int) -> Answer:
    draft = drafts.find(key, by=request.user, own=True)
    draft_files.remove(draft, staged_id)
    return _all(draft, request)


def _all(draft: Draft, request: Visit) -> dict[str, object]:
    return uploads_json(draft, list(draft_files.files_of(draft)), request.user)
