"""The quarantine: what is held and why, its source to look at, and the way out."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from apps.channels.models import InboundEmail, QuarantinedEmail
from apps.channels.source import shown_source
from apps.core import blobs
from apps.core.admin_bases import OnlyLook, Restricted
from apps.core.errors import Conflict
from apps.core.models import User
from apps.tickets import admin_reply_address as admin_reply_address  # fills in a page's buttons
from apps.tickets.inbound import release


@admin.register(QuarantinedEmail)
class QuarantineAdmin(OnlyLook, Restricted):
    list_display = ("id", "received_at", "mailbox", "reason", "sender", "subject", "size")
    list_filter = ("code", "account", "mailbox")
    list_select_related = ("mailbox",)
    fields = (
        "received_at",
        "account",
        "mailbox",
        "reason",
        "sender",
        "subject",
        "size",
        "source_text",
    )
    actions = ("release_them",)

    @admin.display(description=_("raw source"))
    def source_text(self, mail: QuarantinedEmail) -> SafeString | str:
        """Text only: encoded files are counted, not shown, since nobody has scanned them."""
        if mail.raw is None:
            return gettext("Its bytes are missing.")
        return format_html("<pre class='source'>{}</pre>", shown_source(blobs.read(mail.raw)))

    @admin.action(description=_("Release: take it in once more"), permissions=["release"])
    def release_them(self, request: HttpRequest, mails: QuerySet[InboundEmail]) -> None:
        assert isinstance(request.user, User)
        count = sum(_released(mail, request.user) for mail in mails)
        said = ngettext("%(count)d mail was released.", "%(count)d mails were released.", count)
        self.message_user(request, said % {"count": count}, messages.SUCCESS)

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("email_channels.change_inboundemail")


def _released(mail: InboundEmail, user: User) -> bool:
    try:
        release(mail, by=user)
    except Conflict:  # somebody else released it a moment ago
        return False
    return True
