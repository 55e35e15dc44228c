"""Files that wait for their verdict, as a mail brings them."""

from collections.abc import Callable

import pytest

from apps.attachments import screen
from apps.attachments.models import Attachment
from apps.core import blobs

MakeFile = Callable[..., Attachment]


@pytest.fixture
def file(db: None) -> MakeFile:
    def made(content: bytes = b"hello", *names: str, **fields: object) -> Attachment:
        planned = screen.plan(
            blob=blobs.store(content), names=names or ("letter.txt",), declared_type="text/plain"
        )
        for name, value in fields.items():
            setattr(planned, name, value)
        planned.save()
        return planned

    return made
