"""What the ledger knows of the workspace's projects and of the people on a server."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import msgspec

from annotate.schema.config import Page
from annotate.studio.ledger.names import EXPORT, KnownProject, Place


class Projects:
    """The tables `projects` and `people` of an opened ledger."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def project(self, server: str, part: int = 0) -> KnownProject | None:
        """Return the project that this workspace has on a server, None when none is known."""
        return self.projects(server).get(part)

    def projects(self, server: str) -> dict[int, KnownProject]:
        """Return the projects that this workspace has on a server, by part."""
        rows = self._db.execute(
            "SELECT part, project, created_at, guide, page, patterns, tasks, newest FROM projects"
            " WHERE server = ? ORDER BY part",
            (server,),
        )
        return {
            part: KnownProject(
                number, created_at, guide,
                msgspec.json.decode(page, type=Page) if page else None, *others,
            )
            for part, number, created_at, guide, page, *others in rows
        }  # fmt: skip

    def set_project(self, server: str, project: KnownProject, part: int = 0) -> None:
        """Remember which project this workspace has on a server."""
        number, created_at, guide, known, *others = project
        page = msgspec.json.encode(known).decode() if known else ""
        row = (server, part, number, created_at, guide, page, *others)
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO projects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row
            )

    def places(self, server: str) -> tuple[Place, ...]:
        """Return where the workspace's annotations come from: its projects, and exports."""
        own = [Place(server, project.number) for project in self.projects(server).values()]
        rows = self._db.execute(
            "SELECT DISTINCT project FROM tasks WHERE server = ? ORDER BY project", (EXPORT,)
        )
        return (*own, *(Place(EXPORT, number) for (number,) in rows))

    def people(self, server: str) -> dict[int, str]:
        """Return the addresses of a server's people as last known, by number."""
        rows = self._db.execute("SELECT number, address FROM people WHERE server = ?", (server,))
        return dict(rows)

    def set_people(self, server: str, people: Mapping[int, str]) -> None:
        """Remember the addresses of a server's people, and no others.

        A server that was reset gives the numbers of former people to others.
        """
        with self._db:
            self._db.execute("DELETE FROM people WHERE server = ?", (server,))
            self._db.executemany(
                "INSERT OR REPLACE INTO people VALUES (?, ?, ?)",
                [(server, number, address) for number, address in people.items()],
            )
