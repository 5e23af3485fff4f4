"""Requests to Label Studio: sent with the token, tried again, answered or a clear error.

Requests, bodies and tokens are handled here and not by the SDK: its objects cost more time
than the server does, and it sends again what may have been done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from typing import Any, Self, TypeVar

import httpx
import msgspec

from annotate.errors import AccessDenied
from annotate.studio.bodies import download, read_whole
from annotate.studio.credentials import Credentials, is_sendable
from annotate.studio.failures import Asked, check, denied, trouble_of, unlike
from annotate.studio.retrying import OnWait, Patience, Trouble, http_date

T = TypeVar("T")

# A server that answers slowly is busy, not gone: an import of 2,000 articles takes a while.
_TIMEOUT = httpx.Timeout(300, connect=10)
_EXCHANGE = "api/token/refresh/"


class _Access(msgspec.Struct, frozen=True):
    access: str


class Caller:
    """Calls the server at `url`, as the person whose `api_key` it is.

    A context manager, which closes the connection; several threads may use it at once.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        transport: httpx.BaseTransport | None = None,
        *,
        timeout: httpx.Timeout | None = None,
        on_wait: OnWait | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.on_wait = on_wait
        self.server_time: datetime | None = None
        if not is_sendable(api_key):
            raise denied(self.url, "not one: it holds characters that none has")
        self._credentials = Credentials(api_key, self._new_bearer)
        self.token_kind = self._credentials.kind
        # No proxy of the environment stands between this machine and itself.
        here = httpx.URL(self.url).host in {"127.0.0.1", "localhost", "::1"}
        self._http = httpx.Client(
            base_url=self.url,
            timeout=timeout or _TIMEOUT,
            transport=transport,
            trust_env=not here,
            headers={"User-Agent": "annotate"},
            # Label Studio's own server sends an answer in two parts, and on a connection that
            # is kept the second waits for our acknowledgement of the first, 40 ms each time.
            limits=httpx.Limits(max_keepalive_connections=0 if here else 20),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        params: dict[str, Any] | None = None,
        body: Any = None,
    ) -> T:
        """Send a request with a JSON body, if any, and return its JSON answer as a `kind`."""
        asked = self._asked(method, path)
        request = self._build(method, path, params, body)
        return self._patiently(lambda: self._decoded(asked, request, self._credentials, kind))

    def request(
        self, method: str, path: str, params: dict[str, Any] | None = None, body: Any = None
    ) -> httpx.Response:
        """Send a request with a JSON body, if any, and return the whole answer."""
        asked = self._asked(method, path)
        request = self._build(method, path, params, body)
        return self._patiently(lambda: self._whole(asked, request, self._credentials))

    @contextmanager
    def stream(
        self, path: str, params: dict[str, Any] | None = None, *, offset: int = 0
    ) -> Iterator[Iterator[bytes]]:
        """Give the bytes of a large body from `offset` on, piece by piece.

        Where the connection is cut it goes on from there. The size is proved when the server
        tells it; a server that ignores `Range` may tell none, and then a body that a proxy
        ended early cannot be told from a whole one.
        """
        asked = self._asked("GET", path)

        def part(at: int) -> AbstractContextManager[httpx.Response]:
            request = self._build("GET", path, params, None)
            # From the first byte on, because only then is the size told; and not compressed,
            # because bytes are counted.
            request.headers["Range"] = f"bytes={at}-"
            request.headers["Accept-Encoding"] = "identity"
            return self._answer(asked, request, self._credentials)

        with closing(download(asked, part, offset, Patience(self.on_wait))) as pieces:
            yield pieces

    def _new_bearer(self, key: str) -> str:
        # Repeatable although a POST: one bearer more does no harm.
        asked = Asked(self.url, f"POST {_EXCHANGE}", repeatable=True)
        request = self._build("POST", _EXCHANGE, None, {"refresh": key})
        try:
            return self._patiently(lambda: self._decoded(asked, request, None, _Access)).access
        except AccessDenied as error:
            raise denied(self.url, "expired or revoked") from error

    def _asked(self, method: str, path: str) -> Asked:
        return Asked(self.url, f"{method} {path}", repeatable=method == "GET")

    def _build(
        self, method: str, path: str, params: dict[str, Any] | None, body: Any
    ) -> httpx.Request:
        return self._http.build_request(
            method,
            path,
            params=params,
            content=None if body is None else msgspec.json.encode(body),
            headers=None if body is None else {"Content-Type": "application/json"},
        )

    def _patiently(self, attempt: Callable[[], T]) -> T:
        patience = Patience(self.on_wait)
        while True:
            try:
                return attempt()
            except Trouble as trouble:
                patience.wait(trouble)

    def _decoded(
        self, asked: Asked, request: httpx.Request, auth: httpx.Auth | None, kind: type[T]
    ) -> T:
        response = self._whole(asked, request, auth)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise unlike(asked, response, error) from error

    def _whole(
        self, asked: Asked, request: httpx.Request, auth: httpx.Auth | None
    ) -> httpx.Response:
        with self._answer(asked, request, auth) as response:
            read_whole(response)
        return response

    @contextmanager
    def _answer(
        self, asked: Asked, request: httpx.Request, auth: httpx.Auth | None
    ) -> Iterator[httpx.Response]:
        """Send a request once and give its answer, unread; `auth` is whose token it shows."""
        try:
            with closing(self._http.send(request, auth=auth, stream=True)) as response:
                self._note_time(response)
                if not response.is_success:
                    read_whole(response)
                    check(asked, response)
                yield response
        except httpx.RequestError as error:
            raise trouble_of(asked, error, met=self.server_time is not None) from error

    def _note_time(self, response: httpx.Response) -> None:
        # A gateway that answers in the server's place tells its own time.
        if response.status_code < 500:
            self.server_time = http_date(response.headers.get("date", "")) or self.server_time
