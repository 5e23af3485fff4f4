"""What went wrong with a request, as an error that says what to do next."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec

from annotate.errors import (
    AccessDenied,
    RequestRefused,
    ServerTimeout,
    ServerUnreachable,
    StudioError,
)
from annotate.studio.retrying import (
    BUSY_TRIES,
    CUT_TRIES,
    SLOW_TRIES,
    Trouble,
    is_busy,
    retry_after,
)

# Nothing of the request has reached the server.
_UNSENT = (
    httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError,
    httpx.UnsupportedProtocol,
)  # fmt: skip
# A gateway that fails, or a server that stumbles: SQLite locked by a writer answers 500.
_FAILING = {500, 502, 503, 504}
_RENEW = "Take a current one from Account & Settings and put it in LABEL_STUDIO_API_KEY."
_AGAIN = "Run the command again."


class Asked(msgspec.Struct, frozen=True):
    """Who was asked for what; `repeatable` when asking twice does no harm."""

    url: str
    name: str
    repeatable: bool


def trouble_of(asked: Asked, error: httpx.RequestError, *, met: bool) -> Trouble:
    """Return what a failed exchange means; `met` when the server has answered before."""
    cause = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, _UNSENT):
        unreachable = ServerUnreachable(
            f"no answer from Label Studio at {asked.url} ({cause})",
            "Check the URL and that the server runs, then run the command again.",
        )
        # Where nothing ever answered, the URL is wrong rather than the server restarting.
        return Trouble(unreachable, CUT_TRIES if met else 1)
    if isinstance(error, httpx.TimeoutException):
        return Trouble(_timeout(asked), SLOW_TRIES if asked.repeatable else 1)
    return cut(asked, cause)


def cut(asked: Asked, cause: str) -> Trouble:
    """Return what it means that an answer did not come, or not all of it."""
    error = ServerUnreachable(
        f"no answer from Label Studio at {asked.url} to {asked.name} ({cause})",
        "Check that the server runs, then run the command again.",
    )
    return Trouble(error, CUT_TRIES if asked.repeatable else 1)


def _timeout(asked: Asked) -> ServerTimeout:
    problem = f"Label Studio at {asked.url} did not answer {asked.name} in time"
    if asked.repeatable:
        return ServerTimeout(problem, "It is busy: wait a while, then run the command again.")
    return ServerTimeout(
        problem, "It may still be at work: wait a while, then run the command again."
    )


def unlike(asked: Asked, response: httpx.Response, error: msgspec.DecodeError) -> Exception:
    """Return what it means that the body of an answer is not what it should be."""
    broken = not isinstance(error, msgspec.ValidationError)
    if broken and "json" in response.headers.get("content-type", ""):
        # No part of a JSON object or list is JSON: the rest has not come.
        return cut(asked, "only a part of the answer came")
    return StudioError(
        f"what answers at {asked.url} is not Label Studio as known here ({asked.name}: {error})",
        "Check the URL.",
    )


def check(asked: Asked, response: httpx.Response) -> None:
    """Raise what an answer that has been read means, unless it is a success."""
    status = response.status_code
    if status < 300:
        return
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise denied(asked.url, "not accepted")
    if status < 400:
        raise RequestRefused(
            f"{asked.url} redirects to {response.headers.get('location')}",
            "Use the address it redirects to.",
            status,
        )
    problem = (
        f"Label Studio at {asked.url} refused {asked.name} (HTTP {status}): {_reason(response)}"
    )
    if is_busy(response):
        refused = RequestRefused(problem, "It is busy: wait a while, then run it again.", status)
        raise Trouble(refused, BUSY_TRIES, retry_after(response))
    refused = RequestRefused(problem, _AGAIN if status >= 500 else "", status)
    if asked.repeatable and status in _FAILING:
        raise Trouble(refused, CUT_TRIES)
    raise refused


def denied(url: str, state: str) -> AccessDenied:
    """Return what to raise about the token: it is "not accepted", or "expired", or …."""
    return AccessDenied(f"the token for Label Studio at {url} is {state}", _RENEW)


def _reason(response: httpx.Response) -> str:
    """Return what the server says of its refusal, on one line and not too long."""
    try:
        body: Any = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        return response.reason_phrase
    if not isinstance(body, dict):
        return str(body)[:300]
    faults = body.get("validation_errors") or body.get("detail") or body
    if isinstance(faults, dict):
        faults = "; ".join(
            " ".join(map(str, value)) if isinstance(value, list) else str(value)
            for value in faults.values()
        )
    return " ".join(str(faults).split())[:500]
