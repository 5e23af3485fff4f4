"""Sorting more articles than memory holds: in sorted blocks on disk, which are merged."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from annotate.corpus.article import Article
from annotate.text import Changes

# A block is sorted in memory, in a few times this many characters.
BLOCK_CHARS = 8 << 20

# What an article takes beside its text, in characters.
_ROW_CHARS = 512

# As many blocks are merged at once: systems let a process open some hundred files.
_AT_ONCE = 128


# A block is rows in MessagePack, each behind its length.
_LENGTH_BYTES = 4


class Pending(msgspec.Struct, gc=False):
    """An article on its way into the store; `order` is that of reading."""

    article: Article
    changes: Changes
    source: str
    record: int | None
    order: int


class Blocks:
    """Articles that are taken in any order, and given back by id and order of reading."""

    def __init__(
        self, folder: Path, block_chars: int = BLOCK_CHARS, at_once: int = _AT_ONCE
    ) -> None:
        self._folder = folder
        self._block_chars = block_chars
        self._at_once = at_once
        self._block: list[Pending] = []
        self._chars = 0
        self._files: list[Path] = []
        self._count = 0

    def add(self, row: Pending) -> None:
        """Take an article; now and then this writes a block."""
        self._block.append(row)
        self._chars += len(row.article.text) + _ROW_CHARS
        if self._chars > self._block_chars:
            self._write(sorted(self._block, key=_key))
            self._block, self._chars = [], 0

    def __iter__(self) -> Iterator[Pending]:
        """Yield the articles by id, and those of one id in the order of reading."""
        while len(self._files) > self._at_once:
            merged = self._files[: self._at_once]
            del self._files[: self._at_once]
            self._write(heapq.merge(*map(_read, merged), key=_key))
            for path in merged:
                path.unlink()
        yield from heapq.merge(*map(_read, self._files), sorted(self._block, key=_key), key=_key)

    def _write(self, rows: Iterable[Pending]) -> None:
        path = self._folder / f"{self._count:05}.msgpack"
        encoder = msgspec.msgpack.Encoder()
        with path.open("wb") as file:
            for row in rows:
                data = encoder.encode(row)
                file.write(len(data).to_bytes(_LENGTH_BYTES))
                file.write(data)
        self._count += 1
        self._files.append(path)


def _key(row: Pending) -> tuple[str, int]:
    return (row.article.id, row.order)


def _read(path: Path) -> Iterator[Pending]:
    decoder = msgspec.msgpack.Decoder(Pending)
    with path.open("rb") as file:
        while length := file.read(_LENGTH_BYTES):
            yield decoder.decode(file.read(int.from_bytes(length)))
