"""The console's addresses. The page is the same for all of its own; the rest is shown in it."""

from django.urls import path
from django.views.i18n import JavaScriptCatalog

from apps.console import shell
from apps.console.conversation import mail_frame, remote_images, viewer
from apps.console.tickets import pages

urlpatterns = [
    path("", shell.shell, name="sessions"),
    path("s/<str:public_id>/", shell.shell, name="session"),
    path("d/<str:draft>/", shell.shell, name="draft"),
    path("words.js", JavaScriptCatalog.as_view(packages=["apps.console"]), name="words"),
    path("e/<int:message_id>/", shell.mail_link, name="mail-link"),
    path("m/<int:message_id>/", mail_frame.mail_frame, name="mail-frame"),
    path("m/<int:message_id>/pictures/<int:number>/", remote_images.picture, name="mail-picture"),
    path("files/<int:attachment_id>/", viewer.view_file, name="file"),
    path("tickets/", pages.tickets, name="tickets"),
    path("tickets/<int:ticket_id>/", pages.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/close/", pages.close, name="ticket-close"),
    path("tickets/<int:ticket_id>/reopen/", pages.reopen, name="ticket-reopen"),
    path("tickets/<int:ticket_id>/note/", pages.note, name="ticket-note"),
]
