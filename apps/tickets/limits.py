"""How many files a mail may carry and how large it may be, and which limit says so (SPEC 1.5 d)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.attachments.models import AttachmentSettings
from apps.channels.models import Mailbox
from apps.core.errors import Invalid

MEGABYTE = 2**20
LINE = 76  # base64 as mails carry it: so many characters for 57 bytes, then two for the line end


class Weighed(Protocol):
    """What a limit needs to know of a file."""

    @property
    def size(self) -> int: ...
    @property
    def inline(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Of Settings > Email > Attachments, and of the server that the mail leaves through."""

    max_files: int
    max_inline: int
    max_total_mb: int
    server_bytes: int = 0  # of the whole mail, encoded; 0: not known
    address: str = ""

    @property
    def most_bytes(self) -> int:
        """Of all files together, before encoding: the stricter of the two limits."""
        settings = self.max_total_mb * MEGABYTE
        return min(settings, self.server_files_bytes) if self.server_bytes else settings

    @property
    def server_files_bytes(self) -> int:
        return self.server_bytes // (LINE + 2) * 57

    @property
    def server_is_stricter(self) -> bool:
        return self.server_bytes > 0 and self.server_files_bytes < self.max_total_mb * MEGABYTE


@dataclass(frozen=True, slots=True)
class Use:
    """What a set of files takes of the limits."""

    files: int
    images: int
    bytes: int
    wire_bytes: int


def limits_for(mailbox: Mailbox | None) -> Limits:
    """Without a mailbox, or while its server has not said: the settings alone."""
    row = AttachmentSettings.load()
    server = mailbox.account.largest_mail if mailbox else 0
    address = mailbox.address if mailbox else ""
    return Limits(row.max_files, row.max_inline, row.max_total_mb, server, address)


def use_of(files: Iterable[Weighed]) -> Use:
    known = list(files)
    images = sum(file.inline for file in known)
    return Use(
        files=len(known) - images,
        images=images,
        bytes=sum(file.size for file in known),
        wire_bytes=sum(wire_size(file.size) for file in known),
    )


def wire_size(size: int) -> int:
    """Bytes of a file in the mail, without its headers: never more than what is really sent."""
    characters = -(-size // 3) * 4
    return characters + -(-characters // LINE) * 2


def check(files: Iterable[Weighed], limits: Limits, *, text_bytes: int = 0) -> None:
    """The sentence names the limit that was passed, its value and where it comes from.

    What it lets through may still be a little too large for the server: the mail as it is really
    sent is measured once more before it leaves.
    """
    use = use_of(files)
    if use.files > limits.max_files:
        raise Invalid("too-many-files", _too_many_files(use, limits))
    if use.images > limits.max_inline:
        raise Invalid("too-many-images", _too_many_images(use, limits))
    if use.bytes > limits.max_total_mb * MEGABYTE:
        told = {"limit": limits.max_total_mb, "size": rounded_up(use.bytes)}
        sentence = _(
            "files: Settings > Email > Attachments allow %(limit)s MB in one mail; these files have"
            " %(size)s MB."
        )
        raise Invalid("files-too-big", sentence % told)
    if use.files + use.images and 0 < limits.server_bytes < use.wire_bytes + text_bytes:
        raise Invalid("server-limit", _too_big_for_server(use, limits))


def _too_many_files(use: Use, limits: Limits) -> str:
    sentence = ngettext(
        "files: Settings > Email > Attachments allow %(limit)s file in one mail; these are"
        " %(number)s.",
        "files: Settings > Email > Attachments allow %(limit)s files in one mail; these are"
        " %(number)s.",
        limits.max_files,
    )
    return sentence % {"limit": limits.max_files, "number": use.files}


def _too_many_images(use: Use, limits: Limits) -> str:
    sentence = ngettext(
        "files: Settings > Email > Attachments allow %(limit)s image in the text; these are"
        " %(number)s.",
        "files: Settings > Email > Attachments allow %(limit)s images in the text; these are"
        " %(number)s.",
        limits.max_inline,
    )
    return sentence % {"limit": limits.max_inline, "number": use.images}


def _too_big_for_server(use: Use, limits: Limits) -> str:
    sentence = _(
        "files: The mail server of %(address)s takes at most %(limit)s MB in one mail; these files"
        " need %(need)s MB there."
    )
    return sentence % {
        "address": limits.address,
        "limit": rounded_down(limits.server_bytes),
        "need": rounded_up(use.wire_bytes),
    }


def rounded_down(size: int) -> str:
    """Megabytes: a limit is never told larger than it is."""
    return _tenths(size * 10 // MEGABYTE)


def rounded_up(size: int) -> str:
    """Nor is a need told smaller."""
    return _tenths(-(-size * 10 // MEGABYTE))


def _tenths(tenths: int) -> str:
    whole, rest = divmod(tenths, 10)
    return f"{whole}.{rest}" if rest else str(whole)
