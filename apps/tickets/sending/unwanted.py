"""Who is written to all the same: where a person there has said no, the author has to say so twice.

What a bounce or a hand has put onto the list is only shown (draft_notes.py).
"""

from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _

from apps.channels import suppression
from apps.channels.models import SuppressedAddress
from apps.core.errors import Guarded

UNWANTED = "unwanted"


class Unwanted(Guarded):
    """`people`: in small letters, whom the author may confirm."""

    def __init__(self, rows: Collection[SuppressedAddress]) -> None:
        said = " ".join(suppression.sentence_of(one) for one in rows)
        super().__init__(UNWANTED, _("%(said)s Send it all the same?") % {"said": said})
        self.people = [one.address for one in rows]


def confirmed_or_refuse(
    people: Iterable[str], confirmed: Collection[str], *, mailbox: int | None = None
) -> None:
    """Raises Unwanted. CONFIRMED are addresses in small letters."""
    found = suppression.against(people, mailbox=mailbox).values()
    said_no = [one for one in found if one.reason in SuppressedAddress.UNWANTED]
    if left := [one for one in said_no if one.address not in confirmed]:
        raise Unwanted(left)
