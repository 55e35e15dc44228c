"""Deleting the conversation of a mail, after a question that names what goes and what stays."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from apps.core.errors import Problem
from apps.core.models import Role, User
from apps.crm.models import TicketLink
from apps.tickets.deleting import delete_thread
from apps.tickets.models import MessageFile, Thread


def delete_page(request: HttpRequest, key: str) -> HttpResponse:
    user = _administrator(request)
    thread = get_object_or_404(Thread, key=key)
    if request.method == "POST" and request.POST.get("confirm") == thread.key:
        try:
            receipt = delete_thread(thread, by=user)
        except Problem as problem:
            messages.error(request, problem.sentence)
        else:
            messages.success(request, _("The conversation is deleted; this is its receipt."))
            return redirect("admin:tickets_threaddeletion_change", receipt.pk)
    return TemplateResponse(request, "admin/tracing/delete.html", _question(request, thread))


def _question(request: HttpRequest, thread: Thread) -> dict[str, Any]:
    link = TicketLink.objects.filter(thread_key=thread.key).first()
    return {
        **admin.site.each_context(request),
        "title": _("Delete this conversation?"),
        "thread": thread,
        "messages_in_it": thread.messages.count(),
        "files": MessageFile.objects.filter(message__thread=thread).count(),
        "ticket": link.ticket if link else "",
    }


def _administrator(request: HttpRequest) -> User:
    user: object = request.user
    if not (isinstance(user, User) and user.has_role(Role.ADMINISTRATOR)):
        raise Http404
    return user
