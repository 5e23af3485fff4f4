"""An S3 on loopback, moto's server, and a proxy in front of it that breaks things."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec

from tests.proxy import Answer, Exchange, FaultProxy

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
# A large number would have a test wait as long as a person does.
_HURRIED = {"AWS_RETRY_MODE": "standard", "AWS_MAX_ATTEMPTS": "2"}
_REFUSAL = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    "<Error><Code>{code}</Code><Message>{message}</Message></Error>"
)


@contextmanager
def running_s3() -> Iterator[str]:
    """Run an S3 that keeps everything in memory; give its address."""
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def environ_of(url: str) -> dict[str, str]:
    """Return what a process must know to use an S3, and not to try again for long."""
    return {**KEYS, **_HURRIED, "AWS_ENDPOINT_URL": url}


def straight_to(url: str) -> Any:
    """Return a file system of an S3 that no cache and no proxy stands before."""
    return fsspec.filesystem(
        "s3", endpoint_url=url, key=KEYS["AWS_ACCESS_KEY_ID"],
        secret=KEYS["AWS_SECRET_ACCESS_KEY"], use_listings_cache=False, skip_instance_cache=True,
    )  # fmt: skip


def fetched(system: Any, url: str, folder: Path) -> Path:
    """Copy what is published to a folder, as its users do."""
    root = url.removeprefix("s3://")
    for path in system.find(root):
        to = folder / path.removeprefix(f"{root}/")
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(system.cat_file(path))
    return folder


def refusal(status: int, code: str, message: str) -> Answer:
    """Return what S3 answers when it says no."""
    body = _REFUSAL.format(code=code, message=message).encode()
    return Answer(status, [("Content-Type", "application/xml")], body, len(body))


DENIED = refusal(403, "AccessDenied", "Access Denied")
SLOW_DOWN = refusal(503, "SlowDown", "Please reduce your request rate.")


def refuse(answer: Answer) -> Any:
    """Return the deed that answers in the server's place."""

    def refuses(exchange: Exchange) -> None:
        exchange.send(answer)

    return refuses


class StoreProxy(FaultProxy):
    """A proxy that can also break the connection while a file is on its way up.

    `cuts` uploads are broken, the next one first.
    """

    def __init__(self, server: str) -> None:
        super().__init__(server)
        self.cuts = 0
        self._front.RequestHandlerClass = _Cutting


class _Cutting(Exchange):
    def exchange(self) -> None:
        proxy = self.server.proxy
        assert isinstance(proxy, StoreProxy)
        if self.command != "PUT" or proxy.cuts < 1:
            super().exchange()
            return
        proxy.cuts -= 1
        self.rfile.read(int(self.headers["Content-Length"]) // 2)
        self.hang_up(reset=True)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = exchange  # noqa: N815 - http.server's names
