"""The token that every request shows: a legacy one as it is, a personal one as a bearer.

A personal access token is exchanged for bearers, which live five minutes. The SDK could do
that, but it trusts this machine's clock, takes every failure for a refusal, and costs more
than a second to import.
"""

from __future__ import annotations

import base64
import math
import threading
from collections.abc import Callable, Generator
from time import monotonic

import httpx
import msgspec


class _Claims(msgspec.Struct, frozen=True):
    exp: float
    iat: float


class Credentials(httpx.Auth):
    """Shows `key` with every request; a bearer that is rejected is renewed once, at once.

    `exchange` gets a bearer for a personal access token, or raises why there is none. Several
    threads may use one object: a bearer that one of them renewed serves all.
    """

    def __init__(self, key: str, exchange: Callable[[str], str]) -> None:
        self.kind = "personal access" if key.count(".") == 2 else "legacy"
        self._key = key
        self._exchange = exchange
        self._turn = threading.Lock()
        self._bearer = ""
        self._stale_at = -math.inf

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """Send the request, and again with a new bearer when the old one was rejected."""
        if self.kind == "legacy":
            request.headers["Authorization"] = f"Token {self._key}"
            yield request
            return
        bearer = self._current()
        request.headers["Authorization"] = f"Bearer {bearer}"
        response = yield request
        # What is rejected was not done, so every request may be sent again.
        if response.status_code == httpx.codes.UNAUTHORIZED:
            request.headers["Authorization"] = f"Bearer {self._current(rejected=bearer)}"
            yield request

    def _current(self, rejected: str = "") -> str:
        with self._turn:
            if self._bearer in {"", rejected} or monotonic() > self._stale_at:
                self._bearer = self._exchange(self._key)
                self._stale_at = monotonic() + 0.9 * _lifetime(self._bearer)
            return self._bearer


def is_sendable(key: str) -> bool:
    """Whether a header can hold the token."""
    return key.isascii() and key.isprintable() and " " not in key


def _lifetime(bearer: str) -> float:
    """Return the seconds that a bearer lives by its own account, whatever the time is here."""
    try:
        payload = base64.urlsafe_b64decode(bearer.split(".")[1] + "==")
        claims = msgspec.json.decode(payload, type=_Claims)
    except (IndexError, ValueError):
        return math.inf
    return claims.exp - claims.iat
