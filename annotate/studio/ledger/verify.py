"""Checks that a ledger is as it was written: row by row, in constant memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import LedgerError
from annotate.progress import Progress, silent
from annotate.spans import Annotation
from annotate.studio.ledger import tables
from annotate.studio.ledger.chain import START, link
from annotate.studio.ledger.ledger import Ledger
from annotate.studio.ledger.names import Place

# Texts whose lengths are remembered.
# The first version of the tables in which rows have hashes.
_CHAINED = 3
_TEXTS = 4096
# What reading a damaged file raises; SQLite tells broken names as they are.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)
# Rows between two reports of how far it is.
_STEP = 500

# Of the chain of hashes and the file, of what a row says, or of an article's text.
Kind = Literal["chain", "content", "text"]


class Fault(NamedTuple):
    """What is not as it was written, and where; `row` is 0 for what is no row."""

    kind: Kind
    where: str
    problem: str
    row: int = 0


class Chain(msgspec.Struct, frozen=True):
    """The chain of a project's rows: whoever noted its `head` knows later that none changed."""

    server: str
    project: int
    rows: int
    head: str


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was checked: `rows`, versions of `articles`, and the `chains`; how many `faults`."""

    rows: int
    articles: int
    faults: int
    chains: tuple[Chain, ...]


@contextmanager
def open_to_read(path: Path) -> Iterator[Ledger]:
    """Open a ledger's file, for example a backup, without a change to it.

    Raises `LedgerError` when it is not a ledger of this version.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
        try:
            _refuse_other(connection, path)
            yield Ledger(connection)
        finally:
            connection.close()
    except _DAMAGE as error:
        raise LedgerError(
            f"{path} cannot be read as a ledger: {error}", "Name a ledger or a backup of one."
        ) from error


