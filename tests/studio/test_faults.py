"""A server that dies in the middle of a push, and comes back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from annotate.studio.client import Studio
from annotate.studio.server import LocalServer
from tests.conftest import lay_out, run_locally

ARTICLES = 300


def test_a_push_whose_server_was_killed_is_completed_by_a_second_push(
    tmp_path: Path, title: str
) -> None:
    files = {f"a{n:03}.txt": f"Ngày 12-3, Trung tá Lê An đến xã {n}." for n in range(ARTICLES)}
    root = lay_out(tmp_path / "workspace", title, files)
    with (root / "annotate.toml").open("a", encoding="utf-8") as settings:
        settings.write("[label-studio]\nbatch-size = 5\n")
    local = LocalServer(root / ".annotate")
    (root / ".annotate").mkdir(mode=0o700)

    with local.use() as running, Studio(running.url, local.login().token) as studio:
        push = subprocess.Popen(
            [sys.executable, "-m", "annotate", "push", "--workspace", root],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while pushed(studio, title).total() < ARTICLES // 4:
            assert push.poll() is None
            time.sleep(0.05)
        os.kill(running.pid, signal.SIGKILL)
        stdout, stderr = push.communicate(timeout=60)
        assert push.returncode == 1, stdout
        assert "no answer from Label Studio" in stderr
        assert "run the command again" in stderr
        assert "Traceback" not in stderr

    with local.use() as running, Studio(running.url, local.login().token) as studio:
        before = pushed(studio, title).total()
        assert 0 < before < ARTICLES
        done = run_locally("push", "--json", "--workspace", root)
        assert json.loads(done.stdout)["pushed"] == ARTICLES - before
        there = pushed(studio, title)
        assert there.keys() == {Path(name).stem for name in files}
        assert set(there.values()) == {1}
        again = run_locally("push", "--json", "--workspace", root)
        assert json.loads(again.stdout)["unchanged"] == ARTICLES


def pushed(studio: Studio, title: str) -> Counter[str]:
    """How many tasks the server has of each article."""
    return Counter(
        task.meta.article
        for project in studio.projects_titled(title)
        for page in studio.pushed_tasks(project.id)
        for task in page
        if task.meta
    )
