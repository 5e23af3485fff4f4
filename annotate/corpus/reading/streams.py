"""Streams of bytes from any file system or the web, whose failures are all of one kind."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import IO, Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

_TIMEOUT_SECONDS = 60
# Arrow loses what it has unpacked before a damage, as far as it was asked for at once.
_STEP = 1 << 16


class System(Protocol):
    """What opens a path: a file system of fsspec, or the web."""

    def open(self, path: str, mode: str, /) -> Any:
        """Return a stream of bytes; `mode` is "rb"."""


@contextmanager
def open_stream(
    system: System, path: str, compression: str = "", *, seekable: bool = False
) -> Iterator[IO[bytes]]:
    """Open a path for reading, decompressed when `compression` is .gz or .zst.

    Whatever goes wrong, now or while it is read, is an `OSError`.
    """
    with ExitStack() as stack:
        with _failing_as_os_error():
            raw = stack.enter_context(closing(system.open(path, "rb")))
        stream: Any = _Unpacked(_unpacking(raw, compression)) if compression else _Stream(raw)
        if seekable and (compression or not raw.seekable()):
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(stream, copy)
            copy.seek(0)
            stream = copy
        yield stream


def _unpacking(raw: Any, compression: str) -> Any:
    if compression == ".gz":
        return gzip.GzipFile(fileobj=raw)
    import pyarrow as pa

    return io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))


class _Stream:
    """A stream of which every failure is an `OSError`, whichever library reads it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, size: int = -1) -> bytes:
        with _failing_as_os_error():
            data: bytes = self._stream.read(size)
        return data


class _Unpacked(_Stream):
    """A stream that is decompressed, of which all is given that stands before a damage."""

    _failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes; the damage is told when all before it was read."""
        parts: list[bytes] = []
        left = size
        while not self._failure:
            try:
                with _failing_as_os_error():
                    parts.append(self._stream.read1(min(left, _STEP) if size > 0 else _STEP))
            except OSError as error:
                self._failure = error
                break
            if not parts[-1]:
                break
            left -= len(parts[-1])
        if self._failure and not any(parts):
            raise self._failure
        return b"".join(parts)


@contextmanager
def _failing_as_os_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    # A file system of fsspec, zlib, zipfile and http raise what they like.
    except Exception as error:
        raise OSError(first_line(error)) from error


class Web:
    """Files on the web, by the standard library: fsspec wants two more packages for them."""

    def open(self, path: str, _mode: str, /) -> Any:
        """Open a URL for reading as a stream."""
        # Letters beyond ASCII get quoted, and what is quoted already stays as it is.
        url = quote(path, safe="%/:?&=#[]@!$'()*+,;~")
        # Only ever called with http and https.
        request = Request(url, headers={"User-Agent": "annotate-corpus"})  # noqa: S310
        try:
            return _Answer(urlopen(request, timeout=_TIMEOUT_SECONDS))  # noqa: S310
        except HTTPError as error:
            error.close()
            raise OSError(f"the server answers {error.code} {error.reason}") from error
        except URLError as error:
            raise OSError(getattr(error.reason, "strerror", None) or str(error.reason)) from error


class _Answer(_Stream):
    """What a web server sends: http.client takes a lost connection for the end."""

    def read(self, size: int = -1) -> bytes:
        data = super().read(size)
        if not 0 <= size <= len(data) and self._stream.length:
            raise OSError("the connection broke off")
        return data


def first_line(error: Exception) -> str:
    """Return what an exception says, on one line."""
    reason = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
    return str(reason).splitlines()[0]
