"""What the Hub's refusals mean, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
)

from annotate.errors import DatasetError

# Whatever huggingface_hub raises when a request fails; it wraps some of them.
FAILURES = (
    httpx2.HTTPError, httpx2.InvalidURL, EntryNotFoundError, OSError, RuntimeError, ValueError,
)  # fmt: skip

_UNTOUCHED = "the old version is untouched"


@contextmanager
def telling(what: str, endpoint: str, then: str = _UNTOUCHED) -> Iterator[None]:
    """Turn a failure of the Hub into a `DatasetError`.

    `what` is what was not done, `then` how things stand.
    """
    try:
        yield
    except FAILURES as error:
        raise told(error, what, endpoint, then) from error


def told(error: BaseException, what: str, endpoint: str, then: str = _UNTOUCHED) -> DatasetError:
    """Return the error that tells why the Hub did not do something."""
    status = status_of(error)
    if isinstance(root_of(error), OfflineModeIsEnabled):
        return DatasetError(f"{what}: HF_HUB_OFFLINE is set", "Unset it to publish.")
    if isinstance(error, HFValidationError):
        return DatasetError(f"{what}: the Hub takes no such name", "Name it hf://ORG/NAME.")
    if status is None:
        return DatasetError(
            f"{what}: {_reason(error)} ({endpoint})",
            f"Check the network and publish again; {then}.",
        )
    why, remedy = _MEANINGS.get(status, ("", ""))
    if not why and status >= 500:
        why, remedy = "the Hub failed", "Wait a little and publish again; {then}."
    said = _said(error)
    why = why or "the Hub refused it"
    return DatasetError(
        f"{what}: {why} (HTTP {status}{f', {said}' if said else ''})",
        (remedy or "Mend that and publish again; {then}.").format(then=then),
    )


_MEANINGS = {
    401: ("the Hub does not accept HF_TOKEN", "Make a new token and put it in HF_TOKEN."),
    403: (
        "HF_TOKEN gives no right to it",
        "Use a token with write access, of a member of that organisation.",
    ),
    404: ("there is nothing of that name", "Check the name after hf://."),
    409: ("another change is under way", "Wait a little and publish again; {then}."),
    412: ("somebody else changed it meanwhile", "Publish again; {then}."),
    429: ("too many requests", "Wait a few minutes and publish again; {then}."),
}


def root_of(error: BaseException) -> BaseException:
    """Return the error of HTTP in a chain of errors, or the one that began the chain."""
    found = error
    while not isinstance(found, httpx2.HTTPError) and found.__cause__ is not None:
        found = found.__cause__
    return found


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status that an error comes from, None when there was no answer."""
    root = root_of(error)
    return root.response.status_code if isinstance(root, HfHubHTTPError) else None


def is_unclear(error: BaseException) -> bool:
    """Whether the Hub may have done all the same what it did not confirm."""
    status = status_of(error)
    return isinstance(root_of(error), httpx2.HTTPError) and (status is None or status >= 500)


def is_missing(error: BaseException) -> bool:
    """Whether there is no repository of that name, or none that this token may see."""
    return isinstance(error, RepositoryNotFoundError) and not isinstance(error, GatedRepoError)


def _said(error: BaseException) -> str:
    """Return the Hub's own words."""
    root = root_of(error)
    said = (root.server_message or "") if isinstance(root, HfHubHTTPError) else ""
    return said.strip().splitlines()[0].rstrip(".") if said.strip() else ""


def _reason(error: BaseException) -> str:
    root = root_of(error)
    if isinstance(root, httpx2.TimeoutException):
        return "the Hub did not answer in time"
    if isinstance(root, httpx2.TransportError):
        return "the connection to the Hub broke"
    lines = str(root).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(root).__name__
