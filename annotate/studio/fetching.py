"""A project's annotated tasks, fetched in pages of about as many bytes, ahead of their use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import TypeVar

from annotate.studio.client import Studio
from annotate.studio.wire import AnnotatedTask

T = TypeVar("T")
Tasks = list[AnnotatedTask]

# So much of the server's JSON is held in memory for every reader, and once more.
_PAGE_BYTES = 16_000_000
# Bytes of an article's task beside its text, which the server tells escaped.
_MARKS = 4_000
_LEAST, _MOST = 10, 400
# Several readers end with shares so small that none waits long for another, but not so small
# that what a request costs by itself, as much as 70 articles, is most of it.
_LAST = 100
# Of articles that nothing is known of.
_ARTICLE = 10_000


def fetch_annotated(
    studio: Studio, project: int, known: Iterable[int], *, above: int, article_bytes: int,
    jobs: int = 1,
) -> Generator[Tasks, None, None]:  # fmt: skip
    """Yield the annotated tasks with numbers greater than `above`, in order, page by page.

    `known` are numbers of tasks that are expected, by which `jobs` readers share the work;
    what else there is comes in its place. `article_bytes` is the mean size of an article,
    0 when it is not known.
    """
    task_bytes = _MARKS + 2 * (article_bytes or _ARTICLE)
    size = min(max(_PAGE_BYTES // task_bytes, _LEAST), _MOST)
    ends = _ends(sorted(number for number in known if number > above), size, jobs)
    pages = partial(_pages, studio, project, size)
    # The last share has no end: what nobody expects is there.
    rest = studio.annotated_tasks(project, above=ends[-1] if ends else above, size=size)
    shares: list[Callable[[], list[Tasks]]] = [
        partial(pages, *ends_of) for ends_of in zip([above, *ends], ends, strict=False)
    ]
    shares.append(lambda: list(islice(rest, 1)))
    for share in _in_parallel(jobs, shares):
        yield from share
    yield from _ahead(rest)


def _ends(expected: Sequence[int], size: int, jobs: int) -> list[int]:
    """Return the last number of every share but the last one.

    A share is of `size` tasks, and of several readers at most one's part of what is left, so
    that they end together.
    """
    ends: list[int] = []
    left = len(expected)
    while True:
        part = size if jobs == 1 else min(size, max(_LAST, left // jobs))
        if left <= part:
            return ends
        left -= part
        ends.append(expected[-left - 1])


def _pages(studio: Studio, project: int, size: int, above: int, upto: int) -> list[Tasks]:
    return list(studio.annotated_tasks(project, above=above, upto=upto, size=size))


def _ahead(pages: Iterator[Tasks]) -> Iterator[Tasks]:
    """Yield pages, the next one being fetched while one is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pages, None)
        while (page := coming.result()) is not None:
            coming = pool.submit(next, pages, None)
            yield page


def _in_parallel(jobs: int, shares: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield the results of the shares in their order; `jobs` at once, and some ahead.

    One reader is a share ahead. Several are two each, because one waits for another.
    """
    waiting: deque[Future[T]] = deque()
    ahead = 1 if jobs == 1 else 2 * jobs
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for share in shares:
                waiting.append(pool.submit(share))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
