"""After an import the ledger gets what came, under its new numbers and tied to what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from annotate.corpus import Article
from annotate.errors import StudioError
from annotate.studio.client import Studio
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.ties import Tie
from annotate.studio.pushing.sending import Batch, batches
from annotate.studio.reading import Reader
from annotate.studio.restoring.matching import Pair, pair, reads_the_same
from annotate.studio.restoring.plan import Part
from annotate.studio.settle import settle
from annotate.studio.wire import AnnotatedTask

# Tasks that are looked at by one request; their texts are bounded as in an import.
_BATCH = 500


class Bringer:
    """Brings the annotations of one project into the ledger after they were imported.

    `brought` counts rows that the ledger got; `changed` are articles of which an annotation
    reads otherwise than before.
    """

    def __init__(
        self, studio: Studio, ledger: Ledger, part: Part, place: Place,
        number_of: Callable[[str], int],
    ) -> None:  # fmt: skip
        self._studio = studio
        self._ledger = ledger
        self._part = part
        self._place = place
        self._number_of = number_of
        self._numbers = ledger.numbers(part.source)
        self.brought = 0
        self.changed: set[str] = set()

    def entries(self, article: str) -> dict[int, Entry]:
        """Return the annotations that an article had, by their old numbers."""
        return self._ledger.of_articles(self._part.source, [article])

    def pending(self, tasks: Mapping[str, int]) -> set[str]:
        """Return the articles, of those with tasks, of which the ledger does not know all."""
        recorded = self._ledger.tasks(self._place)
        open_ones = {self._numbers[number] for number in self._untied()}
        return {a for a, task in tasks.items() if task not in recorded or a in open_ones}

    def _untied(self) -> set[int]:
        ties = self._ledger.ties.all(self._place).values()
        source = self._part.source
        tied = {tie.old_annotation for tie in ties if (tie.old_server, tie.old_project) == source}
        return self._numbers.keys() - tied

    def bring(self, tasks: Iterable[tuple[int, Article]]) -> None:
        """Have the ledger know the annotations in tasks, and then the tasks."""
        pieces = ((article, {"task": task, "text": article.text}) for task, article in tasks)
        for batch in batches(pieces, _BATCH):
            self._bring(batch)

    def _bring(self, batch: Batch) -> None:
        numbers = {record["task"]: article for article, record in batch}
        annotated = set(self._numbers.values())
        if any(article.id in annotated for article in numbers.values()):
            pages = self._studio.annotated_tasks(
                self._place.project, above=min(numbers) - 1, upto=max(numbers), size=len(numbers)
            )
            for page in pages:
                self._tie([task for task in page if task.id in numbers])
        # Last, for what is recorded is not looked at again.
        self._ledger.record_tasks(self._place, numbers.items())

    def _tie(self, tasks: list[AnnotatedTask]) -> None:
        """Note where annotations come from, then what they are under their new numbers."""
        known = self._ledger.ties.all(self._place)
        taken = {tie.old_annotation for tie in known.values()}
        pairs: list[Pair] = []
        for task in tasks:
            entries = self.entries(task.meta.article if task.meta else "")
            new = [wire for wire in task.annotations if wire.id not in known]
            left = [entry for number, entry in entries.items() if number not in taken]
            pairs += pair(new, left, self._number_of)
        self._ledger.ties.add(self._place, [_make_tie(self._part, one) for one in pairs])
        before = {one.wire.id: one.old for one in pairs}
        for number in known.keys() & {wire.id for task in tasks for wire in task.annotations}:
            # A run that was cut off came to here.
            old = self._ledger.entry(self._part.source, known[number].old_annotation)
            before |= {number: old} if old else {}
        reader = Reader(self._studio, self._ledger, self._place, self._part.page.drawn)
        now = [
            _with_known(entry, before.get(entry.annotation.id))
            for task in tasks
            for entry in reader.entries(task)
        ]
        self.brought += self._ledger.append(self._place, now)
        self._compare(now, {one.wire.id: one.old for one in pairs if one.exact})

    def _compare(self, now: Iterable[Entry], exact: Mapping[int, Entry]) -> None:
        self.changed |= {
            entry.annotation.article
            for entry in now
            if (old := exact.get(entry.annotation.id))
            and not reads_the_same(entry.annotation, old.annotation)
        }

    def require_all(self) -> None:
        """Raise `StudioError` when annotations did not arrive."""
        lost = sorted({self._numbers[number] for number in self._untied()})
        if lost:
            named = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if lost[5:] else "")
            raise StudioError(
                f"project {self._place.project} has tasks of {named} and not all of their"
                " annotations",
                "Delete those tasks in Label Studio and run the command again.",
            )


def _make_tie(part: Part, one: Pair) -> Tie:
    old = one.old.annotation
    # One that somebody changed since has a later time of its own.
    stamped = one.wire.updated_at if one.exact else one.wire.created_at
    return Tie(one.wire.id, stamped, old.created_at, old.updated_at, *part.source, old.id)


def _with_known(entry: Entry, old: Entry | None) -> Entry:
    """Return an annotation with what the ledger knew of it beyond the server."""
    return Entry(settle(entry.annotation, old.annotation if old else None), entry.result)
