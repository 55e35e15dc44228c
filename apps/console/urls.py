"""The console's addresses."""

from django.urls import path

from apps.console import actions, mail_frame, remote_images, states, tickets, uploads, viewer, views

urlpatterns = [
    path("", views.sessions, name="sessions"),
    path("state/", states.choose, name="state"),
    path("s/<str:public_id>/", views.session, name="session"),
    path("s/<str:public_id>/take/", actions.take, name="take"),
    path("s/<str:public_id>/give-back/", actions.give_back, name="give-back"),
    path("s/<str:public_id>/status/", actions.status, name="status"),
    path(
        "s/<str:public_id>/files/<int:attachment_id>/release/",
        actions.release,
        name="release-file",
    ),
    path("s/<str:public_id>/reply/", actions.reply, name="reply"),
    path("s/<str:public_id>/staged/", uploads.files, name="staged-files"),
    path("s/<str:public_id>/staged/<int:staged_id>/remove/", uploads.remove, name="unstage"),
    path("e/<int:message_id>/", views.mail_link, name="mail-link"),
    path("m/<int:message_id>/", mail_frame.mail_frame, name="mail-frame"),
    path("m/<int:message_id>/pictures/<int:number>/", remote_images.picture, name="mail-picture"),
    path("files/<int:attachment_id>/", viewer.view_file, name="file"),
    path("tickets/<int:ticket_id>/", tickets.ticket, name="ticket"),
]
