"""Pull: what people marked becomes rows of the ledger, every span proved on the way.

What changed since the last pull is fetched by the server's own clock, with an overlap. How
many annotations the server has is asked each time; when the ledger has another number of them,
a listing of their numbers tells which were deleted and which are missing.
"""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from annotate.errors import StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.studio.client import Studio
from annotate.studio.fetching import fetch_annotated
from annotate.studio.ledger import Entry, Ledger, Place
from annotate.studio.ledger.migrations import utc_now
from annotate.studio.ledger.pulls import Cursor, PastPull
from annotate.studio.reading import Reader
from annotate.studio.wire import AnnotatedTask
from annotate.text import digest

# How often numbers are compared while people go on annotating.
_LOOKS = 5
# Of a clock that is told in whole seconds.
_JITTER = timedelta(seconds=2)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Pulled(msgspec.Struct, frozen=True, kw_only=True):
    """What a pull found.

    Counts of annotations on the server (`submitted`, `skipped`), of their spans (`spans`,
    `repaired`) and of marks that were `set_aside`; of rows the ledger got (`added`, and
    `deleted` for those gone from the server); of annotations of tasks that no workspace
    pushed (`foreign`). `read` is how many tasks were fetched, `full` whether everything was
    compared. `drafts` counts unsubmitted work, if it was asked for; `late` annotations were
    submitted on an earlier text of their article and carried over.
    """

    submitted: int = 0
    skipped: int = 0
    spans: int = 0
    repaired: int = 0
    set_aside: int = 0
    added: int = 0
    deleted: int = 0
    foreign: int = 0
    read: int = 0
    full: bool = False
    drafts: int = 0
    late: int = 0

    def __add__(self, other: Pulled) -> Pulled:
        """Return the sums, for a workspace of several projects."""
        names = self.__struct_fields__
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Pulled(**{**sums, "full": self.full and other.full})


class _Found(NamedTuple):
    """What fetching found: the server's time before it, and annotations that are not ours.

    How many those are is None when it has to be counted.
    """

    mark: str
    others: int | None


def pull(
    studio: Studio, ledger: Ledger, place: Place, schema: Schema, progress: Progress = silent,
    *, full: bool = False, drafts: bool = False, jobs: int = 1, overlap: float = 300,
) -> Pulled:  # fmt: skip
    """Bring what changed in the project into the ledger, a transaction a page.

    `full` compares everything, as the first pull does, and one under another schema or after
    the server's clock went back; cut off, it goes on where it was. `drafts` brings unsubmitted
    work too. `jobs` is how many readers ask at once, `overlap` how many seconds of the last
    pull are asked again.

    Raises `StudioError`, which names the articles, when the server reports annotations that
    it does not deliver.
    """
    return _Pull(studio, ledger, place, schema, progress, jobs, overlap).run(
        full=full, drafts=drafts
    )


