"""Which files a mail may bring: by every name a file carries and by its content, worst face first.

Documents of every type are allowed except the seven denied ones; images, video and audio are
closed lists.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, get_args

from apps.attachments import containers, seen
from apps.attachments.detect import detected_type
from apps.attachments.documents import carries_more, document_type
from apps.attachments.families import (
    DENIED,
    DOCUMENT_TYPES,
    LISTED_TYPES,
    MEDIA_APPLICATIONS,
    UNLISTED,
    WEAK_TYPES,
)
from apps.attachments.inside import all_inside
from apps.attachments.names import extensions, last_extensions

# The worst one first. What is too much to look through is withheld, all else refused.
Reason = Literal["type-denied", "content-denied", "polyglot", "type-not-allowed", "too-big"]


@dataclass(frozen=True, slots=True)
class Judgement:
    allowed: bool
    reason: Reason | None
    type: str  # what the bytes are, whatever the mail says


def judge(
    names: Sequence[str], content: bytes, also_block: Iterable[str] = (), *, digest: str = ""
) -> Judgement:
    """NAMES is every name the file carries, as decoded; ALSO_BLOCK further extensions.

    DIGEST: of CONTENT, by which it is known what its bytes have shown before.
    """
    blocked = DENIED | {ending.strip(" .*").casefold() for ending in also_block}
    face = seen.once(digest, "face", lambda: _face(content))
    reason = _judged(names, face, blocked) or seen.once(
        digest, ("inside", blocked), lambda: _worst_inside(content, blocked)
    )
    return Judgement(reason is None, reason, face[0])


def _judged(
    names: Sequence[str], face: tuple[str, Reason | None], blocked: AbstractSet[str]
) -> Reason | None:
    kind, bad_content = face
    if any(not blocked.isdisjoint(extensions(name)) for name in names):
        return "type-denied"
    if bad_content or not _is_unlisted(names, kind):
        return bad_content
    return "type-not-allowed"


def _worst_inside(content: bytes, blocked: AbstractSet[str]) -> Reason | None:
    """A mail is as bad as the worst file in it; what cannot be looked through never passes."""
    found: set[Reason | None] = set()
    for inner in all_inside(content):
        found.add(inner.problem or _judged(inner.names, _face(inner.content), blocked))
    return next((reason for reason in get_args(Reason) if reason in found), None)


def _is_unlisted(names: Sequence[str], kind: str) -> bool:
    if any(not UNLISTED.isdisjoint(last_extensions(name)) for name in names):
        return True
    is_media = kind.startswith(("image/", "video/", "audio/")) or kind in MEDIA_APPLICATIONS
    return is_media and kind not in LISTED_TYPES | DOCUMENT_TYPES | WEAK_TYPES


def _face(content: bytes) -> tuple[str, Reason | None]:
    """The type, and what is wrong with the content."""
    kind = detected_type(content)
    if containers.starts_as_program(content) or containers.starts_as_rar(content):
        return kind, "content-denied"
    if containers.starts_as_zip(content):
        kind, reason = _face_of_zip(content, kind)
        return kind, reason or _hidden(content)
    if containers.is_carrier(content):
        return kind, None
    if any(not _is_document(archive) for archive in containers.zips_from_the_end(content)):
        return kind, "polyglot"
    return kind, _hidden(content)


def _is_document(archive: containers.Zip) -> bool:
    """A PDF may end with the letter that it brings; both faces are allowed then."""
    document = document_type(archive) if archive.complete else None
    return document is not None and not carries_more(archive, document)


def _face_of_zip(content: bytes, kind: str) -> tuple[str, Reason | None]:
    """A ZIP passes only as a document, and only if every reader sees that document."""
    archives = list(containers.zips_from_the_end(content))
    documents = [document_type(archive) if archive.complete else None for archive in archives]
    if not documents or None in documents:
        return kind, "content-denied"
    for archive, document in zip(archives, documents, strict=True):
        if archive.begins_at != 0 or carries_more(archive, document or ""):
            return document or kind, "polyglot"
    return documents[0] or kind, None


def _hidden(content: bytes) -> Reason | None:
    if containers.hides_rar(content) or containers.hides_program(content):
        return "polyglot"
    return None
