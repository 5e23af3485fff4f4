"""The local Hub behind a port of loopback."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.dataset.publish.answers import Answer, cut
from tests.dataset.publish.hub import LocalHub, Request


@contextmanager
def running_hub() -> Iterator[LocalHub]:
    """Run a Hub without repositories on a free port of loopback."""
    hub = LocalHub()

    class Handler(_Handler):
        local = hub

    with _Server(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        # By another name, so that it is another host, as the real Hub's is.
        hub.files_url = f"http://localhost:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        # That a client has gone is no error here.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, applies the fault that waits for it, writes the answer."""

    protocol_version = "HTTP/1.1"
    local: LocalHub

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        fault = self.local.fault_for(f"{self.command} {path}")
        if fault is cut:
            self._cut()
            return
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        request = Request(self.command, path, parse_qs(parts.query), token, self._body())

        def work() -> Answer:
            return self.local.answer(request)

        answer = fault(work) if fault else work()
        if answer is None:
            self._cut()
        else:
            self._write(self._part(answer))

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815 - http.server's own names

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") == "chunked":
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _chunk(self) -> bytes:
        data = self.rfile.read(int(self.rfile.readline(), 16))
        self.rfile.readline()
        return data

    def _part(self, answer: Answer) -> Answer:
        """Return the bytes of a file that were asked for alone."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not asked or answer.status != 200 or self.command != "GET":
            return answer
        size, start = len(answer.body), int(asked[1])
        end = min(int(asked[2] or size - 1), size - 1)
        told = {"Content-Range": f"bytes {start}-{end}/{size}"}
        return Answer(206, answer.body[start : end + 1], answer.headers | told)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
