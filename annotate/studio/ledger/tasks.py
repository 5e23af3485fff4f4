"""What the ledger knows of tasks and of the articles that they show."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from annotate.corpus import Article
from annotate.studio.ledger.names import Place


class Tasks:
    """The tables `tasks` and `articles` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def record_tasks(self, place: Place, tasks: Iterable[tuple[int, Article]]) -> None:
        """Remember which tasks show which articles, and the articles as they were pushed."""
        with self._db:
            self._record_tasks(place, tasks)

    def _record_tasks(self, place: Place, tasks: Iterable[tuple[int, Article]]) -> None:
        listed = [(task, article, article.sha256) for task, article in tasks]
        self._db.executemany(
            "INSERT OR IGNORE INTO articles VALUES (?, ?, ?)",
            [(a.id, sha256, msgspec.json.encode(a).decode()) for _, a, sha256 in listed],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO tasks VALUES (?, ?, ?, ?, ?)",
            [(*place, task, article.id, sha256) for task, article, sha256 in listed],
        )

    def forget_tasks(self, place: Place, tasks: Iterable[int]) -> None:
        """Forget tasks that the server no longer has; their annotations and articles stay."""
        with self._db:
            self._db.executemany(
                "DELETE FROM tasks WHERE server = ? AND project = ? AND task = ?",
                [(*place, task) for task in tasks],
            )

    def tasks(self, place: Place) -> dict[int, tuple[str, str]]:
        """Return the article id and digest that each task shows, by number."""
        rows = self._db.execute(
            "SELECT task, article, sha256 FROM tasks WHERE server = ? AND project = ?"
            " ORDER BY task", place
        )  # fmt: skip
        return {task: (article, sha256) for task, article, sha256 in rows}

    def task_bytes(self, place: Place) -> int:
        """Return how many bytes an article of the project's tasks has on average."""
        (mean,) = self._db.execute(
            "SELECT coalesce(avg(length(body)), 0) FROM tasks JOIN articles"
            " USING (article, sha256) WHERE server = ? AND project = ?", place
        ).fetchone()  # fmt: skip
        return int(mean)

    def articles(self, *places: Place) -> list[Article]:
        """Return the articles that tasks show, as they were pushed, by id."""
        found = {
            article: body
            for place in reversed(places)
            for article, body in self._db.execute(
                "SELECT DISTINCT article, body FROM tasks JOIN articles USING (article, sha256)"
                " WHERE server = ? AND project = ? ORDER BY article, sha256", place
            )
        }  # fmt: skip
        return [msgspec.json.decode(found[article], type=Article) for article in sorted(found)]

    def version(self, article: str, sha256: str) -> Article | None:
        """Return an article as it was pushed with this text, None when it never was."""
        row = self._db.execute(
            "SELECT body FROM articles WHERE article = ? AND sha256 = ?", (article, sha256)
        ).fetchone()
        return msgspec.json.decode(row[0], type=Article) if row else None

    def versions(self, article: str) -> list[Article]:
        """Return every version of an article that was pushed, the first one first."""
        rows = self._db.execute(
            "SELECT body FROM articles WHERE article = ? ORDER BY rowid", (article,)
        )
        return [msgspec.json.decode(body, type=Article) for (body,) in rows]
