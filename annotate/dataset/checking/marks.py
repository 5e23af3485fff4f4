"""Whether marks and tokens are where they say, relations have their ends, labels their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotate.dataset.checking.findings import Findings
from annotate.dataset.publish.files import Check
from annotate.dataset.reading import BuiltDataset

Row = Mapping[str, Any]
Names = Mapping[str, Sequence[str]]


class Marks:
    """Looks at what was marked, in articles and in everyone's annotations."""

    def __init__(self) -> None:
        self._entities = Findings("every entity is where it says")
        self._relations = Findings("every relation is between two entities of its article")
        self._labels = Findings("every label has a name")

    def look(self, row: Row, text: str, names: Names, where: str) -> None:
        """Look at the marks of a row, which are in a text; `where` names the row."""
        for problem in wrong_entities(row, text):
            self._entities.add(f"{where}: {problem}")
        for problem in loose_relations(row):
            self._relations.add(f"{where}: {problem}")
        for column, known in names.items():
            if unnamed([mark["label"] for mark in row[column] or ()], known):
                self._labels.add(f"{where}: a number in {column} stands for no label")

    def checks(self) -> list[Check]:
        """Return what was found."""
        return [found.check() for found in (self._entities, self._relations, self._labels)]


def label_names(built: BuiltDataset, config: str) -> dict[str, list[str]]:
    """Return the names of the labels of entities, and of relations where the schema has some."""
    columns = [name for name in ("entities", "relations") if name in built.features(config)]
    return {column: built.names(config, f"{column}.label") for column in columns}


def wrong_entities(row: Row, text: str) -> Iterator[str]:
    """Yield the entities whose text is not what is there in the article's text."""
    for entity in row["entities"] or ():
        start, end, said = entity["start"], entity["end"], entity["text"]
        if not _lies(text, start, end, said):
            yield f"{said!r} is not at {start}-{end}"


def loose_relations(row: Row) -> Iterator[str]:
    """Yield the ends of relations that are no entities, and ids that two entities have."""
    ids = [entity["id"] for entity in row["entities"] or ()]
    known = set(ids)
    if len(known) < len(ids):
        yield "two entities have one id"
    for relation in row.get("relations") or ():
        for end in (relation["head"], relation["tail"]):
            if end not in known:
                yield f"a relation ends at {end}, which is no entity"


def wrong_tokens(row: Row, text: str, columns: Sequence[str]) -> str:
    """Return why a row of `tokens` is not in the article's text as it says, or nothing.

    `columns` are those of its tags.
    """
    tokens, starts, ends = (row[name] or () for name in ("tokens", "starts", "ends"))
    tags = [row[name] or () for name in columns]
    if any(len(column) != len(tokens) for column in (starts, ends, *tags)):
        return "not every token has a place and a tag"
    for token, start, end in zip(tokens, starts, ends, strict=True):
        if not _lies(text, start, end, token):
            return f"{token!r} is not at {start}-{end}"
    return ""


def unnamed(numbers: Sequence[int | None], names: Sequence[str]) -> bool:
    """Whether there is a number that stands for no name."""
    given = [number for number in numbers if number is not None]
    if len(given) < len(numbers):
        return True
    return bool(given) and not 0 <= min(given) <= max(given) < len(names)


def _lies(text: str, start: int | None, end: int | None, said: str | None) -> bool:
    if start is None or end is None:
        return False
    return 0 <= start < end <= len(text) and text[start:end] == said
