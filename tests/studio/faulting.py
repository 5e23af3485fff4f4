"""What faults befall: workspaces of hard articles on a server that can be killed.

Faults are listed by name: the tests run each of them once, and `benchmarks/faults.py` many
times.
"""

from __future__ import annotations

import os
import random
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from annotate.formats import read_inline
from annotate.studio.server import LocalServer, Login
from annotate.studio.system import free_port
from tests.conftest import Server
from tests.proxy import FaultProxy
from tests.studio.people import PASSWORD, sign_up
from tests.studio.room import Room, Written

ARTICLES = 7

_SENTENCES = (
    "Gia đình 👨\u200d👩\u200d👧 ông [Lê Văn Tám](PERSON) ở [xã Phú Lâm](LOCATION).",
    "[Thượng tá](RANK) [Hoa](PERSON), [Phó [Công an [xã Tác](LOCATION)](ORGANIZATION)](ROLE).",
    "Bà [Nguyễn Thị Sáu](PERSON) nhận [Giấy khen](AWARD) &amp; [10 phần quà 🇻🇳](QUANTITY).",
    "<b>[Tổ công tác 👩🏾\u200d🚒](ORGANIZATION)</b> về [ấp Bình Hoà](LOCATION).",
    "“[Đội 1\ufe0f\u20e3](ORGANIZATION)” của [Công an [tỉnh Sơn La](LOCATION)](ORGANIZATION) 𠀀.",
    "Đồng chí [Phạm Đức Ế](PERSON) ❤\ufe0f\u200d🔥 ghé [phố Cổ](LOCATION)\nrồi về.",
)
_INSERTED = ("Tin mới 🎉 nhận lúc nãy.", "Ảnh: báo &lt;Địa phương&gt; 📷.", "Thêm: trời mưa ☔ to.")


def write_articles(dice: random.Random) -> dict[str, Written]:
    """Make articles up, by id."""
    made: dict[str, Written] = {}
    for number in range(ARTICLES):
        first = [f"Bài thứ {number} 📰:", *dice.sample(_SENTENCES, dice.randint(2, 4))]
        second = list(first)
        for more in dice.sample(_INSERTED, 2):
            second.insert(dice.randint(0, len(second)), more)
        versions = (read_inline("\n\n".join(sentences)) for sentences in (first, second))
        made[f"bai-{number:02}"] = Written(*versions)
    return made


@cache
def second_person(server: Server) -> Server:
    """Return the server as a second person sees it, who signed up there."""
    email = f"second{uuid.uuid4().hex[:6]}@example.org"
    with sign_up(server, email) as studio:
        token = studio.call("GET", "api/current-user/token", dict[str, Any])["token"]
    return Server(server.url, Login(email, PASSWORD, token))


class OwnServer:
    """A server that can be killed and started again, at the same address."""

    def __init__(self, private: Path) -> None:
        self._local = LocalServer(private)
        self.database = self._local.data / "label_studio.sqlite3"
        self._port = free_port("127.0.0.1")
        self._running = self._local.start("127.0.0.1", self._port)
        self.server = Server(self._running.url, self._local.login())

    def kill(self) -> None:
        """Kill the server's process and all that it started."""
        os.killpg(self._running.pid, signal.SIGKILL)

    def start(self) -> None:
        """Start the server that was killed."""
        self._local.wait()
        self._running = self._local.start("127.0.0.1", self._port)

    def stop(self) -> None:
        """Stop the server."""
        self._local.stop(self._running)


@contextmanager
def open_room(
    root: Path, server: Server, seed: int = 0, own: OwnServer | None = None
) -> Iterator[Room]:
    """Give a workspace on the server, with a proxy in front that has no faults yet."""
    with FaultProxy(server.url) as proxy:
        dice = random.Random(seed)  # noqa: S311, the same run for the same seed
        people = (server, second_person(server))
        yield Room(root / "workspace", people, proxy, dice, write_articles(dice), own)


Deed = Callable[[Room], None]
FAULTS: dict[str, Deed] = {}


def fault(name: str) -> Callable[[Deed], Deed]:
    """List what a fault does to a workspace, under the name that the table gives it."""

    def enter(deed: Deed) -> Deed:
        FAULTS[name] = deed
        return deed

    return enter
