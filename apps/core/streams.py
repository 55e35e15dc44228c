"""A long answer that leaves piece by piece, whichever kind of server asks for it."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse


class StreamedResponse(StreamingHttpResponse):
    """Django would first collect the whole of a plain iterator when served asynchronously."""

    def __init__(self, pieces: Iterator[bytes], **more: Any) -> None:
        super().__init__(pieces, **more)
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        following = sync_to_async(partial(next, self._pieces, b""), thread_sensitive=False)
        while piece := await following():
            yield piece
