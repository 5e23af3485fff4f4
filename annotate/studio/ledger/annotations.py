"""The ledger's record of annotations: rows are added, never changed or removed.

An annotation that changed is a new row, one that was deleted on the server a tombstone. What
counts now is the newest row of each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from annotate.spans import Annotation
from annotate.studio.ledger.chain import START, link
from annotate.studio.ledger.migrations import utc_now
from annotate.studio.ledger.names import Entry, Kind, Place, Row

# Greater than any row.
_LAST = 2**63 - 1


def _read(row: tuple[str, bytes] | None) -> Entry | None:
    return Entry(msgspec.json.decode(row[0], type=Annotation), row[1]) if row else None


# In the JSON of an annotation of which marks were set aside, or that were and are decided.
_UNSETTLED = ('"set_aside":[{', '"decided":[{')


class Annotations:
    """The tables `annotations` and `chains` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def append(self, place: Place, entries: Iterable[Entry], kind: Kind = "annotation") -> int:
        """Add the entries that differ from what is known, in one transaction; return how many."""
        with self._alone():
            return self._append(place, entries, kind)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Begin a transaction in which nobody else adds a row: each is linked to the one before."""
        with self._db:
            self._db.execute("BEGIN IMMEDIATE")
            yield

    def _append(self, place: Place, entries: Iterable[Entry], kind: Kind = "annotation") -> int:
        return self._insert(place, kind, self._new(place, entries, kind))

    def _new(
        self, place: Place, entries: Iterable[Entry], kind: Kind
    ) -> Iterator[tuple[int, bytes, str]]:
        """Yield number, result and body of the entries that differ from what is known."""
        for entry in entries:
            body = msgspec.json.encode(entry.annotation).decode()
            known = self._newest(place, entry.annotation.id, kind)
            # The same may have been written with fewer fields, by an earlier release.
            if known != (body, entry.result) and _read(known) != entry:
                yield entry.annotation.id, entry.result, body

    def _newest(
        self, place: Place, annotation: int, kind: Kind, until: int | None = None
    ) -> tuple[str, bytes] | None:
        """Return body and result of the newest row, None when there is none or a tombstone."""
        row: tuple[str, bytes | None] | None = self._db.execute(
            "SELECT body, result FROM annotations WHERE server = ? AND project = ?"
            " AND kind = ? AND annotation = ? AND row <= ? ORDER BY row DESC LIMIT 1",
            (*place, kind, annotation, _LAST if until is None else until),
        ).fetchone()
        return None if row is None or row[1] is None else (row[0], row[1])

    def entry(
        self, place: Place, annotation: int, kind: Kind = "annotation", until: int | None = None
    ) -> Entry | None:
        """Return what counts of an annotation, None when it is not known or was deleted.

        With `until` it is what counted when that row was the last one.
        """
        return _read(self._newest(place, annotation, kind, until))

    def unsettled(self, place: Place, annotation: int) -> Entry | None:
        """Return an annotation of which marks were set aside or decided on, else None."""
        known = self._newest(place, annotation, "annotation")
        return _read(known) if known and any(part in known[0] for part in _UNSETTLED) else None

    def is_after(self, place: Place, annotation: int, row: int) -> bool:
        """Whether the newest row of an annotation was added after that row."""
        (newest,) = self._db.execute(
            "SELECT max(row) FROM annotations WHERE server = ? AND project = ?"
            " AND kind = 'annotation' AND annotation = ?",
            (*place, annotation),
        ).fetchone()
        return newest is not None and int(newest) > row

    def bury(self, place: Place, seen: set[int], kind: Kind = "annotation") -> int:
        """Add a tombstone for every annotation not in `seen`; return how many."""
        gone = [number for number in self.numbers(place, kind) if number not in seen]
        return self.bury_these(place, gone, kind)

    def bury_these(self, place: Place, gone: Iterable[int], kind: Kind = "annotation") -> int:
        """Add a tombstone for each of these annotations; return how many."""
        with self._alone():
            return self._insert(place, kind, ((number, None, None) for number in gone))

    def _insert(
        self, place: Place, kind: Kind, contents: Iterable[tuple[int, bytes | None, str | None]]
    ) -> int:
        """Add rows to the project's chain, in a transaction of one's own; return how many.

        `contents` are numbers, results and bodies; what is added is there for those after it.
        """
        known = self._db.execute(
            "SELECT rows, head FROM chains WHERE server = ? AND project = ?", place
        ).fetchone()
        before, head = known or (0, START)
        count, now = before, utc_now()
        for annotation, result, body in contents:
            row = (*place, kind, annotation, now, result, body)
            head = link(head, row)
            count += 1
            self._db.execute(
                "INSERT INTO annotations (server, project, kind, annotation, pulled_at, result,"
                " body, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, head),
            )
        if count > before:
            self._db.execute(
                "INSERT OR REPLACE INTO chains VALUES (?, ?, ?, ?)", (*place, count, head)
            )
        return int(count - before)

    def numbers(self, place: Place, kind: Kind = "annotation") -> dict[int, str]:
        """Return the numbers of what is not deleted, with the id of the article of each."""
        rows = self._db.execute(
            "SELECT annotation, body ->> 'article' FROM annotations WHERE row IN"
            " (SELECT max(row) FROM annotations WHERE server = ? AND project = ? AND kind = ?"
            " GROUP BY annotation) AND result IS NOT NULL",
            (*place, kind),
        )
        return dict(rows)

    def numbers_of(self, place: Place, article: str) -> set[int]:
        """Return the numbers of an article's annotations that are not deleted."""
        rows = self._db.execute(
            "SELECT annotation FROM annotations WHERE body ->> 'article' = ? AND server = ?"
            " AND project = ? AND kind = 'annotation'",
            (article, *place),
        ).fetchall()
        return {n for (n,) in rows if self._newest(place, n, "annotation") is not None}

    def tally(self, place: Place) -> dict[str, int]:
        """Count the annotations, `submitted` and `skipped`, and what is in them.

        That is `spans`, those of them that were `repaired`, and marks that are `set_aside`.
        """
        row = self._db.execute(
            "SELECT coalesce(sum(body ->> 'status' = 'submitted'), 0),"
            " coalesce(sum(body ->> 'status' = 'skipped'), 0),"
            " coalesce(sum(json_array_length(body, '$.spans')), 0),"
            " coalesce(sum(body ->> 'repaired'), 0),"
            " coalesce(sum(json_array_length(body, '$.set_aside')), 0)"
            " FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND kind = 'annotation' GROUP BY annotation)"
            " AND result IS NOT NULL",
            place,
        ).fetchone()
        names = ("submitted", "skipped", "spans", "repaired", "set_aside")
        return dict(zip(names, row, strict=True))

    def count(self, place: Place, kind: Kind = "annotation") -> int:
        """Return how many there are of what is not deleted."""
        (count,) = self._db.execute(
            "SELECT count(result) FROM annotations WHERE row IN (SELECT max(row)"
            " FROM annotations WHERE server = ? AND project = ? AND kind = ? GROUP BY annotation)",
            (*place, kind),
        ).fetchone()
        return int(count)

    def of_articles(
        self, place: Place, articles: Iterable[str], kind: Kind = "annotation"
    ) -> dict[int, Entry]:
        """Return what counts of the annotations of some articles, by number."""
        found: dict[int, Entry] = {}
        for article in articles:
            rows = self._db.execute(
                "SELECT DISTINCT annotation FROM annotations WHERE body ->> 'article' = ?"
                " AND server = ? AND project = ? AND kind = ?",
                (article, *place, kind),
            ).fetchall()
            for (number,) in rows:
                newest = self.entry(place, number, kind)
                if newest is not None and newest.annotation.article == article:
                    found[number] = newest
        return found

    def annotations(
        self, place: Place, until: int | None = None, kind: Kind = "annotation"
    ) -> Iterator[Annotation]:
        """Yield what counts of every annotation, by article, then by number.

        What counts now or, with `until`, what counted when that row was the newest.
        """
        rows = self._db.execute(
            "SELECT body FROM annotations WHERE row IN (SELECT max(row) FROM annotations"
            " WHERE server = ? AND project = ? AND kind = ? AND row <= ? GROUP BY annotation)"
            " AND body IS NOT NULL ORDER BY body ->> 'article', annotation",
            (*place, kind, _LAST if until is None else until),
        )
        decoder = msgspec.json.Decoder(Annotation)
        for (body,) in rows:
            yield decoder.decode(body)

    def results(self, place: Place, until: int | None = None) -> dict[int, bytes]:
        """Return the server's own JSON of every annotation's result; `until` as above."""
        rows = self._db.execute(
            "SELECT annotation, result FROM annotations WHERE row IN (SELECT max(row)"
            " FROM annotations WHERE server = ? AND project = ? AND kind = 'annotation'"
            " AND row <= ? GROUP BY annotation) AND result IS NOT NULL",
            (*place, _LAST if until is None else until),
        )
        return dict(rows)

    def history(self, article: str) -> Iterator[Row]:
        """Yield every row about an article ever added, on any server, the oldest first."""
        rows = self._db.execute(
            "SELECT row, server, project, kind, annotation, pulled_at, body FROM annotations"
            " WHERE (server, project, kind, annotation) IN (SELECT server, project, kind,"
            " annotation FROM annotations WHERE body ->> 'article' = ?) ORDER BY row",
            (article,),
        )
        for row, server, project, kind, number, pulled_at, body in rows:
            annotation = msgspec.json.decode(body, type=Annotation) if body else None
            yield Row(row, Place(server, project), kind, number, pulled_at, annotation)

    def rows(self) -> int:
        """Return how many rows were ever added, tombstones included."""
        count: int = self._db.execute("SELECT count(*) FROM annotations").fetchone()[0]
        return count
