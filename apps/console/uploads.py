"""The files of an answer that is being written: each comes by itself, and its verdict is told.

The body of an upload is the file and nothing else; its name stands in the address. So a file that
is too large is refused before anybody reads it, and the browser's progress is that of the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.attachments.models import Attachment, Verdict
from apps.console.frame import Visit, page
from apps.console.reading import find_session
from apps.core.errors import Invalid, Missing, Problem, TooLarge, Unavailable
from apps.core.models import User
from apps.tickets import staging
from apps.tickets.letters import Upload, newest_inbound
from apps.tickets.limits import MEGABYTE, Limits, check, rounded_down, rounded_up, use_of
from apps.tickets.models import Message, Session, StagedFile

LONGEST_KEY = 64
LONGEST_NAME = 4000


# ---- what the composer shows ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ShownUpload:
    pk: int
    attachment: Attachment

    @property
    def stopped(self) -> bool:
        return self.attachment.verdict in staging.STOPPED

    @property
    def json(self) -> dict[str, Any]:
        file = self.attachment
        return {
            "id": str(self.pk),
            "name": file.name,
            "size": file.size,
            "verdict": file.verdict,
            "reason": file.reason,
            "html": render_to_string("console/_upload.html", {"upload": self}).strip(),
        }


@dataclass(frozen=True, slots=True)
class Uploads:
    """The files of one form, the limits, and how much of them is used."""

    form: str
    rows: list[StagedFile]
    limits: Limits

    @property
    def files(self) -> list[ShownUpload]:
        return [ShownUpload(row.pk, row.attachment) for row in self.rows]

    @property
    def json(self) -> dict[str, Any]:
        """What the browser compares with what it shows."""
        return {"files": [file.json for file in self.files], "limits": self.words}

    @property
    def words(self) -> str:
        return " ".join(filter(None, [self._amounts(), self._server(), self._scan()]))

    def _amounts(self) -> str:
        limits, use = self.limits, use_of(self.rows)
        told: dict[str, Any] = {"files": limits.max_files, "most": rounded_down(limits.most_bytes)}
        if not self.rows:
            sentence = ngettext(
                "Up to %(files)s file, %(most)s MB.",
                "Up to %(files)s files, %(most)s MB in all.",
                limits.max_files,
            )
            return sentence % told
        sentence = ngettext(
            "%(used)s of %(files)s file, %(size)s of %(most)s MB used.",
            "%(used)s of %(files)s files, %(size)s of %(most)s MB used.",
            limits.max_files,
        )
        return sentence % (told | {"used": use.files, "size": rounded_up(use.bytes)})

    def _server(self) -> str:
        """Only where it is the stricter one: else nobody needs to know."""
        if not self.limits.server_is_stricter:
            return ""
        sentence = _("The mail server of %(address)s takes no more than %(limit)s MB in one mail.")
        limit = rounded_down(self.limits.server_bytes)
        return sentence % {"address": self.limits.address, "limit": limit}

    def _scan(self) -> str:
        verdicts = {row.attachment.verdict for row in self.rows}
        if verdicts & {*staging.STOPPED}:
            return ""  # the row says what to do before anything is sent
        if Verdict.WAITING in verdicts:
            return _("You can send already: the mail leaves when all files are clean.")
        return "" if self.rows else _("Each is scanned before it leaves.")


def uploads_of(
    session: Session, form: str, user: User, *, answered: Message | None = None
) -> Uploads:
    """Of a form without a key that a page made: the limits alone."""
    form = form if _is_key(form) else ""
    rows = staging.staged_in(session, form, by=user)
    answered = answered or newest_inbound(session)
    return Uploads(form, rows, staging.limits_of(session, answered))


# ---- what the browser asks --------------------------------------------------------------------


def _as_json(handler: Callable[..., JsonResponse]) -> Callable[..., HttpResponse]:
    """The session by its id, if the reader sees it; every refusal is problem+json."""

    @page
    def wrapped(request: Visit, /, *, public_id: str, **more: Any) -> HttpResponse:
        try:
            return handler(request, find_session(request.user, public_id), **more)
        except Http404:
            gone = _("This session is not there any more, or not yours to see.")
            return _refusal(Missing("not-found", gone))
        except Problem as problem:
            return _refusal(problem)

    return wrapped


@require_http_methods(["GET", "POST"])
@_as_json
def files(request: Visit, session: Session) -> JsonResponse:
    """GET: all of a form, with their verdicts. POST: one more."""
    form = _key(request)
    if request.method == "GET":
        return JsonResponse(uploads_of(session, form, request.user).json)
    staging.may_write_or_refuse(session, request.user)
    limits = staging.limits_of(session, newest_inbound(session))
    _not_too_large_or_refuse(request, limits)
    upload = _upload(request, most=limits.max_total_mb * MEGABYTE)
    row = staging.stage(session, upload, form=form, by=request.user)
    answer = uploads_of(session, form, request.user)
    return JsonResponse({"id": str(row.pk), **answer.json}, status=201)


@require_POST
@_as_json
def remove(request: Visit, session: Session, staged_id: int) -> JsonResponse:
    form = staging.unstage(session, staged_id, by=request.user)
    return JsonResponse(uploads_of(session, form, request.user).json)


def _key(request: Visit) -> str:
    key = request.GET.get("form", "")
    if not _is_key(key):
        raise Invalid("form", _("form: the key of the form is missing; reload the page."))
    return key


def _is_key(text: str) -> bool:
    return 0 < len(text) <= LONGEST_KEY and text.isascii() and text.isprintable()


@dataclass(frozen=True, slots=True)
class _Declared:
    """A file before it has come."""

    size: int
    inline: bool = False


def _not_too_large_or_refuse(request: Visit, limits: Limits) -> None:
    """By what the browser says beforehand; the body is not looked at."""
    length = request.headers.get("Content-Length", "")
    size = max(_number(length), _number(request.GET.get("size", "")))
    try:
        check([_Declared(size, inline=_inline(request))], limits)
    except Invalid as limit:
        raise TooLarge(limit.code, limit.sentence) from None


def _upload(request: Visit, *, most: int) -> Upload:
    """The file as it came, if it came whole; of what is larger than was said, no more than MOST."""
    try:
        content = request.read(most + 1)
    except OSError:
        raise Unavailable("broken", _("files: The connection broke. Try again.")) from None
    if "size" in request.GET and len(content) != _number(request.GET["size"]):
        raise Invalid(
            "changed", _("files: It did not come whole, or it changed meanwhile. Choose it again.")
        )
    return Upload(
        name=request.GET.get("name", "")[:LONGEST_NAME] or "file",
        content_type=request.GET.get("type", "")[:255] or "application/octet-stream",
        content=content,
        inline=_inline(request),
    )


def _inline(request: Visit) -> bool:
    return request.GET.get("inline") == "1"


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _refusal(problem: Problem) -> JsonResponse:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.sentence.removeprefix("files: "),
    }
    return JsonResponse(body, status=problem.status, content_type="application/problem+json")
