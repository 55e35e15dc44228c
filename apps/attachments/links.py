"""A file by an address that works without signing in, for some minutes.

The token names the file and whoever asked for it; it opens what that person sees at that moment,
and only while the file is clean. Passed on to a colleague who is signed in, it opens no more than
that colleague sees.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.attachments.download import must_be_clean
from apps.attachments.models import Attachment
from apps.core.errors import Gone, Missing
from apps.core.models import User

LIFETIME = timedelta(minutes=10)
_signer = TimestampSigner(salt="carteria.attachments.links", sep=".")


@dataclass(frozen=True, slots=True)
class Link:
    token: str
    expires_at: datetime


def make_link(attachment: Attachment, *, for_user: User) -> Link:
    """The caller has checked that FOR_USER sees the file."""
    must_be_clean(attachment)
    token = _signer.sign(f"{attachment.pk}-{for_user.pk}")
    return Link(token, timezone.now() + LIFETIME)


def follow_link(token: str, *, reader: User | None = None) -> Attachment:
    """READER: who is signed in, if anybody is."""
    try:
        attachment, _dash, user = _signer.unsign(token, max_age=LIFETIME).partition("-")
    except SignatureExpired as error:
        raise Gone("link-expired", _("This link has expired. Open the mail again.")) from error
    except BadSignature as error:
        raise Missing("not-found", _("There is no file at this address.")) from error
    asker = User.objects.filter(pk=user, is_active=True).first()
    mine = Attachment.objects.visible_to(asker) if asker else Attachment.objects.none()
    found = mine.select_related("blob").filter(pk=attachment).first()
    if found is None:
        raise Gone("link-expired", _("This link no longer works. Open the mail again."))
    if reader and not Attachment.objects.visible_to(reader).filter(pk=found.pk).exists():
        raise Missing("not-found", _("There is no file at this address."))
    return found
