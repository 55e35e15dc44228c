"""What a draft's author had better look at before Send. Notes never stop anything."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.channels import suppression
from apps.channels.customer import is_one_of, our_addresses
from apps.channels.lookalikes import PROVIDERS, domain_of, imitated_by
from apps.channels.models import SuppressedAddress
from apps.channels.parsed import Address
from apps.tickets.delivery_reports import trouble
from apps.tickets.letters import people_of
from apps.tickets.models import Draft, StagedFile
from apps.tickets.newcomers import known_people
from apps.tickets.sending.unwanted import UNWANTED

MOST_NAMED = 5

# "See the attached", "adjunto la factura": said of a file that then stands beside the text.
_PROMISE = re.compile(
    r"\b(attached|attachments?|attaching|enclosed|adjunt[oae]s?|adjuntamos|adjuntado|anex[oa]s?)\b",
    re.IGNORECASE,
)
_PASSED_ON = re.compile(r"^-{8,} .{1,60} -{8,}$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Note:
    code: str
    field: str
    sentence: str
    address: str = ""  # the recipient that it is about, in small letters


def notes_of(draft: Draft, files: list[StagedFile]) -> list[Note]:
    """FILES are the draft's; three queries for everything else."""
    return [*_of_recipients(draft), *_of_troubled(draft), *_of_files(draft, files)]


# ---- recipients -------------------------------------------------------------------------------


def _of_recipients(draft: Draft) -> Iterator[Note]:
    if draft.session is None:
        return
    known = known_people(draft.session)
    ours = our_addresses()
    near = {domain_of(address) for address in known | ours} - PROVIDERS - {""}
    for side in ("to", "cc", "bcc"):
        for person in people_of(getattr(draft, side)):
            if person.key not in known and not is_one_of(person, ours):
                yield _stranger(person, side, near)


def _stranger(person: Address, side: str, near: set[str]) -> Note:
    """A domain that passes for one of the conversation is worse than one that is only new."""
    if imitated := imitated_by(domain_of(person.email), near):
        words = {"address": person.email, "known": imitated}
        sentence = _("%(address)s looks like %(known)s, but it is another address.")
        return Note("look-alike", side, sentence % words, person.key)
    sentence = _("%(address)s is new in this conversation.")
    return Note("new-recipient", side, sentence % {"address": person.email}, person.key)


def _of_troubled(draft: Draft) -> Iterator[Note]:
    """What stands on the list says more than what bounces say together."""
    people = {side: people_of(getattr(draft, side)) for side in ("to", "cc", "bcc")}
    everybody = [one.key for side in people.values() for one in side]
    listed = suppression.against(everybody, mailbox=draft.mailbox_id)
    found = trouble(one for one in everybody if one not in listed)
    for side, some in people.items():
        for person in some:
            if row := listed.get(person.key):
                code = UNWANTED if row.reason in SuppressedAddress.UNWANTED else "suppressed"
                yield Note(code, side, suppression.sentence_of(row), person.key)
            elif troubled := found.get(person.key):
                words = {"address": person.email, "trouble": troubled.sentence}
                sentence = _("%(address)s: %(trouble)s") % words
                yield Note("not-arriving", side, sentence, person.key)


# ---- files ------------------------------------------------------------------------------------


def _of_files(draft: Draft, files: list[StagedFile]) -> Iterator[Note]:
    if draft.left_out:
        yield Note("files-left-out", "files", _left_out(draft.left_out))
    if not any(not one.inline for one in files) and _PROMISE.search(_own_words(draft)):
        sentence = _("You wrote about an attached file, but there is none.")
        yield Note("file-missing", "files", sentence)
    if draft.plain and any(one.inline for one in files):
        sentence = _("Plain text carries no pictures: those in the text are not sent.")
        yield Note("pictures-left-out", "files", sentence)


def _left_out(names: list[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        named += ", …"
    return _("Not taken along, since no check has passed them: %(names)s.") % {"names": named}


def _own_words(draft: Draft) -> str:
    """Without what others wrote below."""
    own = _PASSED_ON.split(draft.text, maxsplit=1)[0]
    return "\n".join(line for line in own.splitlines() if not line.startswith(">"))
