"""A small proxy in front of a real server, which does to requests what networks do to them.

    with FaultProxy(server.url, [Fault(cut, "POST", "/import", after=True)]) as proxy:
        Studio(proxy.url, token).import_tasks(...)

It forwards everything. A fault does a deed (see `deeds`) to the requests that match its method
and path, from the `nth` of them on, `times` in all: before the server hears of them, or `after`
it did the work. `Chance` makes faults by seed. `before` and `after` are called around all that
is forwarded: to change something on the server meanwhile, to kill a process, to alter the
request or the answer. What they raise is raised again when the proxy closes.
"""

from __future__ import annotations

import http.client
import random
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

ALWAYS = 10**9
# Of one connection and not of the message, or made anew here.
_OWN = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Asked:
    """A request, its number among all; `fault` is what befell it, `status` what was answered."""

    number: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    fault: str = ""
    status: int = 0


@dataclass
class Answer:
    """An answer, as the server gave it or as a fault makes it up.

    `size` is what the server says that the body has, which the answer to HEAD does not hold.
    """

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    size: int = 0


Deed = Callable[["Exchange"], None]


@dataclass
class Fault:
    """Does a deed to some of the requests that match: a whole method, a part of the path."""

    deed: Deed
    method: str = ".*"
    path: str = ""
    nth: int = 1
    times: int = 1
    after: bool = False
    seen: int = 0

    def befalls(self, asked: Asked) -> bool:
        """Whether this request is one of them; asked once for each request."""
        if not (re.fullmatch(self.method, asked.method) and re.search(self.path, asked.path)):
            return False
        self.seen += 1
        return self.nth <= self.seen < self.nth + self.times


class Chance(Fault):
    """Does one of the deeds, by seed, before or after the work, to a share of the requests."""

    def __init__(
        self, seed: int, share: float, deeds: Sequence[Deed], method: str = ".*", path: str = ""
    ) -> None:
        super().__init__(deeds[0], method, path, times=ALWAYS)
        self._dice = random.Random(seed)  # noqa: S311, the same faults for the same seed
        self._share = share
        self._deeds = deeds

    def befalls(self, asked: Asked) -> bool:
        """Whether the dice say so; they choose the deed as well."""
        if not super().befalls(asked) or self._dice.random() >= self._share:
            return False
        self.deed = self._dice.choice(self._deeds)
        self.after = self._dice.random() < 0.5
        return True


class FaultProxy:
    """Stands at `url`, in front of the server at the URL given; `asked` is its log."""

    def __init__(
        self,
        server: str,
        faults: Sequence[Fault] = (),
        *,
        before: Callable[[Asked], object] = lambda _: None,
        after: Callable[[Asked, Answer], object] = lambda _, __: None,
    ) -> None:
        self.server = urlsplit(server)
        self.faults = list(faults)
        self.before = before
        self.after = after
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._turn = threading.Lock()
        self._front = _Front(self)
        self.url = f"http://127.0.0.1:{self._front.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._front.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.closing.set()
        self._front.shutdown()
        self._front.close()
        if kind is None and self._front.errors:
            raise self._front.errors[0]

    def count(self, method: str = ".*", path: str = "") -> int:
        """How many requests came whose method is, and whose path has in it, what is given."""
        pairs = [(asked.method, asked.path) for asked in self.asked]
        return sum(bool(re.fullmatch(method, m) and re.search(path, p)) for m, p in pairs)

    def note(self, asked: Asked) -> tuple[Deed, bool] | None:
        """Log a request; return the deed that befalls it, and whether after the work."""
        with self._turn:
            asked.number = len(self.asked) + 1
            self.asked.append(asked)
            for fault in self.faults:
                if fault.befalls(asked):
                    asked.fault = fault.deed.__qualname__
                    return fault.deed, fault.after
        return None


class _Front(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, proxy: FaultProxy) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.proxy = proxy
        self.errors: list[BaseException] = []
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        # Without a farewell, so that a cut is one.
        self._open.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        # That a client has gone is no error here.
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.errors.append(error)

    def close(self) -> None:
        """Close every connection, and wait for the threads."""
        for request in list(self._open):
            with suppress(OSError):
                request.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Exchange(BaseHTTPRequestHandler):
    """One request on its way: what a deed works on."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Front
    asked: Asked
    _answer: Answer | None

    def exchange(self) -> None:
        """Answer a request: as the server does, or as a fault has it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: text for name, text in self.headers.items() if name.lower() not in _OWN}
        self.asked = Asked(0, self.command, self.path, headers, body)
        self._answer = None
        match self.server.proxy.note(self.asked):
            case None:
                self.send(self.forward())
            case deed, after:
                if after:
                    self.forward()
                deed(self)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = exchange  # noqa: N815

    def forward(self) -> Answer:
        """Let the server do the work, once, and return its answer; 502 when it is gone."""
        if self._answer is None:
            proxy, asked = self.server.proxy, self.asked
            proxy.before(asked)
            self._answer = _ask(proxy.server.netloc, asked)
            proxy.after(asked, self._answer)
        return self._answer

    def send(self, answer: Answer, *, size: int | None = None) -> None:
        """Send an answer, which claims to have `size` bytes."""
        if size is None:
            size = len(answer.body) if self.command != "HEAD" else answer.size
        self.start(answer, ("Content-Length", str(size)))
        self.wfile.write(answer.body)

    def start(self, answer: Answer, framing: tuple[str, str]) -> None:
        """Send what precedes the body of an answer."""
        self.asked.status = answer.status
        self.send_response_only(answer.status)
        for name, text in [*answer.headers, framing]:
            self.send_header(name, text)
        self.end_headers()

    def hang_up(self, *, reset: bool = False) -> None:
        """Close the connection when the deed is done; with a reset, what is under way is lost."""
        self.close_connection = True
        if reset:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def log_message(self, *_: object) -> None:
        """Say nothing: `asked` is the log."""


def _ask(netloc: str, asked: Asked) -> Answer:
    server = http.client.HTTPConnection(netloc, timeout=300)
    try:
        server.request(asked.method, asked.path, asked.body or None, asked.headers)
        told = server.getresponse()
        body = told.read()
    except (OSError, http.client.HTTPException):
        return Answer(502)
    finally:
        server.close()
    headers = [(name, text) for name, text in told.getheaders() if name.lower() not in _OWN]
    size = int(told.getheader("Content-Length") or 0)
    return Answer(told.status, headers, body, size)
