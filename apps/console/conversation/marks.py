"""What a reader has seen: kept for each person, since reading changes nothing for the others."""

from apps.console.models import ReadMark
from apps.core.models import User
from apps.tickets.models import Session


def mark_seen(user: User, session: Session, message: int) -> None:
    """Up to MESSAGE, and never back. No further than the newest mail, so that the next is new."""
    seen = min(message, session.newest_in)
    mark = ReadMark(user=user, session=session, message=seen)
    ReadMark.objects.bulk_create([mark], ignore_conflicts=True)
    ReadMark.objects.filter(user=user, session=session, message__lt=seen).update(message=seen)


def mark_unread(user: User, session: Session) -> None:
    """The newest mail is new again; those before it stay seen."""
    before = session.newest_in - 1
    ReadMark.objects.update_or_create(user=user, session=session, defaults={"message": before})


def mark_of(user: User, session: Session) -> int | None:
    """The newest message that USER has seen; None: never opened."""
    marks = ReadMark.objects.filter(user=user, session=session)
    return marks.values_list("message", flat=True).first()
