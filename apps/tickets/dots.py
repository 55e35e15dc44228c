"""How many mails came as far as their final dot: counted in the database and, before the dot, in
the data folder, which no restored database turns back. A file there is as long as the number.
"""

import logging
import os
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F

from apps.tickets.models import OutboxMark

log = logging.getLogger(__name__)


def count() -> None:
    """Before each final dot. The database first: the file must never be ahead by itself."""
    with transaction.atomic():
        if not OutboxMark.objects.filter(pk=1).update(dots=F("dots") + 1):
            OutboxMark.objects.get_or_create(pk=1, defaults={"dots": 1})
        mark = OutboxMark.objects.get(pk=1)
    try:
        _lengthen(_file_of(mark), mark.dots)
    except OSError as error:  # a full disk must not stop what leaves
        log.warning("a dot was not counted in the data folder", extra={"errno": error.errno})


def in_folder(mark: OutboxMark) -> int:
    file = _file_of(mark)
    return file.stat().st_size if file.exists() else 0


def _file_of(mark: OutboxMark) -> Path:
    return Path(settings.DATA_DIR) / "outbox" / mark.name


def _lengthen(file: Path, length: int) -> None:
    """Writing behind the end makes it longer, and never shorter, whoever comes first."""
    file.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, b".", length - 1)
    finally:
        os.close(descriptor)
