"""What goes wrong on the way into a folder."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from tests.dataset.publish.faulting import Stage, fault
from tests.dataset.publish.making import contents
from tests.dataset.publish.process import (
    Killed,
    Point,
    Process,
    limit_files,
    obey_permissions,
    strike,
)

FOLDER = "a folder"
_PAGE = 4096


class FolderStage(Stage):
    """A folder, in one in which nothing else is."""

    def __init__(self, folder: Path, dice: random.Random) -> None:
        super().__init__(folder, dice)
        self.above = folder / "above"
        self.above.mkdir()
        self.path = self.above / "published"
        self.target = str(self.path)
        self.environ = {}
        self.mounted = False
        self.ends: list[Callable[[], None]] = []

    def loaded(self) -> dict[str, bytes]:
        """Return the files that are there."""
        return contents(self.path)

    def strays(self) -> list[str]:
        """Return what is beside the folder."""
        return sorted({path.name for path in self.above.iterdir()} - {self.path.name})

    def heal(self) -> None:
        """Give the folder permissions and space, and end who else is at work there."""
        self.above.chmod(0o755)
        while self.ends:
            self.ends.pop()()
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,size=64m", self.above], check=True)

    def step(self) -> Point:
        """Return a point while files are copied."""
        return Point("Copying", self.dice.randint(1, len(contents(self.new))))

    def fill_disk(self) -> bool:
        """Move the folder to a file system with no room for the next version; False if barred."""
        disk = self.folder / "disk"
        disk.mkdir()
        room = _pages(self.old) + self.dice.randint(1, _pages(self.new) - 1)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={room * _PAGE}", "tmpfs", str(disk)]
        if shutil.which("mount") is None or subprocess.call(mount, stderr=subprocess.DEVNULL):
            return False
        self.stack.callback(lambda: subprocess.run(["umount", disk], check=True))
        shutil.copytree(self.path, disk / self.path.name)
        self.above, self.path, self.mounted = disk, disk / self.path.name, True
        self.target = str(self.path)
        return True


def _pages(folder: Path) -> int:
    """Return how many pages of memory the files of a folder take."""
    return sum(-(-len(data) // _PAGE) for data in contents(folder).values())


@contextmanager
def folder_stage(folder: Path, dice: random.Random) -> Iterator[FolderStage]:
    """Give a stage in a folder of its own."""
    yield FolderStage(folder, dice)


@fault(FOLDER, "a file gets too large for the disk", "failed", "old", "cannot be written: File too")
def no_room_for_a_file(stage: FolderStage) -> None:
    most = max(len(data) for data in contents(stage.new).values())
    stage.options["limit"] = partial(limit_files, stage.dice.randint(1, most - 1))


@fault(FOLDER, "the disk is full", "failed", "old", "cannot be written: No space left on device")
def full_disk(stage: FolderStage) -> None:
    if not stage.fill_disk():
        pytest.skip("NO MOUNT: only root can make a file system that is full")


@fault(FOLDER, "nothing may be written there", "failed", "old", "cannot be written: Permission den")
def read_only(stage: FolderStage) -> None:
    stage.above.chmod(0o555)
    stage.options["limit"] = obey_permissions


@fault(FOLDER, "the dataset changes while it is copied", "failed", "old", "is not what was sent")
def changed(stage: FolderStage) -> None:
    stage.change("Searching for names", len(contents(stage.new)))


@fault(FOLDER, "another process publishes there", "failed", "old", "another process publishes to")
def another(stage: FolderStage) -> None:
    stop = partial(strike, signal.SIGSTOP)
    other = Process(stage.new, stage.target, point=stage.step(), then=stop)

    def end() -> None:
        other.kill()
        with suppress(Killed):
            other.result()

    stage.ends.append(end)
    other.wait_for_stop()


@fault(FOLDER, "Ctrl-C while files are copied", "stopped", "old")
def stopped(stage: FolderStage) -> None:
    stage.options |= {"point": stage.step(), "then": partial(strike, signal.SIGINT)}


@fault(FOLDER, "kill -9 while files are copied", "killed", "old")
def killed(stage: FolderStage) -> None:
    stage.options |= {"point": stage.step(), "then": partial(strike, signal.SIGKILL)}
