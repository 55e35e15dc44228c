"""What a session remembers of its files: who released one, and which was found infected later."""

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.attachments import release
from apps.attachments.models import Attachment, VerdictChange
from apps.core.errors import Forbidden, Missing
from apps.core.models import Role, User
from apps.tickets.models import Message, MessageFile, SessionEvent
from apps.tickets.sessions import may_steer, say_changed


def may_release(user: User, file: MessageFile) -> bool:
    """Supervisors of the session's queue and administrators; the verb asks again."""
    if user.has_role(Role.INTEGRATION) or not release.may_be_released(file.attachment):
        return False
    return may_steer(user, file.message.session.queue_id)


def release_file(attachment: Attachment, *, by: User) -> Attachment:
    """A locked file becomes clean on a person's word; the session remembers whose."""
    if by.has_role(Role.INTEGRATION):
        raise Forbidden("person-required", _("A file is released by a person, never a program."))
    file = _carrier(attachment)
    session = file.message.session
    if not may_steer(by, session.queue_id):
        sentence = _("Only a supervisor of this session's team or an administrator releases files.")
        raise Forbidden("role-required", sentence)
    with transaction.atomic():
        released = release.release(attachment, by=by)
        SessionEvent.objects.create(
            session=session,
            kind=SessionEvent.Kind.RELEASED,
            before=attachment.verdict,
            after=released.verdict,
            by=by,
            why=_("%(by)s released a password-protected file.") % {"by": by.display_name},
            facts={"attachment": attachment.pk, "message": file.message_id},
        )
        say_changed([session])
    return released


def remember_found(attachment_ids: Sequence[int]) -> None:
    """Once for each find, however often it is announced."""
    files = MessageFile.objects.filter(attachment__in=attachment_ids)
    for file in files.select_related("attachment", "message__session"):
        change = file.attachment.changes.order_by("-id").first()
        known = file.message.session.events.filter(kind=SessionEvent.Kind.FOUND_LATER)
        if change and not known.filter(facts__change=change.pk).exists():
            _remember(file, change)


def _remember(file: MessageFile, change: VerdictChange) -> None:
    message = file.message
    went_out = message.direction == Message.Direction.OUT and message.status in Message.GONE_OUT
    why = _("A file was found infected by newer signatures; it had been clean until now.")
    if went_out:
        why = _("A file that we sent was found infected by newer signatures.")
    with transaction.atomic():
        SessionEvent.objects.create(
            session=message.session,
            kind=SessionEvent.Kind.FOUND_LATER,
            before=change.before,
            after=change.after,
            why=why,
            facts={
                "attachment": file.attachment_id,
                "message": file.message_id,
                "change": change.pk,
                "clean_since": change.since.isoformat() if change.since else None,
                "before_reason": change.before_reason,
                "sent_out": went_out,
            },
        )
        say_changed([message.session])


def _carrier(attachment: Attachment) -> MessageFile:
    files = MessageFile.objects.select_related("message__session", "attachment")
    carrier = files.filter(attachment=attachment).first()
    if carrier is None:
        raise Missing("not-found", _("There is no message with this file."))
    return carrier
