"""How the bodies of answers are read: small ones whole, large ones piece by piece."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from time import monotonic

import httpx

from annotate.errors import StudioError
from annotate.studio.failures import Asked, cut
from annotate.studio.retrying import Patience, Trouble

# Seconds in which a body that is read whole has to come, however slowly it drips.
_LONGEST = 900.0
# The size of a body whose end only tells it.
_UNKNOWN = -1

# Opens a body from a byte on, as far as the server can do that.
Part = Callable[[int], AbstractContextManager[httpx.Response]]


def read_whole(response: httpx.Response) -> None:
    """Read the body into the response; raises `httpx.ReadTimeout` when it never ends."""
    stream = response.stream
    if isinstance(stream, httpx.SyncByteStream):
        response.stream = _Bounded(stream, monotonic() + _LONGEST)
    response.read()
    # httpx's stream knows its response: in that circle a body would stay until the garbage
    # collector's longest round, and several of them at once.
    response.stream = httpx.ByteStream(b"")


class _Bounded(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._stream:
            if monotonic() > self._deadline:
                raise httpx.ReadTimeout("the answer drips")
            yield piece

    def close(self) -> None:
        self._stream.close()


def download(
    asked: Asked, part: Part, offset: int, patience: Patience
) -> Generator[bytes, None, None]:
    """Yield the bytes of a body from `offset` on, in constant memory.

    Where it is cut, it goes on from there: with what the server sends from there, or, where it
    sends everything again, with what comes after. Raises `StudioError` when the body is
    another one than before.
    """
    at, size = offset, _UNKNOWN
    while True:
        try:
            with part(at) as response:
                position, whole = _extent(response)
                if position > at or (whole != size and _UNKNOWN not in {whole, size}):
                    raise _changed(asked)
                size = max(size, whole)
                for piece in response.iter_raw():
                    position += len(piece)
                    if position > at:
                        yield piece[at - position :]
                        at = position
                        patience.renew()
            if position < at:
                raise _changed(asked)
            if size in {at, _UNKNOWN}:
                return
            patience.wait(cut(asked, f"{at} of {size} bytes came"))
        except Trouble as trouble:
            patience.wait(trouble)


def _extent(response: httpx.Response) -> tuple[int, int]:
    """Return the first byte that an answer holds, and the size of the whole body."""
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        told = re.match(r"bytes (\d+)-\d+/(\d+)", response.headers.get("content-range", ""))
        return (int(told[1]), int(told[2])) if told else (0, _UNKNOWN)
    return 0, int(response.headers.get("content-length", _UNKNOWN))


def _changed(asked: Asked) -> StudioError:
    return StudioError(
        f"what Label Studio at {asked.url} sends to {asked.name} changed while it was read",
        "Run the command again.",
    )
