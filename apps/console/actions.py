"""The buttons of the reading pane. Each calls one verb and goes back to the page."""

import uuid
from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.agents.models import Agent
from apps.attachments.models import Attachment
from apps.console.choice import Choice
from apps.console.forms import ReplyForm
from apps.console.frame import Visit, page
from apps.console.reading import find_session
from apps.console.views import render_session
from apps.core.errors import Problem
from apps.core.models import AnsweredRequest, User
from apps.tickets import outbound
from apps.tickets.file_verdicts import release_file
from apps.tickets.models import Session
from apps.tickets.sessions import set_status, transfer
from apps.tickets.sessions import take as take_session


@require_POST
@page
def take(request: Visit, public_id: str) -> HttpResponse:
    session = find_session(request.user, public_id)
    return _do(
        request,
        session,
        lambda: take_session(session, _agent(request.user)),
        _("Taken: the session is yours."),
    )


@require_POST
@page
def give_back(request: Visit, public_id: str) -> HttpResponse:
    """To the same queue, unopened and unassigned."""
    session = find_session(request.user, public_id)
    return _do(
        request,
        session,
        lambda: transfer(session, session.queue, by=request.user),
        _("Given back: the session waits in %(queue)s.") % {"queue": session.queue.name},
    )


@require_POST
@page
def status(request: Visit, public_id: str) -> HttpResponse:
    session = find_session(request.user, public_id)
    wanted = request.POST.get("status", "")
    if wanted not in Session.Status.values:
        raise Http404
    said = {
        "active": _("Opened."),
        "paused": _("Paused. It comes back when the customer writes."),
        "resolved": _("Resolved."),
        "closed": _("Closed."),
    }
    return _do(
        request,
        session,
        lambda: set_status(session, wanted, by=request.user),
        said.get(wanted, ""),
    )


@require_POST
@page
def release(request: Visit, public_id: str, attachment_id: int) -> HttpResponse:
    """A password-protected file, on the word of somebody who may answer for it."""
    session = find_session(request.user, public_id)
    files = Attachment.objects.visible_to(request.user)
    file = get_object_or_404(files, pk=attachment_id, carrier__message__thread=session.thread_id)
    return _do(
        request,
        session,
        lambda: release_file(file, by=request.user),
        _("Released: the file can be downloaded now, and the history says by whom."),
    )


@require_POST
@page
def reply(request: Visit, public_id: str) -> HttpResponse:
    """A refused answer comes back with its text; an accepted one is shown in the conversation."""
    session = find_session(request.user, public_id)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, session, form)
    claim, first_time = AnsweredRequest.objects.get_or_create(
        user=request.user, key=f"reply-{form.cleaned_data['key']}"
    )
    if not first_time:
        messages.info(request, _("This answer was sent already; it was not sent again."))
        return _back(request, session)
    try:
        message = outbound.reply(session, _letter(form), by=request.user)
    except BaseException as failure:
        claim.delete()
        if not isinstance(failure, Problem):
            raise
        form.add_error(None, failure.sentence)
        return _refused(request, session, form)
    messages.success(request, _("Your answer is on its way."))
    return _back(request, session, f"#m{message.pk}")


def _letter(form: ReplyForm) -> outbound.Letter:
    uploads = [
        outbound.Upload(
            name=file.name or "file",
            content_type=file.content_type or "application/octet-stream",
            content=file.read(),
        )
        for file in form.cleaned_data["uploads"]
    ]
    return outbound.Letter(
        text=form.cleaned_data["text"],
        files=tuple(uploads),
        staged=form.cleaned_data["staged"],
        form=form.cleaned_data["staging"],
    )


def _refused(request: Visit, session: Session, form: ReplyForm) -> HttpResponse:
    """With a new key: what comes next is another try."""
    if request.FILES:
        form.add_error("uploads", _("Files: choose them again; the browser does not keep them."))
    again = request.POST.copy()
    again["key"] = uuid.uuid4().hex
    form.data = again
    return render_session(request, session, form, status=422)


def _do(
    request: Visit, session: Session, verb: Callable[[], object], said: str
) -> HttpResponseRedirect:
    try:
        verb()
    except Problem as problem:
        messages.error(request, problem.sentence)
    else:
        messages.success(request, said)
    return _back(request, session)


def _agent(user: User) -> Agent:
    agent = Agent.objects.working().filter(user=user).select_related("user").first()
    if agent is None:
        raise Http404
    return agent


def _back(request: Visit, session: Session, fragment: str = "") -> HttpResponseRedirect:
    """To the session while the user still sees it, else to the list; the list's choice is kept."""
    query = Choice.read(request.GET).query
    if Session.objects.visible_to(request.user).filter(pk=session.pk).exists():
        return redirect(reverse("session", args=[session.public_id]) + query + fragment)
    return redirect(reverse("sessions") + query)
