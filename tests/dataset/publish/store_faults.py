"""What goes wrong on the way to S3."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from annotate.dataset.publish.files import files_of
from annotate.dataset.publish.store import versioned_card
from tests.dataset.publish.faulting import Stage, fault
from tests.dataset.publish.making import contents
from tests.dataset.publish.process import Point, append_to
from tests.dataset.publish.s3 import (
    DENIED,
    SLOW_DOWN,
    StoreProxy,
    environ_of,
    fetched,
    refuse,
    running_s3,
    straight_to,
)
from tests.deeds import cut, cut_body, drip
from tests.proxy import ALWAYS, Asked, Exchange, Fault

S3 = "S3"
# The card that says which version counts, and a file of a version.
CARD = "/tin-tuc/README.md$"
FILE = "/tin-tuc/[0-9a-f]{16}/"

_VERSION = re.compile(r"[0-9a-f]{16}(?=/spans/)")


class StoreStage(Stage):
    """A folder in a bucket of its own."""

    def __init__(self, folder: Path, dice: random.Random, server: str, proxy: StoreProxy) -> None:
        super().__init__(folder, dice)
        self.proxy = proxy
        self.bucket = f"kho-{uuid.uuid4().hex[:12]}"
        self.target = f"s3://{self.bucket}/tin-tuc"
        self.environ = environ_of(proxy.url)
        self.system = straight_to(server)
        self.system.mkdir(self.bucket)

    def loaded(self) -> dict[str, bytes]:
        """Return the files of the version that the card names; none when the card is no card."""
        there = self._copy()
        version = self._version(there)
        found = contents(there / version) if version else {}
        if not found:
            return {}
        card = versioned_card(found["README.md"].decode(), files_of(there / version), version)
        return found if (there / "README.md").read_bytes() == card.encode() else {}

    def strays(self) -> list[str]:
        """Return what belongs to no version that counts, and uploads that nobody ended."""
        there = self._copy()
        version = self._version(there)
        beside = [name for name in contents(there) if not name.startswith(f"{version}/")]
        unended = [one["Key"] for one in self.system.list_multipart_uploads(self.bucket)]
        return [name for name in beside if name != "README.md"] + unended

    def heal(self) -> None:
        """Let the server be reached as it is."""
        self.proxy.faults.clear()
        self.proxy.cuts = 0
        self.proxy.before = lambda _: None
        self.proxy.after = lambda _, __: None

    def nth(self) -> int:
        """Return the number of one of the files of a version."""
        return self.dice.randint(1, len(contents(self.new)))

    def _copy(self) -> Path:
        return fetched(self.system, self.target, self.folder / uuid.uuid4().hex)

    def _version(self, there: Path) -> str:
        found = _VERSION.search((there / "README.md").read_text(encoding="utf-8"))
        return found[0] if found else ""


@contextmanager
def store_stage(folder: Path, dice: random.Random) -> Iterator[StoreStage]:
    """Give a stage on an S3 of its own."""
    with running_s3() as server, StoreProxy(server) as proxy:
        yield StoreStage(folder, dice, server, proxy)


@fault(S3, "an upload is cut in the middle, then goes through", "recovered", "new")
def cut_upload(stage: StoreStage) -> None:
    stage.proxy.cuts = 1


@fault(S3, "every upload is cut in the middle", "failed", "old", "cannot be written: ")
def cut_uploads(stage: StoreStage) -> None:
    stage.proxy.cuts = ALWAYS


@fault(S3, "the server is busy (503), then takes it", "recovered", "new")
def busy_once(stage: StoreStage) -> None:
    stage.proxy.faults.append(Fault(refuse(SLOW_DOWN), "PUT", nth=stage.nth()))


@fault(S3, "the server stays busy (503)", "failed", "old", "cannot be written: .*request rate")
def busy(stage: StoreStage) -> None:
    stage.proxy.faults.append(Fault(refuse(SLOW_DOWN), "PUT", FILE, stage.nth(), ALWAYS))


@fault(S3, "the last file is refused (403)", "failed", "old", "no right to .*Access Denied")
def refused_last(stage: StoreStage) -> None:
    last = len(contents(stage.new))
    stage.proxy.faults.append(Fault(refuse(DENIED), "PUT", FILE, last, ALWAYS))


@fault(S3, "the card is refused (403)", "failed", "old", "did not confirm the new README.md")
def refused_card(stage: StoreStage) -> None:
    stage.proxy.faults.append(Fault(refuse(DENIED), "PUT", CARD, times=ALWAYS))


@fault(S3, "the card is written, the answer is lost", "recovered", "new")
def lost_answer(stage: StoreStage) -> None:
    stage.proxy.faults.append(Fault(cut, "PUT", CARD, after=True))


@fault(S3, "the card is written, then nobody answers", "failed", "new", "did not confirm the new")
def lost_network(stage: StoreStage) -> None:
    def gone(exchange: Exchange) -> None:
        stage.proxy.faults.append(Fault(cut, times=ALWAYS))
        cut(exchange)

    stage.proxy.faults.append(Fault(gone, "PUT", CARD, after=True))


@fault(S3, "a slow connection", "recovered", "new")
def slow(stage: StoreStage) -> None:
    size = stage.dice.randint(500, 2000)
    stage.proxy.faults.append(Fault(drip(0.02, size), "GET", FILE, times=ALWAYS))


@fault(S3, "a file arrives altered", "failed", "old", "read back from .* is not what was sent")
def altered_file(stage: StoreStage) -> None:
    def alter(asked: Asked) -> None:
        if asked.method == "PUT" and asked.path.endswith(".svg"):
            asked.body = asked.body[::-1]
            # Of the body as it was: a server that compares would refuse it.
            for name in [one for one in asked.headers if one.lower().startswith("x-amz-checksum")]:
                del asked.headers[name]

    stage.proxy.before = alter


@fault(S3, "reading back is cut, then goes on", "recovered", "new")
def cut_reading(stage: StoreStage) -> None:
    deed = stage.dice.choice([cut, cut_body(0.5, reset=True)])
    stage.proxy.faults.append(Fault(deed, "GET", FILE, nth=stage.nth()))


@fault(S3, "nothing can be read back", "failed", "old", "cannot be read back: ")
def no_reading(stage: StoreStage) -> None:
    last = stage.proxy.count("PUT", FILE) + len(contents(stage.new))

    def look(*_: object) -> None:
        if stage.proxy.count("PUT", FILE) == last:
            stage.proxy.faults.append(Fault(cut, "GET|HEAD", times=ALWAYS))

    stage.proxy.after = look


@fault(S3, "the dataset changes before it is sent", "failed", "old", "is not what was sent")
def changed_before(stage: StoreStage) -> None:
    stage.change("Searching for names", len(contents(stage.new)))


@fault(S3, "the card changes before the switch", "failed", "old", "README.md changed while")
def changed_card(stage: StoreStage) -> None:
    card = stage.new / "README.md"
    stage.options |= {"point": Point("Reading back", 1), "then": partial(append_to, card)}


@fault(S3, "the bucket cannot be listed", "failed", "old", "cannot be listed: ")
def no_listing(stage: StoreStage) -> None:
    stage.proxy.faults.append(Fault(refuse(DENIED), "GET", r"list-type=2", times=ALWAYS))


@fault(S3, "old files cannot be removed", "failed", "new", "has the new version, but keeps files")
def kept(stage: StoreStage) -> None:
    nth = stage.dice.randint(1, 3)
    stage.proxy.faults.append(Fault(refuse(DENIED), "DELETE|POST", nth=nth, times=ALWAYS))


@fault(S3, "kill -9 while files are sent", "killed", "old")
def killed_sending(stage: StoreStage) -> None:
    _kill_at(stage, "PUT", FILE, stage.nth())


@fault(S3, "kill -9 before the card is written", "killed", "old")
def killed_before(stage: StoreStage) -> None:
    _kill_at(stage, "PUT", CARD, 1, after=False)


@fault(S3, "kill -9 after the card was written", "killed", "new")
def killed_after(stage: StoreStage) -> None:
    _kill_at(stage, "PUT", CARD, 1, after=True)


@fault(S3, "kill -9 while old files are removed", "killed", "new")
def killed_removing(stage: StoreStage) -> None:
    _kill_at(stage, "DELETE|POST", FILE, stage.dice.randint(1, 3))


def _kill_at(
    stage: StoreStage, method: str, path: str, nth: int, *, after: bool | None = None
) -> None:
    """Have the process killed at a request, before or after the server did the work."""

    def kill(exchange: Exchange) -> None:
        with suppress(ProcessLookupError):
            stage.kill()
        cut(exchange)

    when = stage.dice.random() < 0.5 if after is None else after
    stage.proxy.faults.append(Fault(kill, method, path, nth, after=when))