class _Pull:
    def __init__(
        self, studio: Studio, ledger: Ledger, place: Place, schema: Schema, progress: Progress,
        jobs: int, overlap: float,
    ) -> None:  # fmt: skip
        self._studio = studio
        self._ledger = ledger
        self._place = place
        self._progress = progress
        self._jobs = jobs
        self._overlap = timedelta(seconds=overlap)
        self._reader = Reader(studio, ledger, place, schema)
        self._schema = digest(msgspec.json.encode(schema).decode())
        self._counts = {"added": 0, "deleted": 0, "read": 0}

    def run(self, *, full: bool, drafts: bool) -> Pulled:
        """Fetch, compare how many there are, and note from where the next pull goes on."""
        last = self._ledger.pulls.last(self._place)
        cursor = self._ledger.pulls.cursor(self._place)
        found = None
        same = last is not None and last.mark and last.schema == self._schema
        if last is not None and same and not (full or cursor):
            found = self._fetch_changed(last)
        whole = found is None
        if found is None:
            found = self._fetch_all(cursor)
        others, tally = self._agree(found.others)
        self._ledger.moves.reopen(self._place, self._reader.late)
        count = self._fetch_drafts() if drafts else 0
        clock = self._clock()
        # What changed after the clock was set back looks older than it is: all is compared then.
        mark = found.mark if _time(clock) >= _time(found.mark) - _JITTER else ""
        past = PastPull(utc_now(), mark, clock, others, self._schema)
        self._ledger.pulls.end(self._place, past)
        return Pulled(
            **tally, **self._counts, foreign=others, full=whole,
            drafts=count, late=len(self._reader.late),
        )  # fmt: skip

    def _fetch_all(self, cursor: Cursor | None) -> _Found:
        """Fetch everything; after a run that was cut off the rest, and what changed since."""
        project = self._place.project
        if cursor is not None and _time(self._clock()) < _time(cursor.mark) - _JITTER:
            cursor = None
        begun = cursor or Cursor(self._clock(), 0, 0)
        mark, others = self._clock(), begun.others
        announced = self._studio.count_annotated(project, above=begun.after)
        pages = fetch_annotated(
            self._studio, project, self._ledger.tasks(self._place), above=begun.after,
            article_bytes=self._ledger.task_bytes(self._place), jobs=self._jobs,
        )  # fmt: skip
        # Closed at once when something fails: readers may still be at work.
        with self._progress("Pulling annotations", announced) as advance, closing(pages):
            for page in pages:
                others += self._take(page)
                self._ledger.pulls.advance(self._place, Cursor(begun.mark, page[-1].id, others))
                advance(len(page))
        if cursor is not None:
            for page in self._studio.changed_tasks(project, self._before(begun.mark)):
                self._take(page)
        return _Found(mark, others)

    def _fetch_changed(self, last: PastPull) -> _Found | None:
        """Fetch what changed since the last pull; None when the server's clock went back."""
        mark = self._clock()
        pages = self._studio.changed_tasks(self._place.project, self._before(last.mark))
        foreign = False
        for page in pages:
            self._take(page)
            foreign = foreign or not all(map(_is_ours, page))
        if self._was_set_back(last):
            return None
        # Else one more of theirs would stand for one of ours that is gone.
        return _Found(mark, None if foreign else last.others)

    def _was_set_back(self, last: PastPull) -> bool:
        """Whether the server's clock was set back since a pull, even if it has caught up since.

        Then less time has passed by it than by the clock here; it may go slower, within reason.
        """
        if not last.clock:
            return False
        passed = _time(self._clock()) - _time(last.clock)
        here = _time(utc_now()) - _time(last.ended)
        return passed < -_JITTER or passed < here - self._overlap - _JITTER

    def _take(self, page: list[AnnotatedTask]) -> int:
        """Bring a page into the ledger; return how many annotations are not ours."""
        ours = [task for task in page if _is_ours(task)]
        entries = [entry for task in ours for entry in self._reader.entries(task)]
        gone = [number for task in ours for number in self._gone(task)]
        self._counts["added"] += self._ledger.append(self._place, entries)
        self._counts["deleted"] += self._ledger.bury_these(self._place, gone)
        self._counts["read"] += len(page)
        return sum(len(task.annotations) for task in page) - len(entries)

    def _gone(self, task: AnnotatedTask) -> list[int]:
        """Return what the ledger has of a task's article and the server deleted."""
        assert task.meta is not None  # noqa: S101, it is ours
        there = {wire.id for wire in task.annotations}
        known = self._ledger.numbers_of(self._place, task.meta.article)
        # Another task may show the same article, so the server is asked.
        return [number for number in known - there if self._studio.result(number) is None]

    def _agree(self, others: int | None) -> tuple[int, dict[str, int]]:
        """Have the ledger hold as many annotations as the server reports.

        Returns how many of those on the server are not ours, and the ledger's tally.
        """
        missing: set[str] = set()
        for look in range(_LOOKS):
            reported = self._studio.annotation_number(self._place.project)
            tally = self._ledger.tally(self._place)
            here = tally["submitted"] + tally["skipped"]
            if others is not None and here + others == reported:
                return others, tally
            if look:
                others, missing = self._compare()
        here = self._ledger.count(self._place) + (others or 0)
        raise StudioError(
            f"Label Studio reports {reported} annotations of project {self._place.project} and"
            f" delivered {here}; missing are those of {_some(missing)}",
            "What arrived is in the ledger; run `annotate pull` again.",
        )

    def _compare(self) -> tuple[int, set[str]]:
        """Compare all numbers of annotations: bury what is gone, fetch what is missing."""
        there: dict[int, tuple[int, str]] = {}
        others = 0
        for page in self._studio.annotation_numbers(self._place.project):
            for task in page:
                if task.meta is None or not task.meta.article:
                    others += len(task.annotations)
                    continue
                there |= {one.id: (task.id, task.meta.article) for one in task.annotations}
        here = self._ledger.numbers(self._place).keys()
        gone = here - there.keys()
        self._counts["deleted"] += self._ledger.bury_these(self._place, sorted(gone))
        tasks = {there[number][0] for number in there.keys() - here}
        for found in self._studio.some_tasks(self._place.project, sorted(tasks)):
            self._take([found])
        here = self._ledger.numbers(self._place).keys()
        return others, {there[number][1] for number in there.keys() - here}

    def _fetch_drafts(self) -> int:
        drafts = list(self._studio.drafts(self._place.project))
        tasks = {
            task.id: task
            for task in self._studio.some_tasks(
                self._place.project, sorted({draft.task for draft in drafts})
            )
            if task.meta is not None and task.meta.article
        }
        entries: list[Entry] = [
            self._reader.draft(tasks[draft.task], draft) for draft in drafts if draft.task in tasks
        ]
        self._ledger.append(self._place, entries, "draft")
        self._ledger.bury(self._place, {entry.annotation.id for entry in entries}, "draft")
        return len(entries)

    def _clock(self) -> str:
        """Return the server's time as of its last answer, ISO 8601 in UTC."""
        if self._studio.server_time is None:
            self._studio.version()
        now = self._studio.server_time
        return _told(now) if now else ""

    def _before(self, mark: str) -> str:
        return _told(_time(mark) - self._overlap if mark else _BEGINNING)


def _is_ours(task: AnnotatedTask) -> bool:
    return task.meta is not None and bool(task.meta.article)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text) if text else _BEGINNING


def _told(time: datetime) -> str:
    # The server's filters take no time without a fraction.
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _some(articles: set[str]) -> str:
    if not articles:
        return "tasks that it does not list either"
    named = ", ".join(sorted(articles)[:5])
    return named + (f" and {len(articles) - 5} more" if len(articles) > 5 else "")
