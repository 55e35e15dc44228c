"""The addresses that the console's script asks: JSON, for the signed-in browser alone."""

from django.urls import URLPattern, path

from apps.console import viewing
from apps.console.conversation import customer, reading, verbs, verbs_regrouping
from apps.console.desk import choices, desk, lists, state
from apps.console.writing import canned, draft_files, drafts, signatures

# Desk, list and verbs
LIST: list[URLPattern] = [
    path("", desk.desk, name="desk"),
    path("state/", state.choose, name="desk-state"),
    path("keys/", state.keys, name="desk-keys"),
    path("sessions/", lists.sessions, name="desk-sessions"),
    path("rows/", lists.rows, name="desk-rows"),
    path("choices/", choices.choices, name="desk-choices"),
    path("sessions/<str:public_id>/take/", verbs.take, name="desk-take"),
    path("sessions/<str:public_id>/give-back/", verbs.give_back, name="desk-give-back"),
    path("sessions/<str:public_id>/status/", verbs.status, name="desk-status"),
    path("sessions/<str:public_id>/transfer/", verbs.transfer, name="desk-transfer"),
    path("sessions/<str:public_id>/assign/", verbs.assign, name="desk-assign"),
    path("sessions/<str:public_id>/resolve/", verbs.resolve, name="desk-resolve"),
    path("sessions/<str:public_id>/release/", verbs.release, name="desk-release"),
    path("sessions/<str:public_id>/rebuild/", verbs.rebuild, name="desk-rebuild"),
    path("sessions/<str:public_id>/make-customer/", verbs.make_customer, name="desk-make-customer"),
    path("sessions/<str:public_id>/seen/", verbs.seen, name="desk-seen"),
    path("sessions/<str:public_id>/unread/", verbs.unread, name="desk-unread"),
]

# Mails that lie elsewhere
REGROUPING: list[URLPattern] = [
    path("messages/<int:message_id>/move/", verbs_regrouping.move, name="desk-move"),
    path("sessions/<str:public_id>/merge/", verbs_regrouping.merge, name="desk-merge"),
    path(
        "sessions/<str:public_id>/keep-apart/", verbs_regrouping.keep_apart, name="desk-keep-apart"
    ),
    path("regroupings/<int:regrouping_id>/undo/", verbs_regrouping.undo, name="desk-regroup-undo"),
]

# One conversation
READING: list[URLPattern] = [
    path("sessions/<str:public_id>/", reading.session, name="desk-session"),
    path("sessions/<str:public_id>/customer/", customer.customer, name="desk-customer"),
    path("messages/<int:message_id>/", reading.message, name="desk-message"),
]

# Drafts, Send and Undo
WRITING: list[URLPattern] = [
    path("drafts/", drafts.all_drafts, name="desk-drafts"),
    path("drafts/<str:key>/", drafts.one_draft, name="desk-draft"),
    path("drafts/<str:key>/take/", drafts.take, name="desk-draft-take"),
    path("drafts/<str:key>/send/", drafts.send_draft, name="desk-draft-send"),
    path("drafts/<str:key>/files/", draft_files.files, name="desk-draft-files"),
    path(
        "drafts/<str:key>/files/<int:staged_id>/remove/",
        draft_files.remove,
        name="desk-draft-unstage",
    ),
    path("messages/<int:message_id>/undo/", drafts.undo_message, name="desk-undo"),
    path("canned/", canned.canned, name="desk-canned"),
    path("signature/", signatures.own_signature, name="desk-signature"),
]

# Who is there
VIEWING: list[URLPattern] = [
    path("sessions/<str:public_id>/here/", viewing.here, name="desk-here"),
    path("sessions/<str:public_id>/gone/", viewing.gone, name="desk-gone"),
    path("sessions/<str:public_id>/viewers/", viewing.viewers, name="desk-viewers"),
]

urlpatterns = [*LIST, *REGROUPING, *READING, *WRITING, *VIEWING]
