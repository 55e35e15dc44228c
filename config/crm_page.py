"""/admin/email/crm/preview/: the comments of a real session as they would stand in the CRM.

The roof has this page, since the floor of the CRM knows a conversation only by its key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.core.models import Role, User
from apps.crm.models import CrmSettings, TicketUpdate
from apps.tickets.comment_words import LANGUAGES
from apps.tickets.comments import Telling, updates_of
from apps.tickets.copies import planned_copy
from apps.tickets.facts import house
from apps.tickets.models import Message, Session
from apps.tickets.ticket_files import planned_files


@dataclass(frozen=True, slots=True)
class Comment:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Preview:
    language: str
    session: str = ""
    subject: str = ""
    comments: tuple[Comment, ...] = ()
    problem: str = ""


def preview_page(request: HttpRequest) -> HttpResponse:
    """A page of its own; posted, only the part that the settings' page shows."""
    user = cast(object, request.user)
    if not (isinstance(user, User) and user.has_role(Role.ADMINISTRATOR, Role.AUDITOR)):
        raise Http404
    posted = request.method == "POST"
    preview = preview_of(
        _wanted(request.POST if posted else request.GET, posted), _session(request)
    )
    context: dict[str, Any] = {"preview": preview}
    if posted:
        return TemplateResponse(request, "admin/crm/crmsettings/_comments.html", context)
    context |= {
        **admin.site.each_context(request),
        "title": _("Preview of the comments"),
        "languages": CrmSettings._meta.get_field("language").flatchoices,
    }
    return TemplateResponse(request, "admin/crm/crmsettings/preview.html", context)


def _wanted(said: QueryDict, posted: bool) -> CrmSettings:
    """What is stored, or what stands in the form that nobody has saved; it is never saved here."""
    stored = CrmSettings.load()
    language = said.get("language", "")
    wanted = CrmSettings(
        language=language if language in LANGUAGES else stored.language,
        content_copy="content_copy" in said if posted else stored.content_copy,
        attach_files="attach_files" in said if posted else stored.attach_files,
        thread_pdf=said.get("thread_pdf", stored.thread_pdf),
    )
    wanted.connection = stored.connection
    return wanted


def _session(request: HttpRequest) -> str:
    return (request.POST.get("session") or request.GET.get("session") or "").strip()


def preview_of(settings: CrmSettings, session_id: str) -> Preview:
    """Of the first and the newest mail of this session, or of the newest session; reads only."""
    session = _found(session_id)
    if session is None:
        return Preview(settings.language, session_id, problem=_problem(session_id))
    kinds = dict(TicketUpdate.Kind.choices)
    comments = [Comment(str(kinds[kind]), text) for kind, text in _told(settings, session)]
    return Preview(settings.language, session.public_id, session.thread.subject, tuple(comments))


def _told(settings: CrmSettings, session: Session) -> Iterator[tuple[str, str]]:
    """Kind and text of each entry, in the order of the CRM."""
    messages = Message.objects.told().filter(session=session).order_by("pk")
    ends = [pk for pk in (messages.values_list("pk", flat=True).first(), _newest(messages)) if pk]
    mails = list(messages.filter(pk__in=ends).prefetch_related("files__attachment"))
    words, where = LANGUAGES[settings.language], house()
    found = updates_of(mails, Telling(settings, words, where))
    if settings.content_copy:
        found += [planned_copy(one, words, where) for one in mails]
    if settings.attach_files:
        found += planned_files(Q(message__in=ends), words, where)
    yield from ((one.kind, one.text) for one in found)
    if settings.thread_pdf != CrmSettings.Pdf.OFF:
        yield TicketUpdate.Kind.PDF, f"email-{session.public_id}-1.pdf"


def _newest(messages: QuerySet[Message]) -> int | None:
    return messages.values_list("pk", flat=True).last()


def _found(session_id: str) -> Session | None:
    told = Message.objects.told()
    sessions = Session.objects.select_related("thread")
    if session_id:
        return sessions.filter(public_id=session_id).first()
    newest = told.order_by("-pk").values_list("session", flat=True).first()
    return sessions.filter(pk=newest).first() if newest else None


def _problem(session_id: str) -> str:
    if session_id:
        return _("There is no session %(id)s.") % {"id": session_id[:40]}
    return _("There is no session yet: the preview comes with the first mail.")


def thread_of(session_id: str) -> str:
    """Lent to the floor of the CRM."""
    rows = Session.objects.filter(public_id=session_id)
    return rows.values_list("thread__key", flat=True).first() or ""
