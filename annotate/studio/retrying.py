"""When a request is sent again, after which pause, and how often: every wait has an end.

    what went wrong                              sent again          tries
    429, or 503 with Retry-After                 every request       5
    no connection, where the server answered before
                                                 every request       4
    a cut connection, half an answer, 500, 502, 503, 504
                                                 if repeatable       4
    no answer in time                            if repeatable       2

The first two are sent again whatever they ask, because the server has done nothing. Of the
others nobody knows what the server did, so only what does no harm twice is repeatable: GET.
A POST would double; a DELETE sent twice says "not found" of what it deleted itself; a PATCH or
PUT sent twice overwrites what somebody changed in between. Their callers look first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import sleep

import httpx

from annotate.errors import StudioError

# Told why a request waits, and how many seconds, before it does; from the thread that waits.
OnWait = Callable[[str, float], None]

# Tries in all, the first among them.
BUSY_TRIES = 5
CUT_TRIES = 4
SLOW_TRIES = 2

# Seconds in one go, whatever the server asks for.
_LONGEST = 120.0


class Trouble(Exception):
    """A try that failed and may be repeated.

    `error` is what is wrong when there is no further try, `tries` how many there are in all,
    `pause` the seconds that the server asks for, None when it does not say.
    """

    def __init__(self, error: StudioError, tries: int, pause: float | None = None) -> None:
        super().__init__(error, tries, pause)
        self.error = error
        self.tries = tries
        self.pause = pause


class Patience:
    """Counts the tries of one request, and waits 1, 2, 4, 8 … seconds between them."""

    def __init__(self, on_wait: OnWait | None = None) -> None:
        self._on_wait = on_wait
        self._failed = 0

    def wait(self, trouble: Trouble) -> None:
        """Wait before the next try; raises the error when that was the last one."""
        self._failed += 1
        if self._failed >= trouble.tries:
            raise trouble.error from trouble.__cause__
        pause = 2.0 ** (self._failed - 1) if trouble.pause is None else trouble.pause
        pause = min(pause, _LONGEST)
        if self._on_wait is not None:
            self._on_wait(trouble.error.problem, pause)
        sleep(pause)

    def renew(self) -> None:
        """Count from the start again: something came."""
        self._failed = 0


def is_busy(response: httpx.Response) -> bool:
    """Whether the server turned a request away undone, to be sent again later."""
    status = response.status_code
    return status == httpx.codes.TOO_MANY_REQUESTS or (
        status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in response.headers
    )


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds to wait that an answer asks for, None when it asks for none.

    A date is compared with the answer's own date: the two clocks may differ.
    """
    told = response.headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    until = http_date(told)
    if until is None:
        return None
    now = http_date(response.headers.get("date", "")) or datetime.fromtimestamp(time.time(), UTC)
    return max(0.0, (until - now).total_seconds())


def http_date(text: str) -> datetime | None:
    """Return the time that a header tells, None when it is none."""
    try:
        return parsedate_to_datetime(text).replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