def _refuse_other(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not version:
        raise LedgerError(f"{path} is not a ledger", "Name a ledger or a backup of one.")
    if version < _CHAINED:
        raise LedgerError(
            f"{path} has version {version}, in which rows had no hashes",
            "`annotate restore` takes it all the same.",
        )
    if version > tables.VERSION:
        raise LedgerError(
            f"{path} has version {version}, this annotate knows {tables.VERSION}",
            "Upgrade annotate-corpus.",
        )


def verify(ledger: Ledger, report: Callable[[Fault], None], progress: Progress = silent) -> Checked:
    """Check every row ever added and every text, and report each fault as it is found.

    Others may write meanwhile: what they add is left for the next time.
    """
    return _Verifier(ledger, report, progress).run()


class _Chain(msgspec.Struct):
    """How far a project's chain is; `other` is the head if the last row's own hash was altered."""

    rows: int = 0
    head: str = START
    other: str = ""


class _Row(NamedTuple):
    """A row as it is linked to the one before it."""

    server: str
    project: int
    kind: str
    annotation: int
    pulled_at: str
    result: bytes | None
    body: str | None


class _Verifier:
    def __init__(self, ledger: Ledger, report: Callable[[Fault], None], progress: Progress) -> None:
        self._ledger = ledger
        self._report = report
        self._progress = progress
        self._chains: dict[Place, _Chain] = {}
        self._faults = self._rows = self._articles = 0
        self._length = lru_cache(_TEXTS)(self._find_length)

    def run(self) -> Checked:
        """Check the file, then every row, then every text."""
        self._check_file()
        try:
            self._check_rows()
            self._check_articles()
        except _DAMAGE as error:
            self._add(Fault("chain", "the file", f"it cannot be read any further: {error}"))
        return Checked(
            rows=self._rows, articles=self._articles, faults=self._faults,
            chains=tuple(Chain(*p, c.rows, c.head) for p, c in sorted(self._chains.items())),
        )  # fmt: skip

    def _add(self, fault: Fault) -> None:
        self._faults += 1
        self._report(fault)

    def _check_file(self) -> None:
        """Have SQLite check its pages and indexes, and see that rows still cannot be changed."""
        try:
            for (line,) in self._ledger.query("PRAGMA integrity_check"):
                if line != "ok":
                    self._add(Fault("chain", "the file", line))
        except _DAMAGE as error:
            self._add(Fault("chain", "the file", f"SQLite cannot check it: {error}"))
        there = self._ledger.query("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        for name, _ in _triggers() - set(there):
            problem = f"the trigger {name}, which keeps rows from being changed, is gone"
            self._add(Fault("chain", "the file", problem))

    # Rows.

    def _check_rows(self) -> None:
        # In one statement, so that nobody can add a row in between.
        noted = self._ledger.query(
            "SELECT last, seq, chains.* FROM (SELECT coalesce(max(row), 0) AS last,"
            " coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'annotations'), 0) AS seq"
            " FROM annotations) LEFT JOIN chains ORDER BY server, project"
        ).fetchall()
        last, given = noted[0][:2]
        before = 0
        with self._progress("Checking rows", last) as advance:
            for row, own, content in self._read(last):
                self._check_gap(before, row)
                self._check_link(row, own, content)
                self._check_content(row, content)
                before = row
                self._rows += 1
                if self._rows % _STEP == 0:
                    advance(_STEP)
        self._check_gap(before, given + 1)
        for *_, server, project, rows, head in noted:
            if server is not None:
                self._check_end(Place(server, project), rows, head)
        for place in self._chains.keys() - {Place(*row[2:4]) for row in noted}:
            self._add(Fault("chain", _name(place), "nothing tells how many rows it should have"))

    def _read(self, last: int) -> Iterator[tuple[int, str, _Row]]:
        # As bytes: text that is no longer UTF-8 would end everything here.
        rows = self._ledger.query(
            "SELECT row, CAST(hash AS BLOB), CAST(server AS BLOB), project, CAST(kind AS BLOB),"
            " annotation, CAST(pulled_at AS BLOB), result, CAST(body AS BLOB)"
            " FROM annotations WHERE row <= ? ORDER BY row",
            last,
        )
        for row, own, server, project, kind, annotation, pulled_at, result, body in rows:
            yield row, _text(own), _Row(
                _text(server), project, _text(kind), annotation, _text(pulled_at), result,
                None if body is None else _text(body),
            )  # fmt: skip

    def _check_gap(self, before: int, row: int) -> None:
        first, last = before + 1, row - 1
        if first == last:
            self._add(Fault("chain", f"row {first}", "it is not there", first))
        elif first < last:
            self._add(Fault("chain", f"rows {first} to {last}", "they are not there", first))

    def _check_link(self, row: int, own: str, content: _Row) -> None:
        chain = self._chains.setdefault(Place(content.server, content.project), _Chain())
        computed = link(chain.head, content)
        # Where only the hash of the row before was altered, that one was told already.
        fits = own == computed or (chain.other and own == link(chain.other, content))
        if not fits:
            self._add_at(
                row, content, "chain",
                "it is not what was written, or a row before it was removed, added or moved",
            )  # fmt: skip
        chain.rows += 1
        chain.head, chain.other = own, "" if fits else computed

    def _check_end(self, place: Place, rows: int, head: str) -> None:
        chain = self._chains.setdefault(place, _Chain())
        if chain.rows != rows:
            problem = f"it has {chain.rows:,} rows, and {rows:,} were written"
            self._add(Fault("chain", _name(place), problem))
        elif chain.head != head:
            self._add(Fault("chain", _name(place), "its last row is not the last that was written"))

    def _add_at(self, row: int, content: _Row, kind: Kind, problem: str) -> None:
        what = f"{content.kind} {content.annotation} of {_name(content)}"
        self._add(Fault(kind, f"row {row}, {what}", problem, row))

    # What rows say.

    def _check_content(self, row: int, content: _Row) -> None:
        if (content.result is None) != (content.body is None):
            self._add_at(row, content, "content", "it is half a tombstone")
        if content.result is None or content.body is None:
            return
        try:
            annotation = msgspec.json.decode(content.body, type=Annotation)
            msgspec.json.decode(content.result, type=list[Any] | None)
        except msgspec.DecodeError as error:
            self._add_at(row, content, "content", f"it cannot be read: {error}")
            return
        if annotation.id != content.annotation:
            self._add_at(row, content, "content", f"it says that it is number {annotation.id}")
        self._check_spans(row, content, annotation)

    def _check_spans(self, row: int, content: _Row, annotation: Annotation) -> None:
        # Without spans no text is needed: somebody edited it on the server, and all was set aside.
        if not annotation.spans:
            return
        length = self._length(annotation.article, annotation.sha256)
        if isinstance(length, str):
            self._add_at(row, content, "text", length)
            return
        for span in annotation.spans:
            if not 0 <= span.start < span.end <= length:
                problem = f"its span {span.start}–{span.end} is not in a text of {length:,}"
                self._add_at(row, content, "content", problem)

    # Texts.

    def _find_length(self, article: str, sha256: str) -> int | str:
        """Return how many code points a text has, or why it cannot be told."""
        found = self._ledger.query(
            "SELECT CAST(body AS BLOB) FROM articles WHERE article = ? AND sha256 = ?",
            article, sha256,
        ).fetchone()  # fmt: skip
        if found is None:
            return f"the text of {article} on which it was made is not in the ledger"
        read = _read_article(article, sha256, found[0])
        return f"of its article, {read}" if isinstance(read, str) else len(read.text)

    def _check_articles(self) -> None:
        rows = self._ledger.query("SELECT article, sha256, CAST(body AS BLOB) FROM articles")
        for article, sha256, body in rows:
            self._articles += 1
            read = _read_article(article, sha256, body)
            if isinstance(read, str):
                self._add(Fault("text", f"article {article}, {sha256[:12]}", read))
        shown = self._ledger.query(
            "SELECT server, project, task, article FROM tasks WHERE NOT EXISTS (SELECT 1"
            " FROM articles WHERE articles.article = tasks.article"
            " AND articles.sha256 = tasks.sha256)"
        )
        for server, project, task, article in shown:
            where = f"task {task} of {_name(Place(server, project))}"
            self._add(Fault("text", where, f"the text of {article} is not in the ledger"))


def _read_article(article: str, sha256: str, body: bytes) -> Article | str:
    """Return a version of an article, or what is wrong with it."""
    try:
        read = msgspec.json.decode(body, type=Article)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"the text cannot be read: {error}"
    if read.id != article:
        return f"the text is that of {read.id}"
    return read if read.sha256 == sha256 else "the text does not have its digest"


def _triggers() -> set[tuple[str, str]]:
    """Return the triggers that a ledger has, with their SQL."""
    connection = sqlite3.connect(":memory:")
    try:
        tables.create(connection)
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return set(rows.fetchall())
    finally:
        connection.close()


def _name(place: Place | _Row) -> str:
    return f"project {place.project} at {place.server}"


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
