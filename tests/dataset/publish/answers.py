"""What a server answers, and what goes wrong with that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from tests.dataset.publish.repositories import Refused


class Answer(NamedTuple):
    """What the server answers; `headers` beside the usual ones."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - never written to


# Given what does the work, answers; None cuts the connection.
Fault = Callable[[Callable[[], Answer]], Answer | None]


def refuse(status: int, said: str = "") -> Fault:
    """The server refuses, and does nothing."""
    return lambda _work: refusal(Refused(status, said))


def retry_later(status: int) -> Fault:
    """The server has too much to do, and says when it may be asked again: at once."""
    return lambda _work: Answer(status, b"", {"Retry-After": "0"})


def fail_after(status: int) -> Fault:
    """The server does the work; what stands before it answers with an error."""

    def fault(work: Callable[[], Answer]) -> Answer:
        work()
        return Answer(status)

    return fault


def cut(_work: Callable[[], Answer]) -> None:
    """The connection breaks before the whole request has arrived."""


def cut_after(work: Callable[[], Answer]) -> None:
    """The server does the work; the connection breaks before its answer."""
    work()


def altered(work: Callable[[], Answer]) -> Answer:
    """What comes back is as long as what is there, but not the same."""
    answer = work()
    return answer._replace(body=answer.body[::-1])


def refusal(refused: Refused) -> Answer:
    """Return what a server answers when it says no."""
    headers = {"Content-Type": "application/json", "X-Error-Message": refused.said}
    if refused.code:
        headers["X-Error-Code"] = refused.code
    return Answer(refused.status, json.dumps({"error": refused.said}).encode(), headers)
