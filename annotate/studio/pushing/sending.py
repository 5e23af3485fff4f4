"""New articles are sent in batches, and after any doubt the server is asked what it has."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import msgspec

from annotate.corpus import Article
from annotate.errors import RequestRefused, ServerTimeout, ServerUnreachable, StudioError
from annotate.studio.client import Studio

# Bytes of one request; a server's own limit is far above, a proxy's often is not.
_BATCH_BYTES = 8_000_000
# Seconds between looks at the server after a request whose outcome is unknown. It may
# still be at work, so articles count as not imported only when the last look says so.
_LOOKS = (0.0, 1.0, 2.0, 4.0)
_TRIES = 3
_GATEWAY_TIMEOUT = 504

Batch = list[tuple[Article, dict[str, Any]]]


class Sent(NamedTuple):
    """What became of a batch: the tasks that it made, and why not all, if it did not."""

    tasks: list[tuple[int, Article]]
    failure: StudioError | None = None


def batches(tasks: Iterable[tuple[Article, dict[str, Any]]], count: int) -> Iterator[Batch]:
    """Yield import records in batches of so many, and of so many bytes, at most."""
    batch: Batch = []
    size = 0
    for article, task in tasks:
        weight = len(msgspec.json.encode(task))
        if batch and (len(batch) == count or size + weight > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append((article, task))
        size += weight
    if batch:
        yield batch


def send(
    studio: Studio, project: int, work: Iterable[Batch], newest: int, jobs: int = 1
) -> Generator[Sent, None, None]:
    """Send batches, `jobs` at once, and yield what became of each, in their order.

    `newest` is the greatest number of a task from before. While one is sent the next one is
    made, and while one is recorded the next one is sent. After a failure none is.
    """
    sent: deque[Future[Sent]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for batch in work:
                done = sent.popleft().result() if len(sent) >= jobs else None
                if done is None or done.failure is None:
                    sent.append(pool.submit(_send, studio, project, batch, newest))
                if done is not None:
                    yield done
                    if done.failure is not None:
                        break
            while sent:
                yield sent.popleft().result()
        finally:
            for future in sent:
                future.cancel()


def _send(studio: Studio, project: int, batch: Batch, newest: int) -> Sent:
    done: list[tuple[int, Article]] = []
    missing = batch
    for attempt in range(1, _TRIES + 1):
        try:
            numbers = studio.import_tasks(project, [task for _, task in missing])
        except (ServerUnreachable, RequestRefused) as failure:
            if isinstance(failure, RequestRefused) and failure.status < 500:
                return Sent(done, failure)
            try:
                found = _look_for(studio, project, missing, newest)
            except StudioError as again:
                return Sent(done, again)
            done += [(found[article.id], article) for article, _ in missing if article.id in found]
            missing = [(article, task) for article, task in missing if article.id not in found]
            if not missing:
                return Sent(done)
            if attempt == _TRIES or _may_be_at_work(failure):
                return Sent(done, failure)
            continue
        if len(numbers) != len(missing):
            made = f"Label Studio made {len(numbers)} tasks of {len(missing)} articles"
            return Sent(done, StudioError(made, "Run `annotate doctor`."))
        done += zip(numbers, (article for article, _ in missing), strict=True)
        break
    return Sent(done)


def _may_be_at_work(failure: StudioError) -> bool:
    gateway = isinstance(failure, RequestRefused) and failure.status == _GATEWAY_TIMEOUT
    return gateway or isinstance(failure, ServerTimeout)


def _look_for(
    studio: Studio, project: int, batch: Sequence[tuple[Article, Any]], newest: int
) -> dict[str, int]:
    """Return the tasks of those articles of the batch that the server turns out to have."""
    wanted = {(article.id, article.sha256) for article, _ in batch}
    found: dict[str, int] = {}
    for pause in _LOOKS:
        time.sleep(pause)
        for page in studio.pushed_tasks(project, above=newest):
            for task in page:
                if task.meta and (task.meta.article, task.meta.sha256) in wanted:
                    found.setdefault(task.meta.article, task.id)
        if len(found) == len(wanted):
            break
    return found
