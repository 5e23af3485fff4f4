"""Push: articles become tasks. A plan first, then the deed, batch by batch."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from annotate.corpus import Article
from annotate.errors import RequestRefused, ServerTimeout, ServerUnreachable, StudioError
from annotate.progress import Progress, silent
from annotate.schema import Schema
from annotate.schema.suggest import Slow, suggest_all
from annotate.studio.client import Studio
from annotate.studio.encode import encode_task
from annotate.studio.ledger import Ledger, Place
from annotate.studio.project import (
    State,
    config_state,
    ensure_project,
    find_edits,
    find_project,
    page_of,
)
from annotate.studio.wire import Meta

# Bytes of one request; a server's own limit is far above, a proxy's often is not.
_BATCH_BYTES = 8_000_000
# Seconds between looks at the server after a request whose outcome is unknown. It may
# still be at work, so articles count as not imported only when the last look says so.
_LOOKS = (0.0, 1.0, 2.0, 4.0)
_TRIES = 3
_GATEWAY_TIMEOUT = 504

Batch = list[tuple[Article, dict[str, Any]]]


# After so many articles on which it ran out of time a pattern is given up for all others.
_SLOW = 3


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a push would do.

    `edits` tell how the labelling page was edited by hand. `changed` are ids of articles
    whose text is no longer the pushed one, `gone` ids of pushed articles that the corpus no
    longer has, `duplicates` ids that have several tasks; all three are told and left alone.
    `vanished` are tasks that the ledger has and the server no more, `unrecorded` how many
    unchanged articles have tasks that the ledger does not know, as after it was lost.
    """

    config: State
    edits: tuple[str, ...]
    new: tuple[Article, ...]
    unchanged: tuple[tuple[int, Article], ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]
    duplicates: tuple[str, ...]
    vanished: tuple[int, ...]
    unrecorded: int

    @property
    def idle(self) -> bool:
        """Whether there is nothing to do."""
        same_tasks = not (self.new or self.vanished or self.unrecorded)
        return same_tasks and self.config == "in step"


def plan_push(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema,
    articles: Sequence[Article], *, whole_corpus: bool = True, progress: Progress = silent,
) -> Plan:  # fmt: skip
    """Compare the articles with the server's tasks, by id and digest.

    `whole_corpus` False means that other articles exist, so that none is called gone.
    """
    project = find_project(studio, ledger, server, title)
    there: dict[int, Meta] = {}
    if project is not None:
        with progress("Asking the server what it has", project.task_number) as advance:
            for task, meta in _tasks(studio, project.id):
                there[task] = meta
                advance(1)
    tasks: dict[str, tuple[int, str]] = {}
    duplicates: set[str] = set()
    for task, meta in there.items():
        if meta.article in tasks:
            duplicates.add(meta.article)
        tasks.setdefault(meta.article, (task, meta.sha256))
    here = ledger.tasks(Place(server, project.id)) if project else {}
    known = [(article, *tasks[article.id]) for article in articles if article.id in tasks]
    unchanged = tuple((task, a) for a, task, sha256 in known if sha256 == a.sha256)
    gone = tasks.keys() - {article.id for article in articles} if whole_corpus else set()
    config = config_state(project, ledger, server, schema)
    edits: list[str] = []
    if project is not None and config == "edited":
        edits = find_edits(project, page_of(project, ledger, server, schema))
    return Plan(
        config=config,
        edits=tuple(edits),
        new=tuple(article for article in articles if article.id not in tasks),
        unchanged=unchanged,
        changed=tuple(a.id for a, _, sha256 in known if sha256 != a.sha256),
        gone=tuple(sorted(gone)),
        duplicates=tuple(sorted(duplicates)),
        vanished=tuple(sorted(here.keys() - there.keys())),
        unrecorded=sum(task not in here for task, _ in unchanged),
    )


def push(
    studio: Studio, ledger: Ledger, server: str, title: str, schema: Schema, plan: Plan,
    *, batch_size: int = 500, force: bool = False, progress: Progress = silent,
    slow: Counter[Slow] | None = None,
) -> Place:  # fmt: skip
    """Carry out a plan and return the project; run again after a failure, it completes.

    `force` overwrites what somebody edited by hand on the labelling page. `slow` counts, by
    pattern, the articles without its suggestions because it took too long.

    After a request whose outcome is unknown the server is asked what it has before anything
    is sent again, and nothing is while the server may still be at work on it.
    """
    project = ensure_project(studio, ledger, server, title, schema, force=force)
    place = Place(server, project.id)
    # Tasks pushed from elsewhere, or before the ledger was lost.
    ledger.record_tasks(place, plan.unchanged)
    ledger.forget_tasks(place, plan.vanished)
    with progress("Pushing articles", len(plan.new)) as advance:
        for batch in _batches(plan.new, schema, batch_size, Counter() if slow is None else slow):
            _import_batch(studio, ledger, place, batch)
            advance(len(batch))
    return place


def _batches(
    articles: Sequence[Article], schema: Schema, count: int, slow: Counter[Slow]
) -> Iterator[Batch]:
    batch: Batch = []
    size = 0
    for article in articles:
        given_up = {pattern for pattern, times in slow.items() if times >= _SLOW}
        suggested = suggest_all(schema, article.text, without=given_up)
        slow.update({*suggested.slow, *given_up})
        task = encode_task(schema, article, suggested.spans)
        weight = len(msgspec.json.encode(task))
        if batch and (len(batch) == count or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((article, task))
        size += weight
    if batch:
        yield batch


def _import_batch(studio: Studio, ledger: Ledger, place: Place, batch: Batch) -> None:
    missing = batch
    for attempt in range(1, _TRIES + 1):
        try:
            numbers = studio.import_tasks(place.project, [task for _, task in missing])
        except (ServerUnreachable, RequestRefused) as failure:
            if isinstance(failure, RequestRefused) and failure.status < 500:
                raise
            found = _look_for(studio, place, missing)
            ledger.record_tasks(place, [(found[a.id], a) for a, _ in missing if a.id in found])
            missing = [(article, task) for article, task in missing if article.id not in found]
            if not missing:
                return
            if attempt == _TRIES or _may_be_at_work(failure):
                raise
            continue
        if len(numbers) != len(missing):
            raise StudioError(
                f"Label Studio made {len(numbers)} tasks of {len(missing)} articles",
                "Run `annotate doctor`.",
            )
        ledger.record_tasks(place, zip(numbers, (article for article, _ in missing), strict=True))
        return


def _may_be_at_work(failure: StudioError) -> bool:
    gateway = isinstance(failure, RequestRefused) and failure.status == _GATEWAY_TIMEOUT
    return gateway or isinstance(failure, ServerTimeout)


def _look_for(studio: Studio, place: Place, batch: Batch) -> dict[str, int]:
    """Return the tasks of those articles of the batch that the server turns out to have."""
    wanted = {(article.id, article.sha256) for article, _ in batch}
    found: dict[str, int] = {}
    for pause in _LOOKS:
        time.sleep(pause)
        for task, meta in _tasks(studio, place.project):
            if (meta.article, meta.sha256) in wanted:
                found[meta.article] = task
        if len(found) == len(wanted):
            break
    return found


def _tasks(studio: Studio, project: int) -> Iterator[tuple[int, Meta]]:
    """Yield the tasks that were pushed from a workspace; others are none of our business."""
    for page in studio.pushed_tasks(project):
        for task in page:
            if task.meta is not None and task.meta.article:
                yield task.id, task.meta
