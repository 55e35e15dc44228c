"""A POST with an `Idempotency-Key` takes effect once: a repeated one gets the first answer again.

The row is claimed before the work and answered after it. A claim whose process died, or whose
work failed after something of it was stored, is never given to a second try: whether the work was
done is not known, and the caller is told so.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.errors import Conflict, Invalid
from apps.core.models import AnsweredRequest, User

MAX_KEY = 200
REMEMBERED = timedelta(hours=48)
LONGEST_REQUEST = timedelta(minutes=5)
WRITES = ("INSERT", "UPDATE", "DELETE")
PROBLEM_TYPE = "application/problem+json"


def answer_once(request: Request, key: str, work: Callable[[], Response]) -> Response:
    """Runs WORK unless its answer is known. After 500 and above, which stored nothing, it is free
    for a second try."""
    print_ = fingerprint(request)
    row, mine = _claim(cast(User, request.user), _clean(key), print_)
    if not mine:
        return _known_answer(row, print_)
    effects = _Effects()
    try:
        with connection.execute_wrapper(effects):
            response = work()
    except BaseException:
        if not effects.stored:
            row.delete()
        raise
    _keep(row, response, effects)
    return response


class _Effects:
    """Whether anything was committed: what a transaction takes back does not count."""

    stored = False

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        answer = execute(sql, params, many, context)
        if sql.lstrip()[:6].upper() in WRITES:
            context["connection"].on_commit(self._note)
        return answer

    def _note(self) -> None:
        self.stored = True


def fingerprint(request: Request) -> str:
    """What the caller asked for: method, path and body; a multipart boundary does not count."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    body: object = request.data
    if isinstance(body, bytes):
        digest.update(body)
    else:
        digest.update(json.dumps(_plain(body), sort_keys=True).encode())
    return digest.hexdigest()


def forget_old() -> int:
    """Answers that nobody asks for again; for the sweep."""
    old = ExpressionWrapper(Now() - REMEMBERED, output_field=DateTimeField())
    return AnsweredRequest.objects.filter(created_at__lt=old).delete()[0]


def _plain(value: Any) -> Any:
    """The body as JSON can say it, files as their digests."""
    if isinstance(value, MultiValueDict):
        return {name: _plain(value.getlist(name)) for name in value}
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, UploadedFile):
        return [value.name, value.content_type, _digest_of(value)]
    return value


def _digest_of(file: "UploadedFile[Any]") -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _clean(key: str) -> str:
    if len(key) > MAX_KEY or not key.isprintable():
        raise Invalid(
            "invalid",
            _("Idempotency-Key: up to %(most)s printable characters.") % {"most": MAX_KEY},
        )
    return key


def _claim(user: User, key: str, print_: str) -> tuple[AnsweredRequest, bool]:
    """The row of this key, and whether it was made just now, by us alone."""
    expired = timezone.now() - REMEMBERED
    AnsweredRequest.objects.filter(user=user, key=key, created_at__lt=expired).delete()
    return AnsweredRequest.objects.get_or_create(
        user=user, key=key, defaults={"fingerprint": print_}
    )


def _known_answer(row: AnsweredRequest, print_: str) -> Response:
    if row.fingerprint != print_:
        sentence = _("This Idempotency-Key was used for another request; take a new one.")
        raise Conflict("idempotency-conflict", sentence)
    if row.status is None or row.status >= 500:
        raise _no_answer_yet(row)
    kind = PROBLEM_TYPE if row.status >= 400 else None
    return Response(row.body, status=row.status, content_type=kind)


def _no_answer_yet(row: AnsweredRequest) -> Conflict:
    if row.status is None and timezone.now() - row.created_at < LONGEST_REQUEST:
        sentence = _("The first request with this Idempotency-Key is still running; ask again.")
        return Conflict("idempotency-running", sentence)
    sentence = _(
        "The first request with this Idempotency-Key broke off, and whether it took effect is"
        " not known; look, then use a new key."
    )
    return Conflict("idempotency-unknown", sentence)


def _keep(row: AnsweredRequest, response: Response, effects: _Effects) -> None:
    if response.status_code >= 500 and not effects.stored:
        row.delete()
        return
    row.status = response.status_code
    row.body = json.loads(JSONRenderer().render(response.data) or b"null")
    row.save(update_fields=["status", "body"])
