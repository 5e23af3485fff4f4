"""Reading an export task by task: only a few of them are in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar

import msgspec

from annotate.errors import StudioError
from annotate.progress import Advance
from annotate.studio.export.batches import Batches

T = TypeVar("T")

_CHOOSE = "In Label Studio choose Export, then JSON: not JSON-MIN, CSV or another format."
_AGAIN = "Nothing was brought into the ledger; export it again."
# A greater number, of the year 5138, counts milliseconds.
_LAST_SECOND = 10**11


class Person(msgspec.Struct, frozen=True):
    """A person as newer exports of some servers tell them."""

    id: int | None = None
    email: str = ""


class ExportedAnnotation(msgspec.Struct, frozen=True):
    """An annotation, called a completion by servers before 1.0; those tell times in seconds."""

    id: int | str | None = None
    result: list[Any] | None = None
    completed_by: int | str | Person | None = None
    was_cancelled: bool | None = False
    skipped: bool | None = False
    created_at: int | float | str | None = None
    updated_at: int | float | str | None = None
    lead_time: float | None = None
    ground_truth: bool | None = False

    def marks(self) -> list[Any]:
        """Return the marks as the server's own JSON has them."""
        return self.result or []

    def decode(self, decoder: msgspec.json.Decoder[T]) -> T:
        """Return the marks as a type of one's own; raises `msgspec.DecodeError`."""
        return decoder.decode(msgspec.json.encode(self.result))

    @property
    def who(self) -> str | int | None:
        """The person's address or, where the export does not tell it, the number."""
        who = self.completed_by
        return who.email or who.id if isinstance(who, Person) else who

    @property
    def address(self) -> str:
        """The person's address, empty where the export tells none."""
        return self.who if isinstance(self.who, str) else ""

    def person(self, export: str) -> str:
        """Return the person's address, or what stands for it where the export tells none."""
        return self.address or (
            f"somebody of {export}" if self.who in {None, ""} else f"user {self.who} of {export}"
        )

    def times(self) -> tuple[str, str]:
        """Return when it was created and changed, ISO 8601 in UTC, empty when it is not told.

        Raises `StudioError` for a number that is no time.
        """
        try:
            created = _time(self.created_at)
            return created, _time(self.updated_at) or created
        except (ValueError, OverflowError, OSError) as error:
            raise StudioError(
                f"annotation {self.id} was created or changed at a time that there is not"
                f" ({self.created_at}, {self.updated_at})",
                "Times are ISO 8601, or seconds since 1970; mend the export.",
            ) from error


def _time(told: float | str | None) -> str:
    if isinstance(told, int | float):
        seconds = told / 1000 if told > _LAST_SECOND else told
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    return told or ""


class ExportedTask(msgspec.Struct, frozen=True):
    """A task with everyone's annotations."""

    data: dict[str, Any]
    id: int | str | None = None
    meta: dict[str, Any] | None = None
    annotations: list[ExportedAnnotation] | None = None
    completions: list[ExportedAnnotation] | None = None
    drafts: list[Any] | None = None

    @property
    def everyones(self) -> list[ExportedAnnotation]:
        """The annotations, by whichever name."""
        return [*(self.annotations or ()), *(self.completions or ())]


class _UnreadAnnotation(ExportedAnnotation, frozen=True):
    """An annotation of which the marks were not looked at yet."""

    result: msgspec.Raw = msgspec.Raw(b"null")  # type: ignore[assignment]

    def marks(self) -> list[Any]:
        try:
            return msgspec.json.decode(self.result, type=list[Any] | None) or []
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StudioError(
                f"the marks of annotation {self.id} are not JSON: {error}", _AGAIN
            ) from error

    def decode(self, decoder: msgspec.json.Decoder[T]) -> T:
        return decoder.decode(self.result)


class _UnreadTask(ExportedTask, frozen=True):
    annotations: list[_UnreadAnnotation] | None = None  # type: ignore[assignment]
    completions: list[_UnreadAnnotation] | None = None  # type: ignore[assignment]


def read_tasks(stream: IO[bytes], path: Path, advance: Advance) -> Iterator[ExportedTask]:
    """Yield the tasks of an export; `advance` is told how many bytes were read.

    Raises `StudioError` when it is no export of tasks as JSON, or only a part of one.
    """
    import ijson  # type: ignore[import-untyped]  # noqa: PLC0415, only needed for this

    start = stream.read(4096)
    body = start.removeprefix(b"\xef\xbb\xbf")
    stream.seek(len(start) - len(body))
    if not body.strip():
        raise StudioError(f"{path} is empty", _AGAIN)
    if not body.lstrip().startswith(b"["):
        what = "one object and no list of tasks" if body.lstrip().startswith(b"{") else "no JSON"
        raise StudioError(f"{path} is {what}", _CHOOSE)
    told = Batches(_Told(stream, advance), _UnreadTask)
    yield from told
    try:
        items = ijson.items(told.rest(), "item", use_float=True)
        for number, item in enumerate(islice(items, bool(told.told), None), start=told.told):
            yield _task(item, path, number)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        reason = str(error).removeprefix("b'").splitlines()[0].split("\\n")[0].rstrip(".")
        if "premature EOF" in reason or not _ends(stream):
            raise StudioError(f"{path} ends in the middle of a task", _AGAIN) from error
        raise StudioError(f"{path} is not JSON: {reason}", _AGAIN) from error


def _task(item: Any, path: Path, number: int) -> ExportedTask:
    if isinstance(item, dict) and "data" not in item and "annotator" in item:
        raise StudioError(f"{path} is a JSON-MIN export, which leaves things out", _CHOOSE)
    try:
        return msgspec.convert(item, ExportedTask)
    except msgspec.ValidationError as error:
        raise StudioError(f"{path}: entry {number + 1} is no task: {error}", _CHOOSE) from error


def _ends(stream: IO[bytes]) -> bool:
    """Whether a file ends as a list does."""
    stream.seek(-min(stream.seek(0, os.SEEK_END), 4096), os.SEEK_END)
    return stream.read().rstrip().endswith(b"]")


class _Told:
    """A stream that tells how much of it was read."""

    def __init__(self, stream: IO[bytes], advance: Advance) -> None:
        self._stream = stream
        self._advance = advance

    def read(self, size: int = -1, /) -> bytes:
        """Read as the stream does."""
        data = self._stream.read(size)
        self._advance(len(data))
        return data
