"""Label Studio's empty database, which is made once a machine."""

from __future__ import annotations

import fcntl
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from pathlib import Path

import pytest

from annotate.progress import silent
from annotate.studio.install import template, template_path


def test_whoever_starts_while_another_one_makes_it_waits_and_takes_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = template_path("0.0.0")
    path.parent.mkdir(parents=True)
    with ThreadPoolExecutor(1) as pool:
        with path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            waiting = pool.submit(template, "0.0.0", silent)
            with pytest.raises(NotYet):
                waiting.result(timeout=0.5)
            path.write_bytes(b"made by the other one")
        assert waiting.result(timeout=60) == path
    assert path.read_bytes() == b"made by the other one"
