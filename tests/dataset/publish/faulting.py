"""What faults befall: a target with a version published before, and a new one on its way.

Faults are listed by target and name: the tests run each of them once, and
`benchmarks/publish_faults.py` many times.
"""

from __future__ import annotations

import os
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple
from unittest import mock

from annotate.dataset.publish import Published
from annotate.errors import DatasetError
from tests.dataset.publish.making import contents, made
from tests.dataset.publish.process import Killed, Point, Process, append_to

End = Literal["failed", "recovered", "killed", "stopped"]
Version = Literal["old", "new"]


class Stage(ABC):
    """A target, and the two versions; `options` are those of the processes that publish.

    `stack` closes what a fault opened.
    """

    target: str
    environ: dict[str, str]

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self.folder = folder
        self.dice = dice
        self.old = made(folder / "old", "Cũ.", **{"gone.svg": "<svg/>"})
        texts = [f"Trung tá Lê An đến xã {n}. 📰" for n in range(dice.randint(1, 30))]
        self.new = made(folder / "new", *texts)
        self.options: dict[str, Any] = {}
        self.stack = ExitStack()
        self._process: Process | None = None
        self._made = contents(self.new)

    def publish(self, version: Path, **options: Any) -> Published:
        """Publish in a process of its own."""
        with mock.patch.dict(os.environ, self.environ):
            self._process = Process(version, self.target, **options)
        return self._process.result()

    def kill(self) -> None:
        """Kill the process that publishes."""
        assert self._process is not None
        self._process.kill()

    def change(self, work: str, step: int) -> None:
        """Have a file of the new version change at a point of its publishing."""
        path = self.new / self.dice.choice(["README.md", "spans/train-00000-of-00001.parquet"])
        self.options |= {"point": Point(work, step), "then": partial(append_to, path)}

    def restore(self) -> None:
        """Have the new version be as it was made."""
        for name, data in self._made.items():
            (self.new / name).write_bytes(data)

    @abstractmethod
    def loaded(self) -> dict[str, bytes]:
        """Return the files of the version that people get."""

    @abstractmethod
    def strays(self) -> list[str]:
        """Return what is there beside that version."""

    @abstractmethod
    def heal(self) -> None:
        """Take away the faults that did not befall yet."""


class Outcome(NamedTuple):
    """What a fault came to.

    `line` is what was told, `there` which version people get then, None when it is none of
    them; `strays` is what lies about after publishing a second time, and `again` whether that
    went well.
    """

    end: End
    line: str
    there: Version | None
    strays: tuple[str, ...]
    again: bool


Deed = Callable[[Any], None]


class Trouble(NamedTuple):
    """A fault, and what it must come to: its end, what is told, which version is there then."""

    deed: Deed
    end: End
    there: Version
    says: str


# By target, then by the name that the table gives it.
FAULTS: dict[str, dict[str, Trouble]] = {}


def fault(
    target: str, name: str, end: End, there: Version, says: str = ""
) -> Callable[[Deed], Deed]:
    """List what a fault does to a stage, under the name that the table gives it."""

    def enter(deed: Deed) -> Deed:
        FAULTS.setdefault(target, {})[name] = Trouble(deed, end, there, says)
        return deed

    return enter


def befall(stage: Stage, trouble: Trouble) -> Outcome:
    """Publish, let a fault befall the next version, publish that once more."""
    with stage.stack:
        stage.publish(stage.old)
        trouble.deed(stage)
        end, line = _end(stage)
        there = _version(stage)
        stage.restore()
        stage.heal()
        again = stage.publish(stage.new).done and stage.loaded() == contents(stage.new)
        return Outcome(end, line, there, tuple(stage.strays()), again)


def _end(stage: Stage) -> tuple[End, str]:
    try:
        stage.publish(stage.new, **stage.options)
    except DatasetError as error:
        # Without a remedy the line is not as it should be.
        return "failed", str(error) if error.remedy else ""
    except Killed:
        return "killed", ""
    except KeyboardInterrupt:
        return "stopped", ""
    return "recovered", ""


def _version(stage: Stage) -> Version | None:
    there = stage.loaded()
    if there == contents(stage.old):
        return "old"
    return "new" if there == contents(stage.new) else None
