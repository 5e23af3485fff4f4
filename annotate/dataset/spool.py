"""Records that come in any order are given back in order, without holding all of them."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter, lt
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

# By what a record is sorted, and its JSON.
_Key = tuple[str | int, ...]
_Entry = tuple[_Key, bytes]

# What may be held in memory of each kind, in about bytes of JSON; what is beyond is in files.
HELD = 10_000_000
_LENGTH = 4

_key: Callable[[tuple[_Key, Any]], _Key] = itemgetter(0)


class Spool(Generic[T]):
    """Records of one kind, which can be read in the order of their keys as often as wanted.

    More than `held` of them by their `weight`, in about bytes, are sorted part by part into
    files in `folder`, and merged as they are read. Those of one key come in the order of their
    JSON, so that nothing depends on the order in which they came.
    """

    def __init__(
        self, folder: Path, kind: type[T], key: Callable[[T], _Key], weight: Callable[[T], int],
        *, held: int = HELD,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._decode = msgspec.json.Decoder(kind).decode
        self._encode = msgspec.json.Encoder().encode
        self._key = key
        self._weight = weight
        self._name = kind.__name__.lower()
        self._limit = held
        self._held: list[tuple[_Key, T]] = []
        self._weighs = 0
        self._sorted = True
        self._files: list[Path] = []
        self._count = 0

    def add(self, record: T) -> None:
        """Take a record in; not while the spool is read."""
        self._held.append((self._key(record), record))
        self._sorted = False
        self._count += 1
        self._weighs += self._weight(record)
        if self._weighs >= self._limit:
            self._spill()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[T]:
        self._sort()
        if not self._files:
            return (record for _, record in self._held)
        return (self._decode(body) for _, body in self._entries())

    def digest(self) -> str:
        """Return the SHA-256 of all records in their order, in hexadecimal digits."""
        found = hashlib.sha256()
        for _, body in self._entries():
            found.update(body)
            found.update(b"\n")
        return found.hexdigest()

    def _entries(self) -> Iterator[_Entry]:
        self._sort()
        held = ((key, self._encode(record)) for key, record in self._held)
        return heapq.merge(*map(_read, self._files), held) if self._files else held

    def _sort(self) -> None:
        """Sort what is held; by the JSON too where several have one key, which is rare."""
        if self._sorted:
            return
        self._held.sort(key=_key)
        keys = list(map(_key, self._held))
        if not all(map(lt, keys, keys[1:])):
            self._held.sort(key=lambda entry: (entry[0], self._encode(entry[1])))
        self._sorted = True

    def _spill(self) -> None:
        """Write what is held to a file of its own."""
        self._sort()
        path = self._folder / f"{self._name}-{len(self._files)}"
        _write(path, ((key, self._encode(record)) for key, record in self._held))
        self._files.append(path)
        self._held = []
        self._weighs = 0


def _write(path: Path, entries: Iterable[_Entry]) -> None:
    """Write entries as MessagePack, each after its length."""
    encode = msgspec.msgpack.Encoder().encode
    with path.open("wb") as file:
        for entry in entries:
            frame = encode(entry)
            file.write(len(frame).to_bytes(_LENGTH))
            file.write(frame)


def _read(path: Path) -> Iterator[_Entry]:
    decode = msgspec.msgpack.Decoder(tuple[_Key, bytes]).decode
    with path.open("rb") as file:
        while length := file.read(_LENGTH):
            yield decode(file.read(int.from_bytes(length)))
