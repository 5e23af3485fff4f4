"""Faults that a real server does not produce on command, put in front of a real one."""

from __future__ import annotations

from collections.abc import Callable

import httpx

# Given a request and how to forward it, answers or raises.
Fault = Callable[[httpx.Request, Callable[[httpx.Request], httpx.Response]], httpx.Response]


class FaultyTransport(httpx.BaseTransport):
    """Forwards everything; applies the next of `faults` to each request that matches."""

    def __init__(self, method: str, path_end: str, faults: list[Fault]) -> None:
        self._real = httpx.HTTPTransport()
        self._method = method
        self._path_end = path_end
        self._faults = faults
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        named = request.method == self._method if self._method else True
        matches = named and request.url.path.endswith(self._path_end)
        if matches:
            self.requests.append(request)
            if self._faults:
                return self._faults.pop(0)(request, self._real.handle_request)
        return self._real.handle_request(request)

    def close(self) -> None:
        self._real.close()


def bad_gateway_after(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """The server does the work; a proxy in front of it answers 502."""
    forward(request).read()
    return httpx.Response(502, request=request)


def bad_gateway_before(
    request: httpx.Request, _forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """A proxy answers 502; the server never hears of it."""
    return httpx.Response(502, request=request)


def cut_after(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """The server does the work; the connection breaks before its answer arrives."""
    forward(request).read()
    raise httpx.ReadError("connection cut", request=request)


def timeout_after(
    request: httpx.Request, forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """The server does the work; we have stopped waiting."""
    forward(request).read()
    raise httpx.ReadTimeout("timed out", request=request)


def timeout_before(
    request: httpx.Request, _forward: Callable[[httpx.Request], httpx.Response]
) -> httpx.Response:
    """Nothing has happened yet when we stop waiting."""
    raise httpx.ReadTimeout("timed out", request=request)
