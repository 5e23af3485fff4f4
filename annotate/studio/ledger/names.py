"""The names of what the ledger holds: places, projects, entries and rows."""

from __future__ import annotations

from typing import Literal, NamedTuple

from annotate.schema.config import Page
from annotate.spans import Annotation

# Under this name stand annotations that came from an export's file and not from a server.
EXPORT = "export"

Kind = Literal["annotation", "draft"]


class Place(NamedTuple):
    """Where annotations come from: a server (its URL, or `local`) and a project on it."""

    server: str
    project: int


class KnownProject(NamedTuple):
    """A workspace's project on a server: its number, when it was made, and what was set.

    `guide` is the digest of the instructions as sent; the server keeps a sanitised form.
    `page` is what its labelling page was made from, None when that is not known. `patterns`
    is the digest of the patterns that its suggestions come from. `tasks` and `newest` are
    how many tasks it had, and the greatest number among them, when all were last known to
    be in the ledger; -1 when they are not.
    """

    number: int
    created_at: str
    guide: str
    page: Page | None = None
    patterns: str = ""
    tasks: int = -1
    newest: int = 0


class Entry(NamedTuple):
    """An annotation, and the server's own JSON of its result."""

    annotation: Annotation
    result: bytes


class Row(NamedTuple):
    """A row of the record: an annotation as it was pulled then, None when it was deleted."""

    row: int
    place: Place
    kind: Kind
    number: int
    pulled_at: str
    annotation: Annotation | None
