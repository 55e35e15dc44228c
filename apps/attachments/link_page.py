"""`/f/TOKEN`: the file behind a link, saved; or one plain page that says why not."""

import logging

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.attachments.download import content_response
from apps.attachments.links import follow_link
from apps.core.errors import Problem
from apps.core.models import User

log = logging.getLogger(__name__)


@require_safe
def linked_file(request: HttpRequest, token: str) -> HttpResponseBase:
    try:
        attachment = follow_link(token, reader=_reader(request))
        response = content_response(attachment, request)
    except Problem as problem:
        log.info("a link to a file was refused", extra={"code": problem.code})
        context = {"sentence": problem.sentence}
        page = render(request, "attachments/no_file.html", context, status=problem.status)
        page["Cache-Control"] = "no-store"
        return page
    log.info("a file left by a link", extra={"attachment": attachment.pk})
    return response


def _reader(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
