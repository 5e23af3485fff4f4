"""The installed Label Studio: its version, how it is run, and an empty database for it."""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from annotate.errors import LocalServerError
from annotate.progress import Progress
from annotate.studio.system import seconds

COMMAND = (sys.executable, "-m", "annotate.studio.launcher")
# Seconds; machines can be busy.
START_LIMIT = 600

# All that the server gets of the person's own environment: it reads its settings from names
# as common as HOST, DEBUG and DATABASE_NAME.
_PASSED_ON = {"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "TZ", "LANG", "LANGUAGE", "PYTHONPATH"}
_QUIET = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
}


class Launch(NamedTuple):
    """How the process of a server is started."""

    command: list[str]
    environment: dict[str, str]
    folder: Path


def installed_version() -> str:
    """Return the installed release; raises `LocalServerError` when the extra is missing."""
    require("label_studio", "Label Studio")
    return importlib.metadata.version("label-studio")


def require(module: str, name: str = "") -> None:
    """Raise `LocalServerError` when a part of the extra is missing."""
    if importlib.util.find_spec(module) is None:
        raise LocalServerError(
            f"the local server needs {name or module}, which is not installed",
            "Run `pip install 'annotate-corpus[server]'`, or set LABEL_STUDIO_URL to a server.",
        )


def local_launch(data: Path, host: str, port: int) -> Launch:
    """Return how Label Studio is started for one person, on SQLite."""
    listen = ["--internal-host", host, "--port", str(port)]
    command = [*COMMAND, "start", "--no-browser", "--enable-legacy-api-token", *listen]
    return Launch(command, environment(data), data)


def template_path(version: str) -> Path:
    """Return where the empty database of a release is, or will be."""
    return user_cache_path("annotate-corpus") / f"label-studio-{version}.sqlite3"


def template(version: str, progress: Progress) -> Path:
    """Return a migrated database without people, made once a machine and release.

    Migrations take most of a first start; nothing in the file is secret. Of several that start
    at once one makes it for all.
    """
    path = template_path(version)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        # How long it takes nobody knows, so nothing is counted.
        progress("Creating Label Studio's database, once on this machine", None),
        path.with_suffix(".lock").open("w") as lock,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _make(path)
    return path


def _make(path: Path) -> None:
    """Have Label Studio make a database, and give it its name when it is whole."""
    with (
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
        tempfile.TemporaryFile() as output,
    ):
        child = subprocess.Popen(  # noqa: S603
            [*COMMAND, "version"],
            env=environment(Path(folder)),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in seconds(START_LIMIT):
                if child.poll() is not None:
                    break
        finally:
            child.kill()
            child.wait()
        if child.returncode != 0:
            output.seek(0)
            last = output.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise LocalServerError(
                f"Label Studio cannot create its database: {last}", "Check the disk's space."
            )
        (Path(folder) / "label_studio.sqlite3").replace(path)


def environment(data: Path) -> dict[str, str]:
    """Return the server's environment: its data folder, and nothing told to anyone."""
    own = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(("LC_", "LD_", "DYLD_"))
    }
    return own | _QUIET | {"LABEL_STUDIO_BASE_DATA_DIR": str(data)}
