"""Which servers write Authentication-Results on an account's mail, so that its own can be named."""

import re
from collections import Counter

from apps.channels.authentication import NAMELESS, read_results
from apps.channels.models import EmailAccount, InboundEmail
from apps.core import blobs
from apps.core.mime.headers import read_headers

LATEST = 20  # mails
FIRST_BYTES = 64 * 1024
MOST_NAMES = 3

_NAME = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}", re.ASCII)  # anything else is no server's


def stamping_servers(account: EmailAccount) -> tuple[list[str], int]:
    """Names that stand on top of most of the latest mails, and how many mails were read.

    A stranger's forgery stands on top of his own mail only, so a single one proves nothing.
    """
    rows = InboundEmail.objects.filter(account=account, raw__isnull=False, rebuilt=False)
    names: Counter[str] = Counter()
    read = 0
    for row in rows.select_related("raw").order_by("-id")[:LATEST]:
        read += 1
        names.update(_on_top(row))
    return [name for name, times in names.most_common(MOST_NAMES) if times * 2 > read], read


def _on_top(row: InboundEmail) -> list[str]:
    if row.raw is None:
        return []
    try:
        first = b"".join(blobs.pieces(row.raw, range(min(row.raw.size, FIRST_BYTES))))
    except OSError:
        return []
    headers, _end = read_headers(first, 0, len(first))
    names = (field.server or NAMELESS for field in read_results(headers)[:1])
    return [name for name in names if _NAME.fullmatch(name)]
