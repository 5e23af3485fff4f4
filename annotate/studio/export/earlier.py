"""What the ledger had before an import of the articles to which it brings annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from annotate.spans import Annotation, Relation, moment
from annotate.studio.ledger import EXPORT, Ledger, Place

# Something that an annotation says, by places and names and not by ids.
Saying = tuple[object, ...]


class Earlier:
    """The work of people on articles, wherever it came from, as it was before an import.

    What is imported meanwhile does not count: several files are brought in by one command.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._until = ledger.rows()
        # The articles come one after the other.
        self._of: tuple[str, list[tuple[Place, Annotation]]] = ("", [])

    def of(self, article: str) -> list[Annotation]:
        """Return the annotations of an article that somebody submitted."""
        return [one for _, one in self._all(article) if one.status == "submitted"]

    def _all(self, article: str) -> list[tuple[Place, Annotation]]:
        if self._of[0] != article:
            self._of = (article, list(self._find(article)) if self._until else [])
        return self._of[1]

    def _find(self, article: str) -> Iterator[tuple[Place, Annotation]]:
        rows = self._ledger.query(
            "SELECT server, project, annotation, max(row) FROM annotations"
            " WHERE body ->> 'article' = ? AND kind = 'annotation'"
            " GROUP BY server, project, annotation",
            article,
        )
        for server, project, number, row in rows.fetchall():
            place = Place(server, project)
            known = self._ledger.entry(place, number) if row <= self._until else None
            if known and known.annotation.article == article:
                yield place, known.annotation

    def pulled(self, article: str, number: object, created: str) -> Annotation | None:
        """Return the annotation of a server that has this number and was created then."""
        for place, one in self._all(article):
            is_it = one.id == number and moment(one.created_at) == moment(created)
            if is_it and created and place.server != EXPORT:
                return one
        return None

    def has(self, annotation: Annotation) -> bool:
        """Whether an annotation of the article says all that this one says.

        One that says nothing is had by another such one only, and one of which marks are set
        aside by none.
        """
        if annotation.set_aside:
            return False
        says = _said(annotation)
        return any(
            one.sha256 == annotation.sha256 and (says <= _said(one) if says else not _said(one))
            for one in self.of(annotation.article)
        )


def _said(annotation: Annotation) -> set[Saying]:
    places = {span.id: (span.start, span.end, span.label) for span in annotation.spans}
    return {
        *places.values(),
        *(
            (*places[span.id], name, answer)
            for span in annotation.spans
            for name, answers in span.attributes.items()
            for answer in answers
        ),
        *_arrows(annotation.relations, places),
        *((name, one) for name, answers in annotation.choices.items() for one in answers),
    }


def _arrows(relations: Iterable[Relation], places: dict[str, tuple[int, int, str]]) -> set[Saying]:
    return {(places.get(one.head), one.label, places.get(one.tail)) for one in relations}
